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


def send_circulated(minutes: Minutes, person: User) -> None:
    """Tell somebody who attended that the minutes wait for corrections, and until when."""
    _send(minutes, CIRCULATED, person, "minutes_circulated", {})


def send_approved(minutes: Minutes, person: User) -> None:
    """Tell somebody who attended that the minutes are approved, and where to read them."""
    _send(minutes, APPROVED, person, "minutes_approved", {"decisions": minutes.decisions.with_owner()})


def send_correction_decided(correction: Correction) -> None:
    """Tell the author what became of a correction, and why."""
    _send(
        correction.section.minutes,
        CORRECTION_DECIDED,
        correction.author,
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
    person: User,
    template: str,
    context: dict[str, Any],
    *,
    key: str = "",
    path: Minutes | Decision | None = None,
    refusable: MailChoice | None = None,
) -> bool:
    if not person.is_active:
        return False
    unsubscribe = unsubscribe_url(person, refusable) if refusable else ""
    with override(person.language):
        link = settings.SITE_URL + (path or minutes).get_absolute_url()
        pdf = settings.SITE_URL + reverse("workshops:minutes_pdf", args=[minutes.workshop.slug])
    subject, text, html = render_email(
        f"workshops/{template}",
        {
            "minutes": minutes,
            "workshop": minutes.workshop,
            "person": person,
            "link": link,
            "pdf": pdf,
            "unsubscribe_url": unsubscribe,
            **context,
        },
        language=person.language,
    )
    row = queue_email(
        key=key or minutes_key(minutes),
        kind=kind,
        to=person.email,
        subject=subject,
        text=text,
        html=html,
        language=person.language,
        recipient=person,
        thread=f"workshop:{minutes.workshop_id}",
        unsubscribe_url=unsubscribe,
        reply_to=settings.SECRETARIAT_EMAIL,
    )
    return row is not None
