"""`make bench`: loads a volume of data, serves it, measures each page against the bare view and prints a table."""

import argparse
import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

from benchmarks.client import Connection, measure, request_bytes

ROOT = Path(__file__).resolve().parent.parent
WORDS = (
    "hydrogene",
    "fonderie",
    "textile",
    "robots",
    "bois",
    "capteurs",
    "diagnostic",
    "lez",
    "precision",
    "energie",
)


@dataclass
class Page:
    """A page to measure. `paths` are asked in turn; `aim` is the ratio wanted of it."""

    name: str
    paths: list[str]
    aim: float | None = None
    member: bool = False
    times: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


def main() -> None:
    """Prepare, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.7, help="a page's time in each round")
    parser.add_argument("--organisations", type=int, default=1000)
    parser.add_argument("--only", default="", help="only the pages whose name holds this")
    options = parser.parse_args()
    os.environ.update(
        PORTAL_MODE="demo",
        SECRET_KEY=secrets.token_urlsafe(50),
        DJANGO_SETTINGS_MODULE="industrie_positive.settings",
    )
    version = prepare(options.organisations)
    cookie = member_cookie()
    targets = [page for page in pages(version) if options.only in page.name]
    bare = Page("bare view, one indexed SELECT", ["/bare/"])
    with served() as port:
        for page in [bare, *targets]:
            measure(port, page.paths, cookie=cookie if page.member else "", seconds=0.5)
        for _round in range(options.rounds):
            for page in targets:
                base = measure(port, bare.paths, seconds=options.seconds / 2)
                own = measure(port, page.paths, cookie=cookie if page.member else "", seconds=options.seconds)
                base += measure(port, bare.paths, seconds=options.seconds / 2)
                bare.times += base
                page.times += own
                page.ratios.append(mean(base) / mean(own))
        report(bare, targets, port, cookie)


def prepare(organisations: int) -> int:
    """Make the database and its volume of data; return the measured draft's number."""
    import django

    django.setup()
    from django.core.management import call_command

    from roadmap.drafting.models import Version

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_council", verbosity=0)
    call_command(
        "load_volume", organisations=organisations, members=300, comments=2000, workshops=100, actions=60
    )
    return Version.objects.order_by("-number").values_list("number", flat=True)[0]


def member_cookie() -> str:
    """Log a member in and return the session cookie."""
    from django.conf import settings
    from django.test import Client

    from members.models import User

    client = Client()
    client.force_login(User.objects.filter(mandates__isnull=False, is_staff=False).order_by("id")[0])
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def pages(version: int) -> list[Page]:
    """Return what is measured. "Cold" pages carry a parameter that the page cache does not keep."""
    number = count()

    def cold(path: str) -> list[str]:
        return [f"{path}{'&' if '?' in path else '?'}bench={next(number)}" for _ in range(200)]

    companies = [f"/vitrine/entreprise-{n}/" for n in range(100, 140)]
    searches = [f"/vitrine/?q={word}" for word in WORDS]
    draft = f"/feuille-de-route/versions/{version}/"
    return [
        Page("home", ["/"], 0.35),
        Page("showcase list", ["/vitrine/"], 0.35),
        Page("showcase search", searches, 0.35),
        Page("company page", companies, 0.35),
        Page("draft, 400 paragraphs, 2,000 comments", [draft], 0.15, member=True),
        Page("home, cold", cold("/")),
        Page("showcase list, cold", cold("/vitrine/")),
        Page("showcase search, cold", [path for word in WORDS for path in cold(f"/vitrine/?q={word}")[:20]]),
        Page("company page, cold", [path for company in companies for path in cold(company)[:5]]),
    ]


@contextmanager
def served() -> "Iterator[int]":
    """Serve both handlers from one granian worker with one thread, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
        + [
            "--workers",
            "1",
            "--blocking-threads",
            "1",
            "--no-ws",
            "--log-level",
            "error",
            "benchmarks.wsgi:application",
        ],
        cwd=ROOT,
    )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and server.poll() is None:
            try:
                Connection(port).get(request_bytes("/bare/"))
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def queries_of(page: Page, cookie: str) -> int:
    """Count the queries of the page's second request in this process (the first fills what a process keeps)."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_HOST="127.0.0.1")
    if page.member:
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie.partition("=")[2]
    asked = 0
    for path in (page.paths[0], page.paths[-1] if "cold" in page.name else page.paths[0]):
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        asked = len(captured)
    return asked


def mean(times: list[float]) -> float:
    """Return the mean of some seconds."""
    return sum(times) / len(times)


def report(bare: Page, targets: list[Page], port: int, cookie: str) -> None:
    """Print one line a page."""
    print(
        f"\n{'page':40} {'ratio':>6} {'aim':>5} {'req/s':>7} {'p50 ms':>7} {'p95 ms':>7} {'queries':>7} {'bytes':>8}"
    )
    for page in [bare, *targets]:
        p95: Any = quantiles(page.times, n=20)[-1]
        connection = Connection(port)
        _status, size = connection.get(request_bytes(page.paths[0], cookie if page.member else ""))
        connection.close()
        ratio = f"{median(page.ratios):.3f}" if page.ratios else "1"
        queries = queries_of(page, cookie) if page is not bare else 1
        print(
            f"{page.name:40} {ratio:>6} {page.aim or '':>5} {1 / mean(page.times):7.0f} "
            f"{median(page.times) * 1000:7.2f} {p95 * 1000:7.2f} {queries:7} {size:8}"
        )
    print(
        "\nratio: requests a second over the bare view's, median of the rounds; one worker, thread and connection.\n"
        f"The machine's load meanwhile: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; the benchmark's own is 1."
    )


if __name__ == "__main__":
    main()
