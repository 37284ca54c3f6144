"""The mailbox's settings are read loudly, and refused when they do not hold together."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from core.checks import check_inbound
from industrie_positive import env


def mailbox(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("INBOUND_IMAP_URL", url)
    return env.imap_mailbox("INBOUND_IMAP_URL")


def test_it_is_off_by_default(monkeypatch):
    monkeypatch.delenv("INBOUND_IMAP_URL", raising=False)
    assert env.imap_mailbox("INBOUND_IMAP_URL") is None


def test_an_address_gives_its_parts(monkeypatch):
    found = mailbox(
        monkeypatch, "imaps://re%40x.fr:p%2F%3Aw@mail.example.org/INBOX/Sub?done=Lu%20par%20le%20portail"
    )
    assert found is not None
    assert (found.host, found.port, found.tls, found.starttls) == ("mail.example.org", 993, True, False)
    assert (found.user, found.password) == ("re@x.fr", "p/:w")
    assert (found.folder, found.done) == ("INBOX/Sub", "Lu par le portail")
    plain = mailbox(monkeypatch, "imap://u:p@h")
    assert plain is not None and (plain.port, plain.folder, plain.done, plain.starttls) == (
        143,
        "INBOX",
        "Portal-read",
        False,
    )
    starttls = mailbox(monkeypatch, "imap://u:p@h:1143/?tls")
    assert starttls is not None and (starttls.port, starttls.starttls) == (1143, True)


@pytest.mark.parametrize(
    "url",
    [
        "imaps://mail.example.org/INBOX",
        "imaps://user@mail.example.org/INBOX",
        "imaps://user:password@/INBOX",
        "pop3://user:password@host",
        "imaps://user:password@host:port/INBOX",
        "imap://user:password@host/INBOX?tsl",
        "imaps://user:password@host/INBOX?done=Trait%C3%A9s",
        "imaps://user:password@host/INBOX?done=",
        "imaps://user:password@host/INBOX?done=inbox",
        "mail.example.org",
    ],
)
def test_anything_else_stops_the_start_without_repeating_the_password(monkeypatch, url):
    with pytest.raises(ImproperlyConfigured) as error:
        mailbox(monkeypatch, url)
    assert "INBOUND_IMAP_URL" in str(error.value) and "user:password@host/INBOX?tsl" not in str(error.value)


def checked(settings) -> list[str | None]:
    return [message.id for message in check_inbound(None)]


def test_settings_that_hold_together_pass(settings, monkeypatch):
    settings.INBOUND_MAILBOX, settings.INBOUND_ADDRESS = None, ""
    assert checked(settings) == []
    settings.INBOUND_ADDRESS = "reponses@example.org"
    settings.INBOUND_MAILBOX = mailbox(monkeypatch, "imaps://u:p@h")
    assert checked(settings) == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "reponses",
        "a+b@example.org",
        "Réponses <a@example.org>",
        "secretariat@example.org",
        "industrie-positive@example.org",
    ],
)
def test_an_address_that_answers_cannot_come_to_is_refused(settings, monkeypatch, address):
    settings.INBOUND_MAILBOX = mailbox(monkeypatch, "imaps://u:p@h")
    settings.INBOUND_ADDRESS = address
    assert checked(settings) == ["core.E011"]


def test_an_address_whose_mailbox_nobody_reads_is_pointed_out(settings):
    settings.INBOUND_MAILBOX, settings.INBOUND_ADDRESS = None, "reponses@example.org"
    settings.PORTAL_MODE = "production"
    assert checked(settings) == ["core.I012"]


@pytest.mark.parametrize(
    ("url", "wrong"), [("imap://u:p@mail.example.org", True), ("imap://u:p@127.0.0.1", False)]
)
def test_a_password_in_clear_over_the_network_is_refused_in_production(settings, monkeypatch, url, wrong):
    settings.PORTAL_MODE, settings.INBOUND_ADDRESS = "production", "reponses@example.org"
    settings.INBOUND_MAILBOX = mailbox(monkeypatch, url)
    assert checked(settings) == (["core.E013"] if wrong else [])
