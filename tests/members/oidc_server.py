"""A ProConnect of our own, on this machine: strict where the real one is, and wrong in any way that a test asks for."""

import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode

CLIENT_ID = "portail-de-test"
CLIENT_SECRET = "secret-de-test"
# What ProConnect documents; it answers anything more with an error.
AUTHORIZE = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"}
OPTIONAL = {"claims", "prompt", "idp_hint"}
SCOPES = {"openid", "given_name", "usual_name", "email", "uid", "siret", "idp_id"}


@cache
def keys() -> dict[str, Any]:
    """Make the keys once a run: two that the server publishes, one that it does not."""
    return {
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "stranger": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }


def public_keys() -> dict[str, Any]:
    """Return the published keys as a JWKS."""
    found = []
    for name, algorithm in (("rsa", "RS256"), ("ec", "ES256")):
        maker = jwt.get_algorithm_by_name(algorithm)
        jwk = json.loads(maker.to_jwk(keys()[name].public_key()))
        found.append({**jwk, "kid": name, "alg": algorithm, "use": "sig"})
    return {"keys": found}


def _encoded(part: dict[str, Any]) -> str:
    return base64url_encode(json.dumps(part).encode()).decode()


@dataclass
class Server:
    """What it says of whom, and where it lies. A test sets these."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    # Changes to the claims of each token; None takes a claim away.
    id_token: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    sign_id_token: str = ""
    sign_userinfo: str = ""
    plain_userinfo: bool = False
    issuer: str = ""
    denied: bool = False
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    ended: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _access: dict[str, dict[str, str]] = field(default_factory=dict)

    def sign(self, claims: dict[str, Any], how: str) -> str:
        """Sign; `how` names a wrong way."""
        kid = "rsa" if self.algorithm == "RS256" else "ec"
        if how == "none":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": kid})
        if how == "hmac":
            # The classic confusion: the public key, which all have, as an HMAC secret. PyJWT would not sign it.
            secret = keys()[kid].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            parts = [_encoded({"alg": "HS256", "typ": "JWT", "kid": kid}), _encoded(claims)]
            mark = hmac.new(secret, ".".join(parts).encode(), "sha256").digest()
            return ".".join([*parts, base64url_encode(mark).decode()])
        if how == "unknown-kid":
            return jwt.encode(claims, keys()[kid], algorithm=self.algorithm, headers={"kid": "another"})
        key = keys()["stranger"] if how == "stranger" else keys()[kid]
        token = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": kid})
        if how == "changed":
            head, _body, signature = token.split(".")
            other = jwt.encode(
                {**claims, "email": "other@example.org"}, keys()["stranger"], algorithm="RS256"
            )
            return f"{head}.{other.split('.')[1]}.{signature}"
        return token

    def standard(self, changes: dict[str, Any], **claims: Any) -> dict[str, Any]:
        """Return the claims that every token has, as changed by the test."""
        now = int(time.time())
        whole = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 600} | claims | changes
        return {name: value for name, value in whole.items() if value is not None}


class _Handler(BaseHTTPRequestHandler):
    state: Server

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def answer(self, status: int, body: str = "", kind: str = "application/json", **headers: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/api/v2")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        server = self.state
        server.asked.append(path)
        if path in server.broken:
            return self.answer(500)
        if path == "/.well-known/openid-configuration":
            base = server.url
            return self.answer(
                200,
                json.dumps(
                    {
                        "issuer": server.issuer or base,
                        "authorization_endpoint": f"{base}/authorize",
                        "token_endpoint": f"{base}/token",
                        "userinfo_endpoint": f"{base}/userinfo",
                        "jwks_uri": f"{base}/jwks",
                        "end_session_endpoint": f"{base}/session/end",
                    }
                ),
            )
        if path == "/jwks":
            return self.answer(200, json.dumps(public_keys()))
        if path == "/authorize":
            return self.authorize(query)
        if path == "/userinfo":
            return self.userinfo()
        if path == "/session/end":
            server.ended.append(query)
            back = f"{query['post_logout_redirect_uri']}?{urlencode({'state': query['state']})}"
            return self.answer(303, Location=back)
        return self.answer(404)

    def authorize(self, query: dict[str, str]) -> None:
        names = set(query)
        wrong = (
            not names >= AUTHORIZE
            or names - AUTHORIZE - OPTIONAL
            or min(len(query.get("state", "")), len(query.get("nonce", ""))) < 32
            or set(query.get("scope", "").split()) != SCOPES
            or query.get("client_id") != CLIENT_ID
            or query.get("response_type") != "code"
        )
        if wrong:
            return self.answer(400, f"Y000400: {sorted(names)}")
        code = f"code-{len(self.state._codes)}"
        self.state._codes[code] = query
        said = {"error": "access_denied"} if self.state.denied else {"code": code}
        self.answer(303, Location=f"{query['redirect_uri']}?{urlencode({**said, 'state': query['state']})}")

    def do_POST(self) -> None:
        server = self.state
        path = urlsplit(self.path).path.removeprefix("/api/v2")
        length = int(self.headers.get("Content-Length", 0))
        form = {name: values[-1] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        server.asked.append(path)
        asked = server._codes.pop(form.get("code", ""), None)
        if path in server.broken:
            return self.answer(500)
        right = (
            asked is not None
            and form.get("client_id") == CLIENT_ID
            and form.get("client_secret") == CLIENT_SECRET
            and form.get("redirect_uri") == asked["redirect_uri"]
            and form.get("grant_type") == "authorization_code"
        )
        if path != "/token" or not right or asked is None:
            return self.answer(400, json.dumps({"error": "invalid_grant"}))
        access = f"access-{len(server._access)}"
        server._access[access] = asked
        claims = server.standard(server.id_token, sub=server.person["sub"], nonce=asked["nonce"])
        self.answer(
            200,
            json.dumps(
                {
                    "access_token": access,
                    "token_type": "Bearer",
                    "expires_in": 60,
                    "id_token": server.sign(claims, server.sign_id_token),
                }
            ),
        )

    def userinfo(self) -> None:
        server = self.state
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in server._access:
            return self.answer(401)
        claims = server.standard(server.userinfo, **server.person)
        if server.plain_userinfo:
            return self.answer(200, json.dumps(claims))
        self.answer(200, server.sign(claims, server.sign_userinfo), kind="application/jwt")


@contextmanager
def running() -> Iterator[Server]:
    """Serve on a free port of this machine."""
    state = Server()
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    state.url = f"http://127.0.0.1:{server.server_port}/api/v2"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
