"""Accounts that nobody uses: warned once, then closed; those in use, never."""

from datetime import UTC, date, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from core.clock import database_now
from members.history import changes_of
from members.models import User
from members.retention import apply_retention, months_from
from outbox.models import OutboxEmail
from tests.helpers.locks import at_once
from tests.members.factories import MandateFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "une phrase facile à retenir"


def last_seen(months, days=0, **fields):
    """Make a person whose last login was some months (and days) ago."""
    at = months_from(database_now(), -months) - timedelta(days=days)
    fields = {"date_joined": months_from(at, -12), "last_login": at, "password": "x"} | fields
    return UserFactory(**fields)


def warned(person, months, days=0):
    person.inactivity_warned_at = months_from(database_now(), -months) - timedelta(days=days)
    person.save()
    return person


def state(person):
    person.refresh_from_db()
    mails = OutboxEmail.objects.filter(recipient=person, kind="account-inactivity").count()
    return person.is_active, person.inactivity_warned_at is not None, mails


# --- months ---


@pytest.mark.parametrize(
    ("at", "months", "expected"),
    [
        ("2026-03-31T10:00+02:00", -1, "2026-02-28T10:00+01:00"),
        ("2024-02-29T10:00+01:00", 24, "2026-02-28T10:00+01:00"),
        ("2026-01-15T10:00+01:00", -1, "2025-12-15T10:00+01:00"),
        ("2026-12-15T10:00+01:00", 1, "2027-01-15T10:00+01:00"),
        # The same time of day across both changes of the hour.
        ("2026-03-29T12:00+02:00", -1, "2026-02-28T12:00+01:00"),
        ("2026-10-25T12:00+01:00", -1, "2026-09-25T12:00+02:00"),
    ],
)
def test_months_are_the_calendars(at, months, expected):
    assert months_from(datetime.fromisoformat(at), months) == datetime.fromisoformat(expected)


# --- warned ---


@pytest.mark.parametrize(("months", "days", "mails"), [(22, 25, 0), (23, 0, 1), (23, 1, 1), (40, 0, 1)])
def test_warning_is_mailed_once_when_due(months, days, mails):
    person = last_seen(months, days)
    for _run in range(3):
        apply_retention()
    assert state(person) == (True, bool(mails), mails)


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "Votre compte fermera le"), ("en", "Your account will close")]
)
def test_warning_is_in_the_persons_language_and_says_when(language, words):
    last_seen(23, 1, language=language)
    apply_retention()
    mail = OutboxEmail.objects.get()
    assert mail.subject.startswith(words)
    assert "/connexion/" in mail.text
    year = str(timezone.localdate(months_from(database_now(), 1)).year)
    assert year in mail.subject


def test_who_came_back_is_warned_again_the_next_time():
    person = warned(last_seen(23, 1), months=40)
    apply_retention()
    assert state(person)[2] == 1


def test_login_after_the_warning_keeps_the_account(client):
    person = warned(last_seen(24, 5), months=1, days=5)
    person.set_password(PASSWORD)
    person.save()
    client.post("/connexion/", {"login": person.email, "password": PASSWORD})
    apply_retention()
    assert state(person) == (True, True, 0)


# --- closed ---


def test_account_closes_after_its_notice_and_is_logged(caplog):
    person = warned(last_seen(24, 1), months=1)
    apply_retention()
    assert state(person) == (False, True, 0)
    assert not person.has_usable_password()
    (line,) = changes_of(person)
    assert (line.values, line.by) == ({"is_active": [True, False]}, None)
    assert "Sans utilisation" in line.reason
    assert person.email not in caplog.text
    apply_retention()
    assert changes_of(person).count() == 1


@pytest.mark.parametrize(("months", "days"), [(0, 0), (0, 25)])
def test_late_warning_still_leaves_its_month(months, days):
    person = warned(last_seen(30), months=months, days=days)
    apply_retention()
    assert state(person)[0] is True


def test_unwarned_account_is_not_closed_in_the_same_run():
    person = last_seen(36)
    apply_retention()
    assert state(person) == (True, True, 1)


def test_account_never_opened_closes_without_a_mail_that_nobody_could_follow():
    person = last_seen(0, last_login=None, password="!x", date_joined=months_from(database_now(), -25))
    apply_retention()
    assert state(person) == (False, False, 0)


def test_closing_ends_sessions_and_only_an_invitation_opens_again(client):
    from members.invitations import invite_person

    person = last_seen(0)
    person.set_password(PASSWORD)
    person.save()
    client.post("/connexion/", {"login": person.email, "password": PASSWORD})
    Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={})
    assert client.get("/espace/").status_code == 200
    User.objects.update(
        date_joined=months_from(database_now(), -40),
        last_login=months_from(database_now(), -25),
        inactivity_warned_at=months_from(database_now(), -2),
    )
    apply_retention()
    assert client.get("/espace/").status_code == 302
    assert not UserSession.objects.filter(user=person).exists()
    assert not Authenticator.objects.filter(user=person).exists(), "a passkey would open it again"
    assert Client().post("/connexion/", {"login": person.email, "password": PASSWORD}).status_code == 422
    Client().post("/mot-de-passe/oublie/", {"email": person.email})
    assert not OutboxEmail.objects.filter(kind="account-password-reset-key").exists()
    person.refresh_from_db()
    assert invite_person(person=person, by=None).reopens


# --- in use ---


def test_mandate_keeps_the_account_and_its_end_begins_the_count():
    today = timezone.localdate()
    holder, former, recent, coming = (last_seen(60) for _n in range(4))
    MandateFactory(person=holder)
    MandateFactory(person=former, ends_on=today - timedelta(days=900))
    MandateFactory(person=recent, starts_on=date(2019, 10, 1), ends_on=today - timedelta(days=30))
    MandateFactory(person=coming, starts_on=today + timedelta(days=10))
    apply_retention()
    assert [state(person)[1] for person in (holder, former, recent, coming)] == [False, True, False, False]


def test_last_administrator_stays():
    first = warned(last_seen(30, is_staff=True, is_superuser=True), months=2)
    second = warned(last_seen(31, is_staff=True, is_superuser=True), months=2)
    apply_retention()
    apply_retention()
    assert [state(person)[0] for person in (first, second)] == [False, True]


def test_administrator_closes_when_another_is_there():
    unused = warned(last_seen(30, is_staff=True, is_superuser=True), months=2)
    last_seen(0, is_staff=True, is_superuser=True)
    apply_retention()
    assert state(unused)[0] is False


def test_settings_set_the_months(settings):
    settings.RETENTION_WARN_MONTHS, settings.RETENTION_CLOSE_MONTHS = 5, 6
    to_warn, to_close = last_seen(5, 1), warned(last_seen(6, 1), months=1)
    apply_retention()
    assert state(to_warn) == (True, True, 1)
    assert state(to_close)[0] is False


def test_ended_sessions_are_forgotten():
    person = last_seen(0)
    Session.objects.create(session_key="a" * 32, expire_date=datetime(2020, 1, 1, tzinfo=UTC))
    UserSession.objects.create(user=person, session_key="a" * 32, ip="192.0.2.1")
    apply_retention()
    assert not Session.objects.exists() and not UserSession.objects.exists()


def test_beat_asks_every_hour(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["members-retention"]
    assert entry["task"] == "members.tasks.apply_retention"
    assert entry["schedule"] == 3600


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_warn_and_close_once():
    people = [last_seen(23, 1) for _n in range(4)] + [warned(last_seen(25), months=2) for _n in range(4)]
    # The last two administrators, too.
    people += [warned(last_seen(25, is_superuser=True), months=2) for _n in range(2)]
    assert at_once(apply_retention, apply_retention) == [None, None]
    apply_retention()
    assert [state(person)[2] for person in people[:4]] == [1] * 4
    assert [changes_of(person).count() for person in people[4:8]] == [1] * 4
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1
