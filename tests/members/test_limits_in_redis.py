"""The limits on attempts where they are counted: in Redis, for all processes; without it no attempt is made."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from redis import Redis

from outbox.models import OutboxEmail
from tests.conftest import SHIPPED_CACHE
from tests.members.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "une phrase facile à retenir"
# What another web process does: it fails three times to log in.
OTHER_PROCESS = """
import sys
import django
django.setup()
from django.conf import settings
from django.test import Client
settings.CACHES["default"] |= {"KEY_PREFIX": sys.argv[1], "OPTIONS": {}}
settings.ACCOUNT_RATE_LIMITS = {}
for number in range(3):
    answer = Client().post(
        "/connexion/", {"login": "nobody@example.org", "password": "faux"}, REMOTE_ADDR=f"192.0.2.{number}"
    )
    print(answer.status_code)
"""


@pytest.fixture
def prefix(settings: Any, pytestconfig: pytest.Config) -> Iterator[str]:
    """Count in the real Redis, in a corner of the test's own."""
    name = f"limits-{uuid4().hex}"
    settings.ACCOUNT_RATE_LIMITS = {}
    # Without the two seconds after which a visitor is not kept waiting: a busy machine has time.
    counter = pytestconfig.stash[SHIPPED_CACHE] | {"KEY_PREFIX": name, "OPTIONS": {}}
    settings.CACHES = settings.CACHES | {"default": counter}
    yield name
    with Redis.from_url(settings.REDIS_URL) as server:
        for key in server.scan_iter(f"{name}:*"):
            server.delete(key)


def attempt(number: int) -> int:
    data = {"login": "nobody@example.org", "password": "faux"}
    return Client().post("/connexion/", data, REMOTE_ADDR=f"198.51.100.{number}").status_code


def in_another_process(prefix: str) -> list[int]:
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = {
        "DATABASE_URL": urlunsplit(database),
        "DJANGO_SETTINGS_MODULE": "industrie_positive.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, prefix],
        cwd=django_settings.BASE_DIR,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [int(status) for status in done.stdout.split()]


def test_processes_count_an_accounts_attempts_together(prefix: str) -> None:
    assert [attempt(number) for number in range(3)] == [422] * 3
    assert in_another_process(prefix) == [422, 422, 429]
    assert attempt(3) == 429


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("", "son compteur ne répond pas"), ("/en", "its counter does not answer")],
    ids=["fr", "en"],
)
def test_no_attempt_is_made_that_cannot_be_counted(
    settings: Any, pytestconfig: pytest.Config, language: str, sentence: str
) -> None:
    person = UserFactory(email="camille@example.org")
    person.set_password(PASSWORD)
    person.save()
    inside = Client()
    inside.force_login(person)
    settings.ACCOUNT_RATE_LIMITS = {}
    settings.CACHES = settings.CACHES | {
        "default": pytestconfig.stash[SHIPPED_CACHE] | {"LOCATION": "redis://127.0.0.1:1/0"}
    }
    outside = Client()
    for answer in (
        outside.post(f"{language}/connexion/", {"login": person.email, "password": PASSWORD}),
        outside.post(f"{language}/mot-de-passe/oublie/", {"email": person.email}),
        inside.post(f"{language}/confirmer-identite/", {"password": PASSWORD}),
    ):
        assert answer.status_code == 503
        assert sentence in answer.content.decode()
        assert answer["Retry-After"] == "60"
    assert settings.SESSION_COOKIE_NAME not in outside.cookies, "not even the right password"
    assert not OutboxEmail.objects.exists()
    assert outside.get(f"{language}/").status_code == 200
    assert inside.get(f"{language}/espace/").status_code == 200
