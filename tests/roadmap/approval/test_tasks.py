"""What beat starts."""

import logging

import pytest

from outbox.models import OutboxEmail
from roadmap.approval import services, tasks
from roadmap.approval.models import Approval
from tests.roadmap.approval.factories import end, make_version, open_vote

pytestmark = pytest.mark.django_db


def test_close_ended_writes_only_what_has_ended() -> None:
    ended = end(open_vote(titulars=1))
    still_open = open_vote(version=make_version(number=3))
    tasks.close_ended()
    tasks.close_ended()
    assert set(Approval.objects.filter(closed_at__isnull=False)) == {ended}
    still_open.version.refresh_from_db()
    assert still_open.version.status == "vote"
    assert OutboxEmail.objects.filter(kind="approval-closed").count() == 2


def test_close_ended_goes_on_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad = end(open_vote(titulars=1))
    good = end(open_vote(version=make_version(number=3)))
    close = services.close_approval

    def fail_once(*, approval: Approval) -> Approval:
        if approval == bad:
            raise RuntimeError
        return close(approval=approval)

    monkeypatch.setattr(services, "close_approval", fail_once)
    with caplog.at_level(logging.ERROR):
        tasks.close_ended()
    assert set(Approval.objects.filter(closed_at__isnull=False)) == {good}
    assert f"roadmap.Approval {bad.pk} was passed over" in caplog.text


def test_beat_runs_both_tasks(settings) -> None:
    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {tasks.close_ended.name, tasks.send_reminders.name} <= names
