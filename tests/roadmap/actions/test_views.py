"""The actions in public."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from roadmap.actions.enums import ActionStatus, Theme
from tests.helpers.queries import assert_constant_queries
from tests.helpers.roles import ROLES
from tests.members.factories import AxisFactory, OrganisationFactory
from tests.roadmap.actions.factories import ActionFactory, MilestoneFactory
from tests.showcase.factories import CompanyPageFactory

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


def titles(response) -> list[str]:
    return re.findall(r'<h3><a href="[^"]+">([^<]+)</a></h3>', text_of(response))


@pytest.mark.parametrize("role", ROLES)
def test_actions_are_everybodys_and_hidden_ones_nobodys(client_for, role):
    ActionFactory(title_fr="Visible", slug="visible")
    ActionFactory(title_fr="Cachée", slug="cachee", is_public=False)
    client = client_for(role)
    assert titles(client.get("/actions/")) == ["Visible"]
    assert client.get("/actions/visible/").status_code == 200
    assert client.get("/actions/cachee/").status_code == 404


def test_list_is_grouped_by_axis_and_filtered(client):
    second = AxisFactory(number=2, name_fr="Deuxième")
    ActionFactory(number=1, title_fr="Loin", axis=second, theme=Theme.RECRUIT)
    ActionFactory(number=2, title_fr="Près", status=ActionStatus.LATE)
    assert titles(client.get("/actions/")) == ["Près", "Loin"]
    assert titles(client.get("/actions/?axe=2")) == ["Loin"]
    assert titles(client.get("/actions/?theme=recruter&axe=2")) == ["Loin"]
    assert titles(client.get("/actions/?statut=late")) == ["Près"]
    assert titles(client.get("/actions/?statut=late&theme=recruter")) == []


@pytest.mark.parametrize(
    ("prefix", "words"), [("", "Aucun filtre n’a la valeur"), ("/en", "No filter has the value")]
)
def test_unknown_filter_is_told_and_left_out(client, prefix, words):
    ActionFactory(title_fr="Une", title_en="Une")
    response = client.get(f"{prefix}/actions/?theme=%3Cb%3E")
    assert response.status_code == 200
    assert words in text_of(response) and "&lt;b&gt;" in text_of(response)
    assert titles(response) == ["Une"]


@pytest.mark.parametrize("number", ["x", "0", "2"])
def test_broken_page_number_is_a_404(client, number):
    assert client.get(f"/actions/?page={number}").status_code == 404


def make_actions(number: int) -> None:
    for _ in range(number):
        action = ActionFactory(lead=OrganisationFactory())
        MilestoneFactory(action=action)
        MilestoneFactory(action=action, done_on=date(2020, 1, 1))


def test_list_asks_the_same_number_of_questions_for_one_and_thirty():
    assert_constant_queries(lambda: make_actions(1), lambda: make_actions(29), "/actions/", at_most=3)


def test_list_counts_milestones_once(client):
    make_actions(1)
    assert "1 sur 2" in text_of(client.get("/actions/"))


def test_sheet_shows_who_what_and_when(client, people):
    lead = CompanyPageFactory(organisation__name="Meneur", organisation__slug="meneur").organisation
    hidden = CompanyPageFactory(
        draft=True, organisation__name="Discret", organisation__slug="discret"
    ).organisation
    action = ActionFactory(
        slug="une",
        lead=lead,
        pilot=people["pilot"],
        firm_commitment=True,
        description_fr="Le **contenu**",
        is_demo=True,
    )
    action.partners.add(hidden, OrganisationFactory(name="Sans page"))
    today = timezone.localdate()
    MilestoneFactory(action=action, title_fr="Fait", due_on=date(2020, 1, 1), done_on=date(2020, 1, 2))
    MilestoneFactory(action=action, title_fr="Raté", due_on=today - timedelta(days=1))
    MilestoneFactory(action=action, title_fr="Futur", due_on=today + timedelta(days=1))
    html = text_of(client.get("/actions/une/"))
    assert '<a href="/vitrine/meneur/">Meneur</a>' in html
    assert "Discret" in html and "/vitrine/discret/" not in html and "Sans page" in html
    assert "<strong>contenu</strong>" in html and "Donnée de démonstration" in html
    assert re.search(r"Engagement ferme</dt><dd>oui", html)
    states = re.findall(r'<li class="(is-\w+|)"><time.*?<h3>(\w+)', html)
    assert states == [("is-done", "Fait"), ("is-late", "Raté"), ("", "Futur")]
    assert people["pilot"].last_name not in html and people["pilot"].email not in html


def test_sheet_asks_the_same_number_of_questions_whatever_it_holds():
    action = ActionFactory(slug="une", lead=OrganisationFactory())

    def more():
        for _ in range(30):
            MilestoneFactory(action=action)
            action.partners.add(OrganisationFactory())

    assert_constant_queries(lambda: None, more, "/actions/une/", at_most=4)


def test_unknown_action_is_a_clear_404(client):
    response = client.get("/en/actions/none/")
    assert response.status_code == 404
    assert "There is no action at this address." in text_of(response)
