"""A real browser: one Chromium for the session, a fresh context for each test."""

import os
import shutil
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60_000  # milliseconds
LAST_REQUESTS = 10  # seconds
SIZES = {"small": {"width": 360, "height": 780}, "large": {"width": 1280, "height": 900}}


def chromium() -> str:
    """Return the browser's program; fails with what to do when there is none."""
    for name in (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES):
        if name and (path := shutil.which(name)):
            return path
    raise RuntimeError("no Chromium on PATH: install it (Debian: apt-get install chromium) or set CHROMIUM")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Give the session's Chromium."""
    from playwright.sync_api import expect, sync_playwright

    # A wait ends with what it waits for: only a test that fails takes so long, and a busy machine has time.
    expect.set_options(timeout=PATIENCE)

    # Playwright's loop runs in this thread, so Django takes the tests' own queries for asynchronous ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(
            executable_path=chromium(),
            args=[*arguments, "--disable-dev-shm-usage", "--disable-gpu"],
            timeout=3 * PATIENCE,
        )
        yield program
        program.close()


@pytest.fixture
def browser_context_options() -> dict[str, Any]:
    """Give the context's options; a test module overrides it for another size, language, scheme or no JavaScript."""
    return {"viewport": SIZES["large"], "locale": "fr-FR", "timezone_id": "Europe/Paris"}


@pytest.fixture
def page(browser: Any, live_server: Any, browser_context_options: dict[str, Any]) -> Iterator[Any]:
    """Give a page of a new context on the live server: `page.goto("/vitrine/")`.

    At the end the test fails if the page had a JavaScript error, a CSP violation or asked another site for anything.
    """
    options = {"reduced_motion": "reduce", "base_url": live_server.url} | browser_context_options
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    tab.on(
        "console",
        lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    tab.on(
        "request",
        lambda request: (
            faults.append(f"asked elsewhere: {request.url}")
            if not request.url.startswith((live_server.url, "data:", "blob:", "about:"))
            else None
        ),
    )
    under_way: set[Any] = set()
    tab.on("request", lambda request: under_way.add(request))
    tab.on("requestfinished", lambda request: under_way.discard(request))
    tab.on("requestfailed", lambda request: under_way.discard(request))
    yield tab
    # What the test did not wait for would be answered, and written, in the midst of the next one.
    end = time.monotonic() + LAST_REQUESTS
    while under_way and not tab.is_closed() and time.monotonic() < end:
        tab.wait_for_timeout(20)
    context.close()
    assert not faults, "\n".join(faults)


def log_in(page: Any, live_server: Any, user: Any) -> None:
    """Log a person in without the form: the browser gets a session's cookie."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])


@cache
def _axe_source() -> str:
    from axe_playwright_python.base import AXE_SCRIPT

    return str(AXE_SCRIPT)


# Only what is wrong is described in full and comes over: the rest of axe's report costs more than its rules. Without
# preloading, which for a style sheet with an @import (the admin's) breaks the page's CSP.
_VIOLATIONS = """async options => {
    const report = await axe.run(document, {...options, resultTypes: ["violations"], preload: false});
    return report.violations.map(each => [each.id, each.help, each.nodes.map(node => node.target.join(" "))]);
}"""


def accessibility_faults(page: Any, **options: Any) -> list[str]:
    """Return what axe finds wrong in the page as it stands, with axe's options: one line for each element."""
    page.wait_for_load_state()
    if page.evaluate("!window.axe?.run"):  # a field may have the id "axe"
        page.evaluate(_axe_source())
    return [
        f"{page.url}: {rule}: {meaning}: {element}"
        for rule, meaning, elements in page.evaluate(_VIOLATIONS, options)
        for element in elements
    ]


def axe(page: Any) -> None:
    """Assert that axe finds no accessibility fault in the page as it stands."""
    faults = accessibility_faults(page)
    assert not faults, "\n".join(faults)


def overflows(page: Any) -> bool:
    """Tell whether the page scrolls sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide
