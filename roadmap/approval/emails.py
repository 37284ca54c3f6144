"""The mails of a vote. None says how anybody voted before the closing: the outbox is read by the secretariat."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.kinds import name_kinds
from members.models import Organisation, User
from outbox.services import queue_email, render_email
from roadmap.approval.counting import Result
from roadmap.approval.models import Approval, Ballot, Voter

REMINDER = "approval-reminder"
name_kinds(
    {
        "approval-opened": _("Opening of a vote"),
        REMINDER: _("Reminder to vote"),
        "approval-closed": _("Result of a vote"),
        "ballot-receipt": _("Receipt of a ballot"),
        "ballot-cast": _("Ballot cast by a colleague"),
        "ballot-replaced": _("Ballot replaced by a colleague"),
    }
)


def _queue(
    name: str, *, person: User, key: str, context: dict[str, Any], sequence: int = 0, kind: str = ""
) -> bool:
    subject, text, html = render_email(
        f"roadmap/{name}", {**context, "person": person}, language=person.language
    )
    row = queue_email(
        key=key,
        kind=kind or name.replace("_", "-"),
        to=person.email,
        subject=subject,
        text=text,
        html=html,
        language=person.language,
        sequence=sequence,
        recipient=person,
    )
    return row is not None


def queue_opened(approval: Approval, *, people: dict[User, list[Organisation]]) -> None:
    """Tell each voice that a vote opens, until when, and on which text."""
    for person, organisations in people.items():
        _queue(
            "approval_opened",
            person=person,
            key=f"approval:{approval.pk}",
            context={"approval": approval, "organisations": organisations},
        )


def queue_receipt(ballot: Ballot, *, approval: Approval) -> None:
    """Tell the caster that the ballot is recorded, with the ledger's number and hash."""
    _queue(
        "ballot_receipt",
        person=ballot.cast_by,
        key=f"ballot:{ballot.pk}",
        context={"approval": approval, "ballot": ballot, "voter": ballot.voter, "entry": ballot.ledger_entry},
    )


def queue_cast(ballot: Ballot, *, person: User, approval: Approval) -> None:
    """Tell another voice of the organisation that a ballot was cast in its name, and by whom."""
    _queue(
        "ballot_cast",
        person=person,
        key=f"ballot:{ballot.pk}",
        context={"approval": approval, "ballot": ballot, "voter": ballot.voter},
    )


def queue_replaced(ballot: Ballot, *, previous: Ballot, approval: Approval) -> None:
    """Tell the person whose ballot was replaced by a colleague, and by whom."""
    _queue(
        "ballot_replaced",
        person=previous.cast_by,
        key=f"ballot:{ballot.pk}",
        context={"approval": approval, "ballot": ballot, "previous": previous, "voter": ballot.voter},
    )


def reminder_key(voter: Voter) -> str:
    """Return the outbox key of an organisation's reminders; their sequence is the hours before closing."""
    return f"approval:{voter.approval_id}:voter:{voter.pk}"


def queue_reminder(voter: Voter, *, approval: Approval, person: User, hours: int) -> bool:
    """Remind one voice of an organisation that has not voted; False if this reminder was written before."""
    return _queue(
        "approval_reminder",
        person=person,
        key=reminder_key(voter),
        context={"approval": approval, "voter": voter},
        sequence=hours,
        kind=REMINDER,
    )


def queue_closed(
    approval: Approval, *, result: Result, head: tuple[int, str], people: Iterable[User]
) -> None:
    """Send the result, the record's hash and the ledger's head to the voices and to the secretariat."""
    context = {
        "approval": approval,
        "result": result,
        "outcome": result.outcome,
        "head_number": head[0],
        "head_hash": head[1],
    }
    key = f"approval:{approval.pk}"
    for person in people:
        _queue("approval_closed", person=person, key=key, context=context)
    subject, text, html = render_email("roadmap/approval_closed", {**context, "person": ""}, language="fr")
    queue_email(
        key=key, kind="approval-closed", to=settings.SECRETARIAT_EMAIL, subject=subject, text=text, html=html
    )
