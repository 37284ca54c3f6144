"""The chain: made from the agenda, typed, circulated, corrected, approved."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.workflow import TransitionError, history
from outbox.models import OutboxEmail
from tests.members.factories import MandateFactory, SeatFactory, UserFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from tests.workshops.minutes.factories import (
    DecisionFactory,
    approved,
    circulated,
    close_corrections,
    draft,
    meeting,
)
from workshops.enums import Answer, WorkshopState
from workshops.minutes import services
from workshops.minutes.enums import CorrectionState, DecisionState, MinutesState, Standing
from workshops.minutes.models import Decision
from workshops.minutes.permissions import attendees_of
from workshops.minutes.record import lists_of, organisations_of, quorum_of, text_hash
from workshops.minutes.services import DecisionFields, MinutesConflictError, MinutesError
from workshops.models import KindRules, Series, Workshop
from workshops.services import send_invitations as invite_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(people):
    return people["secretariat"]


def code_of(act, **fields):
    """Return the code of the rule that refuses."""
    with pytest.raises(MinutesError) as refused:
        act(**fields)
    return refused.value.code


# --- made from the agenda ---


def test_minutes_have_a_section_for_each_agenda_item_and_the_writer_as_secretary(by):
    workshop = meeting(agenda=("Charte", "Calendrier"))
    minutes = services.create_minutes(workshop=workshop, by=by)
    assert [section.title_fr for section in minutes.sections.all()] == ["Charte", "Calendrier"]
    assert (minutes.state, minutes.secretary) == (MinutesState.DRAFT, by.get_full_name())
    assert code_of(services.create_minutes, workshop=workshop, by=by) == "exists"


def test_minutes_start_with_the_workshop_not_before(by):
    assert code_of(services.create_minutes, workshop=WorkshopFactory(scheduled=True), by=by) == "not-begun"
    begun = WorkshopFactory(
        scheduled=True,
        starts_at=timezone.now() - timedelta(minutes=1),
        ends_at=timezone.now() + timedelta(hours=1),
    )
    assert services.create_minutes(workshop=begun, by=by).sections.get().title_fr == "Échanges"


def test_open_decisions_of_the_series_head_the_next_agenda_and_are_carried_into_its_minutes(by):
    series = Series.objects.create(name_fr="Filière hydrogène")
    first = approved(by=by, series=series, starts_at=timezone.now() - timedelta(days=60))
    approved(by=by)  # another line: of no series
    coming = WorkshopFactory(scheduled=True, series=series)
    decision = first.decisions.get()
    assert list(coming.open_decisions) == [decision]
    assert Decision.objects.heading_each([coming, WorkshopFactory()]).get(coming.pk) == [decision]
    next_minutes = services.create_minutes(workshop=meeting(series=series, agenda=("Suite",)), by=by)
    follow_up, own = next_minutes.sections.all()
    assert decision.reference in follow_up.text_fr and "Rédiger la charte." in follow_up.text_fr
    assert own.title_fr == "Suite"
    services.settle_decision(decision=decision, state="done", reason="Signée.", by=by)
    assert not Workshop.objects.get(pk=coming.pk).open_decisions


def test_the_open_decisions_are_read_once_for_all_who_are_written_to(by):
    approved(by=by, kind="visit")
    coming = WorkshopFactory(scheduled=True, kind="visit")
    InvitationFactory.create_batch(4, workshop=coming, unsent=True)
    with CaptureQueriesContext(connection) as captured:
        invite_all(workshop=coming, by=by)
    mails = OutboxEmail.objects.filter(kind="workshop-invitation")
    assert sum("Rédiger la charte." in mail.text for mail in mails) == 4
    read = [query for query in captured.captured_queries if 'FROM "workshops_decision"' in query["sql"]]
    assert len(read) == 1


def test_without_a_series_the_kind_is_the_line_and_drafts_or_later_meetings_say_nothing(by):
    past = approved(by=by, kind="visit")
    draft(by=by, kind="visit")
    coming = WorkshopFactory(scheduled=True, kind="visit")
    assert [row.minutes for row in coming.open_decisions] == [past]
    assert [row.minutes for row in WorkshopFactory(kind="visit").open_decisions] == [past]
    assert not WorkshopFactory(scheduled=True, kind="think-tank").open_decisions
    before = WorkshopFactory(scheduled=True, kind="visit", starts_at=timezone.now() - timedelta(days=90))
    assert not before.open_decisions
    assert not past.workshop.open_decisions


# --- lists and quorum ---


def test_lists_come_from_the_attendance_until_the_approval_freezes_them(by):
    minutes = circulated(by=by)
    workshop = minutes.workshop
    late = AttendanceFactory(invitation=InvitationFactory(workshop=workshop), name="Zoé Tardive")
    assert "Zoé Tardive" in [line.name for line in lists_of(minutes)[Standing.PRESENT]]
    close_corrections(minutes)
    minutes = services.approve_minutes(minutes=minutes, by=by)
    late.cancelled_at = timezone.now()
    late.save()
    assert "Zoé Tardive" in [line.name for line in lists_of(minutes)[Standing.PRESENT]]


def test_quorum_counts_organisations_with_a_titular_that_are_present_or_represented(by):
    titulars = [MandateFactory() for _ in range(4)]
    for mandate in titulars:
        SeatFactory(organisation=mandate.organisation)
    observer = MandateFactory(organisation=titulars[3].organisation, observer=True)
    stranger = MandateFactory(observer=True)
    workshop = meeting(kind="session", present=titulars[0].person, excused=titulars[1].person)
    for mandate in (observer, stranger):
        AttendanceFactory(
            invitation=InvitationFactory(
                workshop=workshop, person=mandate.person, organisation=mandate.organisation
            )
        )
    minutes = services.create_minutes(workshop=workshop, by=by)
    found = quorum_of(minutes)
    assert (found.seats, found.voices, found.needed, found.reached) == (4, 1, 3, False)
    for mandate in titulars[2:]:
        InvitationFactory(
            workshop=workshop,
            person=mandate.person,
            organisation=mandate.organisation,
            answer=Answer.REPRESENTED,
            represented_by="Ana",
            answered_at=timezone.now(),
        )
    assert quorum_of(minutes).reached
    assert quorum_of(draft(by=by)) is None


def represented(workshop, mandate, **by_whom):
    """Say that somebody else comes for a mandate's holder."""
    return InvitationFactory(
        workshop=workshop,
        person=mandate.person,
        organisation=mandate.organisation,
        answer=Answer.REPRESENTED,
        answered_at=timezone.now(),
        **by_whom,
    )


def coming(workshop, mandate):
    """Say that a mandate's holder comes, and return their invitation."""
    return InvitationFactory(
        workshop=workshop, person=mandate.person, organisation=mandate.organisation, coming=True
    )


def test_a_voice_given_to_a_colleague_or_by_proxy_is_heard_when_its_bearer_came(by):
    giver, named, holder, proxy = (MandateFactory() for _ in range(4))
    colleague = MandateFactory(organisation=named.organisation, alternate=True)
    workshop = meeting(kind="session", present=giver.person)
    for_named, for_holder = coming(workshop, colleague), coming(workshop, holder)
    represented(
        workshop, named, representative=colleague.person, represented_by=colleague.person.get_full_name()
    )
    represented(workshop, proxy, proxy_organisation=holder.organisation)
    minutes = services.create_minutes(workshop=workshop, by=by)
    assert quorum_of(minutes).voices == 1
    AttendanceFactory(invitation=for_named)
    assert quorum_of(minutes).voices == 2
    AttendanceFactory(invitation=for_holder)
    assert quorum_of(minutes).voices == 4


def test_a_proxy_is_carried_by_an_organisation_that_is_itself_represented_and_heard(by):
    holder, proxy = MandateFactory(), MandateFactory()
    workshop = meeting(kind="session")
    represented(workshop, holder, represented_by="Ana")
    represented(workshop, proxy, proxy_organisation=holder.organisation)
    assert quorum_of(services.create_minutes(workshop=workshop, by=by)).voices == 2


def test_an_observer_who_is_represented_gives_their_organisation_no_voice(by):
    titular = MandateFactory()
    observer = MandateFactory(organisation=titular.organisation, observer=True)
    workshop = meeting(kind="session", excused=titular.person)
    represented(workshop, observer, represented_by="Ana")
    assert quorum_of(services.create_minutes(workshop=workshop, by=by)).voices == 0


def test_the_public_lists_name_organisations_once_and_nobody(by):
    minutes = draft(by=by)
    lists = lists_of(minutes)
    told = organisations_of(lists)
    assert set(told) == {Standing.PRESENT, Standing.REPRESENTED, Standing.EXCUSED}
    assert told[Standing.PRESENT] == [lists[Standing.PRESENT][0].organisation_name]


# --- several write at once ---


def typed(section, **changes):
    values = services.values_of(section, services.SECTION_FIELDS)
    return values | changes, services.fingerprint(values)


def test_what_one_typed_is_kept_when_another_saves_another_section(by):
    minutes = draft(by=by, agenda=("A", "B"))
    first, second = minutes.sections.all()
    mine, mine_base = typed(first, text_fr="Le mien.")
    untouched, untouched_base = typed(second)
    second.text_fr = "D’un autre."
    second.save()
    changed = services.save_minutes(
        minutes=minutes,
        parts={str(first.pk): mine, str(second.pk): untouched},
        bases={str(first.pk): mine_base, str(second.pk): untouched_base},
        by=by,
    )
    assert changed == [str(first.pk)]
    assert list(minutes.sections.values_list("text_fr", flat=True)) == ["Le mien.", "D’un autre."]


def test_the_same_section_changed_twice_is_a_conflict_with_both_texts_and_nothing_is_written(by):
    minutes = draft(by=by, agenda=("A", "B"))
    first, second = minutes.sections.all()
    mine, base = typed(first, text_fr="Le mien.")
    other, other_base = typed(second, text_fr="Aussi de moi.")
    first.text_fr = "Le sien."
    first.save()
    with pytest.raises(MinutesConflictError) as refused:
        services.save_minutes(
            minutes=minutes,
            parts={str(first.pk): mine, str(second.pk): other},
            bases={str(first.pk): base, str(second.pk): other_base},
            by=by,
        )
    (conflict,) = refused.value.conflicts
    assert conflict.part == str(first.pk) and conflict.theirs["text_fr"] == "Le sien."
    second.refresh_from_db()
    assert second.text_fr == "Le conseil approuve la charte."
    again = services.fingerprint(conflict.theirs)
    services.save_minutes(minutes=minutes, parts={str(first.pk): mine}, bases={str(first.pk): again}, by=by)
    first.refresh_from_db()
    assert first.text_fr == "Le mien."


def test_a_section_with_a_decision_stays(by):
    minutes = draft(by=by, agenda=("A", "B"))
    first, second = minutes.sections.all()
    assert code_of(services.remove_section, section=second, by=by) == "used"
    services.remove_section(section=first, by=by)
    added = services.add_section(minutes=minutes, title_fr="Questions diverses", by=by)
    assert [row.pk for row in minutes.sections.all()] == [second.pk, added.pk]
    assert code_of(services.add_section, minutes=minutes, title_fr=" ", by=by) == "title"


# --- decisions ---


def test_a_person_brings_their_organisation_along(by):
    mandate = MandateFactory()
    decision = services.save_decision(
        minutes=draft(by=by), fields=DecisionFields("Faire", person=mandate.person), by=by
    )
    assert (decision.number, decision.organisation) == (2, mandate.organisation)


def test_circulation_needs_an_owner_and_a_due_date_for_every_decision(by):
    minutes = draft(by=by)
    DecisionFactory(minutes=minutes, number=2, organisation=None)
    DecisionFactory(minutes=minutes, number=3, due_on=None)
    with pytest.raises(MinutesError, match="2, 3"):
        services.circulate_minutes(minutes=minutes, by=by)
    assert not OutboxEmail.objects.exists()
    Decision.objects.filter(number__gt=1).delete()
    minutes = services.circulate_minutes(minutes=minutes, by=by)
    incomplete = DecisionFields("Faire")
    assert code_of(services.save_decision, minutes=minutes, fields=incomplete, by=by) == "owner"
    row = minutes.decisions.get()
    assert code_of(services.remove_decision, decision=row, by=by) == "circulated"


def test_a_decision_is_done_by_its_owner_dropped_by_the_secretariat_alone(by, people):
    minutes = approved(by=by)
    decision = minutes.decisions.get()
    Decision.objects.filter(pk=decision.pk)
    member = people["member"]
    for state in ("done", "dropped"):
        with pytest.raises(PermissionDenied):
            services.settle_decision(decision=decision, state=state, reason="Fait.", by=member)
    MandateFactory(person=member, organisation=decision.organisation, alternate=True)
    del member._council_mandates
    with pytest.raises(PermissionDenied):
        services.settle_decision(decision=decision, state="dropped", reason="Non.", by=member)
    assert (
        code_of(services.settle_decision, decision=decision, state="done", reason=" ", by=member) == "reason"
    )
    done = services.settle_decision(decision=decision, state="done", reason="Signée.", by=member)
    assert done.state == DecisionState.DONE and done.closed_at
    assert [(row.by, row.reason) for row in history(done).filter(field="state")] == [(member, "Signée.")]
    with pytest.raises(TransitionError):
        services.settle_decision(decision=decision, state="dropped", reason="Non.", by=by)
    opened = services.reopen_decision(decision=done, reason="Par erreur.", by=by)
    assert (opened.state, opened.closed_at) == (DecisionState.OPEN, None)


# --- corrections ---


def test_circulation_mails_those_who_attended_and_counts_the_days_of_the_kind(by):
    KindRules.objects.create(kind="workshop-council", corrections_days=10)
    workshop = meeting()
    absent = InvitationFactory(workshop=workshop)
    minutes = services.create_minutes(workshop=workshop, by=by)
    minutes.chair = "Anne"
    minutes.save()
    minutes.sections.update(text_fr="Dit.")
    minutes = services.circulate_minutes(minutes=minutes, by=by)
    assert minutes.corrections_close_at - minutes.circulated_at == timedelta(days=10)
    told = set(OutboxEmail.objects.filter(kind="minutes-circulated").values_list("to", flat=True))
    assert told == {person.email for person in attendees_of(workshop)} and len(told) == 2
    assert absent.person.email not in told


def ask(minutes, by, **fields):
    section = minutes.sections.first()
    values = {
        "language": "fr",
        "seen": services.mark(section.text_fr),
        "proposed": "",
        "comment": "",
    } | fields
    return services.propose_correction(section=section, by=by, **values)


def test_a_correction_accepted_is_the_text_and_its_author_is_told(by):
    minutes = circulated(by=by)
    author = attendees_of(minutes.workshop).first()
    correction = ask(minutes, author, proposed="Le conseil adopte la charte.")
    assert list(services.corrections_awaiting(author)) == [minutes]
    services.accept_correction(
        correction=correction, text=correction.proposed, seen=services.mark(correction.original), by=by
    )
    assert minutes.sections.get().text_fr == "Le conseil adopte la charte."
    assert OutboxEmail.objects.filter(kind="minutes-correction-decided", to=author.email).count() == 1


def test_a_correction_of_a_text_that_changed_is_not_written_over_it(by):
    minutes = circulated(by=by)
    one, other = attendees_of(minutes.workshop)
    first = ask(minutes, one, proposed="Le conseil adopte la charte.")
    second = ask(minutes, other, proposed="Le conseil refuse la charte.")
    services.accept_correction(
        correction=first, text=first.proposed, seen=services.mark(first.original), by=by
    )
    second.section.refresh_from_db()
    assert second.is_stale
    fields = {"correction": second, "text": second.proposed, "by": by}
    assert code_of(services.accept_correction, seen=services.mark(second.original), **fields) == "moved"
    second.refresh_from_db()
    assert second.state == CorrectionState.PENDING
    assert minutes.sections.get().text_fr == first.proposed
    services.accept_correction(seen=services.mark(first.proposed), **fields)
    assert minutes.sections.get().text_fr == second.proposed


def test_a_correction_rejected_needs_a_reason(by):
    minutes = circulated(by=by)
    author = attendees_of(minutes.workshop).first()
    correction = ask(minutes, author, comment="J’étais là.")
    assert code_of(services.reject_correction, correction=correction, reason=" ", by=by) == "reason"
    rejected = services.reject_correction(correction=correction, reason="Hors sujet.", by=by)
    assert rejected.status_reason == "Hors sujet."
    with pytest.raises(TransitionError):
        services.accept_correction(
            correction=rejected, text="x", seen=services.mark(minutes.sections.get().text_fr), by=by
        )
    with pytest.raises(PermissionDenied):
        services.reject_correction(correction=correction, reason="Non.", by=author)


def test_bad_corrections_are_refused_with_their_field(by):
    minutes = circulated(by=by)
    author = attendees_of(minutes.workshop).first()
    assert code_of(ask, minutes=minutes, by=author) == "empty"
    assert code_of(ask, minutes=minutes, by=author, proposed=minutes.sections.get().text_fr) == "empty"
    assert code_of(ask, minutes=minutes, by=author, proposed="x" * 20_001) == "length"
    assert code_of(ask, minutes=minutes, by=author, seen=services.mark("Ancien"), proposed="y") == "moved"
    with pytest.raises(PermissionDenied):
        ask(minutes, UserFactory(), comment="Moi aussi.")
    close_corrections(minutes)
    assert code_of(ask, minutes=minutes, by=author, comment="Trop tard.") == "closed"


# --- the approval ---


def test_approval_waits_for_the_end_of_the_corrections_or_a_reason_and_for_every_decision(by):
    minutes = circulated(by=by)
    author = attendees_of(minutes.workshop).first()
    assert code_of(services.approve_minutes, minutes=minutes, by=by) == "open"
    correction = ask(minutes, author, comment="Une virgule.")
    assert code_of(services.approve_minutes, minutes=minutes, by=by, reason="Tous d’accord") == "pending"
    services.reject_correction(correction=correction, reason="Rien à changer.", by=by)
    Decision.objects.update(due_on=None)
    assert code_of(services.approve_minutes, minutes=minutes, by=by, reason="Tous d’accord") == "incomplete"
    Decision.objects.update(due_on=timezone.localdate())
    done = services.approve_minutes(minutes=minutes, by=by, reason="Tous d’accord")
    assert done.state == MinutesState.APPROVED and done.workshop.state == WorkshopState.MINUTES_APPROVED
    assert code_of(services.approve_minutes, minutes=minutes, by=by, reason="Encore") == "approved"
    assert code_of(services.approve_minutes, minutes=draft(by=by), by=by, reason="x") == "draft"


def test_approved_minutes_keep_the_hash_of_what_they_say(by):
    minutes = approved(by=by)
    minutes.refresh_from_db()
    assert minutes.text_sha256 == text_hash(minutes, lists_of(minutes), quorum_of(minutes))
    assert OutboxEmail.objects.filter(kind="minutes-approved").count() == 2
    values, base = typed(minutes.sections.get(), text_fr="Autre chose.")
    key = str(minutes.sections.get().pk)
    assert (
        code_of(services.save_minutes, minutes=minutes, parts={key: values}, bases={key: base}, by=by)
        == "approved"
    )


def test_a_decision_is_not_due_before_its_meeting(people):
    minutes = draft()
    held_on = timezone.localdate(minutes.workshop.starts_at)
    fields = services.DecisionFields(text_fr="Faire.", due_on=held_on - timedelta(days=1))
    with pytest.raises(MinutesError) as refused:
        services.save_decision(minutes=minutes, fields=fields, by=people["secretariat"])
    assert refused.value.field == "due_on"
    same_day = services.DecisionFields(text_fr="Faire.", due_on=held_on)
    assert (
        services.save_decision(minutes=minutes, fields=same_day, by=people["secretariat"]).due_on == held_on
    )
