"""The secretariat's pages of a poll."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from core.workflow import history
from outbox.models import OutboxEmail
from tests.helpers.queries import assert_constant_queries
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.polls.factories import DAY, ask, make_poll, option_ids
from workshops.enums import WorkshopState
from workshops.models import DatePoll, PollAnswer, PollReply, Workshop
from workshops.polls.forms import SlotFormSet

pytestmark = pytest.mark.django_db

# Once: midnight may come while a test posts the same days again.
TODAY = timezone.localdate()


def url(workshop: Workshop, step: str = "", *more: int) -> str:
    name = "admin:workshops_workshop_poll" + (f"_{step}" if step else "")
    return reverse(name, args=[workshop.pk, *more])


def text(response: Any) -> str:
    return str(response.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


def typed(*lines: tuple[str, str, str], venues: Any = (), **more: Any) -> dict[str, Any]:
    """Return what the screen sends; the deadline is at noon, an hour that October does not have twice."""
    data: dict[str, Any] = {
        "slots-TOTAL_FORMS": len(lines),
        "slots-INITIAL_FORMS": 0,
        "answer_by": f"{day(5)}T12:00",
        "venues": [venue.pk for venue in venues],
    }
    for number, (date, start, end) in enumerate(lines):
        data |= {
            f"slots-{number}-day": date,
            f"slots-{number}-start": start,
            f"slots-{number}-end": end,
        }
    return data | more


def day(count: int) -> str:
    return (TODAY + timedelta(days=count)).isoformat()


def cells(response: Any) -> list[Any]:
    return [cell for line in response.context["draft"].lines() for cell in line.cells]


# --- proposing --------------------------------------------------------------------------------------------------------


def test_the_matrix_is_shown_before_anything_is_saved(client_for: Any) -> None:
    workshop = WorkshopFactory()
    small, taken = VenueFactory(capacity=1), VenueFactory()
    InvitationFactory.create_batch(2, workshop=workshop, unsent=True)
    start = timezone.make_aware(datetime.fromisoformat(f"{day(20)}T09:00"))
    other = WorkshopFactory(scheduled=True, venue=taken, starts_at=start, ends_at=start + timedelta(hours=2))
    client = client_for("secretariat")
    data = typed(
        (day(20), "09:00", "11:00"), (day(20), "10:00", "12:00"), (day(22), "14:00", "16:00"), ("", "", ""),
        venues=[small, taken],
    )  # fmt: skip
    response = client.post(url(workshop, "edit"), data | {"save": "1"})
    html = text(response)
    assert response.status_code == 200 and not DatePoll.objects.exists()
    assert len(cells(response)) == 6 and html.count('name="keep"') == 6
    assert html.count(f"« {other.title_fr} » occupe ce lieu") == 2
    assert html.count("Places : 1, pour 2 personnes sur la liste.") == 3
    assert html.count("Chevauche un autre créneau proposé.") == 2
    seen = [cell.key for cell in cells(response)]
    response = client.post(url(workshop, "edit"), data | {"save": "1", "seen": seen, "keep": seen[1:]})
    assert response.status_code == 302
    assert DatePoll.objects.get().options.count() == 5
    again = client.get(url(workshop, "edit"))
    assert [cell.ticked for cell in cells(again)] == [False, True, True, True, True, True]


def test_what_changed_since_the_matrix_is_shown_again_before_it_is_saved(client_for: Any) -> None:
    workshop, client = WorkshopFactory(), client_for("secretariat")
    first = client.post(url(workshop, "edit"), typed((day(20), "09:00", "11:00")))
    seen = [cell.key for cell in cells(first)]
    data = typed((day(20), "09:00", "11:00"), (day(21), "09:00", "11:00"))
    response = client.post(url(workshop, "edit"), data | {"save": "1", "seen": seen, "keep": seen})
    assert response.status_code == 200 and not DatePoll.objects.exists()
    assert [cell.ticked for cell in cells(response)] == [True, True]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([("2999-01-01", "11:00", "09:00")], "doit venir après son début"),
        ([("2001-01-01", "09:00", "11:00")], "passée"),
        ([("2999-01-01", "09:00", "")], "Indiquez le jour, le début et la fin."),
        ([("", "09:00", "11:00")], "Indiquez le jour, le début et la fin."),
        ([("2999-01-01", "09:00", "11:00")] * 2, "Ce créneau figure deux fois."),
        ([("2999-10-27", "02:30", "04:00")], 'name="slots-0-start_hour" value="second"'),
        ([("2999-03-31", "02:30", "04:00")], "n’existe pas"),
        ([("31/02/2999", "09:00", "11:00")], "date valide"),
        ([("", "", "")], "Proposez au moins une date."),
    ],
)
def test_a_bad_slot_is_said_at_its_line_and_kept(client_for: Any, lines: Any, message: str) -> None:
    workshop = WorkshopFactory()
    response = client_for("secretariat").post(url(workshop, "edit"), typed(*lines))
    assert response.status_code == 422 and message in text(response)
    # A day that no picker could have sent is shown in none.
    assert all(value in text(response) for value in lines[0] if value and "/" not in value)
    assert not DatePoll.objects.exists()


def test_the_hour_that_comes_twice_asks_which_and_is_not_asked_again(client_for: Any) -> None:
    workshop, client = WorkshopFactory(), client_for("secretariat")
    data = typed(("2999-10-27", "02:30", "02:15"), answer_by="2998-10-28T02:30")
    assert set(client.post(url(workshop, "edit"), data).context["draft"].form.errors) == {"answer_by"}
    picked = {"slots-0-start_hour": "first", "slots-0-end_hour": "second", "answer_by_hour": "second"}
    shown = client.post(url(workshop, "edit"), data | picked)
    assert shown.status_code == 200
    kept = dict(re.findall(r'<input type="hidden" name="([\w-]+_hour)" value="(\w+)">', text(shown)))
    assert kept == picked
    keys = [cell.key for cell in cells(shown)]
    saved = client.post(url(workshop, "edit"), data | kept | {"save": "1", "seen": keys, "keep": keys})
    assert saved.status_code == 302
    poll = DatePoll.objects.get()
    option = poll.options.get()
    assert (option.starts_at, option.ends_at, poll.answer_by) == (
        datetime(2999, 10, 27, 0, 30, tzinfo=UTC),
        datetime(2999, 10, 27, 1, 15, tzinfo=UTC),
        datetime(2998, 10, 28, 1, 30, tzinfo=UTC),
    )


def test_too_many_options_and_a_late_deadline_are_said(client_for: Any) -> None:
    workshop, client = WorkshopFactory(), client_for("secretariat")
    venues = VenueFactory.create_batch(26)
    data = typed((day(20), "09:00", "11:00"), (day(21), "09:00", "11:00"), venues=venues)
    seen = [cell.key for cell in cells(client.post(url(workshop, "edit"), data))]
    data |= {"save": "1", "seen": seen, "keep": seen}
    response = client.post(url(workshop, "edit"), data)
    assert response.status_code == 422 and "52 propositions : 50 au plus" in text(response)
    data |= {"keep": seen[:2], "answer_by": f"{day(30)}T09:00"}
    response = client.post(url(workshop, "edit"), data)
    assert response.status_code == 422 and "doit précéder la première date" in text(response)
    assert not DatePoll.objects.exists()


def test_more_lines_keep_what_was_typed(client_for: Any) -> None:
    response = client_for("secretariat").post(
        url(WorkshopFactory(), "edit"), typed(("2999-01-01", "11:00", "")) | {"more": "1"}
    )
    html = text(response)
    assert response.status_code == 200 and "2999-01-01" in html and "errornote" not in html
    assert html.count('type="date"') == 5


@pytest.mark.parametrize("total", ["", "x", "-1", "99999", "101"])
def test_a_forged_number_of_lines_is_refused(client_for: Any, total: str) -> None:
    workshop = WorkshopFactory()
    data = typed((day(20), "09:00", "11:00")) | {"slots-TOTAL_FORMS": total}
    for more in ({}, {"more": "1"}):
        response = client_for("secretariat").post(url(workshop, "edit"), data | more)
        assert response.status_code in (200, 422)
    assert not DatePoll.objects.exists()
    assert SlotFormSet.absolute_max == 100


def test_a_chosen_or_cancelled_poll_is_no_longer_edited(client_for: Any) -> None:
    poll = make_poll(state=WorkshopState.CANCELLED)
    assert client_for("secretariat").get(url(poll.workshop, "edit")).status_code == 403


# --- the way through --------------------------------------------------------------------------------------------------


def test_from_the_draft_to_the_invitations(client_for: Any, people: Any) -> None:
    workshop, client = WorkshopFactory(), client_for("secretariat")
    InvitationFactory.create_batch(2, workshop=workshop, unsent=True)
    process = reverse("admin:workshops_workshop_process", args=[workshop.pk])
    assert url(workshop) in text(client.get(process))
    assert client.get(url(workshop))["Location"] == url(workshop, "edit")
    data = typed((day(20), "09:00", "11:00"), (day(21), "09:00", "11:00"), venues=[workshop.venue])
    seen = [cell.key for cell in cells(client.post(url(workshop, "edit"), data))]
    client.post(url(workshop, "edit"), data | {"save": "1", "seen": seen, "keep": seen})
    assert "Ouvrir et interroger 2 personnes" in text(client.get(url(workshop)))
    response = client.post(url(workshop, "open"), follow=True)
    assert "Le sondage est ouvert : 2 personnes sont interrogées." in text(response)
    html = text(client.get(process))
    assert "Un sondage de dates est en cours" in html and "Programmer et envoyer" not in html
    InvitationFactory(workshop=workshop, unsent=True)
    assert "Interroger 1 personne de plus" in text(client.get(url(workshop)))
    client.post(url(workshop, "ask"))
    assert OutboxEmail.objects.filter(kind="workshop-poll").count() == 3
    option = option_ids(DatePoll.objects.get())[1]
    response = client.post(url(workshop, "choose", option), follow=True)
    assert "Atelier programmé : 3 invitations partent." in text(response)
    assert "Date retenue parmi celles du sondage" in text(response)
    # What people said stays a click away.
    assert f'href="{url(workshop)}"' in response.content.decode()
    again = client.post(url(workshop, "choose", option), follow=True)
    assert "La date est choisie : le sondage est clos." in text(again)
    assert OutboxEmail.objects.filter(kind="workshop-invitation").count() == 3
    chosen = text(client.get(url(workshop)))
    assert "Date retenue" in chosen and "Programmer et inviter" not in chosen


def test_the_page_ranks_with_reasons_and_shows_who_can_when(client_for: Any) -> None:
    poll = make_poll()
    row = ask(poll, "ymn", comment="Plutôt le mardi", is_required=True)
    ask(poll)
    html = text(client_for("secretariat").get(url(poll.workshop)))
    assert "1 oui, 0 peut-être, 0 non, 1 sans réponse." in html
    assert f"{row.organisation.name} (indispensable) ne peut pas venir." in html
    assert "Plutôt le mardi" in html and "1 sur 2" in html
    assert html.count("Programmer et inviter 2 personnes") == 3


def test_a_phoned_in_reply_names_both(client_for: Any, people: Any) -> None:
    poll = make_poll()
    row = ask(poll)
    DatePoll.objects.update(answer_by=timezone.now() - DAY)
    client = client_for("secretariat")
    address = url(poll.workshop, "reply", row.pk)
    assert row.name in text(client.get(address))
    first = option_ids(poll)[0]
    response = client.post(address, {f"option-{first}": "no", "comment": "Au téléphone"}, follow=True)
    assert "est enregistrée" in text(response) and "restent sans réponse" in text(response)
    reply = PollReply.objects.get(invitation=row)
    assert reply.recorded_by == people["secretariat"] and history(row).get().by == people["secretariat"]
    bad = client.post(address, {f"option-{first}": "yes", "none": "on"})
    assert bad.status_code == 422 and "retirez" in text(bad)
    empty = client.post(address, {})
    assert empty.status_code == 422 and list(PollAnswer.objects.values_list("choice", flat=True)) == ["no"]


def test_extending_the_deadline(client_for: Any) -> None:
    poll = make_poll()
    client = client_for("secretariat")
    assert client.get(url(poll.workshop, "deadline")).status_code == 200
    late = {"answer_by": f"{day(15)}T12:00"}
    assert client.post(url(poll.workshop, "deadline"), late).status_code == 302
    response = client.post(url(poll.workshop, "deadline"), {"answer_by": f"{day(2)}T12:00"})
    assert response.status_code == 422 and "postérieure" in text(response)
    assert client.post(url(poll.workshop, "deadline"), {"answer_by": "x"}).status_code == 422
    asked = client.post(url(poll.workshop, "deadline"), {"answer_by": "2999-10-27T02:30"})
    assert asked.status_code == 422 and 'name="answer_by_hour" value="second"' in text(asked)
    process = client.get(reverse("admin:workshops_workshop_process", args=[poll.workshop_id]))
    assert "Date limite du sondage" in text(process)


def test_cancelling_from_the_process_page_says_and_tells_how_many(client_for: Any) -> None:
    poll = make_poll()
    ask(poll, "y")
    ask(poll)
    address = reverse("admin:workshops_workshop_process_cancel", args=[poll.workshop_id])
    client = client_for("secretariat")
    assert "2 personnes" in text(client.post(address, {"reason": "Aucune date"}))
    assert not OutboxEmail.objects.exists()
    client.post(address, {"reason": "Aucune date", "confirm": "1"})
    assert OutboxEmail.objects.filter(kind="workshop-poll-cancelled").count() == 2


def test_the_sheet_keeps_its_hands_off_the_dates_while_they_are_searched(client_for: Any) -> None:
    poll = make_poll()
    html = text(
        client_for("secretariat").get(reverse("admin:workshops_workshop_change", args=[poll.workshop_id]))
    )
    assert "starts_at_0" not in html and 'name="venue"' not in html


@pytest.mark.parametrize("step", ["", "edit", "open", "ask", "deadline", "choose", "reply"])
@pytest.mark.parametrize("role", ["anonymous", "member"])
def test_only_the_secretariat_enters(client_for: Any, role: str, step: str) -> None:
    poll = make_poll()
    more = {"choose": option_ids(poll)[:1], "reply": [ask(poll).pk]}.get(step, [])
    for answer in (client_for(role).get, client_for(role).post):
        response = answer(url(poll.workshop, step, *more))
        assert response.status_code == 302 and re.search(r"/(connexion|admin/login)/", response["Location"])
    assert Workshop.objects.get().state == WorkshopState.DATE_POLL


def test_the_page_asks_as_much_for_one_person_as_for_thirty(client_for: Any) -> None:
    poll = make_poll()

    def many() -> None:
        for _number in range(30):
            ask(poll, "ymn")

    assert_constant_queries(
        lambda: ask(poll, "ymn"), many, url(poll.workshop), client=client_for("secretariat"), at_most=20
    )
