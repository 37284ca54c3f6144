"""Home, a person's space, what crawlers read."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from members.models import Axis
from roadmap.actions.models import Action
from roadmap.drafting.enums import VersionStatus
from roadmap.drafting.models import Consultation, Version
from tests.helpers.queries import assert_constant_queries, queries_of
from tests.helpers.roles import ROLES
from tests.members.factories import AxisFactory, MandateFactory, SeatFactory
from tests.roadmap.actions.factories import ActionFactory, MilestoneFactory
from tests.roadmap.approval.factories import make_version, move, open_vote
from tests.showcase.factories import CompanyPageFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops.enums import WorkshopState

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


@pytest.fixture
def council(db):
    """Give the portal the council's real data."""
    call_command("load_council", verbosity=0)


# --- home ---


def test_home_tells_the_councils_story(council, client):
    html = text_of(client.get("/"))
    for words in (
        "1er octobre 2019",
        "février à juillet".capitalize(),
        "Trois ateliers-conseils",
        "2020–2040",
        "<b>16</b> organisations au conseil",
        "<b>6</b> actions phares",
        "Accessibilité\u00a0: non conforme",
    ):
        assert words in html, words
    for axis in Axis.objects.all():
        assert axis.wording_fr in html and f"/actions/?axe={axis.number}" in html
    assert html.count('class="date-tile') == 3
    newest = Version.objects.adopted().first()
    if newest:
        assert newest.get_absolute_url() in html


def test_home_asks_few_questions_whatever_it_shows(client):
    def make(number):
        for _ in range(number):
            MilestoneFactory(action=ActionFactory(axis=AxisFactory(number=1)))
            page = CompanyPageFactory(story_fr="Une histoire")
            SeatFactory(organisation=page.organisation)

    assert_constant_queries(lambda: make(1), lambda: make(29), "/", at_most=4)


def test_home_counts_the_seats_of_today(client):
    AxisFactory(number=1)
    today = timezone.localdate()
    SeatFactory.create_batch(2)
    SeatFactory(starts_on=today + timedelta(days=30))
    SeatFactory(ends_on=today - timedelta(days=30))
    assert "<b>2</b> organisations au conseil" in text_of(client.get("/"))


def test_home_shows_the_next_workshops_then_the_last(client):
    now = timezone.now()
    for days in (-40, -3, 30, 7):
        WorkshopFactory(
            state=WorkshopState.HELD if days < 0 else WorkshopState.SCHEDULED,
            starts_at=now + timedelta(days=days),
            title_fr=f"Atelier à {days} jours",
        )
    html = text_of(client.get("/"))
    places = [html.find(f"Atelier à {days} jours") for days in (7, 30, -3)]
    assert places == sorted(places) and places[0] > 0
    assert "Atelier à -40 jours" not in html


def test_home_shows_nothing_hidden(client):
    CompanyPageFactory(draft=True, organisation__name="Secrète", story_fr="Une histoire")
    ActionFactory(title_fr="Cachée", is_public=False)
    Version.objects.create(number=1, title_fr="Version de travail", title_en="Draft")
    html = text_of(client.get("/"))
    assert not re.search("Secrète|Cachée|Version de travail", html)
    assert "<b>0</b>" not in html


def test_home_of_an_empty_portal_is_whole(client):
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/vitrine/", "/actions/", "/mentions-legales/", "/en/", "/en/vitrine/"]
)
def test_public_page_names_itself_and_its_translation(client, path):
    html = text_of(client.get(path))
    french = path.removeprefix("/en") or "/"
    assert f'<link rel="canonical" href="{settings.SITE_URL}{path}">' in html
    assert f'hreflang="fr" href="{settings.SITE_URL}{french}"' in html
    assert f'hreflang="en" href="{settings.SITE_URL}/en{french}"' in html


def test_filters_are_one_page_for_search_engines_and_pages_are_not(client):
    for _ in range(25):
        CompanyPageFactory()
    html = text_of(client.get("/vitrine/?type=pme&page=2"))
    assert f'<link rel="canonical" href="{settings.SITE_URL}/vitrine/?page=2">' in html


# --- a person's space ---


def test_space_asks_to_log_in(client):
    response = client.get("/espace/")
    assert response.status_code == 302 and response["Location"].startswith("/connexion/")


@pytest.mark.parametrize("role", [role for role in ROLES if role != "anonymous"])
def test_space_is_clear_to_everybody(client_for, people, role):
    html = text_of(client_for(role).get("/espace/"))
    assert "Rien ne vous attend pour le moment" in html
    assert ("/admin/" in html) == (role in ("secretariat", "administrator"))
    assert ("Vous n’avez pas de mandat" in html) == (role == "pilot")
    assert (people.organisation.name in html) == (role in ("member", "observer"))


def test_space_is_kept_by_no_cache(client_for):
    assert "private" in client_for("member").get("/espace/")["Cache-Control"]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "anonymous"])
def test_space_shows_the_vote_to_those_who_carry_a_voice(client_for, people, role):
    person, _voter = people[role], people["member"]
    vote = open_vote()
    html = text_of(client_for(role).get("/espace/"))
    assert (vote.get_absolute_url() in html) == (role in ("member", "member_other"))
    if role == "member":
        assert f"Voter au nom de {people.organisation.name}" in html
    assert person.first_name in html


def test_space_shows_the_invitation_that_waits_to_its_person_alone(client_for, people):
    workshop = WorkshopFactory(scheduled=True, title_fr="Atelier des arceaux")
    InvitationFactory(person=people["member"], workshop=workshop)
    html = text_of(client_for("member").get("/espace/"))
    assert html.count("Atelier des arceaux") == 2  # what awaits me, and my coming workshops
    assert "Atelier des arceaux" not in text_of(client_for("member_other").get("/espace/"))


def test_space_shows_the_open_consultation_to_members(client_for):
    version = make_version(3)
    now = timezone.now()
    Version.objects.filter(pk=version.pk).update(status=VersionStatus.CONSULTATION, published_at=now)
    days = timedelta(days=9)
    Consultation.objects.create(version=version, opens_at=now - days, closes_at=now + days)
    assert version.get_absolute_url() in text_of(client_for("observer").get("/espace/"))
    assert version.get_absolute_url() not in text_of(client_for("pilot").get("/espace/"))


def test_space_lists_the_piloted_actions(client_for, people):
    ActionFactory(title_fr="La mienne", pilot=people["pilot"])
    ActionFactory(title_fr="Une autre")
    html = text_of(client_for("pilot").get("/espace/"))
    assert "La mienne" in html and "Une autre" not in html


def test_space_lists_mandates_in_force_only(client_for, people):
    member = people["member"]
    MandateFactory(
        person=member, organisation__name="Ancienne maison", ends_on=timezone.localdate() - timedelta(days=1)
    )
    assert "Ancienne maison" not in text_of(client_for("member").get("/espace/"))


def test_space_asks_the_same_number_of_questions_whatever_waits(client_for, people):
    member = people["member"]

    def make(number):
        for _ in range(number):
            MandateFactory(person=member, observer=True)
            ActionFactory(pilot=member)
            InvitationFactory(person=member, workshop__state=WorkshopState.SCHEDULED)

    assert_constant_queries(lambda: make(1), lambda: make(29), "/espace/", client=client_for("member"))


# --- crawlers ---


def test_robots_may_read_the_public_pages_alone(client):
    response = client.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    lines = text_of(response).splitlines()
    assert {"Disallow: /admin/", "Disallow: /en/espace/", f"Sitemap: {settings.SITE_URL}/sitemap.xml"} <= set(
        lines
    )
    assert not {"Disallow: /", "Disallow: /vitrine/"} & set(lines)


def test_sitemap_lists_public_pages_in_both_languages_and_they_answer(council, client):
    CompanyPageFactory(draft=True, organisation__slug="secrete")
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    addresses = [place.text for place in root.findall("s:url/s:loc", names)]
    assert len(addresses) == len(set(addresses)) > 60
    assert f"{settings.SITE_URL}/en/vitrine/bulane/" in addresses
    assert not any("secrete" in address for address in addresses)
    for address in addresses:
        assert client.get(address.removeprefix(settings.SITE_URL)).status_code == 200, address


def test_sitemap_has_a_vote_from_its_closing_and_the_days_of_paris(client):
    approval = move(open_vote(titulars=1), closes_in=timedelta(days=-1))
    assert approval.closed_at is None
    action = ActionFactory()
    Action.objects.filter(pk=action.pk).update(updated_at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)
    days = {
        url.findtext("s:loc", namespaces=names): url.findtext("s:lastmod", namespaces=names)
        for url in root.findall("s:url", names)
    }
    assert f"{settings.SITE_URL}{reverse('roadmap:approval_detail', args=[approval.pk])}" in days
    assert days[settings.SITE_URL + reverse("actions:action_detail", args=[action.slug])] == "2026-07-01"


def test_sitemap_asks_few_questions(client, council):
    assert len(queries_of(client, "/sitemap.xml")) <= 7
