"""Settings that must not be served are refused, each with its code."""

import pytest

from core import checks

GOOD_KEY = "0123456789abcdef" * 4


@pytest.fixture
def production(settings):
    settings.PORTAL_MODE = "production"
    settings.DEBUG = False
    settings.DEMO_ACCOUNTS = False
    settings.STAFF_SECOND_FACTOR = True
    settings.SECRET_KEY = GOOD_KEY
    settings.SECRET_KEY_FALLBACKS = []
    settings.SITE_URL = "https://portal.example.org"
    settings.ALLOWED_HOSTS = ["portal.example.org"]
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "mail.example.org", True
    return settings


def codes(messages):
    return [message.id for message in messages]


def test_good_production_settings_pass(production):
    assert checks.check_production(None) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("DEBUG", True, "core.E001"),
        ("DEMO_ACCOUNTS", True, "core.E002"),
        ("SECRET_KEY", GOOD_KEY[:49], "core.E003"),
        ("SECRET_KEY", "a" * 80, "core.E003"),
        ("SECRET_KEY", "django-insecure-" + GOOD_KEY, "core.E003"),
        ("SECRET_KEY_FALLBACKS", ["short"], "core.E003"),
        ("SITE_URL", "http://portal.example.org", "core.E004"),
        ("SITE_URL", "", "core.E004"),
        ("SITE_URL", "https://portal.example.org/sub", "core.E004"),
        ("ALLOWED_HOSTS", ["other.example.org"], "core.E005"),
        ("ALLOWED_HOSTS", ["*"], "core.E006"),
        ("STAFF_SECOND_FACTOR", False, "core.E009"),
    ],
)
def test_production_refuses(production, name, value, code):
    setattr(production, name, value)
    assert codes(checks.check_production(None)) == [code]


def test_production_accepts_a_wildcard_of_its_own_domain(production):
    production.ALLOWED_HOSTS = [".example.org"]
    assert checks.check_production(None) == []


@pytest.mark.parametrize(
    ("host", "changes", "found"),
    [
        ("mail.example.org", {}, ["core.E014"]),
        ("mail.example.org", {"EMAIL_USE_TLS": True}, []),
        ("mail.example.org", {"EMAIL_USE_SSL": True}, []),
        ("127.0.0.1", {}, []),
    ],
)
def test_production_refuses_to_mail_in_clear_over_the_network(production, host, changes, found):
    production.EMAIL_HOST, production.EMAIL_USE_TLS, production.EMAIL_USE_SSL = host, False, False
    for name, value in changes.items():
        setattr(production, name, value)
    assert codes(checks.check_production(None)) == found


def test_trials_may_be_lax(production):
    production.PORTAL_MODE = "demo"
    production.DEMO_ACCOUNTS = True
    production.SITE_URL = "http://127.0.0.1:8000"
    assert checks.check_production(None) == []


def test_another_database_is_refused(settings, monkeypatch):
    assert checks.check_databases(None) == []
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert codes(checks.check_databases(None)) == ["core.E007"]


@pytest.mark.parametrize(("timeout", "expected"), [(241, []), (240, ["core.E008"]), (10, ["core.E008"])])
def test_visibility_timeout_exceeds_the_longest_task(settings, monkeypatch, timeout, expected):
    settings.CELERY_TASK_TIME_LIMIT = 240
    monkeypatch.setitem(settings.CELERY_BROKER_TRANSPORT_OPTIONS, "visibility_timeout", timeout)
    assert codes(checks.check_celery(None)) == expected


@pytest.mark.parametrize(
    ("warn", "close", "expected"), [(23, 24, []), (24, 24, ["core.E010"]), (25, 24, ["core.E010"])]
)
def test_people_are_warned_before_their_account_closes(settings, warn, close, expected):
    settings.RETENTION_WARN_MONTHS, settings.RETENTION_CLOSE_MONTHS = warn, close
    assert codes(checks.check_retention(None)) == expected
