"""The message as bytes: its parts, headers, encodings."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django.fixtures import Settings

from outbox.mime import build_message
from outbox.models import OutboxEmail
from tests.outbox.factories import OutboxEmailFactory

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Été\r\nEND:VCALENDAR\r\n"


@pytest.fixture(autouse=True)
def sender(settings: Settings) -> None:
    """The council's address, with a name that needs encoding."""
    settings.DEFAULT_FROM_EMAIL = '"Conseil métropolitain, Montpellier" <conseil@example.org>'


def built(**fields: Any) -> OutboxEmail:
    """An e-mail that is in no database."""
    fixed = {"to": "lea@example.org", "created_at": datetime(2027, 3, 1, 8, 30, tzinfo=UTC)}
    return OutboxEmailFactory.build(**(fixed | fields))


def wire(row: OutboxEmail) -> bytes:
    """What goes over SMTP."""
    return build_message(row).message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]


def parsed(row: OutboxEmail) -> EmailMessage:
    """What a mail reader understands of it."""
    message = email.message_from_bytes(wire(row), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk()] == [[] for _part in message.walk()]
    return message


def content(part: Any) -> str:
    """A part's text with the line breaks of ours."""
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def tree(message: EmailMessage) -> Any:
    """The parts as nested lists of content types."""
    if message.is_multipart():
        return [message.get_content_subtype(), *(tree(part) for part in message.iter_parts())]  # type: ignore[arg-type]
    return message.get_content_type()


def test_a_plain_message_is_an_alternative_of_text_and_html() -> None:
    message = parsed(built())
    assert tree(message) == ["alternative", "text/plain", "text/html"]
    text, html = message.iter_parts()
    assert content(text) == "Bonjour,\n\nVous êtes attendu·e.\n"
    assert content(html) == "<p>Vous êtes attendu·e.</p>\n"


def test_a_message_without_html_is_an_alternative_of_one() -> None:
    assert tree(parsed(built(html=""))) == ["alternative", "text/plain"]


def test_an_invitation_has_both_calendar_forms_that_clients_look_for() -> None:
    message = parsed(built(calendar_text=CALENDAR, calendar_method="REQUEST"))
    assert tree(message) == [
        "mixed",
        ["alternative", "text/plain", "text/html", "text/calendar"],
        "application/ics",
    ]
    alternative, attachment = message.iter_parts()
    calendar = list(alternative.iter_parts())[2]
    assert dict(calendar["Content-Type"].params) == {"charset": "utf-8", "method": "REQUEST"}
    assert calendar.get_payload(decode=True).decode() == CALENDAR
    assert attachment.get_filename() == "invite.ics"
    assert attachment["Content-Type"].params["method"] == "REQUEST"
    assert attachment.get_payload(decode=True).decode() == CALENDAR


def test_the_headers_say_what_machines_need() -> None:
    row = built(in_reply_to="<first@example.org>", reply_to="max@example.org", language="en")
    message = parsed(row)
    assert message["From"].addresses[0].display_name == "Conseil métropolitain, Montpellier"
    assert str(message["To"]) == "lea@example.org"
    assert message["Subject"] == "Atelier-conseil à l'Écusson"
    assert message["Date"].datetime == row.created_at
    assert message["Message-ID"] == row.message_id
    assert message["In-Reply-To"] == message["References"] == "<first@example.org>"
    assert message["Reply-To"] == "max@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert "List-Unsubscribe" not in message and "Bcc" not in message


def test_what_can_be_refused_says_how_in_one_click() -> None:
    url = "https://portail.example.org/desabonnement/" + "a" * 200 + "/"
    message = parsed(built(unsubscribe_url=url))
    assert message["List-Unsubscribe"] == f"<{url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # As it stands in the bytes: a folded or encoded address would be no address to the mail servers.
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in wire(built(unsubscribe_url=url))


def test_a_long_message_id_is_never_encoded() -> None:
    long = "<" + "a" * 100 + "@example.org>"
    raw = wire(built(message_id=long, in_reply_to=long))
    for name in ("Message-ID", "In-Reply-To", "References"):
        assert f"\r\n{name}: {long}\r\n".encode() in raw


def test_the_bytes_are_the_same_at_every_attempt_but_for_the_boundaries() -> None:
    row = built(html="")
    first, second = parsed(row), parsed(row)
    for message in (first, second):
        message.set_boundary("b")
    assert first.as_bytes() == second.as_bytes()


def test_the_bytes_are_ascii_in_short_lines() -> None:
    raw = wire(
        built(
            subject="Réunion « été » " * 30,
            text="é" * 3000 + "\n.\nFrom moi\n" + "x" * 3000,
            html="<p>" + "ü" * 5000,
            calendar_text=CALENDAR.replace("Été", "Été" * 500),
            calendar_method="REQUEST",
        )
    )
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")


def test_every_character_arrives() -> None:
    text = "Å … œ « 100 % » 🌞 \u202f= =41 .\n.\n..\nFrom x\n\ttab\n" + "ligne longue " * 100 + "\n"
    message = parsed(built(text=text, subject="Å … 🌞 =?utf-8?q?x?="))
    assert content(next(message.iter_parts())) == text


@pytest.mark.parametrize("field", ["subject", "message_id", "in_reply_to", "unsubscribe_url", "language"])
def test_a_line_break_in_a_stored_value_never_makes_a_header(field: str) -> None:
    with pytest.raises(ValueError):
        build_message(built(**{field: "x\r\nBcc: max@example.org"}))


@pytest.mark.parametrize("field", ["to", "reply_to"])
def test_a_line_break_in_a_stored_address_never_makes_a_header(field: str) -> None:
    with pytest.raises(ValidationError):
        build_message(built(**{field: "lea@example.org\r\nBcc: max@example.org"}))


def test_the_stored_mail_shows_itself_to_djangos_test_backend() -> None:
    message = build_message(built(calendar_text=CALENDAR, calendar_method="REQUEST"))
    assert (message.subject, message.to) == ("Atelier-conseil à l'Écusson", ["lea@example.org"])
    assert [alternative[1] for alternative in message.alternatives] == [
        "text/html",
        "text/calendar; method=REQUEST",
    ]


def test_no_space_is_lost_where_a_subject_is_folded() -> None:
    title = (
        "Votre réponse est enregistrée : Visite : le numérique au service de l’atelier, mardi 8 décembre 2026"
    )
    words = title.split()
    for first in range(len(words)):
        subject = " ".join(words[first:] + words)
        assert parsed(built(subject=subject))["Subject"] == subject
