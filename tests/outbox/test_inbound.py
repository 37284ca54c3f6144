"""Mails as they come in: what the common clients write, and what nobody should have to read."""

import base64
import random
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from outbox.inbound import UnreadableMail, new_tag, plus_address, read_mail
from outbox.itip import UnreadableCalendar, read_answers
from tests.workshops.replies.samples import CLIENTS, Facts

TAG = "abcdefgh23456789"


@pytest.fixture(autouse=True)
def inbound(settings):
    settings.INBOUND_ADDRESS = "reponses@conseil.example.org"


def facts(**changes) -> Facts:
    known = {"uid": "4f@industrie-positive", "attendee": "lea@example.com", "organizer": plus_address(TAG)}
    return Facts(**(known | changes))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_each_clients_answer_is_understood(client: str, partstat: str):
    comment = "J'arrive à 9h ; merci, L."
    given = facts(partstat=partstat, sequence=3, comment=comment.replace(";", "\\;").replace(",", "\\,"))
    mail = read_mail(CLIENTS[client](given))
    (answer,) = mail.answers
    (respondent,) = answer.respondents
    assert (answer.method, answer.uid, answer.sequence) == ("REPLY", given.uid, 3)
    assert answer.dtstamp == given.dtstamp and not answer.is_occurrence
    assert (respondent.email, respondent.partstat) == ("lea@example.com", partstat)
    assert answer.comment == comment
    assert mail.tags == {TAG}
    assert mail.sender == "lea@example.com" and not mail.is_report and not mail.is_automatic
    assert mail.date == given.dtstamp
    assert answer.organizer == ("" if client in ("exchange", "outlook") else plus_address(TAG))


def test_names_and_subjects_are_decoded():
    mail = read_mail(CLIENTS["exchange"](facts()))
    assert (mail.sender_name, mail.subject) == ("Léa Müller", "Accepté : Atelier")
    assert "Léa Müller <lea@example.com> has accepted" in read_mail(CLIENTS["thunderbird"](facts())).text


@pytest.mark.parametrize(
    "header", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Forwarded-To"]
)
def test_the_invitations_own_address_is_found_wherever_it_was_delivered(header: str):
    raw = f"From: a@b.fr\r\n{header}: X <REPONSES+{TAG.upper()}@Conseil.Example.org>\r\n\r\nx".encode()
    assert read_mail(raw).tags == {TAG}


@pytest.mark.parametrize(
    "address",
    [
        f"reponses+{TAG}@conseil.example.org.evil.com",
        f"xreponses+{TAG}@conseil.example.org",
        f"reponses+{TAG}a@conseil.example.org",
        f"reponses+{TAG[:-1]}@conseil.example.org",
        "reponses@conseil.example.org",
    ],
)
def test_an_address_that_only_resembles_ours_has_no_tag(address: str):
    assert read_mail(f"To: {address}\r\n\r\nx".encode()).tags == frozenset()


def test_without_an_inbound_address_there_is_no_plus_address(settings):
    settings.INBOUND_ADDRESS = ""
    assert plus_address(TAG) == ""
    assert read_mail(f"To: +{TAG}@\r\n\r\nx".encode()).tags == frozenset()


def test_a_tag_survives_a_server_that_lowers_addresses():
    tags = {new_tag() for _tag in range(200)}
    assert len(tags) == 200 and all(tag == tag.lower() and len(tag) == 16 and tag.isalnum() for tag in tags)


def test_a_bounce_is_a_report_and_what_it_quotes_is_not_taken():
    request = "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:4f\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    raw = f"""From: MAILER-DAEMON@mx.example.org
Return-Path: <>
To: reponses+{TAG}@conseil.example.org
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Could not be delivered.
--b
Content-Type: message/rfc822

Content-Type: text/calendar; method=REPLY

{request}
--b
Content-Type: text/calendar; method=REPLY

{request}
--b--
""".encode()
    mail = read_mail(raw)
    assert mail.is_report and mail.is_automatic and mail.answers == ()
    assert mail.text == "Could not be delivered."


def test_a_reply_forwarded_as_a_whole_message_is_not_its_senders_answer():
    inner = CLIENTS["apple"](facts()).decode()
    raw = f"From: boss@example.com\r\nContent-Type: message/rfc822\r\n\r\n{inner}".encode()
    assert read_mail(raw).answers == ()


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; x=y",
        "Precedence: bulk",
        "List-Id: <list.example.org>",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "Return-Path: <>",
        "From: MAILER-DAEMON@example.org",
        "From: noreply@example.org",
    ],
)
def test_what_nobody_wrote_is_automatic(header: str):
    assert read_mail(f"{header}\r\nSubject: x\r\n\r\nx".encode()).is_automatic


def test_what_somebody_wrote_is_not_automatic():
    assert not read_mail(
        b"From: a@b.fr\r\nAuto-Submitted: no\r\nX-Auto-Response-Suppress: DR\r\n\r\nx"
    ).is_automatic


def test_a_mail_of_html_alone_is_read_as_text():
    raw = (
        b"From: a@b.fr\r\nContent-Type: text/html; charset=windows-1252\r\n\r\n"
        b"<style>x{}</style><script>alert(1)</script><p>Accept\xe9 :&nbsp;l\x92atelier</p><p>&lt;b&gt;</p>"
    )
    mail = read_mail(raw)
    assert mail.text == "Accepté : l’atelier\n\n<b>" or mail.text == "Accepté : l’atelier\n<b>"
    assert mail.answers == () and not mail.broken_calendar


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-15", "windows-1252", "nonsense"])
def test_a_calendar_in_any_charset_is_read(charset: str):
    text = "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\nCOMMENT:déjà\nEND:VEVENT\nEND:VCALENDAR"
    data = base64.b64encode(text.encode("utf-8" if charset == "nonsense" else charset)).decode()
    raw = f"Content-Type: text/calendar; charset={charset}\nContent-Transfer-Encoding: base64\n\n{data}\n".encode()
    assert read_mail(raw).answers[0].comment == "déjà"


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"no headers at all"])
def test_bytes_that_are_no_mail_are_unreadable(raw: bytes):
    with pytest.raises(UnreadableMail):
        read_mail(raw)


def test_no_bytes_raise_anything_else():
    """Samples cut, doubled and with bytes changed: read, or refused as unreadable."""
    chance = random.Random(20261122)
    for client in CLIENTS.values():
        whole = client(facts(comment="é" * 300))
        for _turn in range(60):
            raw = bytearray(whole[: chance.randrange(len(whole))] + whole[chance.randrange(len(whole)) :])
            for _byte in range(chance.randrange(8)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            try:
                mail = read_mail(bytes(raw))
            except UnreadableMail:
                continue
            assert len(mail.text) <= 4000 and "\0" not in mail.text + mail.subject + mail.sender
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
    )
    with suppress(UnreadableMail):
        read_mail(nested)


# --- The calendar object alone ---


def event(*lines: str, head: str = "METHOD:REPLY") -> str:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", head, "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    )


def test_lines_that_cannot_be_read_are_passed_over():
    (answer,) = read_answers(event("NONSENSE", "SEQUENCE:2", ";;:", "DTSTART;TZID=Mars/Phobos:yesterday"))
    assert (answer.uid, answer.sequence, answer.dtstamp) == ("1", 2, None)


@pytest.mark.parametrize(
    ("line", "sequence"),
    [("SEQUENCE:7", 7), ("SEQUENCE:-1", 0), ("SEQUENCE:1e9", 0), ("SEQUENCE:" + "9" * 40, 0)],
)
def test_a_sequence_is_a_small_number_or_none(line: str, sequence: int):
    assert read_answers(event(line))[0].sequence == sequence


@pytest.mark.parametrize("stamp", ["20261120T093000", "2026-11-20", "99999999T999999Z", ""])
def test_a_stamp_is_a_utc_instant_or_none(stamp: str):
    assert read_answers(event(f"DTSTAMP:{stamp}"))[0].dtstamp is None
    assert read_answers(event("DTSTAMP:20261120T093000Z"))[0].dtstamp == datetime(
        2026, 11, 20, 9, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("line", "email"),
    [
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:Lea@Example.com", "lea@example.com"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:MAILTO: lea@example.com ", "lea@example.com"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:lea@example.com", "lea@example.com"),
        ("ATTENDEE;PARTSTAT=ACCEPTED;EMAIL=lea@example.com:urn:uuid:1", "lea@example.com"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:http://lea@example.com/", ""),
    ],
)
def test_an_attendee_is_an_address_in_lower_case(line: str, email: str):
    assert [respondent.email for respondent in read_answers(event(line))[0].respondents] == [email]


def test_delegation_occurrences_and_several_events_are_told_apart():
    (answer,) = read_answers(
        event('ATTENDEE;DELEGATED-TO="mailto:b@b.fr":mailto:a@a.fr', "RECURRENCE-ID:20270301T080000Z")
    )
    assert answer.respondents[0].delegation and answer.is_occurrence
    two = event("SEQUENCE:1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2")
    assert [answer.uid for answer in read_answers(two)] == ["1", "2"]


def test_what_stands_in_an_alarm_is_not_the_events():
    (answer,) = read_answers(event("BEGIN:VALARM", "UID:9", "ATTENDEE:mailto:x@x.fr", "END:VALARM"))
    assert (answer.uid, answer.respondents) == ("1", ())


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("", ""),
        ("BEGIN:VCARD\r\nEND:VCARD", ""),
        (event(head="METHOD:COUNTER"), "REPLY"),
        (event("DESCRIPTION:" + "x" * 300_000), ""),
    ],
)
def test_what_is_no_calendar_object_is_unreadable(text: str, method: str):
    with pytest.raises(UnreadableCalendar):
        read_answers(text, method=method)


def test_the_mime_parts_method_stands_in_for_a_missing_one():
    assert read_answers(event(head="VERSION:2.0"), method="reply")[0].method == "REPLY"


def test_a_comment_is_one_clean_text():
    (answer,) = read_answers(event("COMMENT:a\\nb\x07", "COMMENT:" + "c" * 1200))
    assert answer.comment.startswith("a\nb\nccc") and len(answer.comment) == 1000


def test_a_comment_that_shows_nothing_is_none():
    (answer,) = read_answers(event("COMMENT:\u200b\ufeff", "COMMENT:\u202e\x07"))
    assert answer.comment == ""


def test_a_header_without_end_is_read_in_its_beginning_alone():
    """The library takes minutes for the whole of such a one."""
    far = f"{'a@b.fr, ' * 2000}X <{plus_address(TAG)}>"
    raw = f"From: Léa <lea@example.com>\r\nTo: {far}\r\n%s\r\nx"
    assert read_mail((raw % "").encode()).tags == set()
    found = read_mail((raw % f"Delivered-To: {plus_address(TAG)}\r\n").encode())
    assert found.tags == {TAG} and found.sender == "lea@example.com"
