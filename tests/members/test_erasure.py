"""Erasing reaches calendars, former names and addresses, and waits for no request that was under way."""

from datetime import timedelta

import icalendar
import pytest
from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from django.utils import timezone

from industrie_positive.erasure import erase, pseudonym
from industrie_positive.personal_data import export
from members.enums import MailChoice
from members.history import identities, record_change, snapshot
from members.models import CalendarFeed, ErasureRequest, MailRefusal, User
from members.notifications import unsubscribe_url
from members.privacy import ErasureError, request_erasure
from members.tasks import apply_retention
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from outbox.services import CalendarPart, queue_email
from tests.helpers.locks import at_once, behind
from tests.members.factories import MandateFactory, OrganisationFactory, UserFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops.models import Invitation
from workshops.services import answer_invitation

pytestmark = pytest.mark.django_db


def mail(to, key="k", recipient=None, text="Bonjour", calendar=None):
    with transaction.atomic():
        return queue_email(
            key=key, kind="test", to=to, subject="S", text=text, recipient=recipient, calendar=calendar
        )


def erased(person, by=None):
    return erase(request=request_erasure(person=person, message="", by=person), by=by)


def renamed(person, **fields):
    """Change a person's sheet as the register does."""
    before = snapshot(person)
    for name, value in fields.items():
        setattr(person, name, value)
    person.save()
    record_change(person, before=before, after=snapshot(person), by=None)


# --- calendars ---


def test_coming_entries_leave_the_calendar_before_the_address_goes():
    person = UserFactory(email="zoe@example.org")
    coming = InvitationFactory(person=person, coming=True).workshop
    before = coming.sequence
    others = InvitationFactory(workshop=coming)
    InvitationFactory(person=person, workshop=WorkshopFactory(held=True), coming=True)
    unsent = InvitationFactory(person=person, unsent=True)
    guest = InvitationFactory(guest=True, email="ZOE@example.org")
    erased(person)
    entries = list(OutboxEmail.objects.exclude(calendar_text=""))
    # By their bytes: in some of PostgreSQL's collations "ZOE" comes after "zoe".
    entries.sort(key=lambda row: row.to, reverse=True)
    assert len(entries) == 2 and not Invitation.objects.filter(pk__in=[unsent.pk, guest.pk])
    (event,) = icalendar.Calendar.from_ical(entries[0].calendar_text).walk("VEVENT")
    assert entries[0].calendar_method == "CANCEL" and entries[0].to == "zoe@example.org"
    assert event["UID"] == coming.uid and event["SEQUENCE"] == before + 1 and "STATUS" not in event
    assert {(row.recipient, row.kind) for row in entries} == {(None, "erasure-done")}
    assert set(Invitation.objects.filter(workshop=coming)) == {others}


def test_last_messages_are_forgotten_once_they_have_left():
    person = UserFactory(email="zoe@example.org")
    InvitationFactory(person=person, coming=True)
    erased(person)
    assert OutboxEmail.objects.filter(to="zoe@example.org").count() == 2
    OutboxEmail.objects.filter(to="zoe@example.org").update(
        **{"state": EmailState.SENT, "sent_at": timezone.now(), "next_attempt_at": None}
    )
    apply_retention()
    assert not OutboxEmail.objects.filter(to="zoe@example.org").exists()


def test_names_in_others_calendars_are_replaced_across_folds():
    person = UserFactory(first_name="Marie-Élisabeth", last_name="de La Rochefoucauld, dite Lili")
    name = person.get_full_name()
    entry = icalendar.Event()
    entry.add("summary", "Visite guidée par le groupe des membres du conseil et par " + name)
    entry.add("description", f"Ordre du jour\n{name}\n{name}-Roux")
    calendar = icalendar.Calendar()
    calendar.add("method", "REQUEST")
    calendar.add_component(entry)
    text = calendar.to_ical().decode()
    assert name not in text, "folded, or nothing is proved"
    row = mail("colleague@example.org", calendar=CalendarPart(text, "REQUEST"))
    erased(person)
    row.refresh_from_db()
    (event,) = icalendar.Calendar.from_ical(row.calendar_text).walk("VEVENT")
    assert event["SUMMARY"].endswith(f"par {pseudonym(1)}")
    assert event["DESCRIPTION"] == f"Ordre du jour\n{pseudonym(1)}\n{name}-Roux"
    assert all(len(line.encode()) <= 75 for line in row.calendar_text.split("\r\n"))


# --- former names, reused addresses ---


def test_identities_are_read_from_the_history():
    person = UserFactory(first_name="Ève", last_name="Un", email="un@example.org")
    renamed(person, email="deux@example.org")
    renamed(person, last_name="Trois", job_title="Directrice")
    renamed(person, email="quatre@example.org")
    names, tenures = identities(person)
    assert names == ["Ève Trois", "Ève Un"]
    assert [tenure.address for tenure in tenures] == [
        "quatre@example.org",
        "deux@example.org",
        "un@example.org",
    ]
    assert tenures[0].until is None and tenures[2].since == person.date_joined
    assert [tenure.since for tenure in tenures[:2]] == [tenure.until for tenure in tenures[1:]]


def test_former_names_and_addresses_leave_others_mails():
    person = UserFactory(first_name="Ève", last_name="Jadis", email="jadis@example.org")
    renamed(person, email="nunc@example.org", last_name="Naguère")
    mail("colleague@example.org", text="Ève Jadis, Ève Naguère, jadis@example.org")
    mail("jadis@example.org", key="later", text="à qui l’adresse est passée")
    erased(person)
    name = pseudonym(1)
    assert OutboxEmail.objects.get(key="k").text.strip() == f"{name}, {name}, {name}"
    assert OutboxEmail.objects.filter(key="later").exists(), "written after the address had changed hands"


def test_address_that_is_another_persons_now_stays_theirs():
    person = UserFactory(email="accueil@example.org", first_name="Ève", last_name="Partie")
    mail("accueil@example.org", key="to-eve", recipient=person)
    renamed(person, email="eve@example.org")
    heir = UserFactory(email="accueil@example.org")
    mail("accueil@example.org", key="to-heir", recipient=heir, text="Votre adresse : accueil@example.org")
    erased(person)
    assert list(OutboxEmail.objects.filter(kind="test").values_list("key", flat=True)) == ["to-heir"]
    assert "accueil@example.org" in OutboxEmail.objects.get(key="to-heir").text


def test_my_mails_are_not_those_of_who_had_my_address_before():
    former = UserFactory(email="accueil@example.org")
    mail("accueil@example.org", key="theirs", recipient=former, text="À Ève")
    mail("accueil@example.org", key="before-me", text="À un invité d’avant")
    InvitationFactory(guest=True, email="accueil@example.org", name="Invité d’avant")
    renamed(former, email="eve@example.org")
    mine = UserFactory(email="accueil@example.org", date_joined=timezone.now())
    mail("Accueil@example.org", key="mine", text="À moi")
    later = InvitationFactory(guest=True, email="accueil@example.org", sent_at=timezone.now())
    data = export(mine)
    assert [row["text"].strip() for row in data["mails"]] == ["À moi"]
    assert [row["name"] for row in data["workshop_invitations"]] == [later.name]
    assert {row["text"].strip() for row in export(former)["mails"]} == {"À Ève", "À un invité d’avant"}


# --- requests under way ---


def during_an_erasure(person, request_it):
    """Let an erasure win the person's row while `request_it` is under way; return what that gave."""
    request = request_erasure(person=person, message="", by=person)
    return behind(person, lambda row: erase(request=request, by=None), request_it)


PREFERENCES = {"language": "en", "phone": "0467", "shows_email": "on", "wanted": []}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "data"),
    [("/espace/preferences/", PREFERENCES), ("/espace/agenda/renouveler/", {}), ("unsubscribe", {})],
)
def test_post_under_way_writes_nothing_back(path, data):
    person = UserFactory(email="zoe@example.org")
    client = Client()
    client.force_login(person)
    if path == "unsubscribe":
        path = unsubscribe_url(person, MailChoice.COMMENT_DECIDED)
    answer = during_an_erasure(person, lambda: client.post(path, data).status_code)
    assert answer == 403
    person.refresh_from_db()
    assert (person.phone, person.shows_email, person.is_active) == ("", False, False)
    assert person.email.endswith(".invalid") and person.get_full_name() == pseudonym(1)
    assert not MailRefusal.objects.exists() and not CalendarFeed.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_new_password_under_way_brings_nothing_back():
    person = UserFactory(email="zoe@example.org", last_name="Àpartir")
    read = User.objects.get(pk=person.pk)
    answer = during_an_erasure(person, lambda: get_adapter().set_password(read, "un mot de passe neuf"))
    assert isinstance(answer, PermissionDenied)
    person.refresh_from_db()
    assert not person.is_active and not person.has_usable_password() and person.last_name != "Àpartir"


@pytest.mark.django_db(transaction=True)
def test_two_erasures_at_once_erase_once():
    person = UserFactory()
    request = request_erasure(person=person, message="", by=person)
    done = at_once(*[lambda: erase(request=request, by=None)] * 2)
    assert sorted(type(outcome).__name__ for outcome in done) == ["ErasureRequest", "TransitionError"]


def test_who_is_erased_asks_no_more():
    person = UserFactory()
    erased(person)
    with pytest.raises(ErasureError):
        request_erasure(person=person, message="", by=person)
    assert ErasureRequest.objects.count() == 1


def test_workshop_of_tomorrow_goes_on_for_the_others():
    person = UserFactory()
    workshop = WorkshopFactory(scheduled=True, starts_at=timezone.now() + timedelta(days=1))
    InvitationFactory(person=person, workshop=workshop)
    InvitationFactory(workshop=workshop, coming=True)
    erased(person)
    workshop.refresh_from_db()
    assert workshop.state == "scheduled" and workshop.invitations.count() == 1
    assert OutboxEmail.objects.exclude(calendar_text="").count() == 1


# --- seats, colleagues, needs ---


def test_an_erased_person_s_seat_goes_to_the_queue_and_their_needs_are_gone():
    workshop = WorkshopFactory(scheduled=True, capacity=1)
    person, waiting = UserFactory(), InvitationFactory(workshop=workshop)
    mine = InvitationFactory(workshop=workshop, person=person)
    past = InvitationFactory(
        person=person, workshop=WorkshopFactory(held=True), coming=True, needs="Fauteuil roulant"
    )
    for row in (mine, waiting):
        answer_invitation(invitation=row, answer="yes", by=None, source="mail-link")
    assert export(person)["workshop_invitations"][-1]["needs"] == "Fauteuil roulant"
    erased(person)
    waiting.refresh_from_db()
    past.refresh_from_db()
    assert (waiting.answer, past.needs) == ("yes", "")


def test_whoever_named_an_erased_colleague_is_asked_again_without_their_name():
    giver = InvitationFactory()
    colleague = MandateFactory(
        organisation=giver.organisation, alternate=True, person__first_name="Zoé", person__last_name="Àpartir"
    ).person
    answer_invitation(
        invitation=giver, answer="represented", representative=colleague, by=None, source="mail-link"
    )
    assert export(colleague)["representations"]
    colleague.mandates.update(ends_on=timezone.localdate())
    erased(colleague)
    giver.refresh_from_db()
    assert (giver.answer, giver.representative, giver.represented_by) == ("silent", None, "")
    assert not OutboxEmail.objects.filter(text__contains="Àpartir").exists()


# --- whoever bears the same name ---


def test_whoever_bears_the_same_name_keeps_it_and_the_person_loses_theirs():
    person = MandateFactory(person__first_name="Claude", person__last_name="Martin").person
    ours = person.mandates.get().organisation
    person.mandates.update(ends_on=timezone.localdate())
    other = UserFactory(first_name="Claude", last_name="Martin", email="claude@example.org")
    attended = AttendanceFactory(
        invitation=InvitationFactory(person=person, workshop=WorkshopFactory(held=True), organisation=ours)
    )
    meeting = {"workshop": attended.workshop, "invitation": None, "person": None, "name": "Claude Martin"}
    typed = AttendanceFactory(**meeting, organisation=ours)
    elsewhere = AttendanceFactory(**meeting, organisation=OrganisationFactory())
    alone = AttendanceFactory(**meeting, organisation=None)
    fields = {"answer": "represented", "answered_at": timezone.now(), "represented_by": "Claude Martin"}
    for_us = InvitationFactory(organisation=ours, **fields)
    for_others = InvitationFactory(**fields)
    mail("claude@example.org", recipient=other, text="Bonjour Claude Martin")
    mail("colleague@example.org", key="about", text="Claude Martin a voté")
    erased(person)
    name = pseudonym(1)
    for row, expected in ((attended, name), (typed, name), (elsewhere, None), (alone, None)):
        row.refresh_from_db()
        assert row.name == (expected or "Claude Martin")
    for row, expected in ((for_us, name), (for_others, None)):
        row.refresh_from_db()
        assert row.represented_by == (expected or "Claude Martin")
    assert OutboxEmail.objects.get(key="k").text.strip() == "Bonjour Claude Martin"
    assert OutboxEmail.objects.get(key="about").text.strip() == f"{name} a voté"
