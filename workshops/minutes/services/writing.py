"""Minutes written: made from the agenda, typed by several at once, their sections."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, Model
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.clock import database_now
from core.seen import fingerprint
from core.workflow import lock, record
from members.enums import MandateRole
from members.models import Mandate
from workshops.enums import WorkshopKind, WorkshopState
from workshops.minutes.enums import MinutesState
from workshops.minutes.models import Decision, Minutes, MinutesSection
from workshops.minutes.record import carried_text
from workshops.minutes.services.errors import Conflict, MinutesConflictError, MinutesError, refuse_approved
from workshops.models.workshops import AgendaItem, Workshop

HEAD = "head"
HEAD_FIELDS = ("chair", "secretary", "introduction_fr", "introduction_en")
SECTION_FIELDS = ("title_fr", "title_en", "text_fr", "text_en")
Values = Mapping[str, str]


def create_minutes(*, workshop: Workshop, by: Any) -> Minutes:
    """Make a workshop's minutes from its agenda: a section an item, after one that follows up the open decisions.

    Possible from the workshop's start. Raises MinutesError (not begun, cancelled, minutes exist already).
    """
    with transaction.atomic():
        fresh = lock(workshop)
        begun = fresh.starts_at and fresh.starts_at <= database_now()
        if fresh.state not in (WorkshopState.SCHEDULED, WorkshopState.HELD) or not begun:
            raise MinutesError(_("Minutes are written from the start of the workshop on."), code="not-begun")
        if Minutes.objects.filter(workshop=fresh).exists():
            raise MinutesError(_("This workshop has its minutes already."), code="exists")
        minutes = Minutes.objects.create(workshop=fresh, chair=_chair(fresh), secretary=by.get_full_name())
        record(minutes, field="state", source="", target=MinutesState.DRAFT, by=by)
        sections = [
            MinutesSection(minutes=minutes, title_fr=item.title_fr, title_en=item.title_en)
            for item in AgendaItem.objects.filter(workshop=fresh)
        ]
        sections = [*_follow_up(minutes), *sections] or [_section(minutes, _discussion)]
        for position, section in enumerate(sections, start=1):
            section.position = position
        MinutesSection.objects.bulk_create(sections)
        return minutes


def _chair(workshop: Workshop) -> str:
    """Propose the council's chair for a session."""
    if workshop.kind != WorkshopKind.SESSION:
        return ""
    mandate = (
        Mandate.objects.council().current().filter(role=MandateRole.CHAIR).select_related("person").first()
    )
    return mandate.person.get_full_name() if mandate else ""


def _follow_up(minutes: Minutes) -> list[MinutesSection]:
    """Return the section of what earlier meetings decided and is still open, if there is any."""
    each = Decision.objects.heading_each([minutes.workshop], held=True)
    decisions = each.get(minutes.workshop_id, [])
    if not decisions:
        return []
    section = _section(minutes, _earlier)
    section.text_fr = carried_text(decisions, "fr")
    if any(decision.text_en for decision in decisions):
        section.text_en = carried_text(decisions, "en")
    return [section]


def _section(minutes: Minutes, title: Any) -> MinutesSection:
    titles = {}
    for language in ("fr", "en"):
        with override(language):
            titles[f"title_{language}"] = title()
    return MinutesSection(minutes=minutes, **titles)


def _discussion() -> str:
    return _("Discussion")


def _earlier() -> str:
    return _("Decisions of earlier meetings still open")


# --- several write at once ---


def values_of(row: Model, fields: tuple[str, ...]) -> dict[str, str]:
    """Return the fields of a part as its form shows them."""
    return {name: getattr(row, name) for name in fields}


def save_minutes(
    *, minutes: Minutes, parts: Mapping[str, Values], bases: Mapping[str, str], by: Any
) -> list[str]:
    """Save what was typed, part by part, and return the parts that changed.

    `parts` are the head ("head") and sections (their ids); `bases` are the fingerprints of the states that the page
    showed. A part that this page left alone is left as others saved it; one that both changed raises
    MinutesConflictError with the other's text, and nothing is written. Raises MinutesError once approved.
    """
    with transaction.atomic():
        fresh = lock(minutes)
        refuse_approved(fresh)
        rows: dict[str, Model] = {HEAD: fresh}
        rows |= {str(section.pk): section for section in fresh.sections.select_for_update(no_key=True)}
        changed, conflicts = [], []
        for part, typed in parts.items():
            row = rows.get(part)
            if row is None:
                raise MinutesError(_("A section was removed meanwhile: nothing is saved."), code="removed")
            now = values_of(row, tuple(typed))
            mine, current, base = fingerprint(typed), fingerprint(now), bases.get(part, "")
            if mine in (current, base):
                continue
            if current != base:
                conflicts.append(Conflict(part, now))
            changed.append(part)
        if conflicts:
            raise MinutesConflictError(conflicts)
        for part in changed:
            _save(rows[part], parts[part])
        if changed:
            _check_circulated(fresh)
            titles = [str(rows[part]) for part in changed if part != HEAD]
            record(fresh, field="text", source="", target="saved", by=by, reason=", ".join(titles)[:500])
        return changed


def _save(row: Model, typed: Values) -> None:
    for name, text in typed.items():
        setattr(row, name, text.strip())
    row.save(update_fields=list(typed))


def _check_circulated(minutes: Minutes) -> None:
    if not minutes.is_draft and not (minutes.chair and minutes.secretary):
        field = "secretary" if minutes.chair else "chair"
        raise MinutesError(_("Say who chaired and who was the secretary."), field=field, code="head")


def add_section(*, minutes: Minutes, title_fr: str, title_en: str = "", by: Any) -> MinutesSection:
    """Add a section at the end. Raises MinutesError without a title, or once approved."""
    if not title_fr.strip():
        raise MinutesError(_("Give the section a title."), field="new_title", code="title")
    with transaction.atomic():
        fresh = lock(minutes)
        refuse_approved(fresh)
        last = fresh.sections.aggregate(last=Max("position"))["last"] or 0
        section = MinutesSection.objects.create(
            minutes=fresh, position=last + 1, title_fr=title_fr.strip()[:200], title_en=title_en.strip()[:200]
        )
        record(fresh, field="text", source="", target="section added", by=by, reason=section.title_fr)
        return section


def remove_section(*, section: MinutesSection, by: Any) -> None:
    """Remove a section without decisions or corrections. Raises MinutesError."""
    with transaction.atomic():
        fresh = lock(section.minutes)
        refuse_approved(fresh)
        row = lock(section)
        if row.decisions.exists() or row.corrections.exists():
            raise MinutesError(
                _("“%(title)s” has decisions or corrections: it stays.") % {"title": row.title_fr},
                code="used",
            )
        if fresh.sections.count() == 1:
            raise MinutesError(_("Minutes have a section at least."), code="last")
        row.delete()
        record(fresh, field="text", source="", target="section removed", by=by, reason=row.title_fr)
