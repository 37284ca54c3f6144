"""Erasing a person: what is public record keeps a pseudonym, the rest is deleted. It joins all apps, so it lives here.

The account's row stays, without the person: ballots, comments, attendance and mandates point to it, and the ledger
knows its number alone. So nothing of the record is rewritten, and everything that shows a name shows the pseudonym.
"""

import json
import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Func, Max, Q, TextField, Value
from django.db.models.functions import Cast, Left, Now
from django.utils.html import escape
from django.utils.translation import gettext as _

from core import workflow
from core.models import TransitionLog
from members.enums import ErasureState
from members.history import forget_person
from members.invitations import ERASED_DOMAIN
from members.models import (
    CalendarFeed,
    Change,
    ErasureRequest,
    MailRefusal,
    PortalInvitation,
    RegisterImport,
    User,
)
from members.privacy import DONE, ErasureError, obstacles
from outbox.models import OutboxEmail
from outbox.services import SendingError, forget_recipient, queue_email, render_email
from roadmap.actions.models import Action
from workshops.models import Attendance, Invitation, PollReply, Workshop, new_token

# Any constant of our own: two erasures at once take their numbers one after the other.
_NUMBERS = 0x4552_4153


def pseudonym(number: int) -> str:
    """Return what stands for the person: in French, as the council's record is."""
    return f"Personne retirée n°\u00a0{number}"


def erase(*, request: ErasureRequest, by: Any) -> ErasureRequest:
    """Erase the person of a request for ever, in one transaction, and tell them by a last mail.

    Raises ErasureError with the reason when it is not possible (a mandate in force, a mail on its way), TransitionError
    when the request has been handled.
    """
    with transaction.atomic():
        fresh = workflow.lock(request)
        person = workflow.lock(fresh.person)
        if fresh.state == ErasureState.OPEN and (reasons := obstacles(person)):
            raise ErasureError(" ".join(reasons))
        number = _next_number()
        done = workflow.transition(
            fresh, ErasureState.DONE, by=by, handled_at=Now(), number=number, message=""
        )
        former = (person.get_full_name(), person.email)
        language = person.language
        _forget_mails(person)
        _forget_account(person)
        _forget_invitations(person, former[1], pseudonym(number))
        _forget_logs(person, former, pseudonym(number))
        _anonymise(person, number)
        _farewell(done, to=former[1], language=language)
    return done


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS])
    return (ErasureRequest.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _forget_mails(person: User) -> None:
    try:
        forget_recipient(recipient=person, address=person.email)
    except SendingError as error:
        raise ErasureError(_("A message to this person is being sent: try again in a minute.")) from error


def _forget_account(person: User) -> None:
    """Delete what lets the person in, and what they chose."""
    for session in UserSession.objects.filter(user=person):
        session.end()
    for model in (EmailAddress, SocialAccount, Authenticator):
        model.objects.filter(user=person).delete()
    for own in (CalendarFeed, MailRefusal, PortalInvitation):
        own.objects.filter(person=person).delete()
    RegisterImport.objects.filter(by=person).delete()
    # Those taken back or refused before this one.
    requests = ErasureRequest.objects.filter(person=person)
    requests.update(message="")
    requests.exclude(refusal="").update(refusal="…")
    person.groups.clear()
    person.user_permissions.clear()
    Action.objects.filter(pilot=person).update(pilot=None)
    Workshop.objects.filter(organiser=person).update(organiser=None)


def _forget_invitations(person: User, address: str, name: str) -> None:
    """Delete what lies ahead; keep who attended, without the person."""
    rows = Invitation.objects.filter(Q(person=person) | Q(person=None, email__iexact=address))
    Attendance.objects.filter(Q(person=person) | Q(invitation__in=rows)).update(name=name)
    ahead = rows.filter(Q(workshop__ends_at=None) | Q(workshop__ends_at__gt=Now()))
    # Whoever has signed in is on the attendance sheet, even if the meeting is not over.
    ahead.filter(attendances=None).delete()
    PollReply.objects.filter(invitation__in=rows).delete()
    for invitation in rows:
        invitation.name, invitation.email = name, _sentinel(person)
        invitation.comment, invitation.needs, invitation.token = "", "", new_token()
        invitation.save(update_fields=["name", "email", "comment", "needs", "token"])


def _forget_logs(person: User, former: tuple[str, str], name: str) -> None:
    """Take the name and the address out of what the register and the administration site remember."""
    forget_person(person)
    own = TransitionLog.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=person.pk
    )
    own.update(reason="")
    Invitation.objects.filter(represented_by=former[0]).update(represented_by=name)
    for old in former:
        for model, column in ((TransitionLog, "reason"), (Change, "reason"), (LogEntry, "object_repr")):
            _replace(model, column, old, name)
        # What was written to others: "… has voted in the name of …".
        for column in ("subject", "text"):
            _replace(OutboxEmail, column, old, name)
        _replace(OutboxEmail, "html", escape(old), name)
        _replace(LogEntry, "change_message", json.dumps(old)[1:-1], json.dumps(name)[1:-1])


def _replace(model: Any, column: str, old: str, new: str) -> None:
    rows = model.objects.filter(**{f"{column}__contains": old})
    # Not within a longer name or address, which is somebody else's.
    joints = "[-+.]" if "@" in old else "-"
    whole = rf"(?<!\w)(?<!\w{joints}){re.escape(old)}(?!\w)(?!-\w)"
    changed: Any = Func(
        Cast(column, TextField()),
        Value(whole),
        Value(new.replace("\\", "\\\\")),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    longest = model._meta.get_field(column).max_length
    rows.update(**{column: Left(changed, longest) if longest else changed})


def _sentinel(person: User) -> str:
    """Return an address that no mail server has (RFC 2606)."""
    return f"erased-{person.pk}@efface{ERASED_DOMAIN}"


def _anonymise(person: User, number: int) -> None:
    person.first_name, _space, person.last_name = pseudonym(number).rpartition(" ")
    person.email = _sentinel(person)
    person.job_title = person.phone = ""
    person.shows_email = person.shows_phone = person.shows_job_title = False
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login = person.inactivity_warned_at = None
    person.set_unusable_password()
    person.save()


def _farewell(request: ErasureRequest, *, to: str, language: str) -> None:
    """Tell the person; members.tasks deletes this message, the last that knows the address, once it has left."""
    subject, text, html = render_email("members/erasure_done", {"request": request}, language=language)
    queue_email(
        key=f"erasure:{request.pk}",
        kind=DONE,
        to=to,
        subject=subject,
        text=text,
        html=html,
        language=language,
    )
