"""The list and the sheet in a real browser: on a phone in dark colours, on a desk in light ones."""

from typing import Any

import pytest
from django.urls import reverse

from outbox.inbound import plus_address
from tests.helpers.browser import SIZES, axe, log_in, overflows
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from tests.workshops.replies.conftest import facts_of, take
from tests.workshops.replies.samples import apple, exchange, gmail
from workshops.enums import Answer
from workshops.models import CalendarReply
from workshops.replies.enums import ReplyState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["small", "large"])
def browser_context_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A phone in dark colours, and a desk in light ones."""
    scheme = "dark" if request.param == "small" else "light"
    return {"viewport": SIZES[request.param], "locale": "fr-FR", "color_scheme": scheme}


def test_the_secretariat_decides_about_a_strange_answer(page: Any, live_server: Any, people: Any) -> None:
    workshop = WorkshopFactory(scheduled=True, title_fr="Atelier-conseil : énergie et eau")
    lea, max_, eva = InvitationFactory.create_batch(3, workshop=workshop)
    take(gmail(facts_of(lea)))
    take(exchange(facts_of(max_, partstat="TENTATIVE", comment="Si le train roule")))
    strange = take(
        apple(facts_of(eva, attendee="assistante@example.com", comment="Elle vient, je réponds pour elle."))
    )
    take(apple(facts_of(eva, organizer=plus_address(lea.reply_tag), minutes=2)))
    take(b"From: Paul <paul@example.com>\r\nSubject: Accepted: Atelier\r\n\r\nOui, avec plaisir.\r\n")
    log_in(page, live_server, people["secretariat"])
    for prefix in ("", "/en"):
        page.goto(prefix + reverse("admin:workshops_calendarreply_changelist"))
        axe(page)
        assert not overflows(page)
    page.goto(reverse("admin:workshops_calendarreply_change", args=[strange.pk]))
    axe(page)
    assert not overflows(page)
    page.get_by_label("Présent", exact=True).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Prendre comme réponse").click()
    eva.refresh_from_db()
    assert eva.answer == Answer.YES
    assert CalendarReply.objects.get(pk=strange.pk).state == ReplyState.APPLIED
    page.goto("/en" + reverse("admin:workshops_calendarreply_change", args=[strange.pk]))
    axe(page)
    assert not overflows(page)
