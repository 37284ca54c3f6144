"""One person, several identities; and what ProConnect does with invitations."""

from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.workflow import history
from members.enums import InvitationState
from members.invitations import invite_person, revoke_invitation
from members.models import PortalInvitation, User
from members.proconnect.matching import Refusal, RefusedError, admit
from tests.helpers.locks import at_once
from tests.members.factories import MandateFactory, OrganisationFactory, UserFactory
from tests.members.proconnect import SIREN, SIRET, assert_refused, go

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


# --- one person, several identities ---


def test_tie_holds_when_address_organisation_or_identity_provider_change(proconnect, ada):
    go(Client())
    proconnect.person |= {"email": "ada@elsewhere.example", "siret": "55208131766522", "idp_id": "idp-2"}
    client = Client()
    assert go(client)["Location"] == "/espace/"
    assert client.session[SESSION_KEY] == str(ada.pk)
    tie = SocialAccount.objects.get()
    assert tie.extra_data == {"idp_id": "idp-2"}
    ada.refresh_from_db()
    assert ada.email == "ada.colin@example.org"


def test_same_address_by_another_identity_provider_is_refused_until_the_secretariat_unties(
    proconnect, ada, client_for
):
    go(Client())
    proconnect.person |= {"sub": "b" * 64, "idp_id": "idp-2"}
    client = Client()
    response = go(client)
    assert (response.status_code, response.context["refusal"]) == (403, Refusal.OTHER_IDENTITY)
    assert SESSION_KEY not in client.session
    tie = SocialAccount.objects.get()
    assert tie.uid.endswith("#" + "a" * 64)
    url = reverse("admin:socialaccount_socialaccount_delete", args=[tie.pk])
    assert client_for("member").post(url, {"post": "yes"}).status_code in (302, 403)
    assert SocialAccount.objects.exists()
    client_for("secretariat").post(url, {"post": "yes"})
    assert not SocialAccount.objects.exists()
    assert go(client)["Location"] == "/espace/"
    assert SocialAccount.objects.get().uid.endswith("#" + "b" * 64)


def test_same_subject_of_another_issuer_is_another_identity(proconnect, ada, client):
    SocialAccount.objects.create(user=UserFactory(), provider="proconnect", uid=f"https://x#{'a' * 64}")
    go(client)
    assert client.session[SESSION_KEY] == str(ada.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("subjects", [("s", "s", "s", "s"), ("s", "t", "u", "v")])
def test_first_logins_at_once_tie_one_identity(ada, subjects):
    claims = {"email": ada.email, "siret": SIRET}
    outcomes = at_once(*(lambda s=s: admit(claims, uid=f"iss#{s}", idp="idp") for s in subjects))
    assert SocialAccount.objects.get().user == ada
    let_in = [outcome for outcome in outcomes if outcome == ada]
    refused = [outcome for outcome in outcomes if isinstance(outcome, RefusedError)]
    assert len(let_in) == subjects.count(subjects[0]), outcomes
    assert {error.refusal for error in refused} <= {Refusal.OTHER_IDENTITY}
    assert len(let_in) + len(refused) == 4


# --- invitations ---


@pytest.fixture
def invited() -> User:
    """Ada, whose account nobody has opened yet."""
    person = UserFactory(email="ada.colin@example.org")
    person.set_unusable_password()
    person.save()
    MandateFactory(person=person, organisation=OrganisationFactory(siren=SIREN))
    return person


def test_entry_by_proconnect_uses_the_invitation_up(proconnect, invited, client):
    invitation = invite_person(person=invited, by=None)
    assert go(client)["Location"] == "/espace/"
    invitation.refresh_from_db()
    invited.refresh_from_db()
    assert invitation.state == InvitationState.ACCEPTED and history(invitation).last().by == invited
    assert not invited.has_usable_password() and invited.last_login


def test_account_without_an_invitation_that_works_is_not_opened(proconnect, invited, client):
    assert_refused(go(client), client, Refusal.NOT_INVITED)
    invitation = invite_person(person=invited, by=None)
    PortalInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_refused(go(client), client, Refusal.NOT_INVITED)
    invitation = invite_person(person=invited, by=None)
    revoke_invitation(invitation=invitation, by=None)
    assert_refused(go(client), client, Refusal.NOT_INVITED)


def test_invitation_does_not_excuse_an_unknown_organisation(proconnect, invited, client):
    invitation = invite_person(person=invited, by=None)
    proconnect.person["siret"] = "55208131766522"
    assert_refused(go(client), client, Refusal.UNKNOWN_ORGANISATION)
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.OPEN


def test_closed_account_is_reopened_by_its_new_invitation(proconnect, ada, client):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    ada.refresh_from_db()
    invite_person(person=ada, by=None)
    assert go(client)["Location"] == "/espace/"
    ada.refresh_from_db()
    assert ada.is_active
