"""What a search finds, counts, corrects and refuses."""

import random
import threading

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.http import QueryDict

from members.enums import OrganisationKind
from members.models import Organisation
from showcase.models import CompanyPage
from showcase.search import FACETS, Asked, Found, facet_choices, find
from tests.helpers.locks import somebody_waits
from tests.members.factories import CommuneFactory, OrganisationFactory, SectorFactory
from tests.showcase.factories import (
    CommitmentFactory,
    CompanyCommitmentFactory,
    CompanyFigureFactory,
    CompanyPageFactory,
)

pytestmark = pytest.mark.django_db


def ask(query: str) -> Found:
    return find(Asked.from_query(QueryDict(query), facet_choices()))


def names(query: str) -> list[str]:
    found = ask(query)
    return [page.organisation.name for page in found[0 : found.total]]


@pytest.fixture
def bulane():
    page = CompanyPageFactory(
        organisation__name="Bulane",
        tagline_fr="Hydrogène décarboné",
        tagline_en="Low-carbon hydrogen",
        story_fr="Les éoliennes alimentent l’œuvre de l’été.",
        story_en="Wind turbines power the company.",
    )
    CompanyPageFactory(
        organisation__name="Autre", tagline_fr="Textile biologique", tagline_en="Organic textile"
    )
    return page


@pytest.mark.parametrize(
    "text",
    [
        *("Bulane", "bulane", "hydrogène", "HYDROGENE", "hydrog", "éolienne", "eolien", "œuvre", "oeuvre"),
        *("hydrogen", "turbine", "powering", "l'hydrogène", "hydrogène -textile", '"hydrogène décarboné"'),
        *("textil or hydrogène décarboné", "Les éoliennes alimentent"),
    ],
)
def test_search_finds_words_stems_beginnings_in_both_languages(bulane, text):
    assert "Bulane" in names(f"q={text}")


@pytest.mark.parametrize("text", ["hydrogène -décarboné", '"décarboné hydrogène"', "zinc"])
def test_search_leaves_out_what_does_not_match(bulane, text):
    assert names(f"q={text}") == []


@pytest.mark.parametrize(
    ("typed", "better"), [("hidrogene", "hydrogene"), ("bulanne", "bulane"), ("textille", "textile")]
)
def test_search_corrects_a_slip_when_nothing_matches(bulane, typed, better):
    found = ask(f"q={typed}")
    assert found.total == 1
    assert found.corrected == better


def test_search_does_not_correct_towards_a_hidden_page():
    CompanyPageFactory(draft=True, organisation__name="Zirconium")
    found = ask("q=zirconiun")
    assert (found.total, found.corrected, found.proposed) == (0, "", "")


def test_search_proposes_a_word_when_it_finds_little():
    for number in range(4):
        CompanyPageFactory(organisation__name=f"Mosson {number}", tagline_fr="Moulage")
    CompanyPageFactory(tagline_fr="Moulace")
    found = ask("q=moulace")
    assert (found.total, found.proposed) == (1, "")  # a known word is no slip
    CompanyPageFactory(tagline_fr="Fonderie d’art")
    assert ask("q=fond").proposed == ""  # the beginning of a word finds it already


def test_results_put_the_name_before_the_story():
    story = CompanyPageFactory(organisation__name="Aaa", story_fr="Travaille avec Cyleone.")
    name = CompanyPageFactory(organisation__name="Cyleone")
    found = ask("q=cyleone")
    assert [page.pk for page in found[0:2]] == [name.pk, story.pk]


def test_results_without_search_are_in_french_order():
    for name in ("Zèbre", "Étoile", "eau", "Fer"):
        CompanyPageFactory(organisation__name=name)
    assert names("") == ["eau", "Étoile", "Fer", "Zèbre"]


def test_hidden_pages_are_neither_found_nor_counted():
    CompanyPageFactory(draft=True, organisation__name="Secret", organisation__kind=OrganisationKind.STARTUP)
    found = ask("q=secret")
    assert found.total == 0 and not found.counts
    assert ask("").counts == {}


def naive_counts(pages, picked):
    """Count as the rule says: OR within a facet, AND between them, each facet as if it were not filtered."""
    values = {
        page.pk: {
            "type": {page.organisation.kind},
            "commune": {str(page.organisation.commune_id)} if page.organisation.commune_id else set(),
            "secteur": {str(pk) for pk in page.organisation.sectors.values_list("pk", flat=True)},
            "engagement": {str(pk) for pk in page.commitments.values_list("commitment_id", flat=True)},
        }
        for page in pages
    }

    def kept(pk, without=None):
        return all(
            not picked[facet] or facet == without or picked[facet] & values[pk][facet] for facet in FACETS
        )

    counts: dict[tuple[str, str], int] = {}
    for pk, own in values.items():
        for facet in FACETS:
            if kept(pk, without=facet):
                for key in own[facet]:
                    counts[facet, key] = counts.get((facet, key), 0) + 1
    return counts, {pk for pk in values if kept(pk)}


def test_facets_count_like_a_naive_count():
    dice = random.Random(7)
    sectors = [SectorFactory() for _ in range(3)]
    communes = [CommuneFactory() for _ in range(3)]
    commitments = [CommitmentFactory() for _ in range(3)]
    for _number in range(25):
        organisation = OrganisationFactory(
            kind=dice.choice(list(OrganisationKind)[:3]), commune=dice.choice([*communes, None])
        )
        organisation.sectors.set(dice.sample(sectors, dice.randrange(3)))
        page = CompanyPageFactory(organisation=organisation)
        for commitment in dice.sample(commitments, dice.randrange(3)):
            CompanyCommitmentFactory(page=page, commitment=commitment)
    pages = list(CompanyPage.objects.select_related("organisation"))
    choices = facet_choices()
    for _try in range(40):
        asked = Asked(
            picked={
                facet: dice.sample(list(choices[facet].values())[:3], dice.choice([0, 0, 1, 2]))
                for facet in FACETS
            }
        )
        counts, kept = naive_counts(pages, {facet: set(asked.keys(facet)) for facet in FACETS})
        found = find(asked)
        assert found.counts == counts
        assert found.total == len(kept)
        assert {page.pk for page in found[0 : found.total]} == kept


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=' OR 1=1 --&secteur=%27%3B--",
        "q=:*%26|!()<->",
        "q=%22",
        "q=-",
        "q=or",
        "q=%F0%9F%9A%80",
        "secteur=%00&type=a%00b",
        "commune=" + "x" * 3000,
        "q=" + "%C3%A9" * 1000,
    ],
)
def test_no_query_is_an_error(bulane, query):
    ask(query)


def test_too_long_a_search_is_refused_and_kept_whole():
    asked = Asked.from_query(QueryDict("q=" + "a" * 10_000), facet_choices())
    assert asked.error is not None
    assert asked.text == "a" * 10_000
    assert find(asked).total == 0


# --- the index is true, wherever the change is made ---


def test_index_follows_the_page_and_what_it_leans_on():
    page = CompanyPageFactory(organisation__name="Avant")
    organisation = page.organisation
    assert names("q=avant") == ["Avant"]
    organisation.name = "Après"
    organisation.save()
    assert names("q=avant") == [] and names("q=apres") == ["Après"]
    page.story_fr = "Découpe au laser"
    page.save()
    assert names("q=laser") == ["Après"]
    sector = SectorFactory(name_fr="Aéronautique", name_en="Aerospace")
    organisation.sectors.add(sector)
    assert names("q=aerospace") == ["Après"]
    sector.name_fr = "Ferroviaire"
    sector.save()
    assert names("q=ferroviaire") == ["Après"] and names("q=aeronautique") == []
    sector.organisations.remove(organisation)
    assert names("q=ferroviaire") == []
    line = CompanyCommitmentFactory(page=page, commitment__name_fr="Zéro déchet", evidence_fr="Compost")
    assert names("q=dechet") == names("q=compost") == ["Après"]
    line.delete()
    assert names("q=dechet") == []
    figure = CompanyFigureFactory(page=page, label_fr="Apprentis")
    assert names("q=apprenti") == ["Après"]
    figure.delete()
    assert names("q=apprenti") == []
    organisation.commune = CommuneFactory(name="Lavérune")
    organisation.save()
    assert names("q=laverune") == ["Après"]


def test_reindex_command_mends_what_went_round_the_models(capsys):
    page = CompanyPageFactory()
    Organisation.objects.filter(pk=page.organisation_id).update(name="Garosud")
    assert names("q=garosud") == []
    call_command("reindex_showcase")
    assert names("q=garosud") == ["Garosud"]


@pytest.mark.django_db(transaction=True)
def test_index_holds_both_of_two_changes_at_once():
    page = CompanyPageFactory(organisation__name="Avant")
    page_changed, go_on = threading.Event(), threading.Event()

    def tell_story() -> None:
        try:
            with transaction.atomic():
                mine = CompanyPage.objects.get(pk=page.pk)
                mine.story_fr = "Galvanoplastie"
                mine.save()
                page_changed.set()
                while not (go_on.is_set() or somebody_waits()):
                    pass  # the other now waits for this page's row; without a lock it would be done
        finally:
            connection.close()

    def rename() -> None:
        try:
            assert page_changed.wait(60)
            organisation = Organisation.objects.get(pk=page.organisation_id)
            organisation.name = "Cévennes"
            organisation.save()
            go_on.set()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in (tell_story, rename)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert names("q=galvanoplastie cevennes") == ["Cévennes"]
