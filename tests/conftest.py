"""The ground every test stands on. Loud: an undefined template variable, a call to the internet or an order fails."""

import os
import random
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings

pytest.register_assert_rewrite("tests.helpers")

from tests.helpers import database, html  # noqa: E402
from tests.helpers.browser import browser, browser_context_options, page  # noqa: E402, F401
from tests.helpers.roles import client_for, people  # noqa: E402, F401
from tests.helpers.strict_templates import StrictVariables  # noqa: E402

# --- random order ---


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a failing order be run again."""
    parser.addoption(
        "--seed", type=int, default=None, help="the seed of the tests' order, as printed by a former run"
    )
    parser.addoption("--no-html", action="store_true", help="do not check the pages' HTML at the end")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes and long texts by their argument: xdist's workers must find the same names, a zip file has a time."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > 100) else None


def pytest_report_header(config: pytest.Config) -> str:
    """Say the seed."""
    return f"order: --seed={config.option.seed}"


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Shuffle the modules, and the tests inside each; every xdist worker gets the same order.

    Browser tests come first, then the other transactional ones (pytest-django had them last): the longest are among
    them, and a worker that began one at the end would let the other idle.
    """
    order = random.Random(config.option.seed)
    modules: dict[str, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.nodeid.partition("::")[0], []).append(item)
    names = sorted(modules)
    order.shuffle(names)
    for name in names:
        order.shuffle(modules[name])
    items[:] = [item for name in names for item in modules[name]]
    yield
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    fixtures = getattr(item, "fixturenames", ())
    if "live_server" in fixtures:
        return 0
    mark = item.get_closest_marker("django_db")
    return 1 if "transactional_db" in fixtures or (mark and mark.kwargs.get("transaction")) else 2


# --- no test begins at a day's very end ---

MIDNIGHT = 30  # seconds


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Wait for midnight, in Paris and in UTC, rather than have "today" change in the middle of a test."""
    for zone in (UTC, ZoneInfo("Europe/Paris")):
        now = datetime.now(zone)
        left = (24 - now.hour) * 3600 - now.minute * 60 - now.second
        if left <= MIDNIGHT:
            time.sleep(left)


# --- settings, before anything reads them ---

# The cache of demo and production; tests have one in memory.
SHIPPED_CACHE = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what must stand before the first import of the portal's code."""
    if config.option.seed is None:
        # xdist's workers parse the command line for themselves: the leader's choice reaches them by the environment.
        leaders = os.environ.get("PORTAL_TEST_SEED") if hasattr(config, "workerinput") else None
        config.option.seed = int(leaders) if leaders else random.SystemRandom().randrange(10**6)
    if not hasattr(config, "workerinput"):
        os.environ["PORTAL_TEST_SEED"] = str(config.option.seed)
    html.configure(config)
    from scripts import messages

    with messages.locked():
        messages.compile_catalogue()
    # Each xdist worker and each run has its own corner of Redis; processes that a test starts inherit it.
    prefix = f"test-{os.getpid()}"
    os.environ["REDIS_PREFIX"] = prefix
    django_settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"{prefix}:"
    config.stash[SHIPPED_CACHE] = django_settings.CACHES["default"]
    django_settings.CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "default",
    }


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give all pages that the tests saw to the Nu checker, in one run."""
    html.finish(session)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the Nu checker said, and the seed where the header was too quiet for it."""
    html.summary(terminalreporter)
    terminalreporter.line(f"order: --seed={terminalreporter.config.option.seed}")


# --- nothing leaves the machine ---

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def _refuse_foreign(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        if not (host.startswith("127.") or host in ("::1", "localhost", "0.0.0.0")):
            raise RuntimeError(f"a test tried to reach {host}: tests stay on this machine")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection but to this machine."""

    def connect(sock: socket.socket, address: Any) -> None:
        _refuse_foreign(sock, address)
        return _connect(sock, address)

    def connect_ex(sock: socket.socket, address: Any) -> int:
        _refuse_foreign(sock, address)
        return _connect_ex(sock, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    patch.setattr(socket.socket, "connect_ex", connect_ex)
    yield
    patch.undo()


# --- templates, caches, pages ---


STRICT = StrictVariables()


@pytest.fixture(autouse=True)
def strict_templates() -> None:
    """Fail on an undefined variable in one of our templates (unless it has a `default` filter).

    Set for each test: overriding DEBUG, for instance, makes Django build its engines anew.
    """
    from django.template import engines

    for engine in engines.all():
        engine.engine.string_if_invalid = STRICT  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def collect_pages() -> Iterator[None]:
    """Save each whole page that the test client gets, for the Nu checker."""
    with html.collecting():
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_listed_once() -> Iterator[None]:
    """Look the static files up once: each test client makes its own middleware, and WhiteNoise did it for each."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    look_up = WhiteNoiseMiddleware.add_files_from_finders
    known: dict[tuple[str, int | None], dict[str, Any]] = {}

    def add_files(middleware: WhiteNoiseMiddleware) -> None:
        settings = middleware.static_prefix, middleware.max_age
        if settings not in known:
            look_up(middleware)
            known[settings] = dict(middleware.files)
        middleware.files.update(known[settings])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files)
        yield


@pytest.fixture(autouse=True)
def clean_slate() -> Iterator[None]:
    """Start each test in French with empty caches; no test inherits a language or a page."""
    from django.core.cache import caches
    from django.utils import translation

    translation.activate(django_settings.LANGUAGE_CODE)
    yield
    # All of them: the live server's threads fill caches that this thread may not have opened.
    for cache in caches.all():
        cache.clear()


# --- database ---


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wakes the mail worker after a commit: that is the outbox's own test."""
    monkeypatch.setattr("outbox.services.wake_worker", lambda: None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """After a transactional test bring the database back to what the migrations left, by our way and not Django's."""
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        database.remember()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: database.restore())
        yield
