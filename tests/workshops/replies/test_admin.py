"""The secretariat's list and sheet of what calendars sent."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.workflow import TransitionError, history
from outbox.models import OutboxEmail
from tests.helpers.queries import assert_constant_queries
from tests.workshops.factories import InvitationFactory
from tests.workshops.replies.conftest import facts_of, take
from tests.workshops.replies.samples import apple
from workshops.enums import Answer, AnswerSource
from workshops.models import CalendarReply, Invitation
from workshops.replies import services
from workshops.replies.enums import ReplyState
from workshops.services import WorkshopError

pytestmark = pytest.mark.django_db
LIST = "/admin/workshops/calendarreply/"


def sheet(reply: CalendarReply, verb: str = "change") -> str:
    return reverse(f"admin:workshops_calendarreply_{verb}", args=[reply.pk])


@pytest.fixture
def secretary(client_for: Callable[[str], Client]) -> Client:
    return client_for("secretariat")


@pytest.fixture
def stranger(invitation: Invitation) -> CalendarReply:
    """An answer of the assistant, to the invitation's own address."""
    return take(apple(facts_of(invitation, attendee="assistant@example.com", comment="Oui <b>sûr</b>")))


def test_the_list_shows_what_is_to_be_decided_first(
    secretary: Client, invitation: Invitation, stranger: CalendarReply
) -> None:
    take(apple(facts_of(invitation)))
    noted = InvitationFactory()
    take(apple(facts_of(noted, partstat="TENTATIVE")))
    rows = secretary.get(LIST).context["cl"].result_list
    assert [row.state for row in rows] == ["quarantined", "noted", "applied"]
    found = secretary.get(LIST, {"state__exact": "quarantined", "q": "assistant@example.com"})
    assert [row.pk for row in found.context["cl"].result_list] == [stranger.pk]


@pytest.mark.parametrize("lookup", ["text__startswith", "raw__isnull", "digest__startswith"])
def test_no_address_of_the_list_asks_what_a_message_says(secretary: Client, lookup: str) -> None:
    assert secretary.get(LIST, {lookup: "a"}).status_code == 400


def test_the_sheet_says_what_arrived_and_why_it_waits(secretary: Client, stranger: CalendarReply) -> None:
    page = secretary.get(sheet(stranger)).content.decode()
    assert "La personne qui répond n’est pas celle qui est invitée." in page
    assert "assistant@example.com" in page and "Oui &lt;b&gt;sûr&lt;/b&gt;" in page and "<b>sûr" not in page
    assert stranger.invitation is not None and stranger.invitation.name in page
    assert f'value="{stranger.invitation.pk}" selected' in page


def test_the_secretariat_takes_a_strange_answer_and_the_log_names_both(
    secretary: Client, people, invitation: Invitation, stranger: CalendarReply
) -> None:
    # After the deadline too, as for an answer by phone.
    type(invitation.workshop).objects.update(answer_by=timezone.now() - timedelta(minutes=1))
    response = secretary.post(sheet(stranger, "apply"), {"invitation": invitation.pk, "answer": "yes"})
    assert response.status_code == 302 and response["Location"] == LIST
    invitation.refresh_from_db()
    stranger.refresh_from_db()
    assert (invitation.answer, invitation.answer_source) == (Answer.YES, AnswerSource.SECRETARIAT)
    assert invitation.comment == "Oui <b>sûr</b>"
    for target in (invitation, stranger):
        assert history(target).last().by == people["secretariat"]
    assert (stranger.state, stranger.raw, stranger.invitation) == (ReplyState.APPLIED, None, invitation)
    assert OutboxEmail.objects.filter(kind="workshop-answer", to=invitation.email).count() == 1


def test_an_answer_to_an_invitation_that_does_not_fit_is_refused(
    secretary: Client, stranger: CalendarReply
) -> None:
    elsewhere = InvitationFactory()
    response = secretary.post(sheet(stranger, "apply"), {"invitation": elsewhere.pk, "answer": "yes"})
    assert response.status_code == 422
    response = secretary.post(sheet(stranger, "apply"), {"invitation": "x\0", "answer": "waiting"})
    assert response.status_code == 422
    stranger.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (stranger.state, elsewhere.answer) == (ReplyState.QUARANTINED, Answer.SILENT)


def test_a_refused_answer_leaves_the_reply_undecided(people, stranger: CalendarReply) -> None:
    invitation = stranger.invitation
    assert invitation is not None
    Invitation.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(WorkshopError):
        services.apply_reply(
            reply=stranger, invitation=invitation, answer=Answer.YES, by=people["secretariat"]
        )
    stranger.refresh_from_db()
    assert stranger.state == ReplyState.QUARANTINED and stranger.raw


def test_setting_aside_wants_a_reason_and_mails_nobody(
    secretary: Client, people, stranger: CalendarReply
) -> None:
    response = secretary.post(sheet(stranger, "discard"), {"reason": "  "})
    assert response.status_code == 422 and "obligatoire" in response.content.decode()
    before = OutboxEmail.objects.count()
    response = secretary.post(sheet(stranger, "discard"), {"reason": "Doublon d’un appel"})
    assert response.status_code == 302
    stranger.refresh_from_db()
    assert (stranger.state, stranger.raw) == (ReplyState.DISCARDED, None)
    entry = history(stranger).last()
    assert (entry.by, entry.reason) == (people["secretariat"], "Doublon d’un appel")
    assert OutboxEmail.objects.count() == before
    page = secretary.get(sheet(stranger)).content.decode()
    assert "Doublon d’un appel" in page and "<form method" not in page.split('id="content-main"')[1]


def test_a_second_decision_comes_too_late(secretary: Client, people, stranger: CalendarReply) -> None:
    services.discard_reply(reply=stranger, reason="Non", by=people["secretariat"])
    response = secretary.post(
        sheet(stranger, "apply"), {"invitation": stranger.invitation_id, "answer": "yes"}, follow=True
    )
    assert response.redirect_chain == [(sheet(stranger), 302)]
    with pytest.raises(TransitionError):
        services.discard_reply(reply=stranger, reason="Non", by=people["secretariat"])
    stranger.refresh_from_db()
    assert stranger.state == ReplyState.DISCARDED


def test_a_perhaps_may_be_taken_after_a_call(secretary: Client, invitation: Invitation) -> None:
    reply = take(apple(facts_of(invitation, partstat="TENTATIVE")))
    response = secretary.post(sheet(reply, "apply"), {"invitation": invitation.pk, "answer": "excused"})
    assert response.status_code == 302
    invitation.refresh_from_db()
    assert invitation.answer == Answer.EXCUSED


def test_without_a_meeting_the_senders_own_invitations_are_proposed(invitation: Invitation) -> None:
    raw = b"From: LEA@example.com\r\nSubject: Accepted: x\r\nContent-Type: text/html\r\n\r\n<p>Oui</p>"
    InvitationFactory()
    assert list(services.candidates(take(raw))) == [invitation]
    assert not services.candidates(take(raw.replace(b"LEA", b"max"))).exists()


def test_every_state_has_a_page(secretary: Client, invitation: Invitation) -> None:
    for raw in (b"", b"Subject: x\r\n\r\n", b"Content-Type: multipart/report; boundary=b\r\n\r\n--b--"):
        reply = take(raw)
        assert secretary.get(sheet(reply)).status_code == 200
        assert secretary.get(sheet(reply), headers={"accept-language": "en"}).status_code == 200
    assert secretary.get(LIST).status_code == 200
    assert secretary.get(sheet(reply).replace(str(reply.pk), "999999")).status_code == 404


def test_the_workshops_page_leads_to_what_is_undecided(secretary: Client, invitation: Invitation) -> None:
    def more(count: int) -> None:
        for _reply in range(count):
            row = InvitationFactory(workshop=invitation.workshop, organisation=invitation.organisation)
            take(apple(facts_of(row, partstat="TENTATIVE", comment="Si le train roule")))

    page = reverse("admin:workshops_workshop_process", args=[invitation.workshop.pk])
    assert_constant_queries(lambda: more(1), lambda: more(2), page, client=secretary)
    shown = secretary.get(page).content.decode()
    for reply in CalendarReply.objects.all():
        assert f'href="{sheet(reply)}"' in shown
    assert "Si le train roule" in shown
