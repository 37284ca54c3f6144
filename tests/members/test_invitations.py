"""Invitations to the portal: one person, one link, once."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.workflow import TransitionError, history
from members import invitations
from members.enums import InvitationState
from members.invitations import DeadInvitationError, InvitationError, accept_invitation, invite_person
from members.models import PortalInvitation, User
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from tests.helpers.locks import at_once
from tests.members.factories import MandateFactory, OrganisationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

PASSWORD = "une phrase facile à retenir"
TYPED = {"password1": PASSWORD, "password2": PASSWORD}


def invite(person: User, by: User | None = None) -> tuple[PortalInvitation, str]:
    """Invite, and return the invitation with the path of the link in its mail."""
    invitation = invite_person(person=person, by=by)
    mail = OutboxEmail.objects.get(key=f"portal-invitation:{invitation.pk}")
    return invitation, re.search(r"https?://[^/\s]+(/\S*bienvenue/\S+)", mail.text).group(1)


def age(invitation: PortalInvitation) -> None:
    """Let it have expired a second ago, by the database's clock."""
    PortalInvitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def assert_dead(path: str, status: int = 410) -> None:
    """The link opens nothing, whatever is posted to it."""
    before = list(User.objects.order_by("pk").values_list("pk", "password", "is_active", "last_login"))
    client = Client()
    for response in (client.get(path), client.post(path, TYPED)):
        assert response.status_code == status
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in response.headers["Cache-Control"]
        assert "password1" not in response.content.decode()
    assert SESSION_KEY not in client.session
    assert before == list(
        User.objects.order_by("pk").values_list("pk", "password", "is_active", "last_login")
    )


# --- the mail ---


@pytest.mark.parametrize(
    ("language", "prefix", "words"),
    [("fr", "/bienvenue/", "Bonjour Ada Colin"), ("en", "/en/bienvenue/", "Hello Ada Colin")],
)
def test_mail_is_in_the_persons_language_with_organisation_and_link(language, prefix, words):
    person = UserFactory(unopened=True, first_name="Ada", last_name="Colin", language=language)
    MandateFactory(person=person, organisation=OrganisationFactory(name="Verrerie du Verdanson"))
    invitation, path = invite(person)
    mail = OutboxEmail.objects.get()
    assert path.startswith(prefix)
    assert words in mail.text and "Verrerie du Verdanson" in mail.text
    assert path in mail.html and "Verrerie du Verdanson" in mail.html
    assert (mail.to, mail.language, mail.recipient, mail.unsubscribe_url) == (
        person.email,
        language,
        person,
        "",
    )


def test_database_keeps_the_hash_of_the_secret_alone():
    invitation, path = invite(UserFactory(unopened=True))
    secret = path.rstrip("/").rpartition("/")[2]
    assert len(secret) >= 43
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(i)::text FROM members_portalinvitation i")
        assert secret not in cursor.fetchone()[0]
    assert invitation.token_hash != secret


def test_admins_outbox_does_not_show_the_link(client_for):
    _invitation, path = invite(UserFactory(unopened=True))
    secret = path.rstrip("/").rpartition("/")[2]
    for role in ("secretariat", "administrator"):
        url = reverse("admin:outbox_outboxemail_change", args=[OutboxEmail.objects.get().pk])
        page = client_for(role).get(url, follow=True)
        assert page.status_code == 200
        assert secret not in page.content.decode()


def test_names_with_html_are_data():
    person = UserFactory(unopened=True, first_name="<b>Ada</b>", last_name="=cmd|'/c calc'!A0")
    invitation, path = invite(person)
    page = Client().get(path).content.decode()
    assert "<b>Ada</b>" not in page and "&lt;b&gt;Ada" in page
    assert "<b>Ada</b>" not in OutboxEmail.objects.get().html


# --- the link ---


def test_get_shows_who_is_invited_and_changes_nothing(django_assert_max_num_queries):
    person = UserFactory(unopened=True, first_name="Ada", last_name="Colin")
    MandateFactory(person=person, organisation=OrganisationFactory(name="Verrerie du Verdanson"))
    invitation, path = invite(person)
    client = Client()
    for method in (client.get, client.head, client.get):
        response = method(path)
        assert response.status_code == 200
    page = response.content.decode()
    assert "Ada Colin" in page and person.email in page and "Verrerie du Verdanson" in page
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert "no-store" in response.headers["Cache-Control"]
    invitation.refresh_from_db()
    person.refresh_from_db()
    assert invitation.state == InvitationState.OPEN and not person.has_usable_password()
    assert SESSION_KEY not in client.session
    with django_assert_max_num_queries(5):
        client.get(path)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_post_sets_the_password_and_logs_in(language):
    person = UserFactory(unopened=True, language=language)
    invitation, path = invite(person)
    client = Client()
    response = client.post(path, TYPED)
    assert response.status_code == 302
    assert response["Location"] == ("/espace/" if language == "fr" else "/en/espace/")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert client.session[SESSION_KEY] == str(person.pk)
    person.refresh_from_db()
    invitation.refresh_from_db()
    assert person.check_password(PASSWORD) and person.last_login
    assert invitation.state == InvitationState.ACCEPTED and invitation.accepted_at
    assert [(log.to_state, log.by) for log in history(invitation)] == [("open", None), ("accepted", person)]
    assert_dead(path)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"password1": "court", "password2": "court"}, "password1"),
        ({"password1": "", "password2": ""}, "password1"),
        ({"password1": "123456789012345", "password2": "123456789012345"}, "password1"),
        ({"password1": "ada.colin@example.org", "password2": "ada.colin@example.org"}, "password1"),
        ({"password1": PASSWORD, "password2": PASSWORD + "!"}, "password2"),
    ],
)
def test_bad_password_is_refused_at_its_field_and_the_link_still_works(typed, field):
    person = UserFactory(unopened=True, email="ada.colin@example.org")
    _invitation, path = invite(person)
    client = Client()
    response = client.post(path, typed)
    assert response.status_code == 422
    assert response.context["form"].errors.get(field)
    assert SESSION_KEY not in client.session
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert client.post(path, TYPED).status_code == 302


def test_post_from_another_site_logs_nobody_in():
    """Somebody who holds an invitation could otherwise log others in to their own account."""
    _invitation, path = invite(UserFactory(unopened=True))
    for source in ("cross-site", "same-site"):
        client = Client(headers={"sec-fetch-site": source})
        assert client.post(path, TYPED).status_code == 403
        assert SESSION_KEY not in client.session
    strict = Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "same-origin", "origin": "null"})
    assert strict.post(path, TYPED).status_code == 302


def test_opening_logs_somebody_else_out_of_this_browser(client_for, people):
    person = UserFactory(unopened=True)
    _invitation, path = invite(person)
    client = client_for("member")
    assert str(people["member"]) in client.get(path).content.decode()
    client.post(path, TYPED)
    assert client.session[SESSION_KEY] == str(person.pk)


# --- dead links ---


def test_forged_link_opens_nothing():
    invite(UserFactory(unopened=True))
    assert_dead("/bienvenue/" + "a" * 43 + "/", status=404)
    assert_dead("/en/bienvenue/x/", status=404)


def test_expired_link_opens_nothing():
    invitation, path = invite(UserFactory(unopened=True))
    age(invitation)
    assert_dead(path)


def test_revoked_link_opens_nothing_and_its_mail_stays_home(people):
    invitation, path = invite(UserFactory(unopened=True))
    invitations.revoke_invitation(invitation=invitation, by=people["secretariat"], reason="Wrong person")
    assert_dead(path)
    assert OutboxEmail.objects.get().state == EmailState.CANCELLED
    log = history(invitation).last()
    assert (log.to_state, log.by, log.reason) == ("revoked", people["secretariat"], "Wrong person")
    with pytest.raises(TransitionError):
        invitations.revoke_invitation(invitation=invitation, by=None)


def test_sending_again_kills_the_former_link():
    person = UserFactory(unopened=True)
    _former, old = invite(person)
    _current, new = invite(person)
    assert_dead(old)
    assert Client().post(new, TYPED).status_code == 302
    assert PortalInvitation.objects.filter(person=person).count() == 2


def test_link_sent_to_a_former_address_opens_nothing():
    person = UserFactory(unopened=True)
    _invitation, path = invite(person)
    User.objects.filter(pk=person.pk).update(email="new.address@example.org")
    assert_dead(path)


def test_link_of_a_person_deactivated_since_opens_nothing():
    person = UserFactory(unopened=True)
    _invitation, path = invite(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert_dead(path)


def test_link_of_an_account_opened_otherwise_opens_nothing():
    person = UserFactory(unopened=True)
    _invitation, path = invite(person)
    person.set_password("something else entirely")
    person.save()
    assert_dead(path)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_dead_pages_say_the_same_in_the_readers_language(language):
    invitation, path = invite(UserFactory(unopened=True, language=language))
    age(invitation)
    prefix = "" if language == "fr" else "/en"
    gone = Client().get(path).content.decode()
    forged = Client().get(f"{prefix}/bienvenue/{'b' * 43}/").content.decode()

    def main(page: str) -> str:
        return re.search(r"<main.*</main>", page, re.S).group(0)

    assert main(gone) == main(forged)
    assert f'lang="{language}"' in gone
    assert ("Ce lien n’ouvre rien" if language == "fr" else "This link opens nothing") in gone


def test_password_reset_revives_no_dead_invitation():
    """Decidim's CVE-2023-48220: an expired invitation, then a reset mail, then a way in."""
    for kill in (age, lambda row: invitations.revoke_invitation(invitation=row, by=None)):
        person = UserFactory(unopened=True)
        invitation, path = invite(person)
        kill(invitation)
        known = set(OutboxEmail.objects.values_list("pk", flat=True))
        Client().post(reverse("account_reset_password"), {"email": person.email})
        for mail in OutboxEmail.objects.exclude(pk__in=known):
            assert "mot-de-passe/nouveau" not in mail.text
        assert_dead(path)


# --- whom ---


def test_open_account_is_not_invited():
    person = UserFactory(unopened=True)
    person.set_password(PASSWORD)
    person.save()
    with pytest.raises(InvitationError):
        invite_person(person=person, by=None)
    assert not OutboxEmail.objects.exists()


def test_account_entered_without_a_password_is_open_too():
    with pytest.raises(InvitationError):
        invite_person(person=UserFactory(unopened=True, last_login=timezone.now()), by=None)


def test_erased_person_is_not_invited():
    with pytest.raises(InvitationError):
        invite_person(
            person=UserFactory(unopened=True, email="erased-7@invalid.invalid", is_active=False), by=None
        )


def test_closed_account_is_reopened_by_a_new_invitation_only():
    person = UserFactory(is_active=False, last_login=timezone.now() - timedelta(days=800))
    person.set_password("the former password, long")
    person.save()
    assert not Client().login(email=person.email, password="the former password, long")
    invitation, path = invite(person)
    assert invitation.reopens
    client = Client()
    assert client.post(path, TYPED).status_code == 302
    person.refresh_from_db()
    assert person.is_active and person.check_password(PASSWORD)
    # Its inactivity counts from now: it is not closed again by the next task.
    assert person.last_login > timezone.now() - timedelta(minutes=5)
    assert client.get("/espace/").status_code == 200


def test_one_open_invitation_a_person():
    person = UserFactory(unopened=True)
    invitation, _path = invite(person)
    with pytest.raises(IntegrityError), transaction.atomic():
        PortalInvitation.objects.create(
            person=person, email=person.email, token_hash="0" * 64, expires_at=timezone.now()
        )


def test_accepted_state_is_bound_to_its_date():
    invitation, _path = invite(UserFactory(unopened=True))
    with pytest.raises(IntegrityError), transaction.atomic():
        PortalInvitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now())


def test_nobody_signs_up(client):
    response = client.get(reverse("account_signup"))
    assert response.status_code == 200 and "invitation" in response.content.decode()
    client.post(
        reverse("account_signup"),
        {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert not User.objects.filter(email="x@example.org").exists()


# --- at once ---


@pytest.mark.django_db(transaction=True)
def test_of_several_posts_at_once_one_wins():
    person = UserFactory(unopened=True)
    invitation, path = invite(person)
    words = [f"{PASSWORD} numéro {n}" for n in range(6)]
    outcomes = at_once(
        *(lambda w=word: Client().post(path, {"password1": w, "password2": w}).status_code for word in words)
    )
    assert sorted(outcomes) == [302, 410, 410, 410, 410, 410], outcomes
    person.refresh_from_db()
    assert person.check_password(words[outcomes.index(302)])


@pytest.mark.django_db(transaction=True)
def test_sending_again_and_accepting_at_once_leave_one_truth():
    for _turn in range(4):
        person = UserFactory(unopened=True)
        invitation, _path = invite(person)
        outcomes = at_once(
            lambda i=invitation: accept_invitation(invitation=i, password=PASSWORD),
            lambda p=person: invite_person(person=p, by=None),
        )
        person.refresh_from_db()
        states = list(PortalInvitation.objects.filter(person=person).order_by("id").values_list("state"))
        if isinstance(outcomes[0], User):
            assert isinstance(outcomes[1], InvitationError) and states == [("accepted",)]
            assert person.has_usable_password()
        else:
            assert isinstance(outcomes[0], DeadInvitationError), outcomes
            assert states == [("revoked",), ("open",)] and not person.has_usable_password()
