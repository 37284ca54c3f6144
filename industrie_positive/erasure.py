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
from django.db.models import Func, Max, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat, Left, Now
from django.utils.html import escape
from django.utils.translation import gettext as _

from core import workflow
from core.models import TransitionLog
from members.enums import ErasureState
from members.history import Tenure, forget_person, identities
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
from outbox.calendar import ical_text, replace_text
from outbox.models import OutboxEmail
from outbox.services import SendingError, forget_recipient, make_last, queue_email, render_email
from roadmap.actions.models import Action, ActionTask
from workshops.minutes.services import pseudonymise_minutes
from workshops.models import Attendance, Invitation, InvitationQuerySet, PollReply, Workshop, new_token
from workshops.replies.models import calendar_reply_rows
from workshops.replies.services import forget as forget_replies
from workshops.services import withdraw_invitation

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
        # Before the workshops: whoever takes a reply locks in this order.
        forget_replies(calendar_reply_rows(person=person, address=person.email))
        _lock_workshops(person)
        number = _next_number()
        done = workflow.transition(
            fresh, ErasureState.DONE, by=by, handled_at=Now(), number=number, message=""
        )
        names, tenures = identities(person)
        address, language = person.email, person.language
        _forget_mails(person, tenures)
        _cancel_entries(person, by=by)
        _forget_account(person)
        _forget_invitations(person, address, pseudonym(number))
        _forget_logs(person, [*names, *_own_addresses(person, tenures)], pseudonym(number))
        _anonymise(person, number)
        # After the account lost its name: the published files are made anew from what they read.
        pseudonymise_minutes(person=person, former=names, name=pseudonym(number))
        _farewell(done, to=address, language=language)
    return done


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS])
    return (ErasureRequest.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _lock_workshops(person: User) -> None:
    """Take the coming workshops before any of their mails, as everybody does: two orders would be a deadlock."""
    coming = Workshop.objects.filter(pk__in=_coming(person).values("workshop"))
    list(coming.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _coming(person: User) -> InvitationQuerySet:
    own = Q(person=person) | Q(person=None, email__iexact=person.email)
    ahead = Q(workshop__ends_at=None) | Q(workshop__ends_at__gt=Now())
    # Whoever has signed in is on the attendance sheet, even if the meeting is not over.
    return Invitation.objects.filter(own).filter(ahead, attendances=None)


def _own_addresses(person: User, tenures: list[Tenure]) -> list[str]:
    """Return the addresses that were the person's and are nobody else's now."""
    addresses = dict.fromkeys(tenure.address for tenure in tenures)
    taken = User.objects.filter(email__in=addresses).exclude(pk=person.pk)
    return [address for address in addresses if address not in set(taken.values_list("email", flat=True))]


def _cancel_entries(person: User, *, by: Any) -> None:
    """Take what lies ahead out of the person's calendar, while the address is known; others move up in the queue."""
    for invitation in _coming(person).standing().order_by("workshop", "pk"):
        withdraw_invitation(invitation=invitation, by=by)
    make_last(recipient=person, address=person.email, kind=DONE)


def _forget_mails(person: User, tenures: list[Tenure]) -> None:
    try:
        forget_recipient(recipient=person, address=person.email)
        for tenure in tenures[1:]:
            written = OutboxEmail.objects.to_address(tenure.address).filter(recipient=None)
            written.filter(created_at__gte=tenure.since, created_at__lt=tenure.until).delete()
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
    ActionTask.objects.filter(owner=person).update(owner=None)
    Workshop.objects.filter(organiser=person).update(organiser=None)


def _forget_invitations(person: User, address: str, name: str) -> None:
    """Delete what lies ahead; keep who attended, without the person."""
    _coming(person).delete()
    rows = Invitation.objects.filter(Q(person=person) | Q(person=None, email__iexact=address))
    PollReply.objects.filter(invitation__in=rows).delete()
    Attendance.objects.filter(Q(person=person) | Q(invitation__in=rows)).update(name=name)
    for invitation in rows:
        invitation.name, invitation.email = name, _sentinel(person)
        invitation.comment, invitation.needs, invitation.token = "", "", new_token()
        invitation.save(update_fields=["name", "email", "comment", "needs", "token"])


def _forget_logs(person: User, former: list[str], name: str) -> None:
    """Take the names and the addresses out of what the register and the administration site remember."""
    forget_person(person)
    own = TransitionLog.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=person.pk
    )
    own.update(reason="")
    _forget_typed_names(person, former, name)
    # Whoever bears the same name keeps it in what was written to them and in the log of their account.
    others = _same_named(person, former)
    accounts = ContentType.objects.get_for_model(User)
    logged = LogEntry.objects.exclude(content_type=accounts, object_id__in=[str(pk) for pk in others])
    mails = OutboxEmail.objects.exclude(recipient__in=others)
    for old in former:
        _replace(TransitionLog.objects.all(), "reason", old, name)
        _replace(Change.objects.all(), "reason", old, name)
        _replace(logged, "object_repr", old, name)
        # What was written to others: "… has voted in the name of …".
        for column in ("subject", "text"):
            _replace(mails, column, old, name)
        _replace(mails, "html", escape(old), name)
        _replace_in_calendars(mails, old, name)
        _replace(logged, "change_message", json.dumps(old)[1:-1], json.dumps(name)[1:-1])


def _forget_typed_names(person: User, former: list[str], name: str) -> None:
    """Forget the person where somebody typed their name: of the same name alone, one for their organisation is them."""
    organisations = person.mandates.values("organisation")
    walked_in = Attendance.objects.filter(person=None, invitation=None, name__in=former)
    walked_in.filter(organisation__in=organisations).update(name=name)
    typed = Q(representative=None, organisation__in=organisations)
    named = Invitation.objects.filter(Q(representative=person) | typed, represented_by__in=former)
    named.update(represented_by=name)


def _same_named(person: User, former: list[str]) -> list[int]:
    """Return the accounts of other people who bear one of the person's names today."""
    others = User.objects.alias(called=Concat("first_name", Value(" "), "last_name")).exclude(pk=person.pk)
    return list(others.filter(called__in=former).values_list("pk", flat=True))


def _whole(old: str) -> str:
    """Return what finds a name or an address, and not within a longer one, which is somebody else's."""
    joints = "[-+.]" if "@" in old else "-"
    return rf"(?<!\w)(?<!\w{joints}){re.escape(old)}(?!\w)(?!-\w)"


def _replace_in_calendars(mails: QuerySet[OutboxEmail], old: str, new: str) -> None:
    """The same in calendar entries, whose lines are folded."""
    unfolded = Func(
        "calendar_text",
        Value("\r?\n[ \t]"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    for row in mails.alias(unfolded=unfolded).filter(unfolded__contains=ical_text(old)):
        row.calendar_text = replace_text(row.calendar_text, _whole(ical_text(old)), ical_text(new))
        row.save(update_fields=["calendar_text"])


def _replace(rows: QuerySet[Any], column: str, old: str, new: str) -> None:
    rows = rows.filter(**{f"{column}__contains": old})
    changed: Any = Func(
        Cast(column, TextField()),
        Value(_whole(old)),
        Value(new.replace("\\", "\\\\")),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    longest = rows.model._meta.get_field(column).max_length
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
