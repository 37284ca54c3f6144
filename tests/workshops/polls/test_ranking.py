"""Which date suits best, and why."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from tests.members.factories import OrganisationFactory
from tests.workshops.factories import VenueFactory, WorkshopFactory
from tests.workshops.polls.factories import DAY, ask, make_poll
from workshops.models import DatePoll, PollOption
from workshops.polls.ranking import Ranked, results

pytestmark = pytest.mark.django_db


def ranked(poll: DatePoll) -> list[Ranked]:
    return results(DatePoll.objects.select_related("workshop").get(pk=poll.pk), now=timezone.now()).ranking


def order(poll: DatePoll) -> list[int]:
    """Return the options' places in time, best first."""
    places = {option.pk: place for place, option in enumerate(poll.options.all())}
    return [places[row.option.pk] for row in ranked(poll)]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_yes_counts_before_maybe_and_the_earliest_wins_a_tie() -> None:
    poll = make_poll(days=(20, 21, 22))
    ask(poll, "myy")
    ask(poll, "myn")
    ask(poll, "mnm")
    assert order(poll) == [1, 2, 0]
    tie = make_poll(days=(20, 21))
    assert order(tie) == [0, 1]


def test_maybes_decide_between_as_many_yes() -> None:
    poll = make_poll(days=(20, 21))
    ask(poll, "yy")
    ask(poll, "nm")
    assert order(poll) == [1, 0]


def test_somebody_required_who_cannot_outweighs_the_number() -> None:
    poll = make_poll(days=(20, 21))
    for _number in range(3):
        ask(poll, "yn")
    row = ask(poll, "ny", is_required=True)
    assert order(poll) == [1, 0]
    second = ranked(poll)[1]
    assert second.missing == [row.organisation.name]
    assert f"{row.organisation.name} (indispensable) ne peut pas venir." in second.reason


def test_a_required_organisation_is_covered_by_any_of_its_people() -> None:
    poll = make_poll(days=(20, 21))
    host = OrganisationFactory(name="Bulane")
    ask(poll, "nn", is_required=True, organisation=host)
    ask(poll, "yn", organisation=host)
    guest = ask(poll, "mm", is_required=True, guest=True)
    best, last = ranked(poll)
    assert (best.missing, best.unsure) == ([], [guest.name])
    assert last.missing == ["Bulane"]


def test_an_organisation_of_which_one_cannot_and_one_may_is_unsure() -> None:
    poll, host = make_poll(days=(20,)), OrganisationFactory(name="Bulane")
    ask(poll, "n", is_required=True, organisation=host)
    ask(poll, "m", organisation=host)
    (only,) = ranked(poll)
    assert (only.missing, only.unsure) == ([], ["Bulane"])


def test_two_required_are_named_in_the_plural() -> None:
    poll = make_poll(days=(20,))
    for name in ("Bulane", "EDF"):
        ask(poll, "n", is_required=True, organisation=OrganisationFactory(name=name))
    ask(poll, "-", is_required=True, organisation=OrganisationFactory(name="BRL"))
    reason = plain(ranked(poll)[0].reason)
    assert "Bulane, EDF (indispensables) ne peuvent pas venir." in reason
    assert "BRL (indispensable) hésite ou n’a pas répondu." in reason


@pytest.mark.parametrize(("room", "seats"), [(1, None), (5, 1)])
def test_a_room_too_small_for_those_who_said_yes_comes_after_one_that_holds_them(
    room: int, seats: int | None
) -> None:
    poll = make_poll(days=(20,), venue=VenueFactory(capacity=room), capacity=seats)
    first = poll.options.get()
    PollOption.objects.create(
        poll=poll, starts_at=first.starts_at + DAY, ends_at=first.ends_at + DAY, venue=VenueFactory()
    )
    ask(poll, "yy")
    ask(poll, "yn")
    assert order(poll) == [1, 0]
    small = next(row for row in ranked(poll) if row.option == first)
    assert (
        plain(small.reason) == "2 oui, 0 peut-être, 0 non. Il y a 1 place : il en manque 1 pour tous les oui."
    )


def test_the_reason_says_numbers_seats_and_doubts_in_both_languages() -> None:
    poll = make_poll(days=(20,), venue=VenueFactory(capacity=2))
    for said in ("y", "y", "m", "n", "-"):
        ask(poll, said)
    assert plain(ranked(poll)[0].reason) == (
        "2 oui, 1 peut-être, 1 non, 1 sans réponse. Il y a 2 places : trop peu si ceux qui hésitent viennent aussi."
    )
    with translation.override("en"):
        assert ranked(poll)[0].reason == (
            "2 yes, 1 maybe, 1 no, 1 without an answer. There are 2 seats: not enough if those who may come do."
        )


def test_a_taken_room_and_a_past_date_come_last_and_cannot_be_chosen() -> None:
    venue = VenueFactory()
    poll = make_poll(days=(20, 21, 22), venue=venue)
    ask(poll, "yyn")
    taken, past, _free = poll.options.all()
    other = WorkshopFactory(scheduled=True, venue=venue, starts_at=taken.starts_at + timedelta(hours=1))
    PollOption.objects.filter(pk=past.pk).update(starts_at=timezone.now() - DAY)
    best, *rest = ranked(poll)
    assert best.is_possible and best.yes == 0
    assert not any(row.is_possible for row in rest)
    assert any(other.title_fr in row.reason for row in rest)
    assert any("passée" in row.reason for row in rest)


def test_a_hosts_whole_site_is_taken_with_any_of_its_rooms() -> None:
    host = OrganisationFactory()
    site, room = VenueFactory(organisation=host, is_site=True), VenueFactory(organisation=host)
    for days, proposed, held in ((20, site, room), (21, room, site)):
        poll = make_poll(days=(days,), venue=proposed)
        option = poll.options.get()
        WorkshopFactory(scheduled=True, venue=held, starts_at=option.starts_at, ends_at=option.ends_at)
        assert ranked(poll)[0].clash


def test_other_rooms_and_other_times_do_not_clash() -> None:
    host = OrganisationFactory()
    room, other = VenueFactory.create_batch(2, organisation=host)
    poll = make_poll(days=(20,), venue=room)
    option = poll.options.get()
    WorkshopFactory(scheduled=True, venue=other, starts_at=option.starts_at, ends_at=option.ends_at)
    WorkshopFactory(scheduled=True, venue=room, starts_at=option.ends_at)
    WorkshopFactory(venue=room, starts_at=option.starts_at, ends_at=option.ends_at)
    assert ranked(poll)[0].clash is None


def test_the_withdrawn_are_counted_nowhere() -> None:
    poll = make_poll(days=(20,))
    ask(poll, "y")
    ask(poll, "y", withdrawn_at=timezone.now(), is_required=True)
    found = results(DatePoll.objects.select_related("workshop").get(pk=poll.pk), now=timezone.now())
    assert (found.ranking[0].yes, len(found.lines), found.answered) == (1, 1, 1)


def test_as_many_queries_for_thirty_people_as_for_one() -> None:
    def count(poll: Any) -> int:
        poll = DatePoll.objects.select_related("workshop").get(pk=poll.pk)
        with CaptureQueriesContext(connection) as captured:
            for row in results(poll, now=timezone.now()).lines:
                assert row.invitation.current_name
        return len(captured)

    small, large = make_poll(days=(20,)), make_poll(days=tuple(range(20, 40)))
    ask(small, "y")
    for number in range(30):
        ask(large, "ymn" * 6, is_required=number % 2 == 0)
    assert count(small) == count(large) <= 7
