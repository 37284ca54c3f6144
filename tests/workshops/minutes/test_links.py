"""Guests read and correct the minutes by the secret link of their invitation, while it works."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from outbox.models import OutboxEmail
from tests.helpers.locks import behind
from tests.helpers.pdf import Pdf
from tests.members.factories import OrganisationFactory, UserFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory
from tests.workshops.minutes.factories import close_corrections, draft
from workshops.minutes import services
from workshops.minutes.models import Correction
from workshops.minutes.permissions import guests_of
from workshops.minutes.services import MinutesError, mark

pytestmark = pytest.mark.django_db


def guest_of(minutes, *, came=True, **fields):
    """Somebody without an account who came to the meeting of minutes."""
    name = fields.pop("name", "Dominique Invitée")
    invitation = InvitationFactory(workshop=minutes.workshop, guest=True, name=name, **fields)
    if came:
        AttendanceFactory(invitation=invitation)
    return invitation


def circulated_with_guest(**fields):
    by = UserFactory(is_staff=True, is_superuser=True)
    minutes = draft(by=by, is_public=False)
    guest = guest_of(minutes, **fields)
    return services.circulate_minutes(minutes=minutes, by=by), guest


def approve(minutes):
    close_corrections(minutes)
    return services.approve_minutes(minutes=minutes, by=UserFactory(is_staff=True))


def address(guest, more="", language=""):
    return f"{language}/invitations/{guest.token}/compte-rendu{more}"


def ask(client, guest, **data):
    section = guest.workshop.minutes.sections.get()
    sent = {"seen": mark(section.text_fr), "proposed": section.text_fr, "comment": "", **data}
    return client.post(address(guest, f"/corriger/{section.position}/"), sent)


def test_who_reads_by_a_link_was_there_represented_or_excused_without_an_account():
    minutes = draft()
    answered = {"came": False, "answered_at": timezone.now()}
    there = guest_of(minutes)
    excused = guest_of(minutes, answer="excused", **answered)
    represented = guest_of(minutes, answer="represented", represented_by="Jo Roux", **answered)
    guest_of(minutes, came=False)
    guest_of(minutes, answer="yes", **answered)
    withdrawn = guest_of(minutes, answer="excused", **answered)
    type(withdrawn).objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now())
    assert list(guests_of(minutes.workshop)) == [there, excused, represented]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_guest_is_mailed_a_link_of_their_own_and_corrects_by_it(language):
    organisation = OrganisationFactory()
    minutes, guest = circulated_with_guest(language=language, organisation=organisation)
    mail = OutboxEmail.objects.get(to=guest.email)
    prefix = "" if language == "fr" else "/en"
    assert (mail.recipient, mail.language, mail.kind) == (None, language, "minutes-circulated")
    assert address(guest, "/", prefix) in mail.text and address(guest, "/", prefix) in mail.html
    assert "Dominique Invitée" in mail.text
    assert ("ne pas le transmettre" if language == "fr" else "do not pass it on") in mail.text
    client = Client()
    page = client.get(address(guest, "/"))
    text = page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer" and page["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in page["Cache-Control"] and page.cookies == {}
    assert "Le conseil approuve la charte." in text and "Anne Présidente" in text
    assert address(guest, "/corriger/1/") in text and f"/ateliers/{minutes.workshop.slug}/" not in text
    assert "/espace/" not in text, "nothing that asks to log in"
    form = client.get(address(guest, "/corriger/1/"))
    assert form["Referrer-Policy"] == "no-referrer" and "csrfmiddlewaretoken" not in form.content.decode()
    # As a browser under `no-referrer`: no origin, no token.
    sent = ask(Client(enforce_csrf_checks=True), guest, proposed="Le conseil adopte la charte.")
    assert sent.status_code == 302 and sent["Location"] == address(guest, "/#section-1")
    correction = Correction.objects.get()
    assert (correction.author, correction.invitation, correction.organisation) == (None, guest, organisation)
    shown = client.get(address(guest, "/")).content.decode()
    assert "Dominique Invitée" in shown and "adopte" in shown


def test_the_decision_on_a_guests_correction_is_mailed_and_leads_back_to_the_link(people):
    _minutes, guest = circulated_with_guest()
    assert ask(Client(), guest, comment="Une virgule manque.").status_code == 302
    client = Client()
    client.force_login(people["secretariat"])
    correction = Correction.objects.get()
    page = client.get(f"/admin/workshops/correction/{correction.pk}/change/", follow=True)
    assert "Dominique Invitée" in page.content.decode()
    assert "Dominique Invitée" in client.get("/admin/workshops/correction/").content.decode()
    services.reject_correction(correction=correction, reason="Elle y est.", by=people["secretariat"])
    mail = OutboxEmail.objects.get(kind="minutes-correction-decided")
    assert mail.to == guest.email and address(guest, "/") in mail.text and "Elle y est." in mail.text


def test_bad_corrections_of_a_guest_are_refused_and_what_was_typed_is_kept():
    minutes, guest = circulated_with_guest()
    assert ask(Client(), guest).status_code == 422
    minutes.sections.update(text_fr="Un autre texte.")
    moved = ask(Client(), guest, seen=mark("Le conseil approuve la charte."), proposed="Le mien.")
    assert moved.status_code == 409 and "Le mien." in moved.content.decode()
    close_corrections(minutes)
    closed = ask(Client(), guest, comment="Trop tard ?")
    assert closed.status_code == 409 and closed["Referrer-Policy"] == "no-referrer"
    assert address(guest, "/corriger/1/") not in Client().get(address(guest, "/")).content.decode()
    assert not Correction.objects.exists()


def test_nobody_else_reads_by_a_link():
    minutes, guest = circulated_with_guest()
    absent = guest_of(minutes, came=False)
    member = InvitationFactory(workshop=minutes.workshop, answer="excused", answered_at=timezone.now())
    elsewhere = circulated_with_guest()[1]
    for path in ("/", ".pdf", "/corriger/1/"):
        assert Client().get(address(absent, path)).status_code == 404
        assert Client().get(f"/invitations/{'x' * 43}/compte-rendu{path}").status_code == 404
        led = Client().get(address(member, path))
        assert (
            led.status_code == 302 and led["Location"] == f"/ateliers/{minutes.workshop.slug}/compte-rendu/"
        )
    with pytest.raises(PermissionDenied):
        services.propose_correction(
            section=minutes.sections.get(), language="fr", seen="", comment="Non", invitation=elsewhere
        )
    written = guest_of(draft())
    assert Client().get(address(written, "/")).status_code == 404, "a draft is the secretariat's"
    assert Client().get(address(guest, ".pdf")).status_code == 404, "published by the approval"


def test_after_the_approval_the_link_opens_the_text_and_the_pdf_for_a_time(settings):
    settings.MINUTES_LINK_DAYS = 30
    minutes, guest = circulated_with_guest()
    approve(minutes)
    mail = OutboxEmail.objects.get(to=guest.email, kind="minutes-approved")
    assert (
        address(guest, "/") in mail.text and address(guest, ".pdf") in mail.text and "30 jours" in mail.text
    )
    page = Client().get(address(guest, "/")).content.decode()
    assert address(guest, ".pdf") in page and "Le conseil approuve la charte." in page
    response = Client().get(address(guest, ".pdf"))
    assert response["Referrer-Policy"] == "no-referrer" and "private" in response["Cache-Control"]
    assert "Dominique Invitée" in Pdf(response.content).text()
    late = ask(Client(), guest, comment="Encore ?")
    assert late.status_code == 409 and "Encore ?" in late.text
    settings.MINUTES_LINK_DAYS = 0
    for path in ("/", ".pdf", "/corriger/1/"):
        gone = Client().get(address(guest, path))
        assert gone.status_code == 410 and gone["X-Robots-Tag"] == "noindex, nofollow"
        assert "Ce lien a expiré" in gone.content.decode()
        assert "approuve la charte" not in gone.content.decode()


def test_the_link_page_is_the_same_whoever_is_logged_in(people):
    _minutes, guest = circulated_with_guest()
    client = Client()
    client.force_login(people["member"])
    assert people["member"].last_name not in client.get(address(guest, "/")).content.decode()
    ask(client, guest, comment="Par le lien.")
    assert Correction.objects.get().author is None


def test_the_database_takes_one_author_and_a_guest_of_that_meeting():
    minutes, guest = circulated_with_guest()
    section, stranger = minutes.sections.get(), circulated_with_guest()[1]
    fields = {"section": section, "language": "fr", "comment": "Une virgule."}
    for wrong, rule in (
        ({}, "correction_of_one_author"),
        ({"invitation": guest, "author": UserFactory()}, "correction_of_one_author"),
        ({"invitation": stranger}, "another workshop"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Correction.objects.create(**fields, **wrong)


@pytest.mark.django_db(transaction=True)
def test_a_guests_correction_behind_the_end_of_the_period_is_refused():
    minutes, guest = circulated_with_guest()
    section = minutes.sections.get()

    def end(row):
        row.circulated_at, row.corrections_close_at = (
            timezone.now() - timedelta(days=8),
            timezone.now() - timedelta(days=1),
        )
        row.save(update_fields=["circulated_at", "corrections_close_at"])

    late = behind(
        minutes,
        end,
        lambda: services.propose_correction(
            section=section, language="fr", seen=mark(section.text_fr), comment="Ah", invitation=guest
        ),
    )
    assert isinstance(late, MinutesError) and late.code == "closed"
