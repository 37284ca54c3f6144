"""What a poll holds about a person: handed over, and erased with them."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from industrie_positive.erasure import erase
from members.privacy import request_erasure
from tests.members.factories import UserFactory
from tests.workshops.polls.factories import DAY, ask, make_poll
from workshops.models import Invitation, PollAnswer, PollReply, Workshop

pytestmark = pytest.mark.django_db


def test_the_export_holds_my_replies_and_nobody_elses() -> None:
    poll, me = make_poll(), UserFactory()
    ask(poll, "ym", person=me, comment="Pas le lundi")
    ask(poll, "nnn", comment="Le secret d’un autre")
    recorded = ask(make_poll(), "n")
    PollReply.objects.filter(invitation=recorded).update(source="secretariat", recorded_by=me)
    client = Client()
    client.force_login(me)
    assert client.get("/espace/mes-donnees/").status_code == 200
    text = client.get("/espace/mes-donnees/mes-donnees.json").content.decode()
    data = json.loads(text)
    assert [row["comment"] for row in data["poll_replies"]] == ["Pas le lundi"]
    assert [row["choice"] for row in data["poll_answers"]] == ["yes", "maybe"]
    assert len(data["poll_replies_recorded"]) == 1 and "Le secret" not in text


def test_erasing_takes_the_replies_of_polls_under_way_and_of_past_ones(people: Any) -> None:
    me = UserFactory()
    under_way, past = make_poll(), make_poll()
    for poll in (under_way, past):
        ask(poll, "yyy", person=me, comment="À moi")
        ask(poll, "nnn")
    start = timezone.now() - DAY
    Workshop.objects.filter(pk=past.workshop_id).update(
        state="held", starts_at=start, ends_at=start + DAY / 8
    )
    Invitation.objects.filter(workshop=past.workshop).update(sent_at=start)
    erase(request=request_erasure(person=me, message="", by=me), by=people["secretariat"])
    assert not PollReply.objects.filter(comment="À moi").exists()
    assert PollReply.objects.count() == 2 and PollAnswer.objects.filter(choice="yes").count() == 0
    assert Invitation.objects.get(person=me).workshop_id == past.workshop_id
