"""Reminders: due and not yet marked, whenever the beat comes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from outbox.models import OutboxEmail
from tests.helpers.failing import fails_first
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops import emails, reminders, services
from workshops.enums import Answer, WorkshopState
from workshops.models import KindRules, Workshop
from workshops.reminders import newest_due, send_due_reminders
from workshops.tasks import send_reminders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def delays(settings: object) -> None:
    settings.WORKSHOP_REMINDER_SILENT_DAYS = [7, 2]  # type: ignore[attr-defined]
    settings.WORKSHOP_REMINDER_ATTENDING_HOURS = [24]  # type: ignore[attr-defined]


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def called(*, starts_in: timedelta, sent: datetime | None = None, **fields: object) -> Workshop:
    sent = sent or ago(days=60)
    return WorkshopFactory(scheduled=True, starts_at=timezone.now() + starts_in, invited_at=sent, **fields)


def kinds() -> list[str]:
    return list(OutboxEmail.objects.order_by("id").values_list("kind", flat=True))


def later(workshop: Workshop, days: float) -> None:
    """Let time pass, by moving the dates without telling."""
    rows = Workshop.objects.filter(pk=workshop.pk)
    shift = timedelta(days=days)
    rows.update(starts_at=workshop.starts_at - shift, ends_at=workshop.ends_at - shift)
    OutboxEmail.objects.update(created_at=F("created_at") - shift)
    workshop.refresh_from_db()


def test_only_the_silent_are_reminded_once_at_each_delay() -> None:
    workshop = called(starts_in=timedelta(days=7, hours=3))
    silent = InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    answered = InvitationFactory(workshop=workshop, sent_at=ago(days=60), coming=True)
    InvitationFactory(workshop=workshop, sent_at=ago(days=60), withdrawn_at=timezone.now())
    InvitationFactory(workshop=workshop, unsent=True)
    assert send_due_reminders() == 0
    later(workshop, 1)
    assert send_due_reminders() == 1 and send_due_reminders() == 0
    later(workshop, 4.5)
    assert send_due_reminders() == 1 and send_due_reminders() == 0
    assert kinds() == ["workshop-reminder-silent-7d", "workshop-reminder-silent-2d"]
    assert set(OutboxEmail.objects.values_list("to", flat=True)) == {silent.email} != {answered.email}


def test_whose_account_is_closed_is_not_reminded_and_a_guest_without_account_is() -> None:
    workshop = called(starts_in=timedelta(hours=20))
    for fields in ({}, {"coming": True}):
        InvitationFactory(workshop=workshop, sent_at=ago(days=60), person__is_active=False, **fields)
    guest = InvitationFactory(
        workshop=workshop, sent_at=ago(days=60), person=None, name="Ada", email="guest@example.com"
    )
    assert send_due_reminders() == 1
    assert OutboxEmail.objects.get().to == guest.email


def test_a_missed_beat_catches_up_with_the_newest_only() -> None:
    workshop = called(starts_in=timedelta(hours=30))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    assert send_due_reminders() == 1 and send_due_reminders() == 0
    assert kinds() == ["workshop-reminder-silent-2d"]


def test_a_late_invitation_gets_no_reminder_due_before_it() -> None:
    # Hours that an hour more or less, where the clocks change between, does not turn over.
    workshop = called(starts_in=timedelta(days=5), sent=ago(hours=4))
    InvitationFactory(workshop=workshop, sent_at=ago(hours=4))
    assert send_due_reminders() == 0
    later(workshop, 3 + 6 / 24)
    assert send_due_reminders() == 0  # the 2-day delay passed six hours ago, before the sending
    later(workshop, -4 / 24)
    assert send_due_reminders() == 1  # it passed two hours ago, after the sending


def test_reminders_to_the_silent_count_from_the_deadline_and_end_with_it() -> None:
    workshop = called(starts_in=timedelta(days=20), answer_by=timezone.now() + timedelta(days=6))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    assert send_due_reminders() == 1
    Workshop.objects.update(answer_by=ago(minutes=1))
    OutboxEmail.objects.all().delete()
    assert send_due_reminders() == 0


def test_those_who_come_are_reminded_with_the_way_in() -> None:
    workshop = called(starts_in=timedelta(hours=20))
    comes = InvitationFactory(
        workshop=workshop,
        sent_at=ago(days=60),
        answer=Answer.YES,
        answered_at=ago(days=50),
        answer_source="portal",
    )
    InvitationFactory(
        workshop=workshop,
        sent_at=ago(days=60),
        answer=Answer.EXCUSED,
        answered_at=ago(days=50),
        answer_source="portal",
    )
    assert send_due_reminders() == 1 and send_due_reminders() == 0
    mail = OutboxEmail.objects.get()
    assert (
        mail.to == comes.email and workshop.venue.access in mail.text and workshop.venue.access in mail.html
    )


def test_whoever_has_just_said_yes_had_the_details_with_the_confirmation() -> None:
    workshop = called(starts_in=timedelta(hours=20))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60), coming=True)
    assert send_due_reminders() == 0


@pytest.mark.parametrize("state", [WorkshopState.CANCELLED, WorkshopState.HELD, WorkshopState.DRAFT])
def test_nobody_is_reminded_of_what_is_not_on(state: str) -> None:
    workshop = called(starts_in=timedelta(days=3))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    Workshop.objects.update(state=state)
    workshop.refresh_from_db()
    assert send_due_reminders() == 0
    assert reminders.remind_workshop(workshop) == 0


def test_nobody_is_reminded_of_what_has_begun() -> None:
    workshop = called(starts_in=timedelta(minutes=-1))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    assert send_due_reminders() == 0 and reminders.remind_workshop(workshop) == 0


def test_moved_dates_are_reminded_anew_and_a_former_answer_asked_for() -> None:
    workshop = called(starts_in=timedelta(days=6))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60), coming=True)
    assert send_due_reminders() == 1
    start = workshop.starts_at + timedelta(days=20)
    services.reschedule_workshop(
        workshop=workshop,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        venue=workshop.venue,
        answer_by=None,
        by=None,
    )
    workshop.refresh_from_db()
    assert send_due_reminders() == 0
    Workshop.objects.update(moved_at=ago(days=20), starts_at=timezone.now() + timedelta(days=6))
    workshop.invitations.filter(answer=Answer.YES).update(answered_at=ago(days=30))
    assert send_due_reminders() == 2
    assert OutboxEmail.objects.filter(kind="workshop-reminder-silent-7d", sequence=1).count() == 2


def test_withdrawing_one_repeats_nobody_s_reminder() -> None:
    workshop = called(starts_in=timedelta(days=6))
    gone, stays = InvitationFactory.create_batch(2, workshop=workshop, sent_at=ago(days=60))
    assert send_due_reminders() == 2
    services.withdraw_invitation(invitation=gone, by=None)
    assert send_due_reminders() == 0
    assert OutboxEmail.objects.filter(to=stays.email).count() == 1


def test_the_task_reminds() -> None:
    workshop = called(starts_in=timedelta(days=6))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    send_reminders()
    assert OutboxEmail.objects.count() == 1


def test_steady_state_asks_the_same_questions_for_one_and_thirty(
    django_assert_max_num_queries: object,
) -> None:
    workshop = called(starts_in=timedelta(days=6))
    InvitationFactory.create_batch(30, workshop=workshop, sent_at=ago(days=60))
    assert send_due_reminders() == 30
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert send_due_reminders() == 0


# --- rules by kind ---


def rules(workshop: Workshop, **fields: object) -> None:
    KindRules.objects.update_or_create(kind=workshop.kind, defaults=fields)


def test_each_kind_has_its_own_delays() -> None:
    ruled, other = called(starts_in=timedelta(days=2.5)), called(starts_in=timedelta(days=2.5), session=True)
    for workshop in (ruled, other):
        InvitationFactory(workshop=workshop, sent_at=ago(days=60))
        InvitationFactory(
            workshop=workshop, sent_at=ago(days=60), answer=Answer.YES, answered_at=ago(days=50)
        )
    rules(ruled, silent_days=[3], attending_hours=[72])
    assert reminders.remind_workshop(ruled) == 2 and reminders.remind_workshop(other) == 1
    assert kinds() == [
        "workshop-reminder-silent-3d",
        "workshop-reminder-attending-72h",
        "workshop-reminder-silent-7d",
    ]


def test_a_kind_without_delays_reminds_nobody() -> None:
    workshop = called(starts_in=timedelta(hours=20))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    rules(workshop, silent_days=[], attending_hours=[])
    assert send_due_reminders() == 0


@pytest.mark.parametrize("days", [[8], [6, 1], [5, 10, 30], [7]])
def test_changed_delays_take_effect_and_nobody_is_reminded_twice(days: list[int]) -> None:
    """Reminded of 7 days a day ago; the delays change; only one that fell due since then sends anew."""
    workshop = called(starts_in=timedelta(days=6, hours=12))
    InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    assert send_due_reminders() == 1
    rules(workshop, silent_days=days)
    assert send_due_reminders() == 0
    later(workshop, 1)
    assert send_due_reminders() == (6 in days)
    later(workshop, 1)
    assert send_due_reminders() == (5 in days)


def test_an_answer_drops_the_reminders_queued_under_former_delays() -> None:
    workshop = called(starts_in=timedelta(days=6))
    row = InvitationFactory(workshop=workshop, sent_at=ago(days=60))
    rules(workshop, silent_days=[9])
    assert send_due_reminders() == 1
    rules(workshop, silent_days=[2])
    services.answer_invitation(invitation=row, answer=Answer.EXCUSED, by=None, source="mail-link")
    assert OutboxEmail.objects.get(kind="workshop-reminder-silent-9d").state == "cancelled"


# --- the clock ---

PARIS_OFFSETS = [
    # 7 days before 14:00 in Paris is 14:00 in Paris, on either side of the night when the hour changes.
    (datetime(2026, 3, 31, 12, 0, tzinfo=UTC), datetime(2026, 3, 24, 13, 0, tzinfo=UTC)),
    (datetime(2026, 10, 28, 13, 0, tzinfo=UTC), datetime(2026, 10, 21, 12, 0, tzinfo=UTC)),
    (datetime(2026, 6, 10, 12, 0, tzinfo=UTC), datetime(2026, 6, 3, 12, 0, tzinfo=UTC)),
]


@pytest.mark.parametrize(("end", "due"), PARIS_OFFSETS)
def test_newest_due_is_at_the_same_hour_in_paris(end: datetime, due: datetime) -> None:
    delays = [timedelta(days=7)]
    assert newest_due(delays, end, due - timedelta(seconds=1)) is None
    found = newest_due(delays, end, due)
    assert found is not None and found[0] == 0 and found[1] == due


def test_newest_due_takes_the_last_that_passed_and_none_after_the_end() -> None:
    end = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
    delays = [timedelta(days=2), timedelta(days=7), timedelta(days=1)]
    assert newest_due(delays, end, end - timedelta(days=1, hours=1))[0] == 0  # type: ignore[index]
    assert newest_due(delays, end, end - timedelta(hours=1))[0] == 2  # type: ignore[index]
    assert newest_due(delays, end, end) is None


def test_a_workshop_that_fails_holds_up_no_other_and_has_its_turn_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for hours in (20, 22):
        InvitationFactory(workshop=called(starts_in=timedelta(hours=hours)), sent_at=ago(days=60))
    fails_first(monkeypatch, emails, "send_silent_reminder")
    assert (send_due_reminders(), send_due_reminders(), send_due_reminders()) == (1, 1, 0)
