"""Inviting people from the administration site."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from members.enums import InvitationState
from members.invitations import invite_person
from members.models import PortalInvitation, User
from outbox.models import OutboxEmail
from tests.helpers.browser import axe, log_in
from tests.helpers.queries import queries_of
from tests.helpers.roles import ROLES
from tests.members.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

PAGE = "/admin/members/user/inviter/"
LIST = "/admin/members/user/"
INVITATIONS = "/admin/members/portalinvitation/"


def text_of(response: Any) -> str:
    return response.content.decode()


def test_new_person_is_offered_an_invitation_and_nothing_is_sent_yet(client_for):
    client = client_for("secretariat")
    fields = {"email": "ada@example.org", "first_name": "Ada", "last_name": "Colin", "language": "fr"}
    empty = {f"mandates-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")}
    response = client.post(
        "/admin/members/user/add/",
        {**fields, "is_active": "on", **empty, "mandates-MAX_NUM_FORMS": "1000"},
    )
    person = User.objects.get(email="ada@example.org")
    assert response.status_code == 302, text_of(response)[:3000]
    assert response["Location"] == f"{PAGE}?person={person.pk}"
    assert "ada@example.org" in text_of(client.get(response["Location"]))
    assert not OutboxEmail.objects.exists()
    client.post(PAGE, {"person": [person.pk]})
    invitation = PortalInvitation.objects.get()
    assert invitation.person == person and invitation.invited_by.is_staff
    assert OutboxEmail.objects.get().to == "ada@example.org"


def test_selected_people_are_invited_after_a_page_that_says_who_is(client_for, people):
    ready, closed = UserFactory(unopened=True), UserFactory(is_active=False, last_login=timezone.now())
    opened, staff = UserFactory(last_login=timezone.now()), people["administrator"]
    client = client_for("secretariat")
    chosen = [person.pk for person in (ready, closed, opened, staff)]
    page = text_of(client.post(LIST, {"action": "invite_selected", "_selected_action": chosen}))
    for person in (ready, closed):
        assert f'name="person" value="{person.pk}"' in page
    for person in (opened, staff):
        assert f'name="person" value="{person.pk}"' not in page and person.email in page
    assert not OutboxEmail.objects.exists()
    # What the page left out is refused when it is sent all the same.
    client.post(PAGE, {"person": chosen})
    assert set(PortalInvitation.objects.values_list("person_id", flat=True)) == {ready.pk, closed.pk}
    assert OutboxEmail.objects.count() == 2


def test_administrators_invite_staff(client_for):
    agent = UserFactory(unopened=True, is_staff=True)
    client_for("administrator").post(PAGE, {"person": [agent.pk]})
    assert PortalInvitation.objects.get().person == agent


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("secretariat", "administrator")])
def test_others_neither_see_nor_invite(client_for, role):
    person = UserFactory(unopened=True)
    client = client_for(role)
    for response in (
        client.get(PAGE, {"person": person.pk}),
        client.post(PAGE, {"person": [person.pk]}),
        client.get(INVITATIONS),
        client.post(INVITATIONS, {"action": "revoke", "_selected_action": [1]}),
    ):
        assert response.status_code in (302, 403)
    assert not PortalInvitation.objects.exists()


def test_staff_without_the_permission_do_not_invite(client, people):
    person = UserFactory(unopened=True)
    client.force_login(UserFactory(is_staff=True))
    assert client.post(PAGE, {"person": [person.pk]}).status_code == 403
    assert not PortalInvitation.objects.exists()


def test_nonsense_is_answered(client_for):
    client = client_for("secretariat")
    for numbers in (["x"], ["9" * 30], ["-1"], ["١"], []):
        assert client.get(PAGE, {"person": numbers}).status_code == 200
        assert client.post(PAGE, {"person": numbers}).status_code == 302
    assert not PortalInvitation.objects.exists()


def test_open_invitations_are_revoked_and_sent_again(client_for, people):
    invitation = invite_person(person=UserFactory(unopened=True), by=None)
    staffs = invite_person(person=UserFactory(unopened=True, is_staff=True), by=None)
    client = client_for("secretariat")
    chosen = {"_selected_action": [invitation.pk, staffs.pk]}
    client.post(INVITATIONS, {"action": "revoke", **chosen})
    states = dict(PortalInvitation.objects.values_list("pk", "state"))
    assert states == {invitation.pk: InvitationState.REVOKED, staffs.pk: InvitationState.OPEN}
    response = client.post(INVITATIONS, {"action": "send_again", "_selected_action": [invitation.pk]})
    assert response["Location"] == f"{PAGE}?person={invitation.person_id}"


def test_list_tells_expired_from_waiting(client_for):
    waiting, old = (invite_person(person=UserFactory(unopened=True), by=None) for _n in range(2))
    PortalInvitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    client = client_for("secretariat")
    for standing, expected in (("waiting", waiting), ("expired", old)):
        response = client.get(INVITATIONS, {"standing": standing})
        assert [row.pk for row in response.context["cl"].result_list] == [expected.pk]
    for standing in ("accepted", "revoked"):
        assert not client.get(INVITATIONS, {"standing": standing}).context["cl"].result_list


def test_invitations_are_written_by_the_portal_alone(client_for):
    invitation = invite_person(person=UserFactory(unopened=True), by=None)
    client = client_for("administrator")
    assert client.get(f"{INVITATIONS}add/").status_code == 403
    assert client.post(f"{INVITATIONS}{invitation.pk}/change/", {}).status_code == 403
    assert client.post(f"{INVITATIONS}{invitation.pk}/delete/", {"post": "yes"}).status_code == 403


def test_same_number_of_queries_for_one_and_thirty(client_for):
    client = client_for("secretariat")
    invite_person(person=UserFactory(unopened=True), by=None)
    first = User.objects.latest("pk")
    few = len(queries_of(client, f"{PAGE}?person={first.pk}"))
    for _n in range(29):
        invite_person(person=UserFactory(unopened=True), by=None)
    numbers = "&".join(f"person={pk}" for pk in PortalInvitation.objects.values_list("person_id", flat=True))
    assert len(queries_of(client, f"{PAGE}?{numbers}")) == few


@pytest.mark.django_db(transaction=True)
def test_page_has_no_accessibility_fault(page, live_server, people):
    person, opened = UserFactory(unopened=True), UserFactory(last_login=timezone.now())
    invitation = invite_person(person=person, by=None)
    log_in(page, live_server, people["secretariat"])
    page.goto(f"{PAGE}?person={person.pk}&person={opened.pk}")
    assert page.locator("h1").count() == 1
    axe(page)
    assert invitation.state == InvitationState.OPEN
