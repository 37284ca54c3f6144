"""The secretariat's side: opening with its electorate shown, following, read-only ballots and ledger."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from core.clock import database_now
from core.models import LedgerEntry
from roadmap.approval import forms, services
from roadmap.approval.models import Approval, Ballot
from tests.helpers.roles import ROLES, People
from tests.members.factories import MandateFactory, SeatFactory
from tests.roadmap.approval.factories import (
    cast,
    end,
    make_council,
    make_version,
    move,
    open_vote,
    voters,
)

pytestmark = pytest.mark.django_db

ClientFor = Callable[[str], Client]
ADD = "/admin/roadmap/approval/add/"


def follow_url(approval: Approval) -> str:
    """The page where the secretariat follows a vote."""
    return f"/admin/roadmap/approval/{approval.pk}/change/"


def opening(version: Any, **fields: Any) -> dict[str, Any]:
    """What the opening form posts: from now to next week."""
    closes = timezone.localtime(database_now() + timedelta(days=7))
    return {
        "version": version.pk,
        "opens_at": "",
        "closes_at": closes.strftime("%Y-%m-%dT18:00"),
        "casting_organisation": "",
        "confirm": "on",
    } | fields


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", ["add", "follow", "list", "ballots", "ledger"])
def test_admin_pages_by_role(page: str, role: str, client_for: ClientFor) -> None:
    approval = open_vote(titulars=1)
    url = {
        "add": ADD,
        "follow": follow_url(approval),
        "list": "/admin/roadmap/approval/",
        "ballots": "/admin/roadmap/ballot/",
        "ledger": "/admin/core/ledgerentry/",
    }[page]
    allowed = role in ("secretariat", "administrator")
    response = client_for(role).get(url)
    assert (response.status_code == 200) == allowed
    assert allowed or response.status_code in (302, 403)


def test_open_page_previews_the_electorate(client_for: ClientFor) -> None:
    voter = MandateFactory()
    alternate = MandateFactory(alternate=True, organisation=voter.organisation)
    seated = SeatFactory().organisation
    observed = MandateFactory(observer=True).organisation
    html = client_for("secretariat").get(ADD).content.decode()
    would_vote, _, nobody = html.partition("<h3>")
    assert voter.organisation.name in would_vote and voter.person.get_full_name() in would_vote
    assert alternate.person.get_full_name() in would_vote
    for organisation in (seated, observed):
        assert organisation.name not in would_vote.partition("<tbody>")[2] and organisation.name in nobody


def test_open_from_the_form(client_for: ClientFor) -> None:
    first, _second = make_council(2)
    version = make_version()
    data = opening(version, casting_organisation=first.organisation_id)
    response = client_for("secretariat").post(ADD, data)
    approval = Approval.objects.get()
    assert response.status_code == 302 and response["Location"].endswith(follow_url(approval))
    assert approval.casting_organisation == first.organisation
    assert timezone.localtime(approval.closes_at).hour == 18
    assert approval.opens_at <= database_now()


@pytest.mark.parametrize(("typed", "taken"), [("14:30", True), ("14:21", True), ("14:19", False)])
def test_opening_typed_as_now_is_now(monkeypatch: pytest.MonkeyPatch, typed: str, taken: bool) -> None:
    """A form has minutes: 14:30, sent at 14:30:20, is no past instant; ten minutes are as much as a form waits."""
    now = datetime(2031, 5, 5, 12, 30, 20, tzinfo=UTC)
    monkeypatch.setattr(forms, "database_now", lambda: now)
    form = forms.OpeningForm({"opens_at": f"2031-05-05T{typed}"}, electorate=[])
    assert ("opens_at" not in form.errors) is taken
    assert form.cleaned_data.get("opens_at") == (now if taken else None)


@pytest.mark.parametrize(
    "change",
    [
        {"confirm": ""},
        {"closes_at": "2020-02-01T10:00"},
        {"closes_at": ""},
        {"closes_at": "demain"},
        {"opens_at": "2020-02-01T10:00"},
        {"opens_at": "2199-02-01T10:00"},
        {"version": "999999999"},
        {"casting_organisation": "999999999"},
    ],
)
def test_open_bad_form_refused(change: dict[str, str], client_for: ClientFor) -> None:
    make_council(1)
    response = client_for("secretariat").post(ADD, opening(make_version()) | change)
    assert response.status_code == 422 and "errorlist" in response.content.decode()
    assert not Approval.objects.exists()


def test_open_refused_by_the_rules_is_a_conflict(client_for: ClientFor) -> None:
    """No electorate: the form is right, the council is not."""
    response = client_for("secretariat").post(ADD, opening(make_version()))
    assert response.status_code == 409 and not Approval.objects.exists()


def test_follow_shows_who_has_not_voted_and_whom_to_call(client_for: ClientFor) -> None:
    approval = open_vote(titulars=2)
    voted, silent = voters(approval)
    alternate = MandateFactory(alternate=True, organisation=silent.organisation).person
    cast(approval, voted.organisation, voted.person, "contre", explanation="motif gardé")
    html = client_for("secretariat").get(follow_url(approval)).content.decode()
    assert "motif gardé" not in html and "1 / 2" in html
    missing, _, done = html.partition(f"<li>{voted.organisation.name}")
    assert silent.organisation.name in missing and alternate.get_full_name() in missing
    assert silent.organisation.name not in done


def test_follow_unknown_is_404(client_for: ClientFor) -> None:
    client = client_for("secretariat")
    for pk in ("999", "x", "1_2"):
        assert client.get(f"/admin/roadmap/approval/{pk}/change/").status_code == 404


def test_follow_has_the_record_written(client_for: ClientFor) -> None:
    """Nothing waits for the scheduler: past the closing the secretariat can have the record at once, once."""
    approval = open_vote(titulars=1)
    client = client_for("secretariat")
    client.post(follow_url(approval))
    assert Approval.objects.get().closed_at is None
    end(approval)
    client.get(follow_url(approval))
    assert Approval.objects.get().closed_at is None
    for _ in range(2):
        assert client.post(follow_url(approval)).status_code == 302
    assert Approval.objects.get().closed_at
    assert LedgerEntry.objects.filter(kind="approval.closed").count() == 1


@pytest.mark.parametrize("role", ["secretariat", "administrator"])
def test_ballots_are_unreadable_before_the_closing(role: str, client_for: ClientFor) -> None:
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    done = cast(approval, mandate.organisation, mandate.person, "contre", explanation="motif gardé").ballot
    client = client_for(role)
    one, every = f"/admin/roadmap/ballot/{done.pk}/change/", "/admin/roadmap/ballot/"
    ledger_page = f"/admin/core/ledgerentry/{done.ledger_entry_id}/change/"
    assert mandate.organisation.name not in client.get(every).content.decode().partition("result_list")[2]
    assert "motif gardé" not in client.get(one, follow=True).content.decode()
    assert "contre" not in client.get(ledger_page).content.decode().partition('id="content"')[2]
    end(approval)
    assert mandate.organisation.name in client.get(every).content.decode()
    assert "motif gardé" in client.get(one).content.decode()


@pytest.mark.parametrize("role", ["secretariat", "administrator"])
def test_nobody_writes_ballots_voters_or_ledger(role: str, client_for: ClientFor, people: People) -> None:
    approval = end(open_vote(titulars=1))
    mandate = voters(approval)[0]
    move(approval, closes_in=timedelta(days=1))
    done = cast(approval, mandate.organisation, mandate.person, "pour").ballot
    end(approval)
    client = client_for(role)
    for base, pk in (
        ("/admin/roadmap/ballot/", done.pk),
        ("/admin/core/ledgerentry/", done.ledger_entry_id),
    ):
        assert client.get(f"{base}add/").status_code == 403
        assert client.post(f"{base}add/", {"choice": "contre"}).status_code == 403
        assert client.post(f"{base}{pk}/change/", {"choice": "contre"}).status_code == 403
        assert client.post(f"{base}{pk}/delete/", {"post": "yes"}).status_code == 403
        response = client.post(base, {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
        assert response.status_code in (200, 302, 403)
    assert client.post(f"/admin/roadmap/approval/{approval.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/roadmap/voter/").status_code == 404
    done.refresh_from_db()
    assert done.choice == "pour" and Ballot.objects.count() == 1


def test_no_permission_to_write_votes_exists() -> None:
    """Not even one to be granted by mistake."""
    for model in ("ballot", "voter"):
        names = set(Permission.objects.filter(content_type__model=model).values_list("codename", flat=True))
        assert names == {f"view_{model}"}
    names = set(Permission.objects.filter(content_type__model="approval").values_list("codename", flat=True))
    assert names == {"view_approval", "add_approval"}


def test_follow_has_constant_queries(client_for: ClientFor) -> None:
    small = open_vote(titulars=1)
    big = open_vote(titulars=30, version=make_version(number=3))
    client = client_for("secretariat")
    client.get(follow_url(small))
    from tests.helpers.queries import queries_of

    assert len(queries_of(client, follow_url(small))) == len(queries_of(client, follow_url(big)))
    assert services.result(big).voted == 0


def test_ballot_list_filters_by_vote(client_for: ClientFor) -> None:
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    cast(approval, mandate.organisation, mandate.person)
    end(approval)
    client = client_for("secretariat")
    shown = client.get(f"/admin/roadmap/ballot/?vote={approval.pk}").content.decode()
    other = client.get("/admin/roadmap/ballot/?vote=x").content.decode()
    assert mandate.organisation.name in shown and mandate.organisation.name not in other
