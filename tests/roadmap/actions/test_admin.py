"""The secretariat's side of the actions."""

import pytest

from core.workflow import history
from roadmap.actions.models import Action
from tests.helpers.roles import ROLES
from tests.roadmap.actions.factories import ActionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ROLES)
def test_status_page_is_the_secretariats(client_for, role):
    action = ActionFactory()
    client = client_for(role)
    response = client.post(
        f"/admin/roadmap/action/{action.pk}/status/", {"status": "planned", "reason": "Votée"}
    )
    action.refresh_from_db()
    if role in ("secretariat", "administrator"):
        assert response.status_code == 302 and action.status == "planned"
        assert history(action).get().reason == "Votée"
    else:
        assert response.status_code in (302, 403) and action.status == "proposed"


@pytest.mark.parametrize(
    "data", [{}, {"status": "planned"}, {"status": "done", "reason": "Fini"}, {"status": "x"}]
)
def test_status_page_keeps_what_was_typed(client_for, data):
    action = ActionFactory()
    response = client_for("secretariat").post(f"/admin/roadmap/action/{action.pk}/status/", data)
    assert response.status_code == 422
    assert data.get("reason", "") in response.content.decode()
    action.refresh_from_db()
    assert action.status == "proposed"


def test_status_page_shows_the_history(client_for):
    action = ActionFactory()
    client = client_for("secretariat")
    client.post(f"/admin/roadmap/action/{action.pk}/status/", {"status": "planned", "reason": "Votée hier"})
    html = client.get(f"/admin/roadmap/action/{action.pk}/status/").content.decode()
    assert "À discuter → À venir" in html and "Votée hier" in html
    assert (
        f"/admin/roadmap/action/{action.pk}/status/"
        in client.get(f"/admin/roadmap/action/{action.pk}/change/").content.decode()
    )


def test_form_cannot_write_the_status(client_for):
    action = ActionFactory()
    client = client_for("secretariat")
    form = client.get(f"/admin/roadmap/action/{action.pk}/change/").context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None and name in form.fields}
    data |= {"status": "done", "slug": "autre", "title_fr": "Nouveau", "partners": []}
    data |= {
        "milestones-TOTAL_FORMS": "0",
        "tasks-TOTAL_FORMS": "0",
        "tasks-INITIAL_FORMS": "0",
        "milestones-INITIAL_FORMS": "0",
    }
    response = client.post(f"/admin/roadmap/action/{action.pk}/change/", data)
    assert response.status_code == 302, response.context["errors"]
    saved = Action.objects.get()
    assert (saved.title_fr, saved.status, saved.slug) == ("Nouveau", "proposed", action.slug)
