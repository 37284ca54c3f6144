"""The pages of the day, with and without their script."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.helpers.queries import assert_constant_queries
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.attendance.test_services import door, today
from tests.workshops.factories import InvitationFactory
from workshops.attendance.models import Attendance, Door

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def client_of(person=None):
    client = Client()
    if person:
        client.force_login(person)
    return client


def step(workshop, name, *more):
    return reverse(f"admin:workshops_workshop_process_{name}", args=[workshop.pk, *more])


def test_the_code_of_the_address_waits_for_the_button(people):
    row = InvitationFactory(workshop=today(), person=people["member"])
    client, path = client_of(people["member"]), f"/ateliers/{row.workshop.slug}/presence/"
    code = door(row.workshop)
    page = client.get(path, {"code": code}).content.decode()
    assert f'value="{code}"' in page and not Attendance.objects.exists()
    assert client.post(path, {"code": code}).status_code == 302
    assert Attendance.objects.get().invitation == row
    assert "Votre présence est enregistrée" in client.get(path).content.decode()


def test_who_is_not_invited_does_not_sign(people):
    workshop = today()
    for person in (people["member"], people["secretariat"]):
        assert (
            client_of(person).post(f"/ateliers/{workshop.slug}/presence/", {"code": "X"}).status_code == 404
        )
    assert (
        "/connexion/" in client_of().get(f"/ateliers/{workshop.slug}/presence/?code=ABC").headers["Location"]
    )


def test_a_guest_signs_by_the_link(people):
    row = InvitationFactory(workshop=today(), guest=True)
    path, code = f"/invitations/{row.token}/presence/", door(row.workshop)
    response = client_of().get(path)
    assert response.status_code == 200 and response["Referrer-Policy"] == "no-referrer"
    wrong = client_of().post(path, {"code": "zzzzz9"})
    assert wrong.status_code == 422 and 'value="zzzzz9"' in wrong.content.decode()
    assert "Ce n’est pas le code affiché à l’entrée" in wrong.content.decode()
    assert client_of().post(path, {"code": code.lower()}).status_code == 302
    assert Attendance.objects.get().recorded_by is None
    assert client_of().get(f"/invitations/{'x' * 43}/presence/").status_code == 404


def test_the_script_gets_words_it_can_show():
    row = InvitationFactory(workshop=today(), guest=True)
    path, key = f"/invitations/{row.token}/presence/", str(uuid4())
    wrong = client_of().post(path, {"code": "ZZZZZ9", "key": key}, headers=JSON)
    assert wrong.status_code == 422 and "code affiché" in wrong.json()["message"]
    sent = {"code": door(row.workshop), "key": key, "arrived_at": "2026-01-01T00:00:00.000Z"}
    for _again in range(2):
        assert client_of().post(path, sent, headers=JSON).json() == {"ok": True, "message": ""}
    assert str(Attendance.objects.get().key) == key


def test_a_late_phone_is_told_so():
    row = InvitationFactory(workshop=today(), guest=True)
    code = door(row.workshop)
    type(row.workshop).objects.update(state="cancelled")
    assert client_of().post(f"/invitations/{row.token}/presence/", {"code": code}).status_code == 410


def test_the_secretariat_ticks_arrivals_without_a_script(people):
    workshop = today()
    row = InvitationFactory(workshop=workshop, coming=True)
    client = client_of(people["secretariat"])
    page = client.get(step(workshop, "arrivals")).content.decode()
    assert row.name in page
    assert client.post(step(workshop, "arrive", row.pk), {"key": str(uuid4())}).status_code == 302
    arrival = Attendance.objects.get()
    assert (arrival.invitation, arrival.recorded_by) == (row, people["secretariat"])
    assert client.post(step(workshop, "take_back"), {"key": str(arrival.key)}).status_code == 302
    assert not Attendance.objects.standing().exists()
    assert client.post(step(workshop, "walk_in"), {"name": "Ana Pasprévue"}).status_code == 302
    assert "Ana Pasprévue" in client.get(step(workshop, "arrivals")).content.decode()


@pytest.mark.parametrize("key", ["", "no-key", "0"])
def test_an_unreadable_arrival_is_refused(key, people):
    workshop = today()
    row = InvitationFactory(workshop=workshop)
    client = client_of(people["secretariat"])
    assert client.post(step(workshop, "take_back"), {"key": key}, headers=JSON).status_code == 422
    if key:
        assert client.post(step(workshop, "arrive", row.pk), {"key": key}, headers=JSON).status_code == 422
    assert not Attendance.objects.exists()


def test_a_walk_in_without_a_name_keeps_what_was_typed(people):
    workshop = today()
    response = client_of(people["secretariat"]).post(
        step(workshop, "walk_in"), {"name": "", "organisation": people.organisation.pk}
    )
    assert response.status_code == 422
    assert f'value="{people.organisation.pk}" selected' in response.content.decode()


def test_an_invitation_of_another_workshop_is_not_found(people):
    row = InvitationFactory(workshop=today())
    other = today()
    response = client_of(people["secretariat"]).post(step(other, "arrive", row.pk), {"key": str(uuid4())})
    assert response.status_code == 404 and not Attendance.objects.exists()


def test_undoing_what_is_not_recorded_says_so(people):
    response = client_of(people["secretariat"]).post(
        step(today(), "take_back"), {"key": str(uuid4())}, headers=JSON
    )
    assert response.status_code == 409 and "rechargez" in response.json()["message"]


def test_the_code_is_made_by_a_button_and_shown_with_its_qr_code(people):
    workshop = today()
    client = client_of(people["secretariat"])
    assert client.get(step(workshop, "door")).status_code == 200
    assert client.get(step(workshop, "door_qr")).status_code == 404
    assert not Door.objects.exists()
    client.post(step(workshop, "door"))
    code = Door.objects.get().code
    assert code in client.get(step(workshop, "door")).content.decode()
    image = client.get(step(workshop, "door_qr"))
    assert image["Content-Type"] == "image/svg+xml" and b"<svg" in image.content


def test_the_list_takes_as_many_queries_for_thirty(people):
    workshop = today()

    def more(count):
        for row in InvitationFactory.create_batch(count, workshop=workshop):
            AttendanceFactory(invitation=row)
            AttendanceFactory(
                invitation=None, workshop=workshop, name="X", person=None, organisation=row.organisation
            )

    assert_constant_queries(
        lambda: more(1), lambda: more(29), step(workshop, "arrivals"), client=client_of(people["secretariat"])
    )


def test_the_invitation_leads_to_signing_in_while_the_door_is_open(people):
    row = InvitationFactory(workshop=today(), person=people["member"])
    later = InvitationFactory(workshop__scheduled=True, person=people["member"])
    member = client_of(people["member"])
    for invitation, there in ((row, True), (later, False)):
        own = f"/ateliers/{invitation.workshop.slug}/"
        assert (f'href="{own}presence/"' in member.get(own).content.decode()) is there
        link = f"/invitations/{invitation.token}/"
        assert (f'href="{link}presence/"' in client_of().get(link).content.decode()) is there


# --- codes tried one after the other ---


@pytest.fixture
def limits(settings):
    """Switch on what the other tests have switched off; a network's minute is an hour, for a slow machine."""
    settings.ACCOUNT_RATE_LIMITS = {"door_code": "5/300s/key", "door_code_network": "20/h/ip"}


def guess(row, code="ZZZZZ9", ip="192.0.2.1", language="", **more):
    path = f"{language}/invitations/{row.token}/presence/"
    return client_of().post(path, {"code": code}, REMOTE_ADDR=ip, **more)


@pytest.mark.parametrize(
    ("language", "message"), [("", "Trop de codes erronés."), ("/en", "Too many wrong codes.")]
)
def test_wrong_codes_of_one_person_stop_in_their_language(limits, language, message):
    row = InvitationFactory(workshop=today(), guest=True)
    other = InvitationFactory(workshop=row.workshop, guest=True)
    code = door(row.workshop)
    statuses = [guess(row, ip=f"192.0.2.{number}", language=language).status_code for number in range(6)]
    assert statuses == [422] * 5 + [429]
    stopped = guess(row, code, ip="192.0.2.99", language=language)
    assert stopped.status_code == 429, "not even the right one, from wherever"
    assert int(stopped["Retry-After"]) >= 300 and stopped["Referrer-Policy"] == "no-referrer"
    assert message in stopped.content.decode() and f'value="{code}"' in stopped.content.decode()
    told = guess(row, code, language=language, headers=JSON)
    assert told.status_code == 429 and message in told.json()["message"] and told["Retry-After"]
    assert not Attendance.objects.exists()
    assert guess(other, code, language=language).status_code == 302, "nobody else waits"


def test_guesses_of_one_network_stop_whoevers_links_it_has(limits):
    rows = InvitationFactory.create_batch(6, workshop=today(), guest=True)
    statuses = [guess(row).status_code for row in rows[:5] for _attempt in range(4)]
    code = door(rows[0].workshop)
    assert statuses == [422] * 20
    assert guess(rows[5], code).status_code == 429
    assert guess(rows[5], code, ip="198.51.100.7").status_code == 302


def test_people_who_arrive_together_and_a_slip_of_the_finger_are_not_stopped(limits):
    workshop = today()
    code = door(workshop)
    for row in InvitationFactory.create_batch(25, workshop=workshop, guest=True):
        assert guess(row, code).status_code == 302
    for _time in range(2):
        assert [guess(row, wrong).status_code for wrong in ["", *["ZZZZZ9"] * 3]] == [422] * 4
        assert guess(row, code).status_code == 302, "and what went before is forgotten"


def test_wrong_codes_of_an_account_are_counted_too(limits, people):
    row = InvitationFactory(workshop=today(), person=people["member"])
    client, path = client_of(people["member"]), f"/ateliers/{row.workshop.slug}/presence/"
    statuses = [client.post(path, {"code": "ZZZZZ9"}).status_code for _time in range(6)]
    assert statuses == [422] * 5 + [429]
