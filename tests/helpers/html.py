"""HTML validity: the pages that the tests get are saved, and the Nu checker reads them all in one run at the end."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.urls import Resolver404

from tests.helpers.npm import npm_package

ROOT = Path(__file__).resolve().parents[2]
VNU_VERSION = "26.9.27"
VNU_FOLDER = ROOT / "var" / "vnu"
VNU_JAR = VNU_FOLDER / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"

_folder: Path | None = None
_saved: dict[str, int] = {}
_report: list[str] = []


def configure(config: pytest.Config) -> None:
    """Choose the folder of saved pages: one for the session, shared with the xdist workers."""
    global _folder
    if hasattr(config, "workerinput"):
        _folder = Path(os.environ["PORTAL_TEST_PAGES"])
    else:
        _folder = Path(tempfile.mkdtemp(prefix="portal-pages-"))
        os.environ["PORTAL_TEST_PAGES"] = str(_folder)


def save(name: str, html: str) -> None:
    """Keep a page for the checker: of those with one name, the longest."""
    if _folder is None or len(html) <= _saved.get(name, 0):
        return
    _saved[name] = len(html)
    readable = re.sub(r"[^a-zA-Z0-9_-]+", "_", name)[:80]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    (_folder / f"{readable}-{digest}-{os.getpid()}.html").write_text(html, encoding="utf-8")


def _save_response(response: Any) -> None:
    if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    if response.headers.get("Content-Encoding"):
        return
    body = response.content
    if not body.lstrip()[:15].lower().startswith(b"<!doctype html"):
        return  # a fragment, checked in its page
    try:  # the test client resolves it lazily, and an address of no page has none
        match = response.resolver_match
        match = match if match and match.view_name else None
    except Resolver404:
        match = None
    view = match.view_name if match else "none"
    language = response.headers.get("Content-Language", "")
    who = "in" if response.wsgi_request.COOKIES.get("session") else "out"
    save(f"{view} {response.status_code} {language} {who} {response.wsgi_request.method}", body.decode())


@contextmanager
def collecting() -> Iterator[None]:
    """Save what every test client gets."""
    from django.test import Client

    request = Client.request

    def saving(client: Client, **environment: Any) -> Any:
        response = request(client, **environment)
        _save_response(response)
        return response

    Client.request = saving  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Client.request = request  # type: ignore[method-assign]


def checker() -> list[str]:
    """Return the Nu checker's command, fetched once; raises RuntimeError with what to do."""
    java = shutil.which("java")
    if not java:
        raise RuntimeError("Java 17 or newer is needed (Debian: apt-get install default-jre-headless)")
    npm_package("vnu-jar", VNU_VERSION, VNU_FOLDER)
    return [java, "-Xss2m", "-Xmx512m", "-jar", str(VNU_JAR)]


def faults(folder: Path) -> list[str]:
    """Return what the Nu checker finds in the pages of a folder: one line for each fault of a view."""
    command = [
        *checker(),
        "--format",
        "json",
        "--exit-zero-always",
        "--errors-only",
        "--skip-non-html",
        str(folder),
    ]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=900)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError("the Nu checker did not end within a quarter of an hour") from error
    said = run.stderr or run.stdout
    try:  # Java may warn of something before and after
        messages = json.JSONDecoder().raw_decode(said, said.index("{"))[0]["messages"]
    except (ValueError, KeyError) as error:
        raise RuntimeError(f"the Nu checker failed: {said[-600:]}") from error
    lines: dict[tuple[str, str], str] = {}
    for message in messages:
        page = re.sub(r"-[0-9a-f]{8}-\d+\.html$", "", Path(message.get("url", "")).name)
        extract = " ".join(message.get("extract", "").split())[:160]
        view = re.sub(r"_\d{3}_.*", "", page)
        line = f"{page}, line {message.get('lastLine', '?')}: {message['message']}  [{extract}]"
        lines.setdefault((view, re.sub(r"\d+", "", message["message"])), line)
    return sorted(lines.values())


def keep_longest(folder: Path) -> int:
    """Delete all but the longest page of each name, where several xdist workers saved one; return how many are left."""
    longest: dict[str, Path] = {}
    for page in sorted(folder.glob("*.html"), key=lambda page: (-page.stat().st_size, page.name)):
        name = page.stem.rpartition("-")[0]
        if longest.setdefault(name, page) is not page:
            page.unlink()
    return len(longest)


def finish(session: pytest.Session) -> None:
    """Check the saved pages, in the process that leads the session, and fail it on a fault."""
    if hasattr(session.config, "workerinput") or _folder is None:
        return
    if session.config.option.no_html:
        shutil.rmtree(_folder, ignore_errors=True)
        return
    pages = keep_longest(_folder)
    try:
        if pages:
            found = faults(_folder)
            _report.extend(found or [f"{pages} pages are valid HTML"])
            if found:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
    except RuntimeError as error:
        _report.append(str(error))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    finally:
        shutil.rmtree(_folder, ignore_errors=True)


def summary(reporter: Any) -> None:
    """Print the report."""
    if _report:
        reporter.section("HTML validity (Nu checker)")
        for line in _report:
            reporter.line(line)
