"""A member's space: the calendar's secret address, the choice of mails, the way out of them."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.enums import MailChoice
from members.models import CalendarFeed, MailRefusal
from members.notifications import SALT, refuse, unsubscribe_url, wants
from outbox.mime import build_message
from outbox.models import OutboxEmail
from tests.helpers.queries import assert_constant_queries
from tests.roadmap.drafting.factories import CommentFactory, make_consultation
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from tests.workshops.polls.factories import ask, make_poll
from workshops.enums import Answer
from workshops.reminders import remind_workshop

PREFERENCES = "/espace/preferences/"


def feed_of(person) -> CalendarFeed:
    return CalendarFeed.objects.create(person=person)


def path_of(feed: CalendarFeed) -> str:
    return f"/espace/agenda/{feed.token}.ics"


def unfolded(response) -> str:
    return response.content.decode().replace("\r\n ", "")


# --- the calendar ---


def test_feed_holds_what_i_come_to_and_what_awaits_me_alone(people):
    me = people["member"]
    coming = InvitationFactory(person=me, coming=True).workshop
    silent = InvitationFactory(person=me).workshop
    excused = InvitationFactory(person=me, answer=Answer.EXCUSED, answered_at=timezone.now()).workshop
    withdrawn = InvitationFactory(person=me, withdrawn_at=timezone.now()).workshop
    unsent = InvitationFactory(person=me, unsent=True).workshop
    others = InvitationFactory(person=people["member_other"], coming=True).workshop
    text = unfolded(Client().get(path_of(feed_of(me))))
    assert "METHOD:PUBLISH" in text and "ATTENDEE" not in text
    assert coming.uid in text and silent.uid in text
    for absent in (excused, withdrawn, unsent, others):
        assert absent.uid not in text


def test_feed_tells_the_way_in_only_to_those_who_come(people):
    me = people["member"]
    invitation = InvitationFactory(person=me)
    path = path_of(feed_of(me))
    assert "code 4321" not in unfolded(Client().get(path))
    invitation.answer, invitation.answered_at = Answer.YES, timezone.now()
    invitation.save()
    assert "code 4321" in unfolded(Client().get(path))


def test_feed_asks_again_after_the_dates_moved(people):
    me = people["member"]
    long_ago = timezone.now() - timedelta(days=3)
    workshop = WorkshopFactory(scheduled=True, moved_at=timezone.now())
    InvitationFactory(person=me, workshop=workshop, answer=Answer.EXCUSED, answered_at=long_ago)
    text = unfolded(Client().get(path_of(feed_of(me))))
    assert workshop.uid in text and "Votre réponse est attendue" in text


def test_feed_answers_304_until_something_changes(people):
    me = people["member"]
    InvitationFactory(person=me, coming=True)
    path = path_of(feed_of(me))
    first = Client().get(path)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert "public" not in first["Cache-Control"] and "private" in first["Cache-Control"]
    again = Client().get(path, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304 and not again.content and again["ETag"] == first["ETag"]
    assert Client().get(path, headers={"If-None-Match": f"W/{first['ETag']}"}).status_code == 304
    InvitationFactory(person=me)
    changed = Client().get(path, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200 and changed["ETag"] != first["ETag"]


def test_feed_renewed_closes_the_former_address(client_for, people):
    client = client_for("member")
    client.post(reverse("members:feed_renew"))
    former = CalendarFeed.objects.get(person=people["member"])
    assert path_of(former) in client.get(PREFERENCES).content.decode()
    client.post(reverse("members:feed_renew"))
    renewed = CalendarFeed.objects.get(person=people["member"])
    assert renewed.token != former.token
    assert Client().get(path_of(former)).status_code == 404
    assert Client().get(path_of(renewed)).status_code == 200


def test_feed_of_a_closed_account_is_gone(people):
    feed = feed_of(people["member"])
    people["member"].is_active = False
    people["member"].save()
    assert Client().get(path_of(feed)).status_code == 404


def test_looking_at_the_choices_makes_no_address(client_for):
    assert client_for("member").get(PREFERENCES).status_code == 200
    assert not CalendarFeed.objects.exists()


def test_feed_takes_constant_queries(people):
    me = people["member"]
    assert_constant_queries(
        lambda: InvitationFactory(person=me),
        lambda: InvitationFactory.create_batch(30, person=me),
        path_of(feed_of(me)),
        at_most=5,
    )


# --- the choice of mails ---


def chosen(**fields):
    return {"language": "fr", "wanted": MailChoice.values, "phone": ""} | fields


def test_preferences_keep_mails_language_and_directory(client_for, people):
    client = client_for("member")
    response = client.post(
        PREFERENCES,
        chosen(language="en", wanted=[MailChoice.COMMENT_DECIDED], phone="04 67 00 00 00", shows_phone="on"),
    )
    assert response.status_code == 302
    me = people["member"]
    me.refresh_from_db()
    assert (me.language, me.phone, me.shows_phone, me.shows_email) == ("en", "04 67 00 00 00", True, False)
    assert not wants(me, MailChoice.REMINDER_SILENT) and wants(me, MailChoice.COMMENT_DECIDED)
    client.post(PREFERENCES, chosen())
    assert not MailRefusal.objects.filter(person=me).exists()
    # The register remembers who changed the language.
    assert me.changes.filter(by=me, values__has_key="language").count() == 2


@pytest.mark.parametrize(
    "fields", [{"language": "de"}, {"wanted": ["approval-reminder"]}, {"phone": "1" * 31}]
)
def test_preferences_refuse_what_is_no_choice(client_for, people, fields):
    response = client_for("member").post(PREFERENCES, chosen(**fields))
    assert response.status_code == 422
    people["member"].refresh_from_db()
    assert people["member"].language == "fr" and not MailRefusal.objects.exists()


def test_preferences_change_nothing_but_ones_own_choices(client_for, people):
    extra = {"is_staff": "on", "is_superuser": "on", "email": "x@example.org", "first_name": "X"}
    client_for("member").post(PREFERENCES, chosen(**extra))
    me = people["member"]
    me.refresh_from_db()
    assert (me.is_staff, me.is_superuser, me.email) == (False, False, "member@example.org")


def test_preferences_say_why_the_rest_cannot_be_refused(client_for):
    text = client_for("member").get(PREFERENCES).content.decode()
    assert "Une convocation doit parvenir" in text and "Ils protègent votre compte" in text


# --- reminders, decisions ---


def due_workshop():
    """A workshop whose last delays have passed since people were invited."""
    start = timezone.now() + timedelta(hours=12)
    return WorkshopFactory(scheduled=True, starts_at=start, invited_at=timezone.now())


def test_refused_reminders_are_not_written_and_the_others_carry_the_way_out(people):
    workshop = due_workshop()
    long_ago = {"sent_at": timezone.now() - timedelta(days=20)}
    yes = {"answer": Answer.YES, "answered_at": timezone.now() - timedelta(days=10)}
    refusing, silent = people["member"], people["member_other"]
    InvitationFactory(workshop=workshop, person=refusing, **long_ago)
    InvitationFactory(workshop=workshop, person=silent, **long_ago)
    coming = InvitationFactory(workshop=workshop, **long_ago, **yes)
    stays_home = InvitationFactory(workshop=workshop, **long_ago, **yes)
    guest = InvitationFactory(workshop=workshop, guest=True, **long_ago)
    refuse(refusing, MailChoice.REMINDER_SILENT)
    refuse(stays_home.person, MailChoice.REMINDER_ATTENDING)
    assert remind_workshop(workshop) == 3
    rows = {row.to: row for row in OutboxEmail.objects.all()}
    assert set(rows) == {silent.email, coming.email, guest.email}
    assert rows[silent.email].unsubscribe_url == unsubscribe_url(silent, MailChoice.REMINDER_SILENT)
    assert rows[coming.email].unsubscribe_url == unsubscribe_url(coming.person, MailChoice.REMINDER_ATTENDING)
    assert rows[guest.email].unsubscribe_url == ""
    assert rows[silent.email].unsubscribe_url in rows[silent.email].text
    message = build_message(rows[silent.email]).message()
    assert message["List-Unsubscribe"] == f"<{rows[silent.email].unsubscribe_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_refused_decisions_are_not_mailed(people):
    from roadmap.drafting.emails import send_decision

    block = make_consultation().blocks.get(label="1.1.1")
    refusing = CommentFactory(block=block, author=people["member"])
    wanting = CommentFactory(block=block, author=people["member_other"])
    refuse(people["member"], MailChoice.COMMENT_DECIDED)
    with transaction.atomic():
        for comment in (refusing, wanting):
            send_decision(comment, sequence=1)
    (row,) = OutboxEmail.objects.all()
    assert row.recipient == people["member_other"] and "/desabonnement/" in row.unsubscribe_url


# --- the way out (RFC 8058) ---


def way_out(person, kind=MailChoice.REMINDER_SILENT) -> str:
    return re.sub(r"^https?://[^/]+", "", unsubscribe_url(person, kind))


def test_a_get_of_the_way_out_changes_nothing(people):
    for _ in range(2):
        response = Client().get(way_out(people["member"]))
        assert response.status_code == 200 and b"<form" in response.content
    assert "no-store" in response["Cache-Control"] and response["Referrer-Policy"] == "no-referrer"
    assert wants(people["member"], MailChoice.REMINDER_SILENT)


def test_a_bare_post_refuses_that_kind_for_that_person_alone(people):
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        response = client.post(way_out(people["member"]), {"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200 and not client.cookies
    assert list(MailRefusal.objects.values_list("person", "kind")) == [
        (people["member"].pk, MailChoice.REMINDER_SILENT)
    ]


def test_the_way_out_is_in_the_persons_language(people):
    people["member"].language = "en"
    path = way_out(people["member"])
    assert path.startswith("/en/desabonnement/")
    assert b"No longer receive" in Client().get(path).content


def test_an_altered_way_out_refuses_nothing(people):
    path = way_out(people["member"])
    signer = signing.Signer(salt=SALT)
    other_salt = signing.Signer(salt="other").sign_object([people["member"].pk, "comment-decided"])
    for token in (
        path.rsplit("/", 2)[1] + "A",
        other_salt,
        signer.sign_object([people["member"].pk, "approval-reminder"]),
        signer.sign_object([10**9, "comment-decided"]),
        signer.sign_object("x"),
        "x",
    ):
        assert Client().post(reverse("members:unsubscribe", args=[token])).status_code == 404, token
    assert not MailRefusal.objects.exists()


@pytest.mark.parametrize("role", ["member", "secretariat"])
def test_what_the_space_leads_to_leads_back(client_for, people, role):
    client = client_for(role)
    ask(make_poll(), person=people[role])
    ask(make_poll(), "y", person=people[role])
    main = client.get("/espace/").content.decode().partition("<main")[2]
    mine = set(re.findall(r'href="(/(?:espace|compte)/[^"#]*|/ateliers/[^"/]+/dates/)"', main))
    assert len(mine) >= 6
    for path in mine:
        assert 'href="/espace/"' in client.get(path).content.decode().partition("<main")[2], path
