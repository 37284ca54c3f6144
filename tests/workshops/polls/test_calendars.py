"""The holds in people's feeds and in the secretariat's calendar."""

from datetime import timedelta
from typing import Any

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from members.models import CalendarFeed
from tests.helpers.queries import assert_constant_queries
from tests.workshops.polls.factories import DAY, ask, make_poll, option_ids
from workshops.enums import WorkshopState
from workshops.models import DatePoll, PollOption, Workshop
from workshops.polls.queries import held_slots
from workshops.polls.services import cancel_poll, choose_option, reply_to_poll

pytestmark = pytest.mark.django_db


def feed(person: Any) -> str:
    row, _created = CalendarFeed.objects.get_or_create(person=person)
    return f"/espace/agenda/{row.token}.ics"


def events(person: Any) -> list[Any]:
    text = Client().get(feed(person)).content
    assert b"ATTENDEE" not in text
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


def test_yes_and_maybe_hold_and_the_rest_does_not(people: Any) -> None:
    me = people["member"]
    poll = make_poll(days=(20, 21, 22, 23))
    ask(poll, "ymn", person=me)
    ask(poll, "yyyy")
    first, second = list(poll.options.all())[:2]
    held = events(me)
    assert [event["UID"] for event in held] == [first.uid, second.uid]
    assert {event["STATUS"] for event in held} == {"TENTATIVE"}
    assert held[0]["SUMMARY"].startswith("À confirmer")
    assert [event["DTSTART"].dt for event in held] == [first.starts_at, second.starts_at]
    assert "Badge" not in Client().get(feed(me)).content.decode()


def test_uids_stay_and_the_feed_is_the_same_until_something_changes(people: Any) -> None:
    me = people["member"]
    poll = make_poll()
    row = ask(poll, "yyn", person=me)
    before = Client().get(feed(me))
    again = Client().get(feed(me), headers={"If-None-Match": before["ETag"]})
    assert again.status_code == 304
    uids = [event["UID"] for event in events(me)]
    first, second, third = option_ids(poll)
    reply_to_poll(invitation=row, choices={second: "yes", third: "maybe"}, by=None, source="mail-link")
    after = [event["UID"] for event in events(me)]
    assert after[0] == uids[1] and len(after) == 2


def test_choosing_leaves_the_workshop_alone_in_the_feed(people: Any) -> None:
    me = people["member"]
    poll = make_poll()
    ask(poll, "yyy", person=me)
    choose_option(workshop=poll.workshop, option=option_ids(poll)[1], by=None)
    (event,) = events(me)
    assert (event["UID"], event["STATUS"]) == (poll.workshop.uid, "CONFIRMED")


def test_cancelling_and_withdrawing_take_the_holds_away(people: Any) -> None:
    cancelled, withdrawn = make_poll(), make_poll()
    ask(cancelled, "yyy", person=people["member"])
    row = ask(withdrawn, "yyy", person=people["member_other"])
    cancel_poll(workshop=cancelled.workshop, reason="Aucune date", by=None)
    assert events(people["member"]) == []
    assert len(events(people["member_other"])) == 3
    row.withdrawn_at = timezone.now()
    row.save()
    assert events(people["member_other"]) == []


def test_holds_stay_after_the_deadline_until_the_choice(people: Any) -> None:
    poll = make_poll()
    ask(poll, "y", person=people["member"])
    DatePoll.objects.update(answer_by=timezone.now() - DAY)
    assert len(events(people["member"])) == 1


def test_the_hour_that_october_has_twice_is_held_in_utc(people: Any) -> None:
    poll = make_poll(days=(20,))
    ask(poll, "y", person=people["member"])
    start = timezone.datetime(2030, 10, 27, 0, 30, tzinfo=timezone.get_fixed_timezone(0))
    PollOption.objects.update(starts_at=start, ends_at=start + timedelta(hours=1))
    (event,) = events(people["member"])
    assert event["DTSTART"].dt == start and event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)


def test_the_secretariats_calendar_gets_the_options_of_polls_under_way() -> None:
    poll = make_poll(days=(20, 21))
    hidden = make_poll(days=(20,))
    Workshop.objects.filter(pk=hidden.workshop_id).update(state=WorkshopState.CANCELLED)
    now = timezone.now()
    assert [row.poll for row in held_slots(now, now + 30 * DAY)] == [poll, poll]
    assert held_slots(now, now + 19 * DAY).count() == 0
    first = poll.options.first()
    assert first and held_slots(first.ends_at, now + 20.5 * DAY).count() == 0


def test_the_feed_asks_as_much_for_one_hold_as_for_many(people: Any) -> None:
    me = people["member"]
    url = feed(me)

    def many() -> None:
        for _number in range(3):
            ask(make_poll(days=tuple(range(20, 30))), "y" * 10, person=me)

    assert_constant_queries(lambda: ask(make_poll(), "y", person=me), many, url, at_most=8)
