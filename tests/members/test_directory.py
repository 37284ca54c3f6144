"""The members' directory, and what the public sees of the council's bodies."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.search import words
from members import directory
from members.enums import MandateRole
from tests.helpers.queries import assert_constant_queries
from tests.members.factories import (
    BodyFactory,
    MandateFactory,
    OrganisationFactory,
    SeatFactory,
    UserFactory,
)

DIRECTORY = "/espace/annuaire/"


def text_of(client, url=DIRECTORY, **query) -> str:
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def someone(people):
    """A member who shows nothing yet."""
    person = UserFactory(
        first_name="Élodie",
        last_name="Çınar",
        email="elodie@example.org",
        job_title="Ingénieure",
        phone="04 67 01 02 03",
    )
    MandateFactory(person=person, organisation=OrganisationFactory(name="Forges de Sète"))
    return person


def test_directory_shows_nothing_that_the_person_did_not_choose(client_for, someone):
    text = text_of(client_for("member"))
    assert "Élodie Çınar" in text and "Forges de Sète" in text and "Titulaire" in text
    for hidden in ("elodie@example.org", "Ingénieure", "04 67 01 02 03"):
        assert hidden not in text


@pytest.mark.parametrize(
    ("choice", "shown"),
    [("shows_email", "elodie@example.org"), ("shows_job_title", "Ingénieure"), ("shows_phone", "04 67 01")],
)
def test_directory_shows_each_choice_alone(client_for, someone, choice, shown):
    setattr(someone, choice, True)
    someone.save()
    text = text_of(client_for("member"))
    for detail in ("elodie@example.org", "Ingénieure", "04 67 01"):
        assert (detail in text) == (detail == shown)


@pytest.mark.parametrize("query", ["elodie", "ÉLODIE çinar", "forges sete", "Çın", "élod forges"])
def test_directory_is_searched_by_name_and_organisation_without_accents(client_for, people, someone, query):
    text = text_of(client_for("member"), q=query)
    assert "Élodie Çınar" in text and people.organisation.name not in text.split("<main")[1]


@pytest.mark.parametrize(
    "query",
    ["personne-de-ce-nom", "elodie mosson", "<script>alert(1)</script>", "%' OR 1=1", "\0"],
)
def test_directory_finds_nobody_without_breaking(client_for, someone, query):
    response = client_for("member").get(DIRECTORY, {"q": query})
    assert response.status_code == 200
    assert b"<script>alert" not in response.content
    if query != "\0":  # which is no search at all
        assert "Personne ne correspond" in response.content.decode()


def test_directory_keeps_to_a_body(client_for, someone):
    experts = BodyFactory(slug="comite-experts", name_fr="Comité d’experts", name_en="Experts")
    expert = MandateFactory(body=experts, role=MandateRole.EXPERT).person
    client = client_for("member")
    text = text_of(client, instance="comite-experts")
    assert expert.get_full_name() in text and "Élodie" not in text
    unknown = text_of(client, instance="inconnue")
    assert "Élodie" in unknown and "« inconnue » ne fait pas partie des choix" in unknown.replace("\xa0", " ")


def test_directory_refuses_a_search_too_long_and_keeps_it_whole(client_for, someone):
    query = "x" * 1001
    response = client_for("member").get(DIRECTORY, {"q": query})
    assert response.status_code == 422
    assert f'value="{query}"' in response.text and "Votre recherche compte" in response.text
    assert "Élodie" not in response.text


def test_directory_has_observers_and_nobody_from_the_past_or_the_future(client_for, people):
    today = timezone.localdate()
    observer = MandateFactory(observer=True).person
    ended = MandateFactory(ends_on=today).person
    coming = MandateFactory(starts_on=today + timedelta(days=1)).person
    closed = MandateFactory(person=UserFactory(is_active=False)).person
    text = text_of(client_for("member"))
    assert observer.get_full_name() in text
    for absent in (ended, coming, closed):
        assert absent.get_full_name() not in text


def test_directory_escapes_names(client_for, people):
    person = UserFactory(
        first_name="<b>Ana</b>", last_name="=cmd", shows_job_title=True, job_title="<i>x</i>"
    )
    MandateFactory(person=person)
    text = text_of(client_for("member"))
    assert "&lt;b&gt;Ana&lt;/b&gt; =cmd" in text and "<i>x</i>" not in text


def test_directory_is_for_members_of_any_body(client_for, people):
    experts = BodyFactory(slug="comite-experts", name_fr="Comité", name_en="Committee")
    expert = UserFactory()
    mandate = MandateFactory(person=expert, body=experts, role=MandateRole.EXPERT)
    client = Client()
    client.force_login(expert)
    assert client.get(DIRECTORY).status_code == 200
    mandate.ends_on = timezone.localdate()
    mandate.save()
    assert client.get(DIRECTORY).status_code == 403
    assert client_for("pilot").get(DIRECTORY).status_code == 403
    assert Client().get(DIRECTORY).status_code == 302


def test_directory_takes_constant_queries(client_for, people):
    assert_constant_queries(
        MandateFactory,
        lambda: MandateFactory.create_batch(30),
        DIRECTORY,
        client=client_for("member"),
        at_most=8,
    )


def test_directory_has_pages(client_for, people):
    MandateFactory.create_batch(25)
    client = client_for("member")
    assert text_of(client).count("<h2>Entreprise") + text_of(client, page=2).count("<h2>Entreprise") == 25
    assert client.get(DIRECTORY, {"page": "9"}).status_code == 404


# --- the public's pages ---


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_public_sees_organisations_and_chairs_and_nobody_else(people, prefix):
    body = BodyFactory()
    titular, chair = (
        people["member"],
        UserFactory(first_name="Andrée", last_name="Présidente", shows_email=True),
    )
    MandateFactory(person=chair, body=body, role=MandateRole.CHAIR)
    SeatFactory(body=body, organisation=people.organisation)
    former = SeatFactory(body=body, ends_on=timezone.localdate()).organisation
    for url in (f"{prefix}/conseil/", f"{prefix}/conseil/conseil/"):
        text = text_of(Client(), url)
        assert "Andrée Présidente" in text
        assert titular.get_full_name() not in text and titular.email not in text and chair.email not in text
    assert people.organisation.name in text and former.name not in text


def test_public_does_not_see_a_former_chair(people):
    chair = MandateFactory(role=MandateRole.CHAIR, ends_on=timezone.localdate()).person
    assert chair.get_full_name() not in text_of(Client(), "/conseil/conseil/")


def test_unknown_body_is_not_found(db):
    assert Client().get("/conseil/inconnu/").status_code == 404


@pytest.mark.parametrize("url", ["/conseil/", "/conseil/conseil/"])
def test_public_pages_take_constant_queries_and_are_kept(db, url):
    assert_constant_queries(SeatFactory, lambda: SeatFactory.create_batch(30), url, at_most=5)
    assert "public" in Client().get(url)["Cache-Control"]


def test_bodies_are_linked_from_every_page_and_the_site_map(db):
    BodyFactory()
    for url in ("/", "/plan-du-site/", "/mentions-legales/"):
        assert 'href="/conseil/"' in text_of(Client(), url)
    assert "/conseil/conseil/" in Client().get("/sitemap.xml").content.decode()


@pytest.mark.django_db
def test_a_body_without_seats_says_what_is_true(client):
    BodyFactory(slug="think-tank", ends_on=date(2019, 8, 1))
    BodyFactory(slug="comite-experts", name_fr="Comité d’experts")
    for path in ("/conseil/think-tank/", "/conseil/"):
        text = client.get(path).content.decode()
        assert "Ses travaux ont pris fin en juillet 2019." in text and "0 organisation" not in text
    assert "n’est pas encore publiée" in client.get("/conseil/comite-experts/").content.decode()
    assert "Its work ended in July 2019." in client.get("/en/conseil/").content.decode()


def test_what_is_asked_is_folded_once_whatever_the_number_of_people(client_for, someone, monkeypatch):
    folded = []
    monkeypatch.setattr(directory, "words", lambda text: folded.append(text) or words(text))
    MandateFactory.create_batch(3)
    assert "Forges de Sète" in text_of(client_for("member"), q="forges sete")
    assert folded.count("forges sete") == 2, "for the organisations found, and for their people"
