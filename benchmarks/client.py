"""A small HTTP load client on raw sockets: it must cost much less than what it measures."""

import socket
import time
from collections.abc import Iterator
from itertools import cycle


class Connection:
    """One kept-alive connection to the server under measure."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, request: bytes) -> tuple[int, int]:
        """Send one request; return its status and how many bytes the whole answer had."""
        self._socket.sendall(request)
        received = self._socket.recv(262_144)
        while b"\r\n\r\n" not in received:
            received += self._chunk()
        head, _blank, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        missing, size = length - len(body), len(head) + 4 + length
        while missing > 0:
            missing -= len(self._chunk())
        return int(head[9:12]), size

    def _chunk(self) -> bytes:
        chunk = self._socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def request_bytes(path: str, cookie: str = "") -> bytes:
    """Return a browser-like GET of a path."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept: text/html",
        "Accept-Encoding: gzip, deflate, br",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def measure(port: int, paths: list[str], *, cookie: str = "", seconds: float) -> list[float]:
    """Ask for the paths in turn, one after the other, for that long; return each answer's seconds.

    Raises RuntimeError on any status but 200: a measure of errors says nothing.
    """
    requests: Iterator[tuple[str, bytes]] = cycle([(path, request_bytes(path, cookie)) for path in paths])
    connection = Connection(port)
    times: list[float] = []
    clock = time.perf_counter
    stop = clock() + seconds
    try:
        while clock() < stop:
            path, request = next(requests)
            start = clock()
            status, _size = connection.get(request)
            times.append(clock() - start)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
    finally:
        connection.close()
    return times
