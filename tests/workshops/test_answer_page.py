"""The page where people answer: a full workshop, colleagues, proxies, needs, the very second of the deadline."""

from datetime import timedelta

import icalendar
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.helpers.queries import assert_constant_queries
from tests.members.factories import MandateFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from tests.workshops.test_views import errors_at, link, text
from workshops import services
from workshops.calendars import personal_calendar
from workshops.enums import Answer, AnswerSource
from workshops.models import Invitation

pytestmark = pytest.mark.django_db


def test_the_page_tells_before_and_after_that_it_is_full(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=1)
    InvitationFactory(workshop=workshop, coming=True)
    rows = InvitationFactory.create_batch(2, workshop=workshop)
    for rank, row in enumerate(rows, start=1):
        assert "L’atelier est complet" in text(client.get(link(row)))
        client.post(link(row), {"answer": "yes", "moves": "0"})
        page = text(client.get(link(row)))
        assert ("première position" if rank == 1 else "2e position") in page
        assert not any(secret in page for secret in ("Badge au", "L’atelier est complet"))


def test_a_colleague_is_chosen_by_the_link_and_the_giver_does_not_see_the_way_in(client: Client) -> None:
    row = InvitationFactory()
    colleague = MandateFactory(organisation=row.organisation, alternate=True).person
    page = text(client.get(link(row)))
    assert colleague.get_full_name() in page and colleague.email not in page
    data = {"answer": "represented", "representative": str(colleague.pk), "moves": "0"}
    assert client.post(link(row), data).status_code == 302
    page = text(client.get(link(row)))
    assert "Badge au" not in page
    theirs = Invitation.objects.get(workshop=row.workshop, person=colleague)
    assert "Badge au" in text(client.get(link(theirs)))
    assert client.post(link(row), {"answer": "yes", "moves": "0"}).status_code == 302
    assert client.get(link(theirs)).status_code == 410


def test_what_belongs_to_another_answer_is_left_aside(client: Client) -> None:
    row = InvitationFactory()
    data = {"answer": "yes", "represented_by": "Jo", "representative": "999999", "moves": "0"}
    assert client.post(link(row), data).status_code == 302
    row.refresh_from_db()
    assert (row.answer, row.represented_by) == (Answer.YES, "")


@pytest.mark.parametrize("value", ["999999", "x", "-1", "'"])
@pytest.mark.parametrize("field", ["representative", "proxy_organisation"])
def test_nobody_from_elsewhere_is_chosen(client: Client, field: str, value: str) -> None:
    row = InvitationFactory(workshop__session=True)
    InvitationFactory(workshop=row.workshop)
    MandateFactory(organisation=row.organisation, alternate=True)
    response = client.post(link(row), {"answer": "represented", field: value, "moves": "0"})
    assert response.status_code == 422 and errors_at(response, field)


def test_a_proxy_is_offered_where_the_kind_allows_it_alone(client: Client) -> None:
    for allowed in (True, False):
        row = InvitationFactory(workshop__session=allowed)
        holder = InvitationFactory(workshop=row.workshop).organisation
        assert (holder.name in text(client.get(link(row)))) == allowed
    row = InvitationFactory(workshop__session=True)
    holder = InvitationFactory(workshop=row.workshop).organisation
    data = {"answer": "represented", "proxy_organisation": str(holder.pk), "moves": "0"}
    assert client.post(link(row), data).status_code == 302
    page = text(client.get(link(row)))
    assert holder.name in page and "Badge au" not in page


def test_needs_too_long_are_refused_at_their_field(client: Client) -> None:
    response = client.post(link(InvitationFactory()), {"answer": "yes", "needs": "x" * 301, "moves": "0"})
    assert response.status_code == 422 and errors_at(response, "needs")


def test_an_answer_at_the_very_second_of_the_deadline_is_late(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline = timezone.now() + timedelta(days=1)
    row = InvitationFactory(workshop__answer_by=deadline)
    monkeypatch.setattr("workshops.services.answers.database_now", lambda: deadline)
    assert client.post(link(row), {"answer": "yes", "moves": "0"}).status_code == 409
    monkeypatch.setattr(
        "workshops.services.answers.database_now", lambda: deadline - timedelta(microseconds=1)
    )
    assert client.post(link(row), {"answer": "yes", "moves": "0"}).status_code == 302


def test_one_s_own_entry_for_a_calendar(client: Client) -> None:
    row = InvitationFactory(workshop__is_public=False)
    url = reverse("workshops:invitation_calendar", args=[row.token])
    assert "Badge au" not in text(client.get(url))
    client.post(link(row), {"answer": "yes", "moves": "0"})
    response = client.get(url)
    event = icalendar.Calendar.from_ical(text(response)).walk("VEVENT")[0]
    assert event["UID"] == row.workshop.uid and "Badge au" in event["DESCRIPTION"] and "ATTENDEE" not in event
    assert "no-store" in response["Cache-Control"] and response["Referrer-Policy"] == "no-referrer"
    services.cancel_workshop(workshop=row.workshop, reason="Non", by=None)
    assert client.get(url).status_code == 404


def test_the_answer_s_page_takes_the_same_queries_for_few_and_many(client: Client) -> None:
    row = InvitationFactory(workshop__session=True, workshop__capacity=2)

    def more(count: int) -> None:
        for _number in range(count):
            other = InvitationFactory(workshop=row.workshop)
            MandateFactory(organisation=row.organisation, alternate=True)
            services.answer_invitation(
                invitation=other, answer=Answer.YES, by=None, source=AnswerSource.MAIL_LINK
            )

    assert_constant_queries(lambda: more(3), lambda: more(8), link(row), at_most=20, client=client)


def test_the_link_of_somebody_taken_out_of_the_queue_says_so(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=1)
    InvitationFactory(workshop=workshop, coming=True)
    row, other = InvitationFactory.create_batch(2, workshop=workshop)
    for waiting in (row, other):
        client.post(link(waiting), {"answer": "yes", "moves": "0"})
    services.withdraw_invitation(invitation=row, by=None)
    response = client.get(link(row))
    assert response.status_code == 410 and "a été retirée" in text(response)
    services.cancel_workshop(workshop=workshop, reason="Grève", by=None)
    page = text(client.get(link(other)))
    assert "position" not in page and "Dès qu’une place se libère" not in page


def test_a_cancelled_workshop_shows_nobody_the_way_in(client: Client) -> None:
    row = InvitationFactory(coming=True)

    def feed() -> str:
        return personal_calendar(row.person).replace("\r\n ", "")  # no fold cuts what is looked for

    assert "code 4321" in text(client.get(link(row))) and "code 4321" in feed()
    services.cancel_workshop(workshop=row.workshop, reason="Grève", by=None)
    assert "code 4321" not in text(client.get(link(row)))
    assert "code 4321" not in feed()
