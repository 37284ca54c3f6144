"""The secretariat's side of the showcase."""

import pytest

from core.workflow import history
from showcase.models import CompanyPage
from tests.helpers.roles import ROLES
from tests.members.factories import OrganisationFactory
from tests.showcase.factories import CommitmentFactory, CompanyPageFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/showcase/companypage/"


@pytest.mark.parametrize("role", ROLES)
def test_publishing_is_the_secretariats_and_logged(client_for, people, role):
    page = CompanyPageFactory(draft=True)
    client_for(role).post(LIST, {"action": "publish", "_selected_action": [page.pk]})
    page.refresh_from_db()
    if role in ("secretariat", "administrator"):
        assert page.state == "published"
        assert history(page).get().by == people[role]
    else:
        assert page.state == "draft" and not history(page)


def test_withdrawing_hides_the_page_and_twice_is_told(client_for, client):
    page = CompanyPageFactory(organisation__slug="bulane")
    staff = client_for("secretariat")
    staff.post(LIST, {"action": "withdraw", "_selected_action": [page.pk]})
    assert client.get("/vitrine/bulane/").status_code == 404
    response = staff.post(LIST, {"action": "withdraw", "_selected_action": [page.pk]}, follow=True)
    assert "Retirée" in response.content.decode() and history(page).count() == 1


def test_page_made_in_the_admin_is_found_with_its_lines(client_for, client):
    organisation = OrganisationFactory(name="Fonderie")
    commitment = CommitmentFactory(name_fr="Sobriété")
    data = {
        "organisation": organisation.pk,
        "tagline_fr": "Bronze",
        "commitments-TOTAL_FORMS": "1",
        "commitments-INITIAL_FORMS": "0",
        "commitments-0-commitment": commitment.pk,
        "commitments-0-evidence_fr": "Four électrique",
        "figures-TOTAL_FORMS": "1",
        "figures-INITIAL_FORMS": "0",
        "figures-0-label_fr": "Apprentis",
        "figures-0-label_en": "Apprentices",
        "figures-0-value": "4",
        "figures-0-position": "0",
    }
    staff = client_for("secretariat")
    assert 'name="_publish"' in staff.get(f"{LIST}add/").content.decode()
    response = staff.post(f"{LIST}add/", data | {"_publish": "1"})
    assert response.status_code == 302, response.context["errors"]
    page = CompanyPage.objects.get()
    assert 'name="_withdraw"' in staff.get(f"{LIST}{page.pk}/change/").content.decode()
    for word in ("bronze", "sobriete", "electrique", "apprenti", "fonderie"):
        assert "Fonderie" in client.get(f"/vitrine/?q={word}").content.decode(), word
