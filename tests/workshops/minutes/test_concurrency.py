"""Races of minutes, in real transactions of real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.workflow import TransitionError, lock
from outbox.models import OutboxEmail
from tests.helpers.locks import at_once, behind, somebody_waits
from tests.members.factories import UserFactory
from tests.workshops.minutes.factories import circulated, close_corrections
from workshops.minutes import services
from workshops.minutes.enums import CorrectionState, DecisionState, MinutesState
from workshops.minutes.models import Correction, Decision, Minutes, MinutesFile
from workshops.minutes.permissions import attendees_of
from workshops.minutes.reminders import remind_decision
from workshops.minutes.services import MinutesError

pytestmark = pytest.mark.django_db(transaction=True)


def ask(minutes, by, text="Le conseil adopte la charte."):
    section = minutes.sections.first()
    return services.propose_correction(
        section=section, language="fr", seen=services.mark(section.text_fr), proposed=text, by=by
    )


def test_an_approval_racing_a_correction_comes_after_it_or_closes_it():
    by = UserFactory(is_staff=True, is_superuser=True)
    minutes = circulated(by=by)
    author = attendees_of(minutes.workshop).first()
    asked, done = at_once(
        lambda: ask(minutes, author),
        lambda: services.approve_minutes(minutes=minutes, by=by, reason="Tous d’accord"),
    )
    state = Minutes.objects.get().state
    if isinstance(asked, Correction):
        assert isinstance(done, MinutesError) and done.code == "pending", done
        assert state == MinutesState.CORRECTIONS
    else:
        assert isinstance(asked, MinutesError) and asked.code == "closed", asked
        assert isinstance(done, Minutes) and state == MinutesState.APPROVED


def test_two_who_approve_at_once_publish_once():
    by = UserFactory(is_staff=True, is_superuser=True)
    minutes = circulated(by=by)
    close_corrections(minutes)
    outcomes = at_once(*[lambda: services.approve_minutes(minutes=minutes, by=by)] * 2)
    assert sum(isinstance(outcome, Minutes) for outcome in outcomes) == 1, outcomes
    assert MinutesFile.objects.count() == 2
    assert OutboxEmail.objects.filter(kind="minutes-approved").count() == 2


def test_two_who_decide_one_correction_at_once_decide_it_once():
    by = UserFactory(is_staff=True, is_superuser=True)
    minutes = circulated(by=by)
    correction = ask(minutes, attendees_of(minutes.workshop).first())
    correction.section.refresh_from_db()
    seen = services.mark(correction.original)
    accepted, rejected = at_once(
        lambda: services.accept_correction(correction=correction, text=correction.proposed, seen=seen, by=by),
        lambda: services.reject_correction(correction=correction, reason="Non.", by=by),
    )
    assert isinstance(accepted, Correction) != isinstance(rejected, Correction)
    lost = rejected if isinstance(accepted, Correction) else accepted
    assert isinstance(lost, TransitionError), lost
    text = minutes.sections.get().text_fr
    correction.refresh_from_db()
    assert (text == correction.proposed) == (correction.state == CorrectionState.ACCEPTED)
    assert OutboxEmail.objects.filter(kind="minutes-correction-decided").count() == 1


def test_two_corrections_of_one_text_accepted_at_once_do_not_overwrite_each_other():
    by = UserFactory(is_staff=True, is_superuser=True)
    minutes = circulated(by=by)
    one, other = attendees_of(minutes.workshop)
    first, second = ask(minutes, one, "Le premier."), ask(minutes, other, "Le second.")
    seen = services.mark(first.original)
    outcomes = at_once(
        *[
            lambda c=row: services.accept_correction(correction=c, text=c.proposed, seen=seen, by=by)
            for row in (first, second)
        ]
    )
    assert sum(isinstance(outcome, Correction) for outcome in outcomes) == 1, outcomes
    (refused,) = [outcome for outcome in outcomes if isinstance(outcome, MinutesError)]
    assert refused.code == "moved"
    assert Correction.objects.filter(state=CorrectionState.PENDING).count() == 1


def test_reopening_a_decision_waits_for_the_minutes_before_it_holds_the_decision():
    """Whoever settles or saves a decision holds the minutes and asks for the decision."""
    by = UserFactory(is_staff=True, is_superuser=True)
    minutes = circulated(by=by)
    decision = services.settle_decision(
        decision=minutes.decisions.get(), state=DecisionState.DONE, reason="Fait.", by=by
    )
    reopened = behind(
        minutes,
        lambda _held: lock(decision),
        lambda: services.reopen_decision(decision=decision, reason="Non.", by=by),
    )
    assert isinstance(reopened, Decision), reopened
    assert reopened.state == DecisionState.OPEN


def test_a_correction_that_waits_behind_the_closing_second_is_refused():
    """The clock is read after the lock: whoever came in time but waited is judged when their turn comes."""
    minutes = circulated()
    author = attendees_of(minutes.workshop).first()

    def late():
        try:
            return ask(minutes, author)
        except MinutesError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            held = lock(minutes)
            asking = pool.submit(late)
            while not (asking.done() or somebody_waits()):
                pass
            assert not asking.done(), "it did not wait"
            close_corrections(held)
        refused = asking.result(timeout=120)
    assert isinstance(refused, MinutesError) and refused.code == "closed"
    assert not Correction.objects.exists()


def test_a_save_racing_an_approval_is_before_it_or_refused():
    by = UserFactory(is_staff=True, is_superuser=True)
    minutes = circulated(by=by)
    close_corrections(minutes)
    section = minutes.sections.get()
    values = services.values_of(section, services.SECTION_FIELDS)
    typed = values | {"text_fr": "Tapé au dernier moment."}
    saved, done = at_once(
        lambda: services.save_minutes(
            minutes=minutes,
            parts={str(section.pk): typed},
            bases={str(section.pk): services.fingerprint(values)},
            by=by,
        ),
        lambda: services.approve_minutes(minutes=minutes, by=by),
    )
    assert isinstance(done, Minutes), done
    text = minutes.sections.get().text_fr
    assert (text == "Tapé au dernier moment.") == isinstance(saved, list)
    if not isinstance(saved, list):
        assert isinstance(saved, MinutesError) and saved.code == "approved"


def test_a_reminder_behind_a_change_of_owner_goes_to_the_new_owner(settings):
    settings.DECISION_REMINDER_DAYS, settings.DECISION_LATE_DAYS = [], [1]
    former, fresh = UserFactory(), UserFactory()
    decision = circulated().decisions.get()
    Minutes.objects.update(circulated_at=timezone.now() - timedelta(days=90))
    Decision.objects.update(due_on=timezone.localdate() - timedelta(days=5), person=former)
    read = Decision.objects.with_owner().get(pk=decision.pk)

    def give(row):
        row.person = fresh
        row.save(update_fields=["person"])

    now = timezone.now()
    assert behind(decision, give, lambda: remind_decision(read, now=now)) == 1
    assert [row.recipient for row in OutboxEmail.objects.filter(kind="decision-late-1d")] == [fresh]


def test_a_reminder_behind_a_later_date_is_not_sent(settings):
    settings.DECISION_REMINDER_DAYS, settings.DECISION_LATE_DAYS = [], [1]
    decision = circulated().decisions.get()
    Minutes.objects.update(circulated_at=timezone.now() - timedelta(days=90))
    Decision.objects.update(due_on=timezone.localdate() - timedelta(days=5), person=UserFactory())
    read = Decision.objects.with_owner().get(pk=decision.pk)

    def put_off(row):
        row.due_on = timezone.localdate() + timedelta(days=30)
        row.save(update_fields=["due_on"])

    now = timezone.now()
    assert behind(decision, put_off, lambda: remind_decision(read, now=now)) == 0
