"""The messages about minutes and decisions: one function each, in the reader's language."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy, override

from core.kinds import name_kinds
from members.enums import MailChoice
from members.models import User
from members.notifications import unsubscribe_url, wants
from outbox.services import queue_email, render_email
from workshops.minutes.models import Correction, Decision, Minutes
from workshops.models.invitations import Invitation

CIRCULATED = "minutes-circulated"
CORRECTION_DECIDED = "minutes-correction-decided"
APPROVED = "minutes-approved"
DECISION_DUE = "decision-due"
DECISION_LATE = "decision-late"
name_kinds(
    {
        CIRCULATED: gettext_lazy("Minutes to read and correct"),
        CORRECTION_DECIDED: gettext_lazy("Decision on a correction of the minutes"),
        APPROVED: gettext_lazy("Minutes approved"),
        DECISION_DUE: gettext_lazy("Reminder of a decision"),
        DECISION_LATE: gettext_lazy("Reminder of a late decision"),
    }
)


def minutes_key(minutes: Minutes) -> str:
    """Return the outbox key of what is mailed about minutes."""
    return f"minutes:{minutes.pk}"


def decision_key(decision: Decision) -> str:
    """Return the outbox key of the reminders of a decision."""
    return f"decision:{decision.pk}"


def send_circulated(minutes: Minutes, reader: User | Invitation) -> None:
    """Tell somebody who attended that the minutes wait for corrections, and until when."""
    _send(minutes, CIRCULATED, reader, "minutes_circulated", {})


def send_approved(minutes: Minutes, reader: User | Invitation) -> None:
    """Tell somebody who attended that the minutes are approved, and where to read them."""
    context = {"decisions": minutes.decisions.with_owner(), "link_days": settings.MINUTES_LINK_DAYS}
    _send(minutes, APPROVED, reader, "minutes_approved", context)


def send_correction_decided(correction: Correction) -> None:
    """Tell the author what became of a correction, and why."""
    _send(
        correction.section.minutes,
        CORRECTION_DECIDED,
        correction.invitation or correction.author,
        "correction_decided",
        {"correction": correction},
        key=f"minutes-correction:{correction.pk}",
    )


def send_decision_reminder(decision: Decision, person: User, *, kind: str, late: bool) -> bool:
    """Remind somebody of a decision that they carry out; False when this was done, or they refuse these mails."""
    if not wants(person, MailChoice.DECISION_DUE):
        return False
    return _send(
        decision.minutes,
        kind,
        person,
        "decision_reminder",
        {"decision": decision, "late": late},
        key=decision_key(decision),
        path=decision,
        refusable=MailChoice.DECISION_DUE,
    )


def _send(
    minutes: Minutes,
    kind: str,
    reader: User | Invitation | None,
    template: str,
    context: dict[str, Any],
    *,
    key: str = "",
    path: Decision | None = None,
    refusable: MailChoice | None = None,
) -> bool:
    """Queue a message to a person, with the page's address, or to a guest, with that of their own link."""
    if isinstance(reader, Invitation):
        guest, person = reader, None
        name, to, language = reader.current_name, reader.current_email, reader.mail_language
    elif reader and reader.is_active:
        guest, person = None, reader
        name, to, language = reader.get_full_name(), reader.email, reader.language
    else:
        return False
    unsubscribe = unsubscribe_url(person, refusable) if refusable else ""
    with override(language):
        link, pdf = _addresses(minutes, guest)
        link = path.get_absolute_url() if path else link
    subject, text, html = render_email(
        f"workshops/{template}",
        {
            "minutes": minutes,
            "workshop": minutes.workshop,
            "name": name,
            "is_guest": guest is not None,
            "link": settings.SITE_URL + link,
            "pdf": settings.SITE_URL + pdf,
            "unsubscribe_url": unsubscribe,
            **context,
        },
        language=language,
    )
    row = queue_email(
        key=key or minutes_key(minutes),
        kind=kind,
        to=to,
        subject=subject,
        text=text,
        html=html,
        language=language,
        recipient=person,
        thread=f"workshop:{minutes.workshop_id}",
        unsubscribe_url=unsubscribe,
        reply_to=settings.SECRETARIAT_EMAIL,
    )
    return row is not None


def _addresses(minutes: Minutes, guest: Invitation | None) -> tuple[str, str]:
    """Return where the minutes and their PDF are read, in the active language."""
    if guest:
        names = ("workshops:minutes_by_link", "workshops:minutes_pdf_by_link")
        page, pdf = (reverse(name, args=[guest.token]) for name in names)
        return page, pdf
    return minutes.get_absolute_url(), reverse("workshops:minutes_pdf", args=[minutes.workshop.slug])
