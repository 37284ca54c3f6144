"""Answers as the common clients write them, from RFC 5546 and 6047 and from what their makers document of their habits.

Each takes the same facts and returns the bytes of a mail. What differs is what a reader must not stumble over.
"""

import base64
import quopri
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

PARTS = Callable[["Facts"], bytes]


@dataclass(frozen=True)
class Facts:
    """What every client says in its own way. `organizer` is the invitation's plus address."""

    uid: str
    attendee: str
    organizer: str
    name: str = "Léa Müller"
    partstat: str = "ACCEPTED"
    sequence: int = 0
    dtstamp: datetime = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    comment: str = ""

    @property
    def stamp(self) -> str:
        return self.dtstamp.strftime("%Y%m%dT%H%M%SZ")

    @property
    def word(self) -> str:
        return {"ACCEPTED": "Accepted", "DECLINED": "Declined", "TENTATIVE": "Tentative"}.get(
            self.partstat, self.partstat.title()
        )


def fold(lines: list[str], *, end: str = "\r\n") -> str:
    """Fold as RFC 5545 says, by octets."""
    folded = []
    for line in lines:
        while len(line.encode()) > 75:
            cut = 75
            while len(line[:cut].encode()) > 75:
                cut -= 1
            folded.append(line[:cut])
            line = " " + line[cut:]
        folded.append(line)
    return end.join(folded) + end


def crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def in_lines(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def gmail(facts: Facts) -> bytes:
    """Google Calendar: capital `mailto:`, X-NUM-GUESTS, text, HTML, calendar and a file of the same object."""
    calendar = fold(
        [
            *("BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0"),
            *("CALSCALE:GREGORIAN", "METHOD:REPLY", "BEGIN:VEVENT"),
            *("DTSTART:20270301T080000Z", "DTEND:20270301T100000Z", f"DTSTAMP:{facts.stamp}"),
            f"ORGANIZER;CN=Conseil:MAILTO:{facts.organizer}",
            f"UID:{facts.uid}",
            f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={facts.partstat};CN={facts.name};"
            f"X-NUM-GUESTS=0:mailto:{facts.attendee.capitalize()}",
            *([f"COMMENT:{facts.comment}"] if facts.comment else []),
            *(
                "CREATED:20261101T000000Z",
                "DESCRIPTION:Ordre du jour\\n1. Énergie",
                f"SEQUENCE:{facts.sequence}",
            ),
            *("STATUS:CONFIRMED", "SUMMARY:Atelier", "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR"),
        ]
    ).encode()
    return crlf(
        f"""Return-Path: <{facts.attendee}>
Delivered-To: {facts.organizer}
MIME-Version: 1.0
Reply-To: {facts.attendee}
Sender: Google Calendar <calendar-notification@google.com>
Message-ID: <calendar-{facts.stamp}@google.com>
Date: {facts.dtstamp:%a, %d %b %Y %H:%M:%S} +0000
Subject: =?UTF-8?Q?Accept=C3=A9_=3A_Atelier?=
From: =?UTF-8?Q?L=C3=A9a_M=C3=BCller?= <{facts.attendee}>
To: {facts.organizer}
Content-Type: multipart/mixed; boundary="000000000000a"

--000000000000a
Content-Type: multipart/alternative; boundary="000000000000b"

--000000000000b
Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes
Content-Transfer-Encoding: base64

{in_lines("Léa Müller a accepté cette invitation.".encode())}
--000000000000b
Content-Type: text/calendar; charset="UTF-8"; method=REPLY
Content-Transfer-Encoding: quoted-printable

{quopri.encodestring(calendar).decode()}
--000000000000b--
--000000000000a
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

{in_lines(calendar)}
--000000000000a--
"""
    )


def exchange(facts: Facts) -> bytes:
    """Exchange: no ORGANIZER, a Windows time zone, X-MICROSOFT properties, base64, `MAILTO` in capitals."""
    calendar = fold(
        [
            *("BEGIN:VCALENDAR", "METHOD:REPLY", "PRODID:Microsoft Exchange Server 2010", "VERSION:2.0"),
            *("BEGIN:VTIMEZONE", "TZID:Romance Standard Time", "BEGIN:STANDARD"),
            *("DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100"),
            *("RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "END:STANDARD", "END:VTIMEZONE"),
            "BEGIN:VEVENT",
            f"ATTENDEE;PARTSTAT={facts.partstat};CN={facts.name}:MAILTO:{facts.attendee.upper()}",
            f"COMMENT;LANGUAGE=fr-FR:{facts.comment}\\n",
            f"UID:{facts.uid}",
            "SUMMARY;LANGUAGE=fr-FR:Accepté : Atelier",
            "DTSTART;TZID=Romance Standard Time:20270301T090000",
            "DTEND;TZID=Romance Standard Time:20270301T110000",
            *("CLASS:PUBLIC", "PRIORITY:5", f"DTSTAMP:{facts.stamp}", "TRANSP:OPAQUE", "STATUS:CONFIRMED"),
            f"SEQUENCE:{facts.sequence}",
            "LOCATION;LANGUAGE=fr-FR:Fonderie",
            f"X-MICROSOFT-CDO-APPT-SEQUENCE:{facts.sequence}",
            *(
                "X-MICROSOFT-CDO-OWNERAPPTID:0",
                "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
                "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
            ),
            *("END:VEVENT", "END:VCALENDAR"),
        ]
    ).encode()
    return crlf(
        f"""Received: from mail.example.com by mx.example.org
X-Original-To: {facts.organizer}
From: =?iso-8859-1?Q?L=E9a_M=FCller?= <{facts.attendee}>
To: "Conseil de l'Industrie Positive" <{facts.organizer}>
Subject: =?iso-8859-1?Q?Accept=E9=A0:_Atelier?=
Thread-Topic: Atelier
Date: {facts.dtstamp:%a, %d %b %Y %H:%M:%S} +0000
Message-ID: <AM0PR01MB{facts.stamp}@AM0PR01.prod.example.com>
X-MS-Has-Attach:
Content-Type: multipart/alternative; boundary="_000_AM0PR01_"
MIME-Version: 1.0

--_000_AM0PR01_
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

{quopri.encodestring(facts.comment.encode("iso-8859-1")).decode()}
--_000_AM0PR01_
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

<html><head><style>p {{color:red}}</style></head><body><p>&nbsp;</p></body></html>
--_000_AM0PR01_
Content-Type: text/calendar; charset="utf-8"; method=REPLY
Content-Transfer-Encoding: base64

{in_lines(calendar)}
--_000_AM0PR01_--
"""
    )


def outlook(facts: Facts) -> bytes:
    """Outlook by SMTP or IMAP: the calendar is the whole message; the text of the answer is its DESCRIPTION."""
    calendar = fold(
        [
            *("BEGIN:VCALENDAR", "PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN", "VERSION:2.0"),
            *("METHOD:REPLY", "X-MS-OLK-FORCEINSPECTOROPEN:TRUE", "BEGIN:VEVENT"),
            f'ATTENDEE;PARTSTAT={facts.partstat};CN="{facts.name}":mailto:{facts.attendee}',
            *("CLASS:PUBLIC", "CREATED:20261120T093000Z"),
            *([f"COMMENT:{facts.comment}"] if facts.comment else []),
            *("DTEND:20270301T100000Z", f"DTSTAMP:{facts.stamp}", "DTSTART:20270301T080000Z"),
            *(
                "PRIORITY:5",
                f"SEQUENCE:{facts.sequence}",
                "SUMMARY;LANGUAGE=fr:Accepté: Atelier",
                "TRANSP:OPAQUE",
            ),
            f"UID:{facts.uid}",
            "X-ALT-DESC;FMTTYPE=text/html:<html><body>\\n</body></html>",
            *(
                "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
                "X-MICROSOFT-CDO-IMPORTANCE:1",
                "END:VEVENT",
                "END:VCALENDAR",
            ),
        ]
    ).encode()
    return crlf(
        f"""From: "Lea Muller" <{facts.attendee}>
To: <{facts.organizer}>
Subject: Accepted: Atelier
Date: {facts.dtstamp:%a, %d %b %Y %H:%M:%S} +0000
Message-ID: <000001da-{facts.stamp}@example.com>
MIME-Version: 1.0
Content-Type: text/calendar; method=REPLY;
 charset="utf-8"
Content-Transfer-Encoding: quoted-printable
X-Mailer: Microsoft Outlook 16.0

{quopri.encodestring(calendar).decode()}"""
    )


def apple(facts: Facts) -> bytes:
    """Apple Calendar: no `method` on the MIME part, EMAIL and parameters in other orders, 7bit and UTF-8 names."""
    calendar = fold(
        [
            *("BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", "PRODID:-//Apple Inc.//macOS 15.1//EN"),
            *("VERSION:2.0", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{facts.uid}"),
            "DTSTART;TZID=Europe/Paris:20270301T090000",
            "DTEND;TZID=Europe/Paris:20270301T110000",
            *("SUMMARY:Atelier", "LAST-MODIFIED:20261120T093000Z", f"DTSTAMP:{facts.stamp}"),
            f"SEQUENCE:{facts.sequence}",
            f"ORGANIZER;EMAIL={facts.organizer};CN=Conseil:mailto:{facts.organizer}",
            f"ATTENDEE;CN={facts.name};CUTYPE=INDIVIDUAL;PARTSTAT={facts.partstat};EMAIL={facts.attendee}:"
            f"mailto:{facts.attendee}",
            *([f"COMMENT:{facts.comment}"] if facts.comment else []),
            *("END:VEVENT", "END:VCALENDAR"),
        ]
    ).encode()
    return crlf(
        f"""From: =?utf-8?B?TMOpYSBNw7xsbGVy?= <{facts.attendee}>
Content-Type: multipart/alternative; boundary="Apple-Mail=_5C"
Mime-Version: 1.0 (Mac OS X Mail 16.0)
Subject: =?utf-8?Q?Accept=C3=A9e_=3A_Atelier?=
Date: {facts.dtstamp:%a, %d %b %Y %H:%M:%S} +0000
To: {facts.organizer}
Message-Id: <5C{facts.stamp}@example.com>

--Apple-Mail=_5C
Content-Transfer-Encoding: base64
Content-Type: text/calendar; charset=utf-8; name=iCal-20261120-103000.ics

{in_lines(calendar)}
--Apple-Mail=_5C
Content-Transfer-Encoding: 7bit
Content-Type: text/plain; charset=us-ascii

Lea has accepted.
--Apple-Mail=_5C--
"""
    )


def thunderbird(facts: Facts) -> bytes:
    """Thunderbird: bare line feeds in the object, lower-case charset, the answer in a mixed part of its own."""
    calendar = fold(
        [
            *("BEGIN:VCALENDAR", "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "VERSION:2.0"),
            *("METHOD:REPLY", "BEGIN:VTIMEZONE", "TZID:Europe/Paris", "X-TZINFO:Europe/Paris[2024a]"),
            *("BEGIN:STANDARD", "TZOFFSETTO:+010000", "TZOFFSETFROM:+000921", "TZNAME:Europe/Paris(STD)"),
            *("DTSTART:19110311T000000", "RDATE:19110311T000000", "END:STANDARD", "END:VTIMEZONE"),
            *("BEGIN:VEVENT", "CREATED:20261101T000000Z", f"DTSTAMP:{facts.stamp}", f"UID:{facts.uid}"),
            f"SUMMARY:Atelier\nORGANIZER;CN=Conseil:mailto:{facts.organizer}",
            f"ATTENDEE;RSVP=TRUE;CN={facts.name};PARTSTAT={facts.partstat};ROLE=REQ-PARTICIPANT;"
            f"CUTYPE=INDIVIDUAL:mailto:{facts.attendee}",
            *([f"COMMENT:{facts.comment}"] if facts.comment else []),
            *("DTSTART;TZID=Europe/Paris:20270301T090000", "DTEND;TZID=Europe/Paris:20270301T110000"),
            *(f"SEQUENCE:{facts.sequence}", "END:VEVENT", "END:VCALENDAR"),
        ],
        end="\n",
    ).encode()
    return (
        (
            f"""To: {facts.organizer}
From: {facts.name} <{facts.attendee}>
Subject: Event Invitation Reply: Atelier
Date: {facts.dtstamp:%a, %d %b %Y %H:%M:%S} +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="------------x"

--------------x
Content-Type: multipart/alternative; boundary="------------y"

--------------y
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Léa Müller <{facts.attendee}> has {facts.word.lower()} your event invitation.
--------------y
Content-Type: text/calendar; method=REPLY; charset=utf-8
Content-Transfer-Encoding: 8bit

"""
        ).encode()
        + calendar
        + b"\n--------------y--\n--------------x--\n"
    )


CLIENTS: dict[str, PARTS] = {
    "gmail": gmail,
    "exchange": exchange,
    "outlook": outlook,
    "apple": apple,
    "thunderbird": thunderbird,
}
