"""The outbox forgets what was mailed long ago, and nothing that a live workshop or vote still answers to."""

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from core import workflow
from core.models import TransitionLog
from industrie_positive.mail_retention import forget_old_mails
from industrie_positive.tasks import forget_old_mails as task
from members.models import User
from members.retention import months_from
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from outbox.services import forget_old, queue_email
from tests.helpers.locks import at_once
from tests.members.factories import UserFactory
from tests.outbox.factories import OutboxEmailFactory
from tests.roadmap.approval.factories import end, open_vote
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from tests.workshops.minutes.factories import circulated
from workshops import services
from workshops.minutes.enums import DecisionState
from workshops.minutes.models import Decision, Minutes
from workshops.minutes.reminders import send_due_reminders
from workshops.models import Workshop

pytestmark = pytest.mark.django_db


def aged(months=12, days=1, **fields):
    """Let this time pass over every message."""
    rows = OutboxEmail.objects.filter(**fields)
    for row in rows:
        at = months_from(timezone.now(), -months) - timedelta(days=days)
        sent = {"state": EmailState.SENT, "sent_at": at, "next_attempt_at": None}
        rows.filter(pk=row.pk).update(created_at=at, **(sent if row.state == EmailState.QUEUED else {}))


@pytest.mark.parametrize("trait", ["sent", "failed", "cancelled"])
@pytest.mark.parametrize(("days", "left"), [(-1, 1), (1, 0)])
def test_what_is_settled_is_forgotten_after_twelve_months(trait, days, left):
    OutboxEmailFactory(**{trait: True})
    at = months_from(timezone.now(), -12) - timedelta(days=days)
    OutboxEmail.objects.update(created_at=at)
    OutboxEmail.objects.exclude(sent_at=None).update(sent_at=at)
    task()
    assert OutboxEmail.objects.count() == left


@pytest.mark.parametrize("trait", ["", "retry", "inflight"])
def test_what_still_waits_is_kept_however_old(trait):
    OutboxEmailFactory(**({trait: True} if trait else {}))
    OutboxEmail.objects.update(created_at=months_from(timezone.now(), -40))
    assert forget_old_mails() == 0


def test_what_was_sent_again_lately_is_kept():
    OutboxEmailFactory(sent=True)
    OutboxEmail.objects.update(created_at=months_from(timezone.now(), -40))
    assert forget_old_mails() == 0


def test_settings_set_the_months(settings):
    settings.OUTBOX_KEEP_MONTHS = 6
    OutboxEmailFactory(sent=True)
    aged(6)
    OutboxEmail.objects.update(sent_at=months_from(timezone.now(), -7))
    assert forget_old_mails() == 1


def test_logs_go_along_and_those_of_others_stay():
    old, new = OutboxEmailFactory(sent=True), OutboxEmailFactory(sent=True)
    person = UserFactory()
    for row in (old, new, person):
        workflow.record(row, field="state", source="a", target="b", by=person)
    at = months_from(timezone.now(), -13)
    OutboxEmail.objects.filter(pk=old.pk).update(created_at=at, sent_at=at)
    assert forget_old_mails() == 1
    kinds = {ContentType.objects.get_for_model(OutboxEmail).pk: new.pk, None: None}
    logs = TransitionLog.objects.all()
    assert {log.object_id for log in logs if log.content_type_id in kinds} == {new.pk}
    assert logs.filter(content_type=ContentType.objects.get_for_model(User)).count() == 1


def test_mails_of_a_workshop_ahead_are_kept_and_answered_to(people):
    workshop = WorkshopFactory(scheduled=True, starts_at=timezone.now() + timedelta(days=30))
    InvitationFactory(workshop=workshop, unsent=True)
    services.send_invitations(workshop=workshop, by=people["secretariat"])
    first = OutboxEmail.objects.get()
    aged(20)
    assert forget_old_mails() == 0
    services.cancel_workshop(workshop=workshop, reason="Grève", by=people["secretariat"])
    last = OutboxEmail.objects.exclude(pk=first.pk).get()
    assert last.in_reply_to == first.message_id
    aged(20)
    assert forget_old_mails() == 2, "cancelled: nothing more is said"


def test_mails_of_a_workshop_long_over_go(people):
    workshop = WorkshopFactory(held=True)
    with transaction.atomic():
        queue_email(
            key="k", kind="t", to="a@example.org", subject="S", text="T", thread=f"workshop:{workshop.pk}"
        )
    aged(20)
    assert forget_old_mails() == 0, "it ended a month ago"
    at = months_from(timezone.now(), -14)
    type(workshop).objects.update(starts_at=at, ends_at=at + timedelta(hours=2))
    assert forget_old_mails() == 1


def test_marks_of_an_open_vote_are_kept_until_it_closes(people):
    from roadmap.approval.services import close_approval

    approval = open_vote(titulars=2)
    voter = approval.voters.first()
    with transaction.atomic():
        for key in (f"approval:{approval.pk}:voter:{voter.pk}", f"approval:{approval.pk}1"):
            queue_email(key=key, kind="t", to="a@example.org", subject="S", text="T")
    aged(20)
    assert forget_old_mails() == 1, "the vote with another number"
    kept = OutboxEmail.objects.count()
    assert kept >= 1
    close_approval(approval=end(approval))
    aged(20)
    forget_old_mails()
    assert not OutboxEmail.objects.exists()


def test_batches_reach_all():
    OutboxEmailFactory.create_batch(7, failed=True)
    OutboxEmail.objects.update(created_at=months_from(timezone.now(), -13))
    from django.db.models import Q

    assert forget_old(before=timezone.now() - timedelta(days=1), keep=Q(pk__in=[]), batch=3) == 7


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_forget_each_once():
    OutboxEmailFactory.create_batch(40, failed=True)
    OutboxEmail.objects.update(created_at=months_from(timezone.now(), -13))
    assert sum(at_once(forget_old_mails, forget_old_mails)) + forget_old_mails() == 40


def test_beat_asks_every_hour(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["outbox-forget"]
    assert (entry["task"], entry["schedule"]) == ("industrie_positive.tasks.forget_old_mails", 3600)


# --- removing a person in the register ---


def test_removed_person_leaves_no_mail(client_for):
    person, other = UserFactory(), UserFactory()
    with transaction.atomic():
        for to, recipient in ((person.email, person), (person.email, None), (other.email, other)):
            queue_email(key=f"{to}{recipient}", kind="t", to=to, subject="S", text="T", recipient=recipient)
    page = f"/admin/members/user/{person.pk}/delete/"
    client = client_for("administrator")
    OutboxEmail.objects.filter(recipient=person).update(
        state="inflight", claimed_at=timezone.now(), next_attempt_at=None
    )
    assert client.post(page, {"post": "yes", "reason": "Doublon"}).status_code == 409
    assert User.objects.filter(pk=person.pk).exists() and OutboxEmail.objects.count() == 3
    OutboxEmail.objects.filter(recipient=person).update(
        state="failed", claimed_at=None, error_class="refused"
    )
    assert client.post(page, {"post": "yes", "reason": "Doublon"}).status_code == 302
    assert not User.objects.filter(pk=person.pk).exists()
    assert list(OutboxEmail.objects.values_list("recipient", flat=True)) == [other.pk]


def test_who_was_reminded_of_an_open_decision_is_not_reminded_again_a_year_later():
    circulated()
    Minutes.objects.update(circulated_at=timezone.now() - timedelta(days=900))
    past = timezone.now() - timedelta(days=800)
    Workshop.objects.update(starts_at=past, ends_at=past + timedelta(hours=2))
    due_on = timezone.localdate() - timedelta(days=500)
    Decision.objects.update(due_on=due_on, person=UserFactory(), organisation=None)
    assert send_due_reminders() == 1
    aged()
    forget_old_mails()
    assert send_due_reminders() == 0
    Decision.objects.update(state=DecisionState.DONE, closed_at=timezone.now())
    assert forget_old_mails() > 0 and not OutboxEmail.objects.filter(key__startswith="decision:").exists()
