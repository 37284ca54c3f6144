"""The page behind the link and in the portal."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from outbox.models import OutboxEmail
from tests.helpers.queries import assert_constant_queries
from tests.members.factories import CommuneFactory
from tests.workshops.factories import InvitationFactory, VenueFactory
from tests.workshops.polls.factories import DAY, ask, make_poll, option_ids
from workshops.models import DatePoll, Invitation, PollAnswer, PollReply, Workshop
from workshops.polls.services import Proposal, cancel_poll, choose_option, save_poll

pytestmark = pytest.mark.django_db


def link(row: Invitation, prefix: str = "") -> str:
    return f"{prefix}/invitations/{row.token}/"


def page(poll: DatePoll, prefix: str = "") -> str:
    return f"{prefix}/ateliers/{poll.workshop.slug}/dates/"


def text(response: Any) -> str:
    return str(response.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


def ticks(poll: DatePoll, said: str, **more: Any) -> dict[str, Any]:
    words = {"y": "yes", "m": "maybe", "n": "no"}
    pairs = zip(option_ids(poll), said, strict=False)
    return {f"option-{pk}": words[letter] for pk, letter in pairs if letter in words} | {
        "revision": poll.revision,
        **more,
    }


def said(row: Invitation) -> list[str]:
    rows = PollAnswer.objects.filter(reply__invitation=row).order_by("option__starts_at")
    return list(rows.values_list("choice", flat=True))


# --- by the link ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_link_shows_the_options_and_a_get_changes_nothing(client: Client, prefix: str) -> None:
    venue = VenueFactory(name="Salle bleue", commune=CommuneFactory(name="Clapiers"))
    poll = make_poll(venue=venue)
    row = ask(poll)
    other = ask(poll, "y", comment="Secret d’un autre")
    for _time in range(2):
        response = client.get(link(row, prefix))
    html = text(response)
    assert response.status_code == 200 and html.count('type="radio"') == 9
    assert "Salle bleue" in html and "Clapiers" in html and row.name in html
    for hidden in ("Badge", "12 rue", other.name, other.comment or "Secret d’un autre", other.token):
        assert hidden not in html
    assert (response["Referrer-Policy"], response["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")
    assert "no-store" in response["Cache-Control"]
    assert PollReply.objects.get(invitation=row).answered_at is None


def test_a_reply_by_the_link_is_recorded_and_shown_again(client: Client) -> None:
    poll = make_poll()
    row = ask(poll)
    response = client.post(link(row), ticks(poll, "ym", comment="Pas le soir"))
    assert (response.status_code, response["Location"]) == (302, f"{link(row)}?ok=1")
    assert said(row) == ["yes", "maybe"]
    html = text(client.get(response["Location"]))
    assert "Votre réponse est enregistrée" in html and "Pas le soir" in html
    assert "Vous n’avez pas répondu pour 1 date." in html
    assert html.count(" checked") == 2
    assert Client(enforce_csrf_checks=True).post(link(row), ticks(poll, "n")).status_code == 302
    assert said(row) == ["no"]


def test_none_suits_is_a_no_to_each(client: Client) -> None:
    poll = make_poll()
    row = ask(poll)
    assert client.post(link(row), ticks(poll, "", none="on")).status_code == 302
    assert said(row) == ["no", "no", "no"]
    html = text(client.get(link(row)))
    assert html.count(" checked") == 4


def test_contradicting_oneself_is_said_and_what_was_typed_is_kept(client: Client) -> None:
    poll = make_poll()
    row = ask(poll)
    response = client.post(link(row), ticks(poll, "y", none="on", comment="Bonjour"))
    html = text(response)
    assert response.status_code == 422 and "retirez l’un des deux" in html
    assert html.count(" checked") == 2 and "Bonjour" in html and said(row) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Répondez pour une date au moins"),
        ({"option-999999": "yes"}, "n’est pas proposée"),
        ({"option-abc": "yes"}, "n’est pas proposée"),
        ({"option-99999999999999999999999": "yes"}, "n’est pas proposée"),
        ({"comment": "x" * 1001, "option-first": "yes"}, "1001"),
        ({"option-first": "peut-être pas"}, "Répondez oui, peut-être ou non"),
        ({"option-other": "yes"}, "n’est pas proposée"),
    ],
)
def test_a_bad_reply_is_422_and_writes_nothing(client: Client, data: dict[str, str], message: str) -> None:
    poll = make_poll()
    row = ask(poll)
    names = {
        "option-first": f"option-{option_ids(poll)[0]}",
        "option-other": f"option-{option_ids(make_poll())[0]}",
    }
    response = client.post(link(row), {names.get(name, name): value for name, value in data.items()})
    assert response.status_code == 422 and message in text(response)
    assert said(row) == [] and PollReply.objects.get(invitation=row).answered_at is None


def test_dates_changed_meanwhile_are_a_conflict_that_shows_the_new_ones(client: Client) -> None:
    poll = make_poll()
    row = ask(poll)
    stale = ticks(poll, "yyy", comment="Gardez-moi")
    first = poll.options.first()
    assert first
    start = timezone.now() + 40 * DAY
    save_poll(
        workshop=poll.workshop,
        proposals=[
            Proposal(first.starts_at, first.ends_at, first.venue_id),
            Proposal(start, start + timedelta(hours=1), None),
        ],
        answer_by=poll.answer_by,
        by=None,
    )
    response = client.post(link(row), stale)
    html = text(response)
    assert response.status_code == 409 and "viennent de changer" in html and "Gardez-moi" in html
    assert html.count('type="radio"') == 6 and 'name="revision" value="1"' in html and said(row) == []


def test_after_the_deadline_the_reply_is_read_and_not_changed(client: Client) -> None:
    poll = make_poll()
    row = ask(poll, "y")
    DatePoll.objects.update(answer_by=timezone.now() - timedelta(seconds=1))
    html = text(client.get(link(row)))
    assert "La date limite de réponse est passée" in html or "deadline" in html
    assert "Envoyer ma réponse" not in html and "disabled" in html
    assert client.post(link(row), ticks(poll, "n")).status_code == 409
    assert said(row) == ["yes"]


def test_a_cancelled_poll_is_gone_with_its_reason(client: Client) -> None:
    poll = make_poll()
    row = ask(poll)
    cancel_poll(workshop=poll.workshop, reason="Aucune date ne convient", by=None)
    response = client.get(link(row))
    assert response.status_code == 410 and "Aucune date ne convient" in text(response)
    late = client.post(link(row), ticks(poll, "y"))
    assert late.status_code == 410 and said(row) == []


def test_a_withdrawn_person_is_told(client: Client) -> None:
    poll = make_poll()
    row = ask(poll, withdrawn_at=timezone.now())
    assert client.get(link(row)).status_code == 410
    assert client.post(link(row), ticks(poll, "y")).status_code == 410 and said(row) == []


def test_once_chosen_the_same_link_is_the_invitation_and_a_late_reply_is_told(client: Client) -> None:
    poll = make_poll()
    row = ask(poll)
    choose_option(workshop=poll.workshop, option=option_ids(poll)[1], by=None)
    response = client.get(link(row))
    assert response.status_code == 200 and 'name="answer"' in text(response)
    late = client.post(link(row), ticks(poll, "y"))
    assert late.status_code == 410 and "La date est choisie" in text(late)
    row.refresh_from_db()
    assert (said(row), row.answer) == ([], "silent")


@pytest.mark.parametrize(("letter", "answer"), [("y", "yes"), ("n", "excused"), ("m", ""), ("", "")])
def test_the_polls_reply_fills_in_the_invitations_form_and_answers_nothing(
    client: Client, letter: str, answer: str
) -> None:
    poll = make_poll(days=(20,))
    row = ask(poll, letter)
    choose_option(workshop=poll.workshop, option=option_ids(poll)[0], by=None)
    response = client.get(link(row))
    assert response.context["answer_form"].initial["answer"] == answer
    assert ("Votre réponse n’est pas encore envoyée" in text(response)) == bool(answer)
    row.refresh_from_db()
    assert row.answer == "silent"
    Workshop.objects.update(moves=1)
    assert client.get(link(row)).context["answer_form"].initial["answer"] == "", "another date"


def test_somebody_on_the_list_who_was_not_asked_has_no_page(client: Client) -> None:
    poll = make_poll()
    row = InvitationFactory(workshop=poll.workshop, unsent=True)
    assert client.get(link(row)).status_code == 404
    assert client.post(link(row), ticks(poll, "y")).status_code == 404


# --- in the portal ----------------------------------------------------------------------------------------------------


def test_the_portal_shows_what_is_owed_and_takes_the_reply(client_for: Any, people: Any) -> None:
    poll = make_poll()
    row = ask(poll, person=people["member"])
    client = client_for("member")
    html = text(client.get("/espace/"))
    assert "Sondage de dates jusqu’au" in html and page(poll) in html
    assert client.get(poll.workshop.get_absolute_url())["Location"] == page(poll)
    assert client.get(page(poll)).status_code == 200
    assert client.post(page(poll), ticks(poll, "yyn")).status_code == 302
    reply = PollReply.objects.get(invitation=row)
    assert (reply.source, reply.recorded_by) == ("portal", people["member"])
    html = text(client.get("/espace/"))
    assert "Sondage de dates jusqu’au" not in html and "Vous avez répondu" in html
    save_poll(
        workshop=poll.workshop,
        proposals=[Proposal(o.starts_at, o.ends_at, o.venue_id) for o in poll.options.all()[1:]],
        answer_by=poll.answer_by,
        by=None,
    )
    assert "ont changé depuis votre réponse" in text(client.get("/espace/"))


def test_the_portals_form_needs_its_token(people: Any) -> None:
    poll = make_poll()
    ask(poll, person=people["member"])
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["member"])
    assert client.post(page(poll), ticks(poll, "y")).status_code == 403


@pytest.mark.parametrize("role", ["observer", "member_other", "pilot", "secretariat"])
def test_nobody_else_sees_or_answers_it(client_for: Any, people: Any, role: str) -> None:
    poll = make_poll()
    row = ask(poll, person=people["member"])
    assert client_for(role).get(page(poll)).status_code == 404
    assert client_for(role).post(page(poll), ticks(poll, "y")).status_code == 404
    assert said(row) == []


def test_the_portal_says_what_became_of_a_poll(client_for: Any, people: Any) -> None:
    poll = make_poll()
    row = ask(poll, person=people["member"])
    client = client_for("member")
    choose_option(workshop=poll.workshop, option=option_ids(poll)[0], by=None)
    assert client.get(page(poll))["Location"] == poll.workshop.get_absolute_url()
    assert client.post(page(poll), ticks(poll, "y")).status_code == 409
    assert said(row) == []


def test_a_workshop_in_search_of_a_date_is_in_no_public_page(client: Client, client_for: Any) -> None:
    poll = make_poll(is_public=True)
    ask(poll, "y")
    title = poll.workshop.title_fr
    for path in ("/", "/ateliers/", "/ateliers/agenda.ics", "/sitemap.xml"):
        assert title not in text(client.get(path)) and poll.workshop.slug not in text(client.get(path)), path
    assert client.get(poll.workshop.get_absolute_url()).status_code == 404
    assert client.get(f"{poll.workshop.get_absolute_url()}agenda.ics").status_code == 404
    assert client_for("member").get(poll.workshop.get_absolute_url()).status_code == 404


def test_pages_ask_as_much_for_one_option_as_for_thirty(client: Client, client_for: Any, people: Any) -> None:
    poll = make_poll(days=(20,))
    row = ask(poll, "y")

    def many() -> None:
        start = timezone.now() + 50 * DAY
        proposals = [Proposal(start + n * DAY, start + n * DAY + DAY / 24, None) for n in range(30)]
        save_poll(workshop=poll.workshop, proposals=proposals, answer_by=poll.answer_by, by=None)

    assert_constant_queries(lambda: None, many, link(row), client=client, at_most=12)
    mine = make_poll()

    def others() -> None:
        for said in ("", "y", "", "y"):
            ask(make_poll(), said, person=people["member"])

    assert_constant_queries(
        lambda: ask(mine, person=people["member"]) and ask(make_poll(), "y", person=people["member"]),
        others,
        reverse("member-space"),
        client=client_for("member"),
    )


def test_nothing_is_mailed_by_looking_or_replying(client: Client) -> None:
    poll = make_poll()
    row = ask(poll)
    client.get(link(row))
    client.post(link(row), ticks(poll, "y"))
    assert not OutboxEmail.objects.exists() and Workshop.objects.get(pk=poll.workshop_id).state == "date-poll"


def test_the_member_s_poll_leads_back_to_the_space_and_the_guest_s_does_not(
    client: Client, client_for: Any, people: Any
) -> None:
    poll = make_poll()
    row = ask(poll, person=people["member"])
    back = '<li><a href="/espace/">Mon espace</a></li>'
    assert back in client_for("member").get(page(poll)).content.decode()
    assert back not in client.get(link(row)).content.decode()
