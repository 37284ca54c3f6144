"""Who comes instead: a colleague of the same organisation, or another organisation that holds the proxy."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from core.workflow import lock, record, transition
from members.models import Mandate, Organisation, User
from workshops import emails
from workshops.candidates import held_on
from workshops.enums import Answer, AnswerSource
from workshops.models import Invitation, InvitationQuerySet, Workshop, rules_for
from workshops.services.errors import WorkshopError
from workshops.services.hosting import mark_sheet
from workshops.services.mailbag import Mailbag
from workshops.services.seats import ask_anew, is_full, may_hold_proxy


def colleagues(invitation: Invitation) -> QuerySet[User]:
    """Return who may come instead: the people with a mandate for the organisation in force on the day.

    Nobody for somebody who comes instead already: they come, or are excused and whoever named them chooses again.
    """
    if invitation.organisation_id is None or invitation.is_stand_in:
        return User.objects.none()
    mandates = Mandate.objects.on(held_on(invitation.workshop)).filter(
        organisation=invitation.organisation_id
    )
    people = User.objects.filter(is_active=True, pk__in=mandates.values("person"))
    return people.exclude(pk=invitation.person_id or 0).order_by("last_name", "first_name", "id")


def proxy_holders(invitation: Invitation) -> list[Organisation]:
    """Return the organisations to which the person may give their proxy; none where the kind of meeting forbids it."""
    workshop = invitation.workshop
    nobody = invitation.organisation_id is None or invitation.is_stand_in
    if nobody or not rules_for(workshop.kind).proxies_allowed:
        return []
    rows = list(
        workshop.invitations.sent().select_related("organisation").order_by("organisation__sort_name")
    )
    taken = {row.proxy_organisation_id for row in rows if row.pk != invitation.pk}
    found = {
        row.organisation_id: row.organisation
        for row in rows
        if row.organisation is not None
        and row.organisation_id not in (*taken, invitation.organisation_id)
        and may_hold_proxy(row, row.organisation.pk)
    }
    return list(found.values())


def check_stand_in(invitation: Invitation, answer: str) -> None:
    """Raise WorkshopError at what somebody named by a colleague may not answer. Under the workshop's lock."""
    if not invitation.is_stand_in or answer == Answer.EXCUSED:
        return
    if answer == Answer.REPRESENTED:
        raise WorkshopError(stand_in_rule(invitation), field="answer", code="stand-in")
    if not _named(invitation).exists():
        message = _(
            "Once excused, whoever came in a colleague’s place comes only if the colleague names them again, or if the "
            "secretariat puts them on the list."
        )
        raise WorkshopError(message, field="answer", code="stand-in")


def stand_in_rule(invitation: Invitation) -> str:
    """Return what somebody named by a colleague may answer, in words for them and for the secretariat."""
    first = _named(invitation).select_related("person").first()
    if first is None:
        return _("Whoever comes in a colleague’s place cannot name somebody else in turn.")
    return _(
        "Whoever comes in the place of %(name)s cannot name somebody else in turn. If the answer is “excused”, "
        "%(name)s chooses again."
    ) % {"name": first.current_name}


def _named(invitation: Invitation) -> InvitationQuerySet:
    """Return the invitations of those in whose place a person comes."""
    standing = Invitation.objects.standing().filter(workshop=invitation.workshop_id)
    return standing.filter(representative=invitation.person_id, representative__isnull=False).order_by("id")


def check_colleague(invitation: Invitation, colleague: User) -> None:
    """Raise WorkshopError unless the colleague may come instead. Under the workshop's lock."""
    if not colleagues(invitation).filter(pk=colleague.pk).exists():
        raise WorkshopError(
            _("Choose a person with a mandate for your organisation on that day."),
            field="representative",
            code="colleague",
        )
    own = invitation.workshop.invitations.sent().filter(person=colleague).first()
    if own and own.answer in (Answer.EXCUSED, Answer.REPRESENTED):
        message = _("%(name)s does not come: choose somebody else.") % {"name": colleague.get_full_name()}
        raise WorkshopError(message, field="representative", code="colleague")


def check_proxy(invitation: Invitation, holder: Organisation) -> None:
    """Raise WorkshopError unless the organisation may hold the proxy. Under the workshop's lock."""
    workshop = invitation.workshop
    if not rules_for(workshop.kind).proxies_allowed:
        reason = _("This kind of meeting takes no proxies.")
    elif invitation.organisation_id is None or holder.pk == invitation.organisation_id:
        reason = _("A proxy is given to another organisation.")
    elif holder.pk in {organisation.pk for organisation in proxy_holders(invitation)}:
        return
    elif workshop.invitations.standing().filter(proxy_organisation=holder).exclude(pk=invitation.pk).exists():
        reason = _("%(name)s already holds a proxy for this meeting.") % {"name": holder.name}
    else:
        reason = _("%(name)s does not come: choose another organisation.") % {"name": holder.name}
    raise WorkshopError(reason, field="proxy_organisation", code="proxy")


def tell_holders(
    workshop: Workshop, *, holder: Organisation, giver: Invitation, given: bool, mails: Mailbag
) -> None:
    """Write to the people of the organisation that holds, or held, a proxy."""
    rows = workshop.invitations.sent().reachable().filter(organisation=holder).exclude(answer=Answer.EXCUSED)
    for row in rows.order_by("id"):
        mails.add(row, lambda invitation: emails.send_proxy(invitation, giver=giver, given=given))


def call_colleague(
    workshop: Workshop,
    *,
    giver: Invitation,
    colleague: User,
    waiting_since: datetime,
    by: Any,
    now: datetime,
    mails: Mailbag,
) -> None:
    """Tell the colleague that they are expected. Without an invitation, they get one, with its calendar entry.

    They take the giver's seat or, when the workshop is full, a place in the queue. Somebody invited already keeps the
    answer that they gave, and gives one if they have not.
    """
    row = invitation_of(workshop, colleague)
    if row is not None and row.withdrawn_at is None and row.sent_at is not None:
        if row.person_id is None:
            Invitation.objects.filter(pk=row.pk).update(person=colleague)
        mails.add(row, lambda invitation: emails.send_named(invitation, giver=giver, now=None))
        return
    if row is None:
        row = Invitation(workshop=workshop, email=colleague.email, is_stand_in=True)
        row.name, row.language = colleague.get_full_name(), colleague.language
        row.organisation = giver.organisation
    elif row.withdrawn_at is not None:
        # First, while it is withdrawn: the proxy that it gave may be another one's by now.
        row = ask_anew(row, by=by)
        # A calendar takes the new entry only when its SEQUENCE is above that of the CANCEL.
        workshop.sequence += 1
        workshop.save(update_fields=["sequence", "updated_at"])
        record(row, field="withdrawn_at", source="withdrawn", target="invited", by=by)
        row.withdrawn_at, row.is_stand_in, row.host_sheet_sent_at = None, True, None
    row.person, row.sent_at, row.asked_sequence = colleague, now, workshop.sequence
    full = is_full(workshop)
    row.save()
    row = transition(
        row,
        Answer.WAITING if full else Answer.YES,
        by=by,
        reason=str(AnswerSource.COLLEAGUE),
        answered_at=now,
        answered_by=by,
        answer_source=AnswerSource.COLLEAGUE,
        waiting_since=waiting_since if full else None,
        promoted_at=None,
        represented_by="",
        representative=None,
        proxy_organisation=None,
    )
    mails.add(row, lambda invitation: emails.send_named(invitation, giver=giver, now=now))
    mails.add(row, lambda invitation: mark_sheet(invitation, now=now))


def invitation_of(workshop: Workshop, person: User) -> Invitation | None:
    """Return the person's invitation, sent or not, withdrawn or not; known by the account, else by the address."""
    rows = workshop.invitations.filter(Q(person=person) | Q(email__iexact=person.email))
    found = rows.order_by(F("person").desc(nulls_last=True)).first()
    return lock(found) if found else None


def release_colleague(
    workshop: Workshop, *, person_id: int | None, by: Any, now: datetime, mails: Mailbag
) -> None:
    """Take back the invitation of a colleague whom nobody names any more; whoever was invited anyway keeps theirs."""
    if person_id is None:
        return
    standing = workshop.invitations.standing()
    if standing.filter(representative=person_id).exists():
        return
    # Whoever excused themselves has told their calendar already.
    stand_ins = standing.filter(person=person_id, is_stand_in=True).exclude(answer=Answer.EXCUSED)
    for row in stand_ins:
        take_off(workshop, lock(row), by=by, now=now, mails=mails)


def take_off(workshop: Workshop, row: Invitation, *, by: Any, now: datetime, mails: Mailbag) -> None:
    """Withdraw one invitation: SEQUENCE rises, the person alone gets a CANCEL, what is queued to them is dropped."""
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    record(row, field="withdrawn_at", source="invited", target="withdrawn", by=by)
    workshop.sequence += 1
    workshop.save(update_fields=["sequence", "updated_at"])
    mails.add(row, lambda invitation: emails.send_withdrawal(invitation, now=now), drop=True)
