"""What minutes record beside their text: the lists, the quorum, the hash of it all, the published PDF."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from core.ledger import canonical, sha256
from core.pdf import compile_pdf, markdown_data
from core.templatetags.text import date_long, day_long, localized_text, time_range
from core.typography import french
from members.models import Mandate
from workshops.attendance.presence import Line, Presence, presence
from workshops.emails import public_place
from workshops.enums import DocumentAudience, WorkshopKind
from workshops.minutes.enums import Standing
from workshops.minutes.models import Decision, Minutes, MinutesFile, PresenceLine
from workshops.models.workshops import Workshop

TEMPLATE = "workshops/minutes.typ"


@dataclass(frozen=True)
class Quorum:
    """A council session's quorum: organisations with a titular, and those that were present or represented."""

    seats: int
    voices: int

    @property
    def needed(self) -> int:
        """More than half."""
        return self.seats // 2 + 1

    @property
    def reached(self) -> bool:
        """Whether enough were heard."""
        return self.voices >= self.needed


Lists = dict[Standing, list[PresenceLine]]


def lists_of(minutes: Minutes) -> Lists:
    """Return who was present, represented, excused and absent: from the attendance, frozen once approved."""
    if minutes.is_approved:
        rows = list(minutes.presence_lines.all())
        return {standing: [row for row in rows if row.standing == standing] for standing in Standing}
    found = presence(minutes.workshop)
    lines = {
        Standing.PRESENT: found.present,
        Standing.REPRESENTED: found.represented,
        Standing.EXCUSED: found.excused,
        Standing.ABSENT: found.absent,
    }
    return {standing: [_line(minutes, standing, line) for line in lines[standing]] for standing in Standing}


def _line(minutes: Minutes, standing: Standing, line: Line) -> PresenceLine:
    return PresenceLine(
        minutes=minutes,
        standing=standing,
        position=0,
        name=line.name,
        organisation_name=line.organisation.name if line.organisation else "",
        note=line.note,
        person_id=line.person_id,
        invitation_id=line.invitation_id,
    )


def organisations_of(lists: Lists) -> dict[Standing, list[str]]:
    """Return the lists as everybody may read them: organisations, each in the first list that names it."""
    told: set[str] = set()
    found: dict[Standing, list[str]] = {}
    for standing in (Standing.PRESENT, Standing.REPRESENTED, Standing.EXCUSED):
        names = [line.organisation_name for line in lists[standing] if line.organisation_name]
        found[standing] = [name for name in dict.fromkeys(names) if name not in told]
        told.update(names)
    return found


def quorum_of(minutes: Minutes) -> Quorum | None:
    """Return a council session's quorum: frozen once approved; None for the other kinds of workshop."""
    workshop = minutes.workshop
    if workshop.kind != WorkshopKind.SESSION or workshop.starts_at is None:
        return None
    if minutes.is_approved:
        return Quorum(minutes.seats or 0, minutes.voices or 0)
    day = timezone.localdate(workshop.starts_at)
    mandates = Mandate.objects.council().voting().on(day).values_list("organisation", "person", "role")
    rows = list(mandates)
    seats = {organisation for organisation, _person, role in rows if role == "titular"}
    people = {(organisation, person) for organisation, person, _role in rows}
    return Quorum(len(seats), len(seats & _heard(presence(workshop), people)))


def _heard(found: Presence, voting: set[tuple[int, int]]) -> set[int]:
    """Return the organisations that were present or represented, of the (organisation, person) that have a voice.

    A colleague with an account, or whoever holds a proxy, carries it only if they came; a colleague known by name alone
    is taken to have come. Somebody without an account was recorded for the organisation.
    """

    def voices(lines: Iterable[Line]) -> list[tuple[int, Line]]:
        rows = [(line.organisation.pk, line) for line in lines if line.organisation]
        return [(pk, line) for pk, line in rows if line.person_id is None or (pk, line.person_id) in voting]

    came = {line.person_id for line in found.present}
    given = voices(found.represented)
    heard = {pk for pk, _present in voices(found.present)}
    heard |= {pk for pk, line in given if not line.holder_id and line.representative_id in (None, *came)}
    return heard | {pk for pk, line in given if line.holder_id in heard}


def text_hash(minutes: Minutes, lists: Lists, quorum: Quorum | None) -> str:
    """Return the SHA-256 of the minutes' canonical text: ids for people, so that an erasure leaves it whole."""
    workshop = minutes.workshop
    return sha256(
        canonical(
            {
                "format": "minutes/1",
                "workshop": workshop.slug,
                "starts_at": workshop.starts_at.isoformat() if workshop.starts_at else "",
                "introduction": [minutes.introduction_fr, minutes.introduction_en],
                "sections": [
                    [section.title_fr, section.title_en, section.text_fr, section.text_en]
                    for section in minutes.sections.all()
                ],
                "decisions": [_decision_facts(decision) for decision in minutes.decisions.all()],
                "lists": {
                    standing: [[line.person_id, line.invitation_id, line.organisation_name] for line in lines]
                    for standing, lines in lists.items()
                },
                "quorum": [quorum.seats, quorum.voices] if quorum else None,
            }
        )
    )


def _decision_facts(decision: Decision) -> list[Any]:
    due = decision.due_on.isoformat() if decision.due_on else ""
    return [
        decision.number,
        decision.text_fr,
        decision.text_en,
        decision.person_id,
        decision.organisation_id,
        due,
    ]


def owner_label(decision: Decision, *, names: bool) -> str:
    """Return who carries a decision out: by name for those who may read names, else the organisation."""
    organisation = decision.organisation.name if decision.organisation else ""
    if names and decision.person:
        name = decision.person.get_full_name()
        return f"{name} ({organisation})" if organisation else name
    if organisation or not decision.person:
        return organisation
    return _("the secretariat") if decision.person.is_staff else _("a member of the council")


# --- the PDF ---


def make_files(minutes: Minutes, lists: Lists, quorum: Quorum | None) -> list[MinutesFile]:
    """Return the PDF of approved minutes, not saved: for each audience, in French and, where it is written, English."""
    languages = ["fr", "en"] if minutes.has_english else ["fr"]
    return [
        _file(minutes, lists, quorum, language, audience)
        for language in languages
        for audience in (DocumentAudience.PUBLIC, DocumentAudience.INVITED)
    ]


def _file(
    minutes: Minutes, lists: Lists, quorum: Quorum | None, language: str, audience: DocumentAudience
) -> MinutesFile:
    with override(language):
        names = audience == DocumentAudience.INVITED
        data = pdf_data(minutes, lists, quorum, language=language, names=names)
        title = localized_text(minutes.workshop, "title")
        title = _("Minutes: %(title)s") % {"title": title}
    at = minutes.approved_at or timezone.now()
    content = compile_pdf(TEMPLATE, data, language=language, title=title, at=at)
    return MinutesFile(
        minutes=minutes,
        language=language,
        audience=audience,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def pdf_data(
    minutes: Minutes, lists: Lists, quorum: Quorum | None, *, language: str, names: bool
) -> dict[str, Any]:
    """Return what the template lays out, in the active language.

    The public reads organisations, quorum and decisions; who said what, by name, is for the council.
    """
    workshop = minutes.workshop
    sections = [
        {
            "title": localized_text(section, "title"),
            "body": _markdown(section, "text", language),
        }
        for section in minutes.sections.all()
    ]
    return {
        "labels": _labels(),
        "kind": str(workshop.get_kind_display()),
        "heading": localized_text(workshop, "title"),
        "facts": _facts(minutes, names=names),
        "introduction": _markdown(minutes, "introduction", language) if names else [],
        "lists": _listed(lists, names=names),
        "quorum": quorum_sentence(quorum) if quorum else "",
        "decisions": [_decision_data(row, names=names) for row in minutes.decisions.with_owner()],
        "sections": [section for section in sections if names and section["body"]],
        "hash": minutes.text_sha256,
        "public": not names,
    }


def _labels() -> dict[str, str]:
    return {
        "minutes": _("Minutes"),
        "lists": _("Attendance"),
        "quorum": pgettext("session", "Quorum"),
        "decisions": pgettext("minutes", "Decisions"),
        "discussion": _("Discussion"),
        "number": _("No."),
        "decision": _("Decision"),
        "owner": _("In charge"),
        "due": _("Due"),
        "none": _("No decision was recorded."),
        "page": _("Page"),
        "council": _("Metropolitan Council for Positive Industry"),
        "hash": _("SHA-256 of the approved text:"),
        "public": _("This public version names organisations; people are named in the members’ version."),
    }


def _facts(minutes: Minutes, *, names: bool) -> list[list[str]]:
    workshop: Workshop = minutes.workshop
    facts = [
        (_("Date"), day_long(workshop.starts_at)),
        (_("Time"), time_range(workshop.starts_at, workshop.ends_at)),
        (_("Place"), public_place(workshop)),
    ]
    if names:
        facts += [(_("Chair"), minutes.chair), (_("Secretary of the meeting"), minutes.secretary)]
    facts.append((pgettext("minutes", "Approved"), date_long(minutes.approved_at)))
    return [[label, value] for label, value in facts if value]


def _listed(lists: Lists, *, names: bool) -> list[dict[str, Any]]:
    if not names:
        organisations = organisations_of(lists)
        return [
            {"title": str(standing.label), "lines": found}
            for standing, found in organisations.items()
            if found
        ]
    return [
        {"title": str(standing.label), "lines": [line_label(line) for line in lines]}
        for standing, lines in lists.items()
        if lines
    ]


def line_label(line: PresenceLine) -> str:
    """Return a line of the lists in words."""
    text = f"{line.name}, {line.organisation_name}" if line.organisation_name else line.name
    if line.note:
        text = _("%(who)s, represented by %(by)s") % {"who": text, "by": line.note}
    return text


def quorum_sentence(quorum: Quorum) -> str:
    """Return the quorum in words."""
    facts = {"voices": quorum.voices, "seats": quorum.seats, "needed": quorum.needed}
    if quorum.reached:
        return (
            _("Organisations present or represented: %(voices)s of %(seats)s. Quorum of %(needed)s reached.")
            % facts
        )
    return (
        _("Organisations present or represented: %(voices)s of %(seats)s. Quorum of %(needed)s not reached.")
        % facts
    )


def _decision_data(decision: Decision, *, names: bool) -> dict[str, str]:
    return {
        "number": str(decision.number),
        "text": localized_text(decision, "text"),
        "owner": owner_label(decision, names=names),
        "due": date_long(decision.due_on),
    }


def _markdown(row: Any, field: str, language: str) -> list[dict[str, Any]]:
    """Return a text in a language, or else in French: a translation that lacks must not lose what was said."""
    text = getattr(row, f"{field}_{language}") or getattr(row, f"{field}_fr")
    return markdown_data(text, language=language)


def carried_text(decisions: Iterable[Decision], language: str) -> str:
    """Return the open decisions that head a meeting's agenda as Markdown for its minutes' first section."""
    with override(language):
        lines = [_carried(decision) for decision in decisions]
    return "\n".join(lines)


def _carried(decision: Decision) -> str:
    text = localized_text(decision, "text").replace("\n", " ")
    owner = owner_label(decision, names=False)
    details = [owner, _("due %(day)s") % {"day": date_long(decision.due_on)}] if decision.due_on else [owner]
    return f"- **{decision.reference}** {french(text)} ({', '.join(part for part in details if part)})"
