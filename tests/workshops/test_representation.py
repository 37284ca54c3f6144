"""Who comes instead: a colleague by account or by name, another organisation's proxy; and what undoes it."""

from datetime import timedelta

import icalendar
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from core.workflow import history
from members.models import Organisation, User
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from tests.helpers.locks import at_once
from tests.members.factories import MandateFactory, OrganisationFactory, UserFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops import emails, services
from workshops.enums import Answer, AnswerSource
from workshops.models import Invitation, KindRules, Workshop
from workshops.services import WorkshopError

ACCESS = "Badge au poste de garde"


def give(row: Invitation, answer: str, **more: object) -> Invitation:
    fields: dict[str, object] = {"by": None, "source": AnswerSource.MAIL_LINK} | more
    return services.answer_invitation(invitation=row, answer=answer, **fields)


def with_colleague(**fields: object) -> tuple[Invitation, User]:
    """An invited person, and a colleague with a mandate for the same organisation."""
    row = InvitationFactory(**fields)
    return row, MandateFactory(organisation=row.organisation, alternate=True).person


def own(workshop: Workshop, person: User) -> Invitation:
    return Invitation.objects.get(workshop=workshop, person=person)


def mails(person: User, kind: str) -> int:
    return OutboxEmail.objects.filter(to=person.email, kind=kind).exclude(state="cancelled").count()


# --- a colleague with an account ---


@pytest.mark.django_db
def test_a_named_colleague_gets_an_invitation_the_entry_and_the_way_in() -> None:
    row, colleague = with_colleague()
    give(row, Answer.REPRESENTED, representative=colleague)
    row.refresh_from_db()
    theirs = own(row.workshop, colleague)
    assert (row.answer, row.represented_by) == (Answer.REPRESENTED, colleague.get_full_name())
    assert (theirs.answer, theirs.is_stand_in, theirs.organisation) == (Answer.YES, True, row.organisation)
    mail = OutboxEmail.objects.get(to=colleague.email)
    event = icalendar.Calendar.from_ical(mail.calendar_text).walk("VEVENT")[0]
    assert mail.kind == emails.NAMED and row.name in mail.text and ACCESS in mail.text
    assert event["ATTENDEE"] == f"mailto:{colleague.email}"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    receipt = OutboxEmail.objects.get(to=row.email)
    assert colleague.get_full_name() in receipt.text and ACCESS not in receipt.text + receipt.html


@pytest.mark.django_db
def test_coming_after_all_takes_the_colleague_s_invitation_back() -> None:
    row, colleague = with_colleague()
    give(row, Answer.REPRESENTED, representative=colleague)
    give(row, Answer.YES)
    theirs = own(row.workshop, colleague)
    row.workshop.refresh_from_db()
    assert theirs.withdrawn_at and row.workshop.sequence == 1
    cancel = OutboxEmail.objects.get(to=colleague.email, kind=emails.WITHDRAWN)
    event = icalendar.Calendar.from_ical(cancel.calendar_text).walk("VEVENT")[0]
    assert cancel.calendar_method == "CANCEL" and event["ATTENDEE"] == f"mailto:{colleague.email}"
    assert OutboxEmail.objects.get(to=colleague.email, kind=emails.NAMED).state == EmailState.CANCELLED
    give(row, Answer.REPRESENTED, representative=colleague)
    theirs.refresh_from_db()
    again = OutboxEmail.objects.filter(to=colleague.email, kind=emails.NAMED).latest("id")
    event = icalendar.Calendar.from_ical(again.calendar_text).walk("VEVENT")[0]
    assert theirs.withdrawn_at is None and theirs.answer == Answer.YES
    assert event["SEQUENCE"] == 2, "above that of the CANCEL"


@pytest.mark.django_db
def test_another_colleague_takes_the_first_one_s_place() -> None:
    row, first = with_colleague()
    second = MandateFactory(organisation=row.organisation, alternate=True).person
    give(row, Answer.REPRESENTED, representative=first)
    give(row, Answer.REPRESENTED, representative=second)
    assert own(row.workshop, first).withdrawn_at and own(row.workshop, second).answer == Answer.YES


@pytest.mark.django_db
def test_a_colleague_who_was_invited_anyway_stays_invited() -> None:
    row, colleague = with_colleague()
    theirs = InvitationFactory(workshop=row.workshop, person=colleague, organisation=row.organisation)
    give(row, Answer.REPRESENTED, representative=colleague)
    theirs.refresh_from_db()
    assert theirs.answer == Answer.SILENT, "nobody answers for somebody who is invited"
    assert mails(colleague, emails.NAMED) == 1
    give(row, Answer.EXCUSED)
    theirs.refresh_from_db()
    assert theirs.withdrawn_at is None


@pytest.mark.django_db
def test_when_the_colleague_is_excused_the_person_is_asked_again() -> None:
    row, colleague = with_colleague()
    give(row, Answer.REPRESENTED, representative=colleague)
    give(own(row.workshop, colleague), Answer.EXCUSED)
    row.refresh_from_db()
    assert (row.answer, row.representative, row.answered_at) == (Answer.SILENT, None, None)
    assert row.needs_answer and history(row).last().reason == "asked-again"  # type: ignore[union-attr]
    mail = OutboxEmail.objects.get(to=row.email, kind=emails.ASKED_AGAIN)
    assert colleague.get_full_name() in mail.text and row.token in mail.text


@pytest.mark.django_db
def test_withdrawing_the_person_releases_the_colleague_and_withdrawing_the_colleague_asks_the_person() -> (
    None
):
    row, colleague = with_colleague()
    give(row, Answer.REPRESENTED, representative=colleague)
    services.withdraw_invitation(invitation=own(row.workshop, colleague), by=None)
    row.refresh_from_db()
    assert row.answer == Answer.SILENT
    give(row, Answer.REPRESENTED, representative=colleague)
    services.withdraw_invitation(invitation=row, by=None)
    assert own(row.workshop, colleague).withdrawn_at


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["colleague", "name", "proxy"])
@pytest.mark.parametrize("source", [AnswerSource.MAIL_LINK, AnswerSource.SECRETARIAT])
def test_who_comes_in_somebody_s_place_names_nobody_in_turn(how: str, source: AnswerSource) -> None:
    row, colleague = with_colleague(workshop=WorkshopFactory(scheduled=True, session=True))
    third = MandateFactory(organisation=row.organisation, alternate=True).person
    holder = InvitationFactory(workshop=row.workshop, coming=True).organisation
    give(row, Answer.REPRESENTED, representative=colleague)
    theirs, author = own(row.workshop, colleague), UserFactory(is_staff=True)
    by = author if source == AnswerSource.SECRETARIAT else None
    given = {"colleague": {"representative": third}, "name": {"represented_by": "Jo Roux"}}.get(
        how, {"proxy_organisation": holder}
    )
    with pytest.raises(WorkshopError, match=row.name) as refused:
        give(theirs, Answer.REPRESENTED, by=by, source=source, **given)
    assert refused.value.field == "answer"
    row.refresh_from_db()
    theirs.refresh_from_db()
    assert (row.representative, theirs.answer) == (colleague, Answer.YES)
    assert not Invitation.objects.filter(person=third).exists()
    assert not services.colleagues(theirs).exists() and services.proxy_holders(theirs) == []


@pytest.mark.django_db
def test_once_excused_the_colleague_comes_only_if_named_or_invited_again() -> None:
    row, colleague = with_colleague()
    mandate = colleague.mandates.get()
    give(row, Answer.REPRESENTED, representative=colleague)
    theirs = own(row.workshop, colleague)
    give(theirs, Answer.EXCUSED)
    with pytest.raises(WorkshopError):
        give(theirs, Answer.YES)
    services.add_invitees(workshop=row.workshop, mandates=[mandate], by=None)
    give(theirs, Answer.YES)
    third = MandateFactory(organisation=row.organisation, alternate=True).person
    give(theirs, Answer.REPRESENTED, representative=third)
    assert own(row.workshop, third).answer == Answer.YES, "invited for themselves, they may be represented"


@pytest.mark.django_db
def test_an_invited_person_who_was_also_named_may_be_represented_and_the_other_is_asked_again() -> None:
    row, colleague = with_colleague()
    theirs = InvitationFactory(workshop=row.workshop, person=colleague, organisation=row.organisation)
    give(row, Answer.REPRESENTED, representative=colleague)
    give(theirs, Answer.REPRESENTED, represented_by="Jo Roux")
    row.refresh_from_db()
    assert row.answer == Answer.SILENT


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"answer": "represented"}, {"answer": "waiting"}])
def test_the_database_itself_refuses_a_chain_of_stand_ins(fields: dict[str, str]) -> None:
    row, colleague = with_colleague()
    give(row, Answer.REPRESENTED, representative=colleague)
    waiting = timezone.now() if fields["answer"] == "waiting" else None
    theirs = Invitation.objects.filter(person=colleague)
    with pytest.raises(IntegrityError, match="invitation_stand_in_comes_alone"), transaction.atomic():
        theirs.update(represented_by="Jo Roux", waiting_since=waiting, **fields)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["", "/en"])
def test_the_page_of_who_comes_in_somebody_s_place_offers_no_representation(
    client: Client, language: str
) -> None:
    row, colleague = with_colleague(person__first_name="<b>Zoé", person__last_name="Àpartir")
    give(row, Answer.REPRESENTED, representative=colleague)
    path = f"{language}/invitations/{own(row.workshop, colleague).token}/"
    page = client.get(path).content.decode()
    assert 'value="represented"' not in page and "represented_by" not in page
    assert "&lt;b&gt;Zoé Àpartir" in page
    answer = client.post(path, {"answer": "represented", "represented_by": "Jo Roux", "moves": "0"})
    assert answer.status_code == 422
    said = "ne peut désigner quelqu’un d’autre" if not language else "cannot name somebody else in turn"
    assert answer.content.decode().count(said) == 2, "above the form and at the choice"
    row.refresh_from_db()
    assert row.representative == colleague


@pytest.mark.django_db
def test_in_a_full_workshop_the_colleague_takes_the_person_s_seat_or_place_in_the_queue() -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=1)
    (seated, his), (waiting, hers) = with_colleague(workshop=workshop), with_colleague(workshop=workshop)
    third = InvitationFactory(workshop=workshop)
    for row in (seated, waiting, third):
        give(row, Answer.YES)
    give(seated, Answer.REPRESENTED, representative=his)
    assert own(workshop, his).answer == Answer.YES
    give(waiting, Answer.REPRESENTED, representative=hers)
    assert own(workshop, hers).answer == Answer.WAITING
    assert services.queue_rank(own(workshop, hers)) == 1
    give(own(workshop, his), Answer.EXCUSED)
    assert own(workshop, hers).answer == Answer.YES
    third.refresh_from_db()
    assert third.answer == Answer.WAITING


@pytest.mark.django_db
def test_who_may_be_named() -> None:
    row, colleague = with_colleague()
    ended = MandateFactory(
        organisation=row.organisation,
        alternate=True,
        starts_on=timezone.localdate() - timedelta(days=400),
        ends_on=timezone.localdate() + timedelta(days=5),
    ).person
    closed = MandateFactory(organisation=row.organisation, alternate=True, person__is_active=False).person
    stranger = MandateFactory(organisation=OrganisationFactory()).person
    assert list(services.colleagues(row)) == [colleague]
    for other in (ended, closed, stranger, row.person):
        with pytest.raises(WorkshopError) as refused:
            give(row, Answer.REPRESENTED, representative=other)
        assert refused.value.field == "representative"
    away = InvitationFactory(workshop=row.workshop, person=colleague)
    give(away, Answer.EXCUSED)
    with pytest.raises(WorkshopError, match=colleague.get_full_name()):
        give(row, Answer.REPRESENTED, representative=colleague)
    assert not list(services.colleagues(InvitationFactory(guest=True)))


@pytest.mark.django_db
def test_one_way_to_be_represented_at_a_time() -> None:
    row, colleague = with_colleague()
    with pytest.raises(WorkshopError):
        give(row, Answer.REPRESENTED, representative=colleague, represented_by="Jo Roux")


@pytest.mark.django_db
def test_the_secretariat_records_a_colleague_and_needs_and_the_log_names_both() -> None:
    staff = UserFactory(is_staff=True)
    row, colleague = with_colleague(workshop__answer_by=timezone.now() - timedelta(days=1))
    give(row, Answer.REPRESENTED, representative=colleague, by=staff, source=AnswerSource.SECRETARIAT)
    assert history(row).get().by == staff and history(own(row.workshop, colleague)).get().by == staff


@pytest.mark.django_db
def test_a_calendar_that_repeats_declined_does_not_undo_a_representation() -> None:
    row, colleague = with_colleague()
    give(row, Answer.REPRESENTED, representative=colleague)
    give(row, Answer.EXCUSED, source=AnswerSource.CALENDAR)
    row.refresh_from_db()
    assert row.answer == Answer.REPRESENTED


# --- a proxy ---


def session() -> Workshop:
    return WorkshopFactory(scheduled=True, session=True)


@pytest.mark.django_db
def test_a_proxy_is_given_told_and_taken_back() -> None:
    workshop = session()
    giver, holder = InvitationFactory.create_batch(2, workshop=workshop)
    assert services.proxy_holders(giver) == [holder.organisation]
    give(giver, Answer.REPRESENTED, proxy_organisation=holder.organisation)
    mail = OutboxEmail.objects.get(to=holder.email)
    assert mail.kind == emails.PROXY_GIVEN and giver.organisation.name in mail.text
    assert ACCESS not in OutboxEmail.objects.get(to=giver.email).text
    give(giver, Answer.YES)
    assert OutboxEmail.objects.filter(to=holder.email, kind=emails.PROXY_ENDED).count() == 1


@pytest.mark.django_db
def test_when_the_holder_is_excused_the_giver_is_asked_again() -> None:
    workshop = session()
    giver, holder = InvitationFactory.create_batch(2, workshop=workshop)
    deputy = InvitationFactory(workshop=workshop, organisation=holder.organisation)
    give(giver, Answer.REPRESENTED, proxy_organisation=holder.organisation)
    give(holder, Answer.EXCUSED)
    giver.refresh_from_db()
    assert giver.answer == Answer.REPRESENTED, "the organisation has another person called"
    give(deputy, Answer.EXCUSED)
    giver.refresh_from_db()
    assert (giver.answer, giver.proxy_organisation) == (Answer.SILENT, None)
    assert OutboxEmail.objects.filter(to=giver.email, kind=emails.ASKED_AGAIN).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["kind", "self", "not invited", "excused", "unsent", "taken", "away"])
def test_a_proxy_refused_says_why_at_its_field(reason: str) -> None:
    workshop = WorkshopFactory(scheduled=True, session=reason != "kind")
    giver, holder, other = InvitationFactory.create_batch(3, workshop=workshop)
    organisation: Organisation = holder.organisation
    if reason == "self":
        organisation = giver.organisation
    elif reason == "not invited":
        organisation = OrganisationFactory()
    elif reason == "excused":
        give(holder, Answer.EXCUSED)
    elif reason == "unsent":
        Invitation.objects.filter(pk=holder.pk).update(sent_at=None)
    elif reason == "taken":
        give(other, Answer.REPRESENTED, proxy_organisation=organisation)
    elif reason == "away":
        give(holder, Answer.REPRESENTED, proxy_organisation=other.organisation)
    assert organisation not in services.proxy_holders(giver)
    with pytest.raises(WorkshopError) as refused:
        give(giver, Answer.REPRESENTED, proxy_organisation=organisation)
    giver.refresh_from_db()
    assert refused.value.field == "proxy_organisation" and giver.answer == Answer.SILENT


@pytest.mark.django_db
def test_the_secretariat_allows_proxies_for_another_kind() -> None:
    workshop = WorkshopFactory(scheduled=True)
    giver, holder = InvitationFactory.create_batch(2, workshop=workshop)
    assert services.proxy_holders(giver) == []
    KindRules.objects.create(kind=workshop.kind, proxies_allowed=True)
    assert services.proxy_holders(giver) == [holder.organisation]


@pytest.mark.django_db
def test_the_database_itself_refuses_a_second_proxy_and_one_to_oneself() -> None:
    workshop = session()
    first, second, holder = InvitationFactory.create_batch(3, workshop=workshop)
    fields = {"answer": "represented", "answered_at": timezone.now()}
    Invitation.objects.filter(pk=first.pk).update(proxy_organisation=holder.organisation, **fields)
    for row, organisation in ((second, holder.organisation), (second, second.organisation)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invitation.objects.filter(pk=row.pk).update(proxy_organisation=organisation, **fields)


@pytest.mark.django_db(transaction=True)
def test_two_proxies_to_one_organisation_at_once_one_is_refused() -> None:
    workshop = session()
    *givers, holder = InvitationFactory.create_batch(4, workshop=workshop)
    outcomes = at_once(
        *[
            lambda g=giver: give(g, Answer.REPRESENTED, proxy_organisation=holder.organisation)
            for giver in givers
        ]
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, WorkshopError)]
    assert len(refused) == 2 and {error.field for error in refused} == {"proxy_organisation"}, outcomes
    assert Invitation.objects.filter(proxy_organisation=holder.organisation).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_proxy_racing_the_holder_s_excuse_never_leaves_the_giver_unrepresented_and_unasked() -> None:
    workshop = session()
    giver, holder = InvitationFactory.create_batch(2, workshop=workshop)
    at_once(
        lambda: give(giver, Answer.REPRESENTED, proxy_organisation=holder.organisation),
        lambda: give(holder, Answer.EXCUSED),
    )
    giver.refresh_from_db()
    assert giver.answer == Answer.SILENT


# --- needs ---


@pytest.mark.django_db
def test_needs_are_kept_for_who_comes_and_forgotten_after_the_meeting() -> None:
    row = InvitationFactory()
    give(row, Answer.YES, needs=" Fauteuil roulant ")
    give(row, Answer.YES, comment="Merci", source=AnswerSource.CALENDAR)
    row.refresh_from_db()
    assert row.needs == "Fauteuil roulant", "a calendar's answer says nothing of needs"
    assert "Fauteuil" not in "".join(mail.text + mail.html for mail in OutboxEmail.objects.all())
    assert services.forget_needs() == 0
    start = timezone.now() - timedelta(days=7, hours=3)
    Workshop.objects.filter(pk=row.workshop_id).update(starts_at=start, ends_at=start + timedelta(hours=2))
    assert services.forget_needs() == 1
    row.refresh_from_db()
    assert row.needs == "" and row.comment == "Merci"


@pytest.mark.django_db
def test_needs_end_with_the_coming() -> None:
    row = InvitationFactory()
    give(row, Answer.YES, needs="Sans gluten")
    give(row, Answer.EXCUSED)
    row.refresh_from_db()
    assert row.needs == ""


# --- who the person is today ---


@pytest.mark.django_db
def test_mails_follow_the_person_the_calendar_entry_keeps_the_address_it_knows() -> None:
    row = InvitationFactory()
    invited_as, person = row.email, row.person
    person.email, person.first_name, person.last_name = "nouvelle@example.org", "Nadia", "Neuve"
    person.save()
    services.withdraw_invitation(invitation=row, by=None)
    mail = OutboxEmail.objects.get(kind=emails.WITHDRAWN)
    event = icalendar.Calendar.from_ical(mail.calendar_text).walk("VEVENT")[0]
    assert mail.to == "nouvelle@example.org" and "Nadia Neuve" in mail.text
    assert event["ATTENDEE"] == f"mailto:{invited_as}"


@pytest.mark.django_db
def test_a_person_with_another_address_is_not_invited_twice() -> None:
    mandate = MandateFactory()
    workshop = WorkshopFactory(scheduled=True)
    services.add_invitees(workshop=workshop, mandates=[mandate], by=None)
    mandate.person.email = "autre@example.org"
    mandate.person.save()
    services.add_invitees(workshop=workshop, mandates=[mandate], by=None)
    assert workshop.invitations.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("again", ["by the secretariat", "by a colleague"])
def test_whoever_gave_a_proxy_that_is_somebody_else_s_now_can_be_invited_anew(again: str) -> None:
    workshop = WorkshopFactory(scheduled=True, session=True)
    holder = InvitationFactory(workshop=workshop, coming=True).organisation
    first, second = InvitationFactory.create_batch(2, workshop=workshop)
    mandate = MandateFactory(person=first.person, organisation=first.organisation)
    give(first, Answer.REPRESENTED, proxy_organisation=holder)
    services.withdraw_invitation(invitation=first, by=None)
    give(second, Answer.REPRESENTED, proxy_organisation=holder)
    if again == "by the secretariat":
        services.add_invitees(workshop=workshop, mandates=[mandate], by=None)
    else:
        giver = InvitationFactory(workshop=workshop, organisation=first.organisation)
        give(giver, Answer.REPRESENTED, representative=first.person)
    first.refresh_from_db()
    assert (first.withdrawn_at, first.proxy_organisation) == (None, None)
    assert first.answer == (Answer.SILENT if again == "by the secretariat" else Answer.YES)
    second.refresh_from_db()
    assert second.proxy_organisation == holder


@pytest.mark.django_db
def test_no_news_of_a_proxy_for_a_closed_account() -> None:
    workshop = WorkshopFactory(scheduled=True, session=True)
    one, closed, giver = InvitationFactory.create_batch(3, workshop=workshop)
    Invitation.objects.filter(pk=closed.pk).update(organisation=one.organisation)
    User.objects.filter(pk=closed.person_id).update(is_active=False)
    give(giver, Answer.REPRESENTED, proxy_organisation=one.organisation)
    assert mails(one.person, emails.PROXY_GIVEN) == 1 and mails(closed.person, emails.PROXY_GIVEN) == 0
