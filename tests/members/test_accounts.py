"""Login, password, sessions: who gets in, who does not, and that neither says who has an account."""

import re
from datetime import date, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import User
from outbox.models import OutboxEmail
from tests.members.factories import MandateFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "une phrase facile à retenir"
NEW = "une autre phrase, plus longue"


@pytest.fixture
def person(db):
    user = UserFactory(email="camille@example.org")
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(client, email="camille@example.org", password=PASSWORD, **extra):
    return client.post("/connexion/", {"login": email, "password": password}, **extra)


def is_in(client):
    return client.get("/espace/").status_code == 200


def never_opened(**fields):
    return User.objects.create_user("nouveau@example.org", first_name="A", last_name="B", **fields)


# --- in and out ---


def test_login_opens_the_space_and_logout_closes_it(client, person):
    assert log_in(client)["Location"] == "/espace/"
    assert is_in(client)
    assert client.get("/deconnexion/").status_code == 200, "a GET logs nobody out"
    assert is_in(client)
    client.post("/deconnexion/")
    assert not is_in(client)


@pytest.mark.parametrize("typed", ["Camille@Example.ORG", " camille@example.org ", "camille@ｅxample.org"])
def test_login_takes_an_address_however_it_is_typed(client, person, typed):
    assert log_in(client, typed).status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_login_leads_to_no_other_site(client, person, target):
    response = client.post("/connexion/", {"login": person.email, "password": PASSWORD, "next": target})
    assert response["Location"] == "/espace/"


def test_nobody_signs_up(client):
    assert "invitation" in client.get("/inscription/").content.decode()
    client.post("/inscription/", {"email": "x@example.org", "password1": PASSWORD})
    assert not User.objects.exists()


def test_address_cannot_be_changed_by_its_holder(client, person):
    client.force_login(person)
    assert client.get("/accounts/email/").status_code == 404
    assert "Le secrétariat change votre adresse" in client.get("/compte/securite/").content.decode()


# --- who has an account is nobody's business ---


@pytest.fixture
def hashes(monkeypatch):
    """Count the slow computations of the password hasher."""
    counted = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode

    def counting(self, *args, **kwargs):
        counted.append(1)
        return encode(self, *args, **kwargs)

    monkeypatch.setattr(hasher, "encode", counting)
    return counted


def without_secrets(response):
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())


@pytest.mark.parametrize("language", ["", "/en"])
def test_login_answers_the_same_with_and_without_an_account(person, hashes, language):
    closed = UserFactory(email="closed@example.org", is_active=False)
    closed.set_password(PASSWORD)
    closed.save()
    never_opened()
    answers = {}
    for email in ("camille@example.org", "nobody@example.org", "closed@example.org", "nouveau@example.org"):
        hashes.clear()
        response = Client().post(f"{language}/connexion/", {"login": email, "password": "faux mot de passe"})
        page = without_secrets(response).replace(email, "…")
        answers[email] = (response.status_code, page, len(hashes))
    assert len(set(answers.values())) == 1, {email: answer[::2] for email, answer in answers.items()}
    assert answers["nobody@example.org"][::2] == (422, 1)


def test_closed_account_with_its_password_is_told_and_stays_out(client, person):
    User.objects.update(is_active=False)
    response = log_in(client)
    assert response["Location"] == "/compte-inactif/"
    assert not is_in(client)


def test_demo_accounts_open_nothing_in_production(client, person, settings):
    settings.PRODUCTION = True
    log_in(client)
    assert not is_in(client)


def ask_reset(email, client=None):
    return (client or Client()).post("/mot-de-passe/oublie/", {"email": email}, follow=True)


def test_reset_answers_the_same_and_mails_open_accounts_alone(person, monkeypatch):
    woken = []
    monkeypatch.setattr("members.account_forms.wake_worker", lambda: woken.append("nobody"))
    UserFactory(email="closed@example.org", is_active=False, password="x")
    never_opened()
    UserFactory(email="empty@example.org", password="")
    pages = {
        email: (answer.status_code, answer.request["PATH_INFO"], without_secrets(answer))
        for email in (
            "camille@example.org",
            "nobody@example.org",
            "closed@example.org",
            "nouveau@example.org",
            "empty@example.org",
        )
        for answer in [ask_reset(email)]
    }
    assert len(set(pages.values())) == 1
    assert [mail.to for mail in OutboxEmail.objects.all()] == ["camille@example.org"]
    assert len(woken) == 4


def test_reset_does_the_same_work_with_and_without_an_account(person, monkeypatch, django_assert_num_queries):
    from members import account_forms, accounts

    done = []
    for module, name in ((accounts, "render_email"), (accounts, "queue_email")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *a, real=real, name=name, **k: (done.append(name), real(*a, **k))[1]
        )
    monkeypatch.setattr(account_forms, "wake_worker", lambda: None)
    work = {}
    for email in ("camille@example.org", "nobody@example.org"):
        done.clear()
        ask_reset(email)
        work[email] = list(done)
    assert work["camille@example.org"] == work["nobody@example.org"] == ["render_email", "queue_email"]


def reset_link(email="camille@example.org"):
    mail = OutboxEmail.objects.get(to=email, kind="account-password-reset-key")
    return re.search(r"https?://\S+", mail.text)[0]


def test_reset_link_works_once_and_ends_every_session(client, person, settings):
    settings.SITE_URL = "https://portail.example"
    log_in(client)
    ask_reset(person.email, Client(headers={"host": "localhost"}))
    link = reset_link()
    assert link.startswith("https://portail.example/mot-de-passe/nouveau/"), "not the request's host"
    path = link.removeprefix("https://portail.example")
    other = Client()
    form = other.get(path, follow=True)
    assert form.status_code == 200
    done = other.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW}, follow=True)
    assert done.status_code == 200
    assert not is_in(client), "sessions opened with the former password end"
    assert not is_in(other), "the link logs nobody in"
    assert log_in(Client(), password=NEW).status_code == 302
    assert log_in(Client()).status_code == 422
    assert "a déjà servi" in Client().get(path, follow=True).content.decode()
    notice = OutboxEmail.objects.get(kind="account-password-reset")
    assert "par un lien envoyé par courriel" in notice.text


def test_reset_mail_is_in_the_persons_language_whoever_asks(person):
    User.objects.update(language="en")
    ask_reset(person.email)
    mail = OutboxEmail.objects.get()
    assert (mail.language, mail.subject) == ("en", "Choose a new password")
    assert "/en/mot-de-passe/nouveau/" in mail.text


def test_reset_link_of_an_account_closed_since_opens_nothing(person):
    ask_reset(person.email)
    path = "/" + reset_link().split("/", 3)[3]
    User.objects.update(is_active=False)
    page = Client().get(path, follow=True)
    assert "password1" not in page.content.decode()
    Client().post(path, {"password1": NEW, "password2": NEW}, follow=True)
    assert User.objects.get().check_password(PASSWORD)


def test_reset_never_opens_an_account_whose_invitation_is_dead(person):
    """Decidim CVE-2023-48220, Sentry CVE-2022-23485: an expired invitation came back by a password reset."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str

    from members.invitations import invite_person, revoke_invitation

    guest = never_opened()
    invitation = invite_person(person=guest, by=person)
    revoke_invitation(invitation=invitation, by=person)
    ask_reset(guest.email)
    assert not OutboxEmail.objects.filter(to=guest.email, kind="account-password-reset-key").exists()
    # Even a token that somebody could make opens nothing.
    key = f"{user_pk_to_url_str(guest)}-{default_token_generator.make_token(guest)}"
    path = f"/mot-de-passe/nouveau/{key}/"
    client = Client()
    page = client.get(path, follow=True)
    assert "password1" not in page.content.decode()
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW}, follow=True)
    guest.refresh_from_db()
    assert not guest.has_usable_password()


def test_reset_is_for_those_who_enter_by_passkey_too(person):
    person.set_unusable_password()
    person.save()
    ask_reset(person.email)
    assert not OutboxEmail.objects.exists()
    Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "x"})
    ask_reset(person.email)
    assert OutboxEmail.objects.get().to == person.email


# --- sessions ---


def test_password_change_ends_the_other_sessions(person):
    here, elsewhere = Client(), Client()
    log_in(here)
    log_in(elsewhere)
    answer = here.post("/mot-de-passe/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert answer["Location"] == "/compte/securite/"
    assert is_in(here)
    assert not is_in(elsewhere)


@pytest.mark.parametrize("weak", ["court", "123456789012", "motdepasse", "camille@example.org"])
def test_weak_password_is_refused_at_its_field(client, person, weak):
    client.force_login(person)
    answer = client.post("/mot-de-passe/", {"oldpassword": PASSWORD, "password1": weak, "password2": weak})
    assert answer.status_code == 422
    assert "id_password1_error" in answer.content.decode()


def test_closed_account_is_out_at_the_next_request(client, person):
    log_in(client)
    assert is_in(client)
    User.objects.update(is_active=False)
    assert not is_in(client)


def test_session_is_listed_and_closed_by_its_owner_alone(person):
    here, elsewhere, stranger = Client(), Client(), Client()
    log_in(here)
    firefox = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0 <script>"
    log_in(elsewhere, headers={"user-agent": firefox}, REMOTE_ADDR="192.0.2.7")
    page = here.get("/compte/sessions/").content.decode()
    assert "Firefox, Windows" in page and "192.0.2.7" in page and "<script>" not in page.split("<main")[1]
    session = UserSession.objects.get(ip="192.0.2.7")
    url = reverse("account_session_end", args=(session.pk,))
    stranger.force_login(UserFactory())
    assert stranger.post(url).status_code == 404
    assert here.get(url).status_code == 405
    assert is_in(elsewhere)
    here.post(url)
    assert not is_in(elsewhere)
    assert is_in(here)


def test_all_other_sessions_close_at_once(person):
    here, *others = Client(), Client(), Client()
    for client in (here, *others):
        log_in(client)
    here.post("/compte/sessions/")
    assert is_in(here)
    assert not any(is_in(client) for client in others)


PARIS_MIDNIGHTS = [
    # day when the mandate is over, in UTC the last second in and the first out
    (date(2026, 1, 10), "2026-01-09T22:59:59+00:00", "2026-01-09T23:00:00+00:00"),
    (date(2026, 3, 29), "2026-03-28T22:59:59+00:00", "2026-03-28T23:00:00+00:00"),
    (date(2026, 3, 30), "2026-03-29T21:59:59+00:00", "2026-03-29T22:00:00+00:00"),
    (date(2026, 7, 14), "2026-07-13T21:59:59+00:00", "2026-07-13T22:00:00+00:00"),
    (date(2026, 10, 25), "2026-10-24T21:59:59+00:00", "2026-10-24T22:00:00+00:00"),
    (date(2026, 10, 26), "2026-10-25T22:59:59+00:00", "2026-10-25T23:00:00+00:00"),
]


@pytest.mark.parametrize(("ends_on", "last", "first"), PARIS_MIDNIGHTS)
def test_open_session_loses_the_mandates_rights_at_midnight_in_paris(
    client, person, monkeypatch, ends_on, last, first
):
    from members.permissions import can_enter_space, voting_organisation_ids

    mandate = MandateFactory(person=person, ends_on=ends_on)

    def rights_at(moment):
        monkeypatch.setattr(timezone, "now", lambda: timezone.datetime.fromisoformat(moment))
        user = User.objects.get(pk=person.pk)
        return can_enter_space(user), voting_organisation_ids(user)

    monkeypatch.setattr(timezone, "now", lambda: timezone.datetime.fromisoformat(last))
    log_in(client)
    assert mandate.organisation.name in client.get("/espace/").content.decode()
    assert rights_at(last) == (True, {mandate.organisation_id})
    assert rights_at(first) == (False, set())
    page = client.get("/espace/")
    assert page.status_code == 200, "the account stays"
    assert mandate.organisation.name not in page.content.decode()


def test_mandate_that_ends_tomorrow_is_in_force_today(person):
    from members.permissions import can_enter_space

    MandateFactory(person=person, ends_on=timezone.localdate() + timedelta(days=1))
    assert can_enter_space(person)
