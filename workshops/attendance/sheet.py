"""The attendance sheet to print and sign (feuille d'émargement)."""

from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.clock import database_now
from core.pdf import compile_pdf
from core.templatetags.text import datetime_long, day_and_hours, localized_text
from members.models import Mandate
from workshops.emails import private_place
from workshops.models.workshops import Workshop

# For those who come without being on the list.
BLANK_ROWS = 6


def attendance_sheet(workshop: Workshop) -> bytes:
    """Return the sheet as a tagged PDF in the active language: the invited by organisation, with their mandate's role.

    Two queries, whatever their number. Raises core.pdf.PdfError.
    """
    language = get_language() or "fr"
    invitations = list(workshop.invitations.sent().select_related("organisation"))
    roles = _roles(workshop, [row.person_id for row in invitations if row.person_id])
    data: dict[str, Any] = {
        "kind": str(workshop.get_kind_display()),
        "when": day_and_hours(workshop.starts_at, workshop.ends_at),
        "place": private_place(workshop),
        "footer": _("Attendance sheet printed on %(when)s") % {"when": datetime_long(database_now())},
        "words": {
            "sheet": _("Attendance sheet"),
            "page": _("Page"),
            "columns": [_("Organisation"), _("Name"), _("Acting as"), _("Signature")],
        },
        "rows": [
            {
                "organisation": row.organisation.name if row.organisation else "",
                "name": row.name,
                "role": roles.get((row.person_id, row.organisation_id), ""),
            }
            for row in invitations
        ],
        "blanks": BLANK_ROWS,
    }
    title = localized_text(workshop, "title")
    return compile_pdf("pdf/attendance.typ", data, language=language, title=title, at=workshop.updated_at)


def _roles(workshop: Workshop, people: list[int]) -> dict[tuple[int | None, int | None], str]:
    """Return the role of each (person, organisation) on the day."""
    day = timezone.localdate(workshop.starts_at) if workshop.starts_at else timezone.localdate()
    mandates = Mandate.objects.on(day).filter(person__in=people).order_by("body_id")
    return {(row.person_id, row.organisation_id): str(row.get_role_display()) for row in mandates}
