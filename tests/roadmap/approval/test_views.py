"""A vote's page, the ballot and the record, for each kind of reader."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from roadmap.approval import services
from roadmap.approval.models import Approval, Ballot
from tests.helpers.htmx import HX, assert_fragment_in_page, normalised
from tests.helpers.queries import assert_constant_queries, queries_of
from tests.helpers.roles import ROLES, People
from tests.members.factories import MandateFactory
from tests.roadmap.approval.factories import cast, end, make_council, move, open_vote, voters

pytestmark = pytest.mark.django_db

ClientFor = Callable[[str], Client]


@pytest.fixture
def approval(people: People) -> Approval:
    """An open vote in which both roles' organisations are voters."""
    people["member"], people["member_other"]
    return open_vote(titulars=1)


def ballot(approval: Approval, organisation: Any, **fields: Any) -> dict[str, Any]:
    """What the form posts."""
    return {
        "organisation": organisation.pk,
        "text_sha256": approval.text_sha256,
        "choice": "pour",
        "explanation": "",
    } | fields


def post(client: Client, approval: Approval, data: dict[str, Any], **extra: Any) -> Any:
    """Post a ballot."""
    return client.post(f"{approval.get_absolute_url()}bulletin/", data, **extra)


# --- who sees what ---


@pytest.mark.parametrize("role", ROLES)
def test_open_vote_by_role(role: str, client_for: ClientFor, approval: Approval) -> None:
    """Members and the secretariat see it; anonymous people log in first; an account without mandate gets a 404."""
    response = client_for(role).get(approval.get_absolute_url())
    expected = {"anonymous": 302, "pilot": 404}.get(role, 200)
    assert response.status_code == expected
    if expected == 200:
        has_form = b"<textarea" in response.content
        assert has_form == (role in ("member", "member_other"))


@pytest.mark.parametrize("role", ROLES)
def test_closed_vote_is_public(role: str, client_for: ClientFor, people: People, approval: Approval) -> None:
    cast(approval, people.organisation, people["member"], "contre", explanation="Pas assez <b>clair</b>")
    services.close_approval(approval=end(approval))
    response = client_for(role).get(approval.get_absolute_url())
    html = response.content.decode()
    assert response.status_code == 200 and "<textarea" not in html
    assert people.organisation.name in html and "Pas assez &lt;b&gt;clair&lt;/b&gt;" in html
    assert approval.text_sha256 in html and people["member"].last_name not in html.partition("<main")[2]


def test_open_vote_says_who_voted_not_how(client_for: ClientFor, people: People, approval: Approval) -> None:
    cast(approval, people.organisation, people["member"], "contre", explanation="motif gardé")
    for role in ("member_other", "observer", "secretariat", "administrator"):
        html = client_for(role).get(approval.get_absolute_url()).content.decode()
        assert people.organisation.name in html
        assert "motif gardé" not in html and "pill pill-bad" not in html


def test_open_vote_shows_own_ballot_with_receipt(
    client_for: ClientFor, people: People, approval: Approval
) -> None:
    done = cast(approval, people.organisation, people["member"], "contre", explanation="motif gardé").ballot
    html = client_for("member").get(approval.get_absolute_url()).content.decode()
    assert "motif gardé" in html and done.ledger_entry.hash in html
    alternate = MandateFactory(alternate=True, organisation=people.organisation).person
    client = Client()
    client.force_login(alternate)
    assert people["member"].get_full_name() in client.get(approval.get_absolute_url()).content.decode()


@pytest.mark.parametrize(("role", "reason"), [("observer", "observ"), ("secretariat", "secrétariat")])
def test_open_vote_says_why_no_ballot(
    role: str, reason: str, client_for: ClientFor, approval: Approval
) -> None:
    html = client_for(role).get(approval.get_absolute_url()).content.decode()
    assert reason in html.partition("<main")[2].lower()


def test_open_vote_says_late_organisation_why(approval: Approval) -> None:
    late = MandateFactory()
    client = Client()
    client.force_login(late.person)
    html = client.get(approval.get_absolute_url()).content.decode()
    assert "<textarea" not in html and late.organisation.name in html


def test_vote_unknown_is_404(client_for: ClientFor, approval: Approval) -> None:
    path = f"/feuille-de-route/votes/{approval.pk + 1}/"
    assert client_for("member").get(path).status_code == 404
    assert client_for("anonymous").get(path).status_code == 302


def test_vote_in_english(client_for: ClientFor, approval: Approval) -> None:
    html = client_for("member").get(f"/en/feuille-de-route/votes/{approval.pk}/").content.decode()
    assert "Who has voted" in html and "Qui a voté" not in html


# --- the ballot ---


def test_cast_records_and_shows_receipt(client_for: ClientFor, people: People, approval: Approval) -> None:
    data = ballot(approval, people.organisation, choice="abstention", explanation="Faute\r\nd’avis")
    response = post(client_for("member"), approval, data, follow=True)
    done = Ballot.objects.get()
    assert (done.choice, done.explanation, done.cast_by) == (
        "abstention",
        "Faute\nd’avis",
        people["member"],
    )
    html = response.content.decode()
    assert response.redirect_chain[0][0].endswith(f"/votes/{approval.pk}/#vote")
    assert done.ledger_entry.hash in html


def test_cast_by_htmx_answers_the_vote_part(
    client_for: ClientFor, people: People, approval: Approval
) -> None:
    client = client_for("member")
    response = post(client, approval, ballot(approval, people.organisation), **HX)
    html = response.content.decode()
    assert response.status_code == 200 and "<html" not in html
    assert Ballot.objects.get().ledger_entry.hash in html
    # But for the message, it is what the page shows from now on.
    after = assert_fragment_in_page(client, approval.get_absolute_url())
    assert normalised(html).endswith(normalised(after))


def test_cast_twice_by_double_click_says_so(
    client_for: ClientFor, people: People, approval: Approval
) -> None:
    client = client_for("member")
    for _ in range(2):
        response = post(client, approval, ballot(approval, people.organisation), follow=True)
    assert Ballot.objects.count() == 1
    assert "déjà" in response.content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_cast_for_the_members_organisation_by_role(
    role: str, client_for: ClientFor, people: People, approval: Approval
) -> None:
    response = post(client_for(role), approval, ballot(approval, people.organisation))
    expected = {"anonymous": 302, "member": 302, "pilot": 404}.get(role, 403)
    assert response.status_code == expected
    assert Ballot.objects.count() == (role == "member")
    if role == "anonymous":
        assert "/connexion/" in response["Location"]
    if expected == 403:
        assert "alert-bad" in response.content.decode()


@pytest.mark.parametrize("organisation", ["", "0", "x", "²", "9" * 40, "-1", "1 OR 1=1"])
def test_cast_for_a_forged_organisation_refused(
    organisation: str, client_for: ClientFor, people: People, approval: Approval
) -> None:
    data = ballot(approval, people.organisation) | {"organisation": organisation}
    response = post(client_for("member"), approval, data)
    assert response.status_code == 403 and not Ballot.objects.exists()
    assert "Vous ne portez pas la voix de cette organisation" in response.content.decode()


def test_cast_for_another_organisation_says_whose_voice_is_missing(
    client_for: ClientFor, people: People, approval: Approval
) -> None:
    other = approval.voters.exclude(organisation=people.organisation).first().organisation
    response = post(client_for("member"), approval, ballot(approval, other))
    html = response.content.decode()
    assert response.status_code == 403 and not Ballot.objects.exists()
    assert "Vous ne portez pas la voix de cette organisation" in html and "pas partie des votants" not in html


@pytest.mark.parametrize(
    "change",
    [{"choice": "oui"}, {"choice": ""}, {"explanation": "é" * 2001}, {"explanation": "é" * 50_000}],
)
@pytest.mark.parametrize("extra", [{}, HX])
def test_cast_bad_ballot_keeps_what_was_typed(
    change: dict[str, str], extra: dict[str, str], client_for: ClientFor, people: People, approval: Approval
) -> None:
    data = ballot(approval, people.organisation, explanation="Mes raisons") | change
    response = post(client_for("member"), approval, data, **extra)
    html = response.content.decode()
    assert response.status_code == 422 and "error-summary" in html
    assert data["explanation"] in html and not Ballot.objects.exists()


def test_cast_explanation_loses_control_characters(
    client_for: ClientFor, people: People, approval: Approval
) -> None:
    data = ballot(approval, people.organisation, explanation="a\x00\x07\u202eb")
    assert post(client_for("member"), approval, data).status_code == 302
    assert Ballot.objects.get().explanation == "ab"


@pytest.mark.parametrize("change", [{}, {"choice": "oui"}])
@pytest.mark.parametrize("extra", [{}, HX])
def test_cast_after_closing_is_a_conflict(
    change: dict[str, str], extra: dict[str, str], client_for: ClientFor, people: People, approval: Approval
) -> None:
    end(approval)
    data = ballot(approval, people.organisation, explanation="Trop tard ?") | change
    response = post(client_for("member"), approval, data, **extra)
    html = response.content.decode()
    assert response.status_code == 409 and "Trop tard ?" in html and not Ballot.objects.exists()
    services.close_approval(approval=approval)
    assert post(client_for("member"), approval, data, **extra).status_code == 409


def test_cast_before_opening_is_a_conflict(client_for: ClientFor, people: People, approval: Approval) -> None:
    move(approval, opens_in=timedelta(hours=1), closes_in=timedelta(days=1))
    client = client_for("member")
    assert b"<textarea" not in client.get(approval.get_absolute_url()).content
    assert post(client, approval, ballot(approval, people.organisation)).status_code == 409


def test_cast_on_another_text_is_a_conflict(
    client_for: ClientFor, people: People, approval: Approval
) -> None:
    data = ballot(approval, people.organisation, text_sha256="0" * 64, explanation="Mes raisons")
    response = post(client_for("member"), approval, data)
    assert response.status_code == 409 and "Mes raisons" in response.content.decode()
    assert not Ballot.objects.exists()


def test_cast_by_get_refused(client_for: ClientFor, approval: Approval) -> None:
    assert client_for("member").get(f"{approval.get_absolute_url()}bulletin/").status_code == 405


def test_cast_needs_the_csrf_token(people: People, approval: Approval) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["member"])
    assert post(client, approval, ballot(approval, people.organisation)).status_code == 403
    assert not Ballot.objects.exists()


def test_two_organisations_have_a_sheet_each(people: People) -> None:
    """Somebody who speaks for two organisations votes for each on its own sheet, explicitly."""
    people["member"]
    MandateFactory(person=people["member"], organisation=people.other_organisation, alternate=True)
    MandateFactory(organisation=people.other_organisation)
    approval = open_vote()
    client = Client()
    client.force_login(people["member"])
    html = client.get(approval.get_absolute_url()).content.decode()
    assert html.count("<textarea") == 2
    post(client, approval, ballot(approval, people.other_organisation, choice="contre"))
    assert Ballot.objects.get().voter.organisation == people.other_organisation
    post(client, approval, ballot(approval, people.organisation, choice="pour"))
    assert services.result(approval).voted == 2


# --- after the closing ---


@pytest.mark.parametrize("role", ["anonymous", "pilot", "observer"])
def test_result_is_public_from_the_closing_instant_before_any_task_ran(
    role: str, client_for: ClientFor, people: People, approval: Approval
) -> None:
    cast(approval, people.organisation, people["member"], "contre", explanation="Trop court")
    client, address = client_for(role), approval.get_absolute_url()
    assert "Trop court" not in client.get(address).content.decode()
    end(approval)
    response = client.get(address)
    html = response.content.decode()
    assert response.status_code == 200 and "Trop court" in html and "<textarea" not in html
    assert "procès-verbal est en cours" in html
    assert (approval.version.get_absolute_url() in html) == (role == "observer"), (
        "the text waits for the record"
    )
    assert client.get(f"{address}proces-verbal.json").status_code == 404
    assert not Approval.objects.get(pk=approval.pk).closed_at, "a GET writes nothing"


def test_record_is_served_byte_for_byte(client_for: ClientFor, people: People, approval: Approval) -> None:
    cast(approval, people.organisation, people["member"], "pour", explanation="Œuvre & « utilité »")
    path = f"{approval.get_absolute_url()}proces-verbal.json"
    assert client_for("member").get(path).status_code == 404
    assert client_for("anonymous").get(path).status_code == 302
    services.close_approval(approval=end(approval))
    approval.refresh_from_db()
    response = client_for("anonymous").get(path)
    assert response["Content-Type"].startswith("application/json")
    assert hashlib.sha256(response.content).hexdigest() == approval.record_sha256
    assert json.loads(response.content)["ballots"][0]["explanation"] == "Œuvre & « utilité »"
    page = client_for("anonymous").get(approval.get_absolute_url()).content.decode()
    assert approval.record_sha256 in page and path in page


def test_rejected_text_stays_the_members(client_for: ClientFor, approval: Approval) -> None:
    """The result of a rejected version is public, its text is not: the page does not link to what would be a 404."""
    services.close_approval(approval=end(approval))
    version_url = approval.version.get_absolute_url()
    assert version_url not in client_for("anonymous").get(approval.get_absolute_url()).content.decode()
    assert version_url in client_for("member").get(approval.get_absolute_url()).content.decode()


# --- queries ---


@pytest.mark.parametrize("state", ["open", "ended", "closed"])
def test_queries_do_not_grow_with_the_council(state: str, client_for: ClientFor, people: People) -> None:
    small = open_vote(titulars=1)
    big = open_vote(titulars=30, version=_second_version())
    for approval in (small, big):
        for mandate in voters(approval):
            cast(approval, mandate.organisation, mandate.person)
        if state != "open":
            end(approval)
        if state == "closed":
            services.close_approval(approval=approval)
    people["observer"]
    client = client_for("anonymous" if state == "closed" else "observer")
    for approval in (small, big):
        queries_of(client, approval.get_absolute_url())
    few, many = (len(queries_of(client, approval.get_absolute_url())) for approval in (small, big))
    assert few == many <= (5 if state == "closed" else 12)


def _second_version() -> Any:
    from tests.roadmap.approval.factories import make_version

    return make_version(number=3)


def test_queries_of_a_voter_do_not_grow_with_ballots(
    client_for: ClientFor, people: People, approval: Approval
) -> None:
    def replace(times: int) -> None:
        for turn in range(times):
            cast(approval, people.organisation, people["member"], explanation=str(turn))

    assert_constant_queries(
        lambda: replace(1),
        lambda: replace(30),
        approval.get_absolute_url(),
        client=client_for("member"),
        at_most=10,
    )


def test_council_of_nobody_else(client_for: ClientFor) -> None:
    """The smallest electorate: one organisation, whose voice decides."""
    mandate = make_council(1)[0]
    approval = open_vote()
    client = Client()
    client.force_login(mandate.person)
    post(client, approval, ballot(approval, mandate.organisation))
    assert services.close_approval(approval=end(approval)).outcome == "adopted"
