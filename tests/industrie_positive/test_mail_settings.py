"""The mail server's address is read loudly: nothing is sent in clear by a typo."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from industrie_positive import env


def server(monkeypatch: pytest.MonkeyPatch, url: str) -> env.MailServer:
    monkeypatch.setenv("EMAIL_URL", url)
    return env.mail_server()


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp://mail.example.org?tls", 587, True, False),
        ("smtp://mail.example.org:2525?tls", 2525, True, False),
        ("smtps://mail.example.org", 465, False, True),
        ("smtps://mail.example.org?tls", 465, False, True),
    ],
)
def test_an_address_gives_its_parts(
    monkeypatch: pytest.MonkeyPatch, url: str, port: int, starttls: bool, tls: bool
) -> None:
    found = server(monkeypatch, url.replace("//", "//re%40x.fr:p%2F%3Aw@"))
    assert (found.host, found.user, found.password) == ("mail.example.org", "re@x.fr", "p/:w")
    assert (found.port, found.starttls, found.tls) == (port, starttls, tls)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://user:secret@mail.example.org:587?starttls",
        "smtp://user:secret@mail.example.org:587?tls&verify=no",
        "smtp://user:secret@mail.example.org:port?tls",
        "smtp://user:secret@mail.example.org:99999?tls",
        "smtp://user:secret@:587?tls",
        "imap://user:secret@mail.example.org",
        "mail.example.org",
    ],
)
def test_anything_else_stops_the_start_without_repeating_the_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        server(monkeypatch, url)
    assert "EMAIL_URL" in str(error.value) and "secret" not in str(error.value)
