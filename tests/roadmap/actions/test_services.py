"""The status of an action: by the table, with a reason, logged."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from core.workflow import TransitionError, history
from roadmap.actions.enums import ACTION_TRANSITIONS, ActionStatus
from roadmap.actions.models import Action
from roadmap.actions.services import change_status, possible_statuses
from tests.roadmap.actions.factories import ActionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("source", ActionStatus)
@pytest.mark.parametrize("target", ActionStatus)
def test_status_moves_by_the_table_alone(people, source, target):
    action = ActionFactory(status=source)
    if target in ACTION_TRANSITIONS[source]:
        change_status(action=action, status=target, reason="Décidé", by=people["secretariat"])
    else:
        with pytest.raises(TransitionError):
            change_status(action=action, status=target, reason="Décidé", by=people["secretariat"])
        target = source
    action.refresh_from_db()
    assert action.status == target
    assert history(action).count() == (1 if target != source else 0)


def test_change_is_logged_and_dates_the_page(people):
    action = ActionFactory()
    Action.objects.update(updated_at=timezone.now() - timedelta(days=400))
    action.refresh_from_db()
    change_status(action=action, status="planned", reason=" Votée ", by=people["secretariat"])
    (log,) = history(action)
    assert (log.from_state, log.to_state, log.reason, log.by) == (
        "proposed",
        "planned",
        "Votée",
        people["secretariat"],
    )
    action.refresh_from_db()
    assert timezone.now() - action.updated_at < timedelta(hours=1)


def test_change_needs_a_reason(people):
    action = ActionFactory()
    with pytest.raises(ValidationError):
        change_status(action=action, status="planned", reason="  ", by=people["secretariat"])
    action.refresh_from_db()
    assert action.status == "proposed" and not history(action)


@pytest.mark.parametrize("role", ["observer", "member", "member_other", "pilot"])
def test_change_is_the_secretariats(people, role):
    action = ActionFactory(pilot=people["pilot"])
    with pytest.raises(PermissionDenied):
        change_status(action=action, status="planned", reason="Non", by=people[role])


def test_form_offers_what_the_table_allows():
    assert [value for value, _label in possible_statuses(ActionFactory())] == [
        "planned",
        "under-way",
        "abandoned",
    ]
