"""What a person's calendar shows after each message about a workshop, in order and out of it."""

import random
from datetime import timedelta
from itertools import accumulate, permutations
from typing import Any

import pytest

from outbox.models import OutboxEmail
from tests.outbox.libical import libical
from tests.outbox.readers import ical_js
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from workshops import services
from workshops.models import Workshop

pytestmark = pytest.mark.django_db


def messages_to(address: str) -> list[str]:
    """The calendar objects mailed to somebody, as they left."""
    mails = OutboxEmail.objects.filter(to=address).exclude(calendar_text="").order_by("id")
    return list(mails.values_list("calendar_text", flat=True))


def move(workshop: Workshop, *, days: int = 0, **changes: Any) -> None:
    workshop.refresh_from_db()
    services.reschedule_workshop(
        workshop=workshop,
        starts_at=workshop.starts_at + timedelta(days=days),
        ends_at=workshop.ends_at + timedelta(days=days),
        venue=changes.get("venue", workshop.venue),
        answer_by=None,
        by=None,
    )


@pytest.fixture
def told() -> tuple[Workshop, list[str], list[str], list[dict[str, Any]]]:
    """Create, move, change the title and the room, uninvite one, invite them again, cancel; what one should see."""
    workshop = WorkshopFactory(scheduled=True, title_fr="Énergie ; eau")
    lea, max_ = (
        InvitationFactory(workshop=workshop, unsent=True, email=address, person__email=address)
        for address in ("lea@example.com", "max@example.com")
    )
    services.send_invitations(workshop=workshop, by=None)
    first = workshop.starts_at
    move(workshop, days=1)
    Workshop.objects.update(title_fr="Énergie, eau et déchets")
    move(workshop, venue=VenueFactory())
    services.withdraw_invitation(invitation=lea, by=None)
    services.add_guests(workshop=workshop, text="lea@example.com", by=None)
    services.send_invitations(workshop=workshop, by=None)
    services.cancel_workshop(workshop=workshop, reason="Grève", by=None)
    second = first + timedelta(days=1)
    old, new = "Énergie ; eau", "Énergie, eau et déchets"
    expected = [
        {"sequence": 0, "status": "CONFIRMED", "start": first.timestamp(), "summary": old},
        {"sequence": 1, "status": "CONFIRMED", "start": second.timestamp(), "summary": old},
        {"sequence": 2, "status": "CONFIRMED", "start": second.timestamp(), "summary": new},
        {"sequence": 3, "status": "CANCELLED", "start": second.timestamp(), "summary": new},
        {"sequence": 4, "status": "CONFIRMED", "start": second.timestamp(), "summary": new},
        {"sequence": 5, "status": "CANCELLED", "start": second.timestamp(), "summary": new},
    ]
    return workshop, messages_to("lea@example.com"), messages_to(max_.email), expected


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """What of a client's state the tests compare."""
    known = {name: state[name] for name in ("status", "start", "summary")}
    return {"sequence": state["rank"][0] if "rank" in state else state["sequence"], **known}


def test_each_message_brings_the_calendar_where_it_should_be(told: Any) -> None:
    workshop, lea, max_, expected = told
    hers, his = ical_js(runs=[lea, max_])
    assert [shown(state) for state in hers] == expected
    # Nobody else hears that Léa was uninvited and invited again.
    assert [shown(state) for state in his] == [*expected[:3], expected[5]]
    assert {state["uid"] for state in hers + his} == {workshop.uid}


def test_out_of_order_or_twice_the_calendar_ends_where_it_should(told: Any) -> None:
    _workshop, lea, _max, expected = told
    chance = random.Random(5546)
    runs = [chance.sample(lea * 2, len(lea) * 2) for _order in range(60)]
    for run, states in zip(runs, ical_js(runs=runs), strict=True):
        newest = -1
        for text, state in zip(run, states, strict=True):
            newest = max(newest, lea.index(text))
            assert shown(state) == expected[newest]


def test_evolutions_library_applies_each_message(told: Any) -> None:
    workshop, lea, max_, expected = told
    hers, his = libical(lea, attendee="lea@example.com"), libical(max_, attendee="max@example.com")
    assert [shown(state) for state in hers] == expected
    assert [shown(state) for state in his] == [*expected[:3], expected[5]]
    assert [state["called"] for state in hers] == [
        "REQUEST-NEW",
        "REQUEST-RESCHEDULE",
        "REQUEST-UPDATE",
        "CANCEL-EVENT",
        "REQUEST-UPDATE",
        "CANCEL-EVENT",
    ]
    assert all((state["uid"], state["events"]) == (workshop.uid, 1) for state in hers + his)


def test_evolutions_library_calls_an_older_update_or_a_second_copy_obsolete(told: Any) -> None:
    _workshop, lea, _max, expected = told
    updates, sequences = [lea[0], lea[1], lea[2], lea[4]], [0, 1, 2, 4]
    for order in permutations(range(4)):
        states = libical([updates[n] for n in order] * 2, attendee="lea@example.com")
        newest = list(accumulate([*order, *order], max))
        assert [state["sequence"] for state in states] == [sequences[n] for n in newest]
        assert [shown(state) for state in states] == [expected[sequences[n]] for n in newest]
        assert [state["called"] for state in states[4:]] == ["OBSOLETE"] * 4
