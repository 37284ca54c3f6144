"""Rate limits behind proxies, and addresses that look alike."""

import pytest
from allauth.core.internal.ratelimit import get_ip
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms import modelform_factory
from django.test import Client, RequestFactory

from members.addresses import normalise_address
from members.models import User
from tests.members.factories import UserFactory

PASSWORD = "une phrase facile à retenir"


@pytest.fixture
def person(db):
    user = UserFactory(email="camille@example.org")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def limits(settings):
    """Switch on what the other tests have switched off."""
    settings.ACCOUNT_RATE_LIMITS = {}
    return settings


def attempt(
    email="camille@example.org", password="faux mot de passe", ip="192.0.2.1", language="", **headers
):
    return Client().post(
        f"{language}/connexion/", {"login": email, "password": password}, REMOTE_ADDR=ip, headers=headers
    )


# --- brute force ---


@pytest.mark.parametrize(
    ("language", "message"),
    [("", "Trop de tentatives de connexion échouées"), ("/en", "Too many failed login attempts")],
)
def test_brute_force_on_an_account_stops_in_the_readers_language(person, limits, language, message):
    for number in range(5):
        assert attempt(ip=f"192.0.2.{number}", language=language).status_code == 422
    stopped = attempt(ip="192.0.2.99", password=PASSWORD, language=language)
    assert stopped.status_code == 429, "not even the right password, from wherever"
    assert int(stopped["Retry-After"]) >= 300
    assert message in stopped.content.decode()


def test_unknown_address_is_limited_as_a_known_one(person, limits):
    statuses = {
        email: [attempt(email, ip=f"192.0.2.{number}").status_code for number in range(7)]
        for email in ("camille@example.org", "nobody@example.org")
    }
    assert statuses["camille@example.org"] == statuses["nobody@example.org"] == [422] * 5 + [429] * 2


def test_other_spellings_of_an_address_give_no_more_attempts(person, limits):
    spellings = ["camille@example.org", "CAMILLE@example.org", "Camille@Example.org", " camille@example.org"]
    for number, email in enumerate([*spellings, "camille@ｅxample.org"]):
        attempt(email, ip=f"192.0.2.{number}")
    assert attempt(ip="192.0.2.99", password=PASSWORD).status_code == 429


def test_locked_account_locks_nobody_else_out(person, limits):
    other = UserFactory(email="dominique@example.org")
    other.set_password(PASSWORD)
    other.save()
    for _number in range(6):
        attempt()
    assert attempt(password=PASSWORD).status_code == 429
    assert attempt("dominique@example.org", PASSWORD).status_code == 302, "from the same place"


def test_one_place_that_tries_many_accounts_is_stopped_and_no_other(person, limits):
    statuses = [attempt(f"nobody{number}@example.org").status_code for number in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    assert attempt(password=PASSWORD).status_code == 429
    assert attempt(password=PASSWORD, ip="192.0.2.2").status_code == 302


def test_successes_give_no_more_failures(person, limits):
    statuses = []
    for number in range(7):
        statuses.append(attempt(ip=f"192.0.2.{number}").status_code)
        attempt(password=PASSWORD, ip=f"192.0.2.{number}")
    assert statuses[-2:] == [429, 429]


@pytest.mark.parametrize("language", ["", "/en"])
def test_reset_requests_are_limited_with_a_page_of_the_portal(person, limits, language):
    def ask():
        return Client().post(f"{language}/mot-de-passe/oublie/", {"email": person.email})

    statuses = [ask().status_code for _number in range(6)]
    assert statuses == [302] * 5 + [429]
    page = ask()
    assert page["Retry-After"]
    assert ("Trop de tentatives" if not language else "Too many attempts") in page.content.decode()


def test_reauthentication_is_limited(person, limits):
    client = Client()
    client.force_login(person)
    statuses = [
        client.post("/confirmer-identite/", {"password": "faux"}, REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n in range(12)
    ]
    assert statuses == [422] * 5 + [429] * 7


# --- whose attempts: X-Forwarded-For behind 0, 1, 2 proxies ---


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        # Without a proxy the header is the visitor's own invention.
        (0, "203.0.113.{n}", "192.0.2.1"),
        # The last entry is what our proxy saw; what stands before it, the visitor wrote.
        (1, "203.0.113.{n}, 198.51.100.7", "198.51.100.7"),
        (1, "198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.{n}, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "10.9.9.9, 203.0.113.{n}, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (1, "2001:db8::1", "2001:db8::"),
    ],
)
def test_spoofed_forwarding_gives_no_more_attempts(person, limits, proxies, forwarded, counted):
    limits.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    header = {"X-Forwarded-For": forwarded.format(n=1)}
    assert get_ip(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers=header)) == counted
    statuses = [
        attempt(f"nobody{n}@example.org", **{"X-Forwarded-For": forwarded.format(n=n)}).status_code
        for n in range(11)
    ]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize(
    ("proxies", "other"), [(1, "198.51.100.8"), (2, "198.51.100.8, 10.0.0.1"), (0, None)]
)
def test_visitors_behind_one_proxy_are_told_apart(person, limits, proxies, other):
    limits.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    here = {"X-Forwarded-For": "198.51.100.7" + (", 10.0.0.1" if proxies == 2 else "")}
    for n in range(11):
        attempt(f"nobody{n}@example.org", **here)
    assert attempt(password=PASSWORD, **here).status_code == 429
    elsewhere = {"X-Forwarded-For": other} if other else {}
    ip = "192.0.2.1" if other else "192.0.2.2"
    assert attempt(password=PASSWORD, ip=ip, **elsewhere).status_code == 302


def test_session_shows_the_visitors_address_behind_a_proxy(person, limits):
    from allauth.usersessions.models import UserSession

    limits.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    attempt(password=PASSWORD, **{"X-Forwarded-For": "203.0.113.1, 198.51.100.7"})
    assert UserSession.objects.get().ip == "198.51.100.7"


def test_trusted_proxies_are_the_settings(settings):
    assert settings.ALLAUTH_TRUSTED_PROXY_COUNT == settings.TRUSTED_PROXY_COUNT


# --- one spelling of each address ---


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Camille@Example.ORG", "camille@example.org"),
        (" camille@example.org ", "camille@example.org"),
        ("camille@ｅxample.org", "camille@example.org"),
        ("camille@exämple.org", "camille@xn--exmple-cua.org"),
        ("camille+conseil@example.org", "camille+conseil@example.org"),
    ],
)
def test_address_has_one_spelling(typed, kept):
    assert normalise_address(typed) == kept
    assert normalise_address(kept) == kept


LOOK_ALIKES = {
    "Cyrillic а": "cаmille@example.org",
    "full width": "ｃamille@example.org",
    "long s": "caſmille@example.org",
    "Kelvin sign": "\u212aamille@example.org",
    "dotless i": "camılle@example.org",
    "accent": "camillé@example.org",
    "combining accent": "camille\u0301@example.org",
    "zero width": "cam\u200bille@example.org",
    "direction": "\u202ecamille@example.org",
}


@pytest.mark.parametrize("address", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
@pytest.mark.django_db
def test_look_alike_is_refused_clearly(address):
    form = modelform_factory(User, fields=["email", "first_name", "last_name"])(
        {"email": address, "first_name": "A", "last_name": "B"}
    )
    assert not form.is_valid()
    assert form.errors.as_data()["email"][0].code == "look-alike"
    assert "lettres simples" in form.errors["email"][0]
    with pytest.raises(ValidationError):
        User(email=address, first_name="A", last_name="B", password="x").full_clean()
    with pytest.raises(ValidationError):
        User.objects.create_user(address, first_name="A", last_name="B")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=address, first_name="A", last_name="B")])


@pytest.mark.parametrize("typed", ["CAMILLE@EXAMPLE.ORG", "camille@ｅxample.org"])
def test_same_address_in_another_spelling_is_taken(person, typed):
    form = modelform_factory(User, fields=["email", "first_name", "last_name"])(
        {"email": typed, "first_name": "A", "last_name": "B"}
    )
    assert form.errors.as_data()["email"][0].code == "unique"
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(typed, first_name="A", last_name="B")


@pytest.mark.parametrize(
    "typed", ["camille@exa\u0000mple.org", "camille@" + "é" * 70 + ".org", "camille@é..org"]
)
def test_domain_that_is_none_is_refused(typed):
    form = modelform_factory(User, fields=["email"])({"email": typed})
    assert form.errors["email"]
