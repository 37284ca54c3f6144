"""Who may go where: every address and every action of the administration site, for each role, as a table.

The tables are in permissions_table.txt, beside. A new address or action that is not there fails.
"""

import re
import time
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from members.invitations import invite_person
from members.models import Body, CalendarFeed, ErasureRequest, PortalInvitation, hash_invitation_token
from members.notifications import SALT
from outbox.services import queue_email
from roadmap.drafting.enums import VersionStatus
from roadmap.models import ChangeRequest
from tests.helpers.roles import ROLES
from tests.members.factories import CommuneFactory, SeatFactory, SectorFactory, UserFactory
from tests.roadmap.actions.factories import ActionFactory
from tests.roadmap.approval import factories as votes
from tests.roadmap.drafting.factories import CommentFactory, make_consultation, make_version
from tests.showcase.factories import CommitmentFactory, CompanyPageFactory
from tests.test_architecture import url_patterns
from tests.workshops.factories import DocumentFactory, InvitationFactory, WorkshopFactory
from tests.workshops.minutes.factories import approved, circulated
from tests.workshops.minutes.factories import draft as draft_minutes
from tests.workshops.polls.factories import ask, make_poll
from workshops.minutes.services import mark, propose_correction
from workshops.models import KindRules, Series

SOURCE = Path(__file__).with_name("permissions_table.txt")
STANDARD = ("changelist", "add", "change", "delete", "history")


@dataclass(frozen=True)
class Row:
    """A line of a table: an address, the object it is tried on, the answer to each role."""

    method: str
    name: str
    target: str
    answers: tuple[str, ...]


def rows() -> list[Row]:
    found = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words and words[0] in ("GET", "POST"):
            assert len(words) == 3 + len(ROLES), line
            found.append(Row(words[0], words[1], words[2], tuple(words[3:])))
    return found


def rights() -> dict[str, dict[str, set[str]]]:
    """The administration's standard pages and its actions: {model: {role: pages and actions}}."""
    found: dict[str, dict[str, set[str]]] = {}
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words and words[0] == "ADMIN":
            _mark, model, role, *given = words
            found.setdefault(model, {})[role] = set(given)
    return found


# --- something of everything to go to ---


class World:
    """Objects for every address: `member`'s and `organisation`'s own; `other` ones are somebody else's."""

    def __init__(self, people: Any) -> None:
        """Make them; everybody exists before the vote opens, so that its electorate has both organisations."""
        for role in ROLES[1:]:
            assert people[role]
        member, organisation = people["member"], people.organisation
        other = people.other_organisation
        SeatFactory(organisation=organisation)
        SectorFactory(), CommuneFactory()
        shown = CompanyPageFactory(organisation=organisation)
        CompanyPageFactory(organisation=other, draft=True)
        CommitmentFactory()
        consultation = make_consultation(number=3)
        block = consultation.blocks.get(label="1.1.1")
        comment = CommentFactory(block=block, author=member, organisation=organisation)
        working = make_version(number=5)
        adopted = make_version(VersionStatus.ADOPTED, number=1)
        closed = votes.open_vote(version=votes.make_version(number=2))
        votes.cast(closed, organisation, member)
        self._close(closed)
        approval = votes.open_vote(version=votes.make_version(number=4))
        votes.cast(approval, other, people["member_other"])
        public = WorkshopFactory(scheduled=True, invited_at=timezone.now())
        private = WorkshopFactory(scheduled=True, is_public=False, invited_at=timezone.now())
        draft = WorkshopFactory()
        minutes = circulated(by=people["secretariat"], present=member, is_public=False)
        section = minutes.sections.get()
        correction = propose_correction(
            section=section, language="fr", seen=mark(section.text_fr), comment="Une virgule.", by=member
        )
        published = approved(by=people["secretariat"], present=member)
        excused = {"guest": True, "answer": "excused", "answered_at": timezone.now()}
        guest_correcting = InvitationFactory(workshop=minutes.workshop, **excused)
        guest_reading = InvitationFactory(workshop=published.workshop, **excused)
        decision = published.decisions.get()
        ChangeRequest.objects.create(decision=decision, text="Préciser le calendrier.")
        written = draft_minutes(by=people["secretariat"])
        begun = WorkshopFactory(held=True)
        invitation = InvitationFactory(workshop=private, person=member, organisation=organisation)
        shown_document = DocumentFactory(workshop=public, audience="public")
        kept_document = DocumentFactory(workshop=private)
        poll = make_poll(days=(20,))
        polled = ask(poll, person=member, organisation=organisation)
        Series.objects.create(name_fr="Hydrogène")
        KindRules.objects.create(kind="visit")
        action = ActionFactory(pilot=people["pilot"], lead=organisation)
        hidden = ActionFactory(is_public=False, pilot=people["pilot"])
        feed = CalendarFeed.objects.create(person=member)
        key = Authenticator.objects.create(user=member, type="totp", data={"secret": "x"})
        session = UserSession.objects.create(user=member, ip="192.0.2.1", session_key="k", user_agent="x")
        SocialAccount.objects.create(user=member, provider="proconnect", uid="u")
        with transaction.atomic():
            queue_email(key="k", kind="test", to=member.email, subject="S", text="T", recipient=member)
        guest = UserFactory()
        invite_person(person=guest, by=people["administrator"])
        PortalInvitation.objects.filter(person=guest).update(token_hash=hash_invitation_token("t" * 43))
        erasure = ErasureRequest.objects.create(person=guest)
        mandate = member.mandates.get()
        self.people = people
        self.erasure = erasure
        self.arguments: dict[str, list[Any]] = {
            "-": [],
            "published": [shown.organisation.slug],
            "company-draft": [other.slug],
            "version-adopted": [adopted.number],
            "version-consultation": [consultation.number],
            "version-working": [working.number],
            "paragraph": [consultation.number, "1.1.1"],
            "paragraph-of-working": [working.number, "1.1.1"],
            "vote-closed": [closed.pk],
            "vote-open": [approval.pk],
            "ballot-own": [approval.pk],
            "ballot-other": [approval.pk],
            "comment-own": [consultation.number, "1.1.1"],
            "action": [action.slug],
            "action-hidden": [hidden.slug],
            "workshop-public": [public.slug],
            "workshop-private": [private.slug],
            "workshop-draft": [draft.slug],
            "document-public": [public.slug, shown_document.pk],
            "document-invited": [private.slug, kept_document.pk],
            "document-by-link": [invitation.token, kept_document.pk],
            "invitation-of-member": [invitation.token],
            "feed-of-member": [feed.token],
            "invitation-to-portal": ["t" * 43],
            "forged": ["x" * 43],
            "body": [Body.objects.first().slug],
            "unsubscribe-member": [self._unsubscribe(member)],
            "key-of-member": [key.pk],
            "session-of-member": [session.pk],
            "reset-forged": ["1", "set-password"],
            "app": ["members"],
            "csv": ["csv"],
            "person": [member.pk],
            "person-staff": [people["administrator"].pk],
            "mandate": [mandate.pk],
            "body-id": [mandate.body_id],
            "minutes-public": [published.workshop.slug],
            "minutes-corrections": [minutes.workshop.slug],
            "minutes-draft": [written.workshop.slug],
            "guest-correcting": [guest_correcting.token],
            "guest-reading": [guest_reading.token],
            "guest-section": [guest_correcting.token, section.position],
            "section": [minutes.workshop.slug, section.position],
            "decision": [decision.pk],
            "minutes-id": [written.pk],
            "minutes-id-corrections": [minutes.pk],
            "correction-id": [correction.pk],
            "workshop-id-begun": [begun.pk],
            "workshop-id": [draft.pk],
            "workshop-id-private": [private.pk],
            "workshop-id-invitation": [private.pk, invitation.pk],
            "reply-id": [quarantined_reply().pk],
            "poll-link": [polled.token],
            "poll-of-member": [poll.workshop.slug],
            "poll-id": [poll.workshop_id],
            "poll-id-option": [poll.workshop_id, poll.options.get().pk],
            "poll-id-invitation": [poll.workshop_id, polled.pk],
            "action-id": [action.pk],
            "version-id": [working.pk],
            "version-id-block": [working.pk, working.blocks.get(label="1.1.1").pk],
            "object": [organisation_type(), organisation.pk],
        }
        answer = {"answer": "yes", "moves": "0"}
        suits = {f"option-{poll.options.get().pk}": "yes", "revision": "0"}
        own = {"organisation": organisation.pk, "choice": "pour", "text_sha256": approval.text_sha256}
        self.data: dict[tuple[str, str], dict[str, Any]] = {
            ("workshops:workshop_detail", "workshop-private"): answer,
            ("workshops:workshop_detail", "workshop-public"): answer,
            ("workshops:invitation_answer", "invitation-of-member"): answer,
            ("workshops:invitation_answer", "poll-link"): suits,
            ("workshops:poll_answer", "poll-of-member"): suits,
            ("workshops:correction_add", "section"): {
                "comment": "Encore une.",
                "seen": mark(section.text_fr),
            },
            ("workshops:correction_add_by_link", "guest-section"): {
                "comment": "Encore une.",
                "seen": mark(section.text_fr),
            },
            ("roadmap:ballot_cast", "ballot-own"): own,
            ("roadmap:ballot_cast", "ballot-other"): own | {"organisation": other.pk},
            ("roadmap:comment_thread", "comment-own"): {"kind": "remark", "body": "Bien."},
            ("roadmap:comment_thread", "paragraph-of-working"): {"kind": "remark", "body": "Bien."},
        }
        self.comment = comment

    @staticmethod
    def _close(approval: Any) -> None:
        from roadmap.approval.services import close_approval

        votes.end(approval)
        close_approval(approval=approval)

    @staticmethod
    def _unsubscribe(person: Any) -> str:
        from django.core.signing import Signer

        return Signer(salt=SALT).sign_object([person.pk, "comment-decided"])

    def url(self, row: Row) -> str:
        """Return the row's address."""
        return reverse(row.name, args=self.arguments[row.target])


def quarantined_reply() -> Any:
    """Return a mail that the secretariat has to decide about."""
    from workshops.models import CalendarReply
    from workshops.replies.services import handle_received, receive_mail

    receive_mail(b"Subject: x\r\n\r\n")
    handle_received()
    return CalendarReply.objects.get()


def organisation_type() -> int:
    """Return the content type that the administration's « view on site » takes."""
    from django.contrib.contenttypes.models import ContentType

    from members.models import Organisation

    return ContentType.objects.get_for_model(Organisation).pk


@pytest.fixture
def world(people: Any, settings: Any, tmp_path: Path) -> World:
    """Give something of everything; files go into a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return World(people)


def recent(client: Client) -> Client:
    """Let allauth believe that the person has just typed their password: no page asks for it again."""
    if client.cookies:
        session = client.session
        session["account_authentication_methods_user"] = session["_auth_user_id"]
        session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]
        session.save()
    return client


def answer_of(client: Client, row: Row, world: World) -> str:
    """Return how an address answers: its status, or "login" when it sends there. Nothing stays changed."""
    try:
        with transaction.atomic():
            if row.method == "POST":
                response = client.post(world.url(row), world.data.get((row.name, row.target), {}))
            else:
                response = client.get(world.url(row))
            transaction.set_rollback(True)
    except Exception as error:  # shown in the table of differences, with the row
        return type(error).__name__
    location = response.headers.get("Location", "")
    if response.status_code == 302 and re.search(r"/(connexion|admin/login)/", location):
        return "login"
    return str(response.status_code)


# --- the tables hold ---


def every_address() -> set[str]:
    """Every named address but the administration's standard pages, whose table is by model."""
    standard = {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
        for model in admin.site._registry
        for page in STANDARD
    }
    # Nameless: the administration's catch-all, and its redirect from the former address of a change page.
    return {name for name, _pattern in url_patterns() if not name.endswith(":None")} - standard


def test_every_address_is_in_the_table():
    listed = {row.name for row in rows()}
    assert every_address() - listed == set(), "new addresses: say in permissions_table.txt who may go there"
    assert listed - every_address() == set(), "gone"


@pytest.mark.parametrize("role", ROLES)
def test_each_address_answers_each_role_as_the_table_says(role, client_for, world):
    place = ROLES.index(role)
    client = recent(client_for(role))
    cookies = deepcopy(client.cookies)
    wrong = []
    for row in rows():
        client.cookies = deepcopy(cookies)  # an address may log out
        got = answer_of(client, row, world)
        if got != row.answers[place]:
            wrong.append(f"{row.method} {row.name} {row.target}: {got}, the table says {row.answers[place]}")
    assert not wrong, "\n".join(wrong)


def test_every_address_that_takes_a_post_has_a_row_for_it(client_for, world):
    with_row = {row.name for row in rows() if row.method == "POST"}
    without = []
    for role, closed in (("administrator", ("405",)), ("member", ("405", "login"))):
        client = recent(client_for(role))
        for row in rows():
            if row.name not in with_row:
                got = answer_of(client, replace(row, method="POST"), world)
                if got not in closed:
                    without.append(f"POST {row.name} {row.target}: {got} for the {role}")
    assert not without, "say in permissions_table.txt what each role is answered:\n" + "\n".join(without)


# --- the administration's standard pages and actions, by model ---


def staff_rights(model_admin: Any, user: Any, client: Client) -> set[str]:
    """Return the pages that open, "edit" when the change page may also be posted, and the actions."""
    options = model_admin.opts
    row = model_admin.model._default_manager.order_by("pk").first()
    assert row, f"{options.label}: make one in World"
    given = set()
    for page in STANDARD:
        args = [] if page in ("changelist", "add") else [row.pk]
        response = client.get(reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=args))
        assert response.status_code in (200, 403), f"{options.label} {page}: {response.status_code}"
        if response.status_code == 200:
            given.add(page)
    request = RequestFactory().get("/admin/")
    request.user = user
    if model_admin.has_change_permission(request):
        given.add("edit")
    return given | set(model_admin.get_actions(request))


@pytest.mark.parametrize("role", ["secretariat", "administrator"])
def test_staff_have_the_pages_and_actions_of_the_table(role, client_for, people, world):
    table = rights()
    client = client_for(role)
    wrong = []
    for model, model_admin in admin.site._registry.items():
        name = model._meta.label_lower
        got = staff_rights(model_admin, people[role], client)
        listed = table.get(name, {}).get(role, set())
        if got != listed:
            wrong.append(f"ADMIN {name} {role} {' '.join(sorted(got))}")
    assert not wrong, "it is:\n" + "\n".join(wrong)
    known = {model._meta.label_lower for model in admin.site._registry}
    assert set(table) == known, f"gone: {set(table) - known}"


@pytest.mark.parametrize("role", ["anonymous", "observer", "member", "pilot"])
def test_nobody_else_enters_the_administration(role, client_for, world):
    client = client_for(role)
    for model in admin.site._registry:
        pk = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
        for page in STANDARD:
            args = [] if page in ("changelist", "add") else [pk]
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
            for response in (client.get(url), client.post(url, {"action": "delete_selected"})):
                assert response.status_code == 302, url
                assert re.search(r"/(connexion|admin/login)/", response["Location"]), url


# --- what a status does not say ---


def test_a_comment_is_in_the_name_of_ones_own_organisation_whatever_is_posted(client_for, people, world):
    url = reverse("roadmap:comment_thread", args=world.arguments["comment-own"])
    data = {"kind": "remark", "body": "Sous un autre nom", "organisation": people.other_organisation.pk}
    client_for("member").post(url, data)
    assert set(
        people["member"].comments.filter(body="Sous un autre nom").values_list("organisation", flat=True)
    ) <= {people.organisation.pk}


def test_only_their_owner_closes_a_session_or_removes_a_passkey(client_for, people, world):
    (session,) = world.arguments["session-of-member"]
    passkey = Authenticator.objects.create(
        user=people["member"], type="webauthn", data={"name": "Clé", "credential": {}}
    )
    addresses = [
        reverse("account_session_end", args=[session]),
        reverse("mfa_remove_webauthn", args=[passkey.pk]),
    ]
    for role in ("member_other", "secretariat", "administrator"):
        client = recent(client_for(role))
        assert [client.post(url).status_code for url in addresses] == [404, 404], role
    assert UserSession.objects.filter(pk=session).exists()
    assert Authenticator.objects.filter(pk=passkey.pk).exists()
    owner = recent(client_for("member"))
    assert [owner.post(url).status_code for url in addresses] == [302, 302]
    assert not Authenticator.objects.filter(pk=passkey.pk).exists()


def test_the_secretariat_acts_on_no_administrator(client_for, people, world):
    url = reverse("admin:members_user_change", args=world.arguments["person-staff"])
    response = client_for("secretariat").post(
        url, {"email": "taken@example.org", "first_name": "X", "last_name": "Y"}
    )
    assert response.status_code == 403
    people["administrator"].refresh_from_db()
    assert people["administrator"].email == "administrator@example.org"
