"""What a meeting's decision becomes: a task of an action, a change request on the roadmap, traced both ways."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from core.workflow import TransitionError
from roadmap.actions.services import add_task
from roadmap.drafting.services import create_change_request, settle_change_request
from roadmap.models import ActionTask, ChangeRequest
from tests.roadmap.actions.factories import ActionFactory
from tests.roadmap.drafting.factories import make_version
from tests.workshops.minutes.factories import approved

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(people):
    return people["secretariat"]


@pytest.fixture
def decision(by):
    return approved(by=by).decisions.get()


def test_the_decisions_sheet_makes_a_task_of_it_once(decision, client_for):
    action, client = ActionFactory(), client_for("secretariat")
    sheet = reverse("admin:workshops_decision_change", args=[decision.pk])
    assert "task-action" in client.get(sheet).text
    address = reverse("admin:roadmap_action_task", args=[decision.pk])
    data = {"task-action": action.pk, "task-title": "Rédiger la charte"}
    assert client.post(address, data).status_code == 302
    task = ActionTask.objects.get()
    assert (task.action, task.decision, task.due_on) == (action, decision, decision.due_on)
    again = client.post(address, data)
    assert again.status_code == 422 and "déjà une tâche" in again.text
    # Both ways: from the sheet to the action, from the action's public page and sheet to the decision.
    assert reverse("admin:roadmap_action_change", args=[action.pk]) in client.get(sheet).text
    assert sheet in client.get(reverse("admin:roadmap_action_change", args=[action.pk])).text
    public = client_for("anonymous").get(action.get_absolute_url()).text
    assert "Rédiger la charte" in public and decision.minutes.get_absolute_url() in public


def test_the_database_takes_a_decision_once_for_each_action(decision, by):
    action = ActionFactory()
    add_task(action=action, decision=decision, title="Faire", by=by)
    with pytest.raises(IntegrityError), transaction.atomic():
        ActionTask.objects.create(action=action, decision=decision, title="Encore")
    add_task(action=ActionFactory(), decision=decision, title="Ailleurs", by=by)


def test_a_private_workshops_decision_is_not_linked_in_public(by, client_for):
    decision = approved(by=by, is_public=False).decisions.get()
    action = ActionFactory()
    add_task(action=action, decision=decision, title="Faire", by=by)
    page = client_for("anonymous").get(action.get_absolute_url()).text
    assert "Faire" in page and decision.minutes.get_absolute_url() not in page


def test_a_change_request_names_a_passage_of_the_working_version_and_is_answered_with_a_reason(
    decision, client_for, by
):
    make_version(number=3)
    client = client_for("secretariat")
    address = reverse("admin:roadmap_changerequest_of_decision", args=[decision.pk])
    wrong = client.post(address, {"request-text": "Avancer la date.", "request-label": "9.9"})
    assert wrong.status_code == 422 and "pas de passage de ce numéro" in wrong.text
    data = {"request-text": "Avancer la date.", "request-label": "1.1.1"}
    assert client.post(address, data).status_code == 302
    assert client.post(address, data).status_code == 422
    asked = ChangeRequest.objects.get()
    sheet = reverse("admin:roadmap_changerequest_change", args=[asked.pk])
    assert sheet in client.get(reverse("admin:workshops_decision_change", args=[decision.pk])).text
    assert client.post(sheet, {"state": "taken", "reason": ""}).status_code == 422
    assert client.post(sheet, {"state": "taken", "reason": "Au 1.1.1."}).status_code == 302
    assert client.post(sheet, {"state": "declined", "reason": "Non."}).status_code == 409
    asked.refresh_from_db()
    assert (asked.state, asked.status_reason) == ("taken", "Au 1.1.1.")


def test_others_make_nothing_of_a_decision(decision, people):
    member = people["member"]
    with pytest.raises(PermissionDenied):
        add_task(action=ActionFactory(), decision=decision, title="Faire", by=member)
    with pytest.raises(PermissionDenied):
        create_change_request(decision=decision, text="Changer", label="", by=member)
    asked = create_change_request(decision=decision, text="Changer", label="", by=people["secretariat"])
    with pytest.raises(PermissionDenied):
        settle_change_request(asked=asked, state="taken", reason="Oui", by=member)
    with pytest.raises(ValidationError):
        settle_change_request(asked=asked, state="taken", reason=" ", by=people["secretariat"])
    settle_change_request(asked=asked, state="declined", reason="Non", by=people["secretariat"])
    with pytest.raises(TransitionError):
        settle_change_request(asked=asked, state="taken", reason="Oui", by=people["secretariat"])


def test_a_task_done_keeps_who_said_so(decision, by, client_for):
    action = ActionFactory()
    task = add_task(action=action, decision=decision, title="Faire", by=by)
    address = reverse("admin:roadmap_action_change", args=[action.pk])
    client = client_for("secretariat")
    form = client.get(address).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None and name != "partners"}
    data |= {"milestones-TOTAL_FORMS": 0, "milestones-INITIAL_FORMS": 0}
    data |= {"tasks-TOTAL_FORMS": 1, "tasks-INITIAL_FORMS": 1, "tasks-0-id": task.pk}
    data |= {"tasks-0-action": action.pk, "tasks-0-title": "Faire", "tasks-0-due_on": task.due_on}
    data |= {
        "tasks-0-done_at_0": "2026-11-20",
        "tasks-0-done_at_1": "10:00",
        "tasks-0-done_at": "2026-11-20T10:00",
    }
    response = client.post(address, data)
    assert response.status_code == 302, response.context["errors"]
    task.refresh_from_db()
    assert task.done_at and task.done_by == by
