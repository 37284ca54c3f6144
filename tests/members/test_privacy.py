"""One's own data: shown and handed over whole; erased for ever, but for the public record."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import ledger
from core.workflow import TransitionError, record
from industrie_positive.admin import PaperForm
from industrie_positive.erasure import erase, pseudonym
from industrie_positive.personal_data import HELD, NOT_PERSONAL, export
from members.enums import ErasureState, MailChoice
from members.invitations import invite_person
from members.models import CalendarFeed, Change, ErasureRequest, MailRefusal, Mandate, PortalInvitation, User
from members.notifications import refuse
from members.privacy import ErasureError, refuse_erasure, request_erasure, withdraw_erasure
from members.tasks import apply_retention
from outbox.models import OutboxEmail
from outbox.services import queue_email
from tests.members.factories import MandateFactory, UserFactory
from tests.roadmap.approval.factories import cast, open_vote
from tests.roadmap.drafting.factories import CommentFactory, make_consultation
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops.enums import Answer, AnswerSource
from workshops.replies.services import handle_received, receive_mail
from workshops.services import answer_invitation

NAME, ADDRESS = "Zoé Àpartir", "zoe.apartir@example.org"


def mail(to, key="k", kind="test", recipient=None, text="Bonjour", html=""):
    with transaction.atomic():
        return queue_email(key=key, kind=kind, to=to, subject="S", text=text, html=html, recipient=recipient)


@pytest.fixture
def leaver(people):
    """Somebody who has done everything here and whose mandate is over."""
    person = UserFactory(
        email=ADDRESS, first_name="Zoé", last_name="Àpartir", job_title="Directrice", phone="0467"
    )
    mandate = MandateFactory(person=person, organisation=people.organisation)
    approval = open_vote()
    cast(approval, people.organisation, person, explanation="Parce que.")
    held = WorkshopFactory(held=True)
    InvitationFactory(
        workshop=held, person=person, organisation=people.organisation, coming=True, comment="Je viens à vélo"
    )
    InvitationFactory(person=person)
    InvitationFactory(
        guest=True,
        organisation=people.organisation,
        answer=Answer.REPRESENTED,
        answered_at=timezone.now(),
        represented_by=NAME,
    )
    version = make_consultation(number=7)
    CommentFactory(
        block=version.blocks.get(label="1.1.1"), author=person, organisation=people.organisation, body="Avis."
    )
    CalendarFeed.objects.create(person=person)
    refuse(person, MailChoice.COMMENT_DECIDED)
    mail(ADDRESS, recipient=person)
    mail(ADDRESS.upper(), key="by-address")
    EmailAddress.objects.create(user=person, email=ADDRESS)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "SECRET-OF-TOTP"})
    Client().force_login(person)
    UserSession.objects.create(user=person, ip="192.0.2.7", session_key="abc", user_agent="UA")
    SocialAccount.objects.create(user=person, provider="proconnect", uid="u-7", extra_data={"siret": "1"})
    Change.objects.create(
        person=person, register="user", object_id=person.pk, verb="changed", values={"a": [1, 2]}
    )
    LogEntry.objects.create(
        user=people["secretariat"],
        content_type=ContentType.objects.get_for_model(Mandate),
        object_id=str(mandate.pk),
        object_repr=str(mandate),
        action_flag=CHANGE,
        change_message=json.dumps([{"added": {"object": f"{NAME}, {ADDRESS}"}}]),
    )
    receive_mail(f"From: {NAME} <{ADDRESS}>\r\nSubject: Accepté\r\n\r\n{NAME} viendra".encode())
    handle_received()
    Mandate.objects.filter(pk=mandate.pk).update(ends_on=timezone.localdate())
    return person


# --- the export ---


def relations_to_a_person() -> set[str]:
    """Every column of every model, ours or a library's, that points to a person or to anything."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields(include_hidden=True):
            generic = isinstance(field, GenericForeignKey)
            column = getattr(field, "concrete", False) and not field.many_to_many
            if generic or (column and field.related_model is User):
                found.add(f"{model._meta.label}.{field.name}")
    return found


def test_every_relation_to_a_person_is_exported_or_listed_as_not_personal():
    covered = [relation for held in HELD for relation in held.relations]
    assert len(covered) == len(set(covered))
    known = set(covered) - {"members.User.id"} | set(NOT_PERSONAL)
    assert relations_to_a_person() - known == set(), "new: add it to personal_data.HELD, and to the erasure"
    assert known - relations_to_a_person() == set(), "gone: take it out of personal_data"


def test_every_field_of_the_account_is_exported_but_the_secret_ones():
    (account,) = [held for held in HELD if held.key == "account"]
    own = {field.name for field in User._meta.concrete_fields}
    assert own - set(account.fields) == {"id", "password"}


def test_export_holds_what_the_person_did_and_no_secret(leaver, client_for):
    client = Client()
    client.force_login(leaver)
    response = client.get("/espace/mes-donnees/mes-donnees.json")
    assert response.status_code == 200 and "attachment" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    data = json.loads(response.content)
    assert data["account"][0]["email"] == ADDRESS
    assert data["ballots"][0] | {"choice": "pour", "explanation": "Parce que."} == data["ballots"][0]
    assert data["comments"][0]["body"] == "Avis."
    assert {row["comment"] for row in data["workshop_invitations"]} == {"Je viens à vélo", ""}
    assert sum(row["text"] == "Bonjour" for row in data["mails"]) == 2, "one of them by the address alone"
    assert "192.0.2.7" in {row["ip"] for row in data["sessions"]}
    text = response.content.decode()
    for secret in ("SECRET-OF-TOTP", leaver.password or "!", leaver.calendar_feed.token):
        assert secret not in text
    for invitation in leaver.invitations.all():
        assert invitation.token not in text


def test_export_gives_no_link_that_opens_an_account(people):
    person = UserFactory()
    mail(person.email, kind="account-invitation", recipient=person, text="https://portail/bienvenue/SECRET/")
    assert "SECRET" not in json.dumps(export(person), default=str)


def test_export_holds_nothing_of_others(leaver, people):
    data = json.dumps(export(people["member_other"]), default=str)
    for theirs in (ADDRESS, "Àpartir", "Avis.", "Je viens"):
        assert theirs not in data and json.dumps(theirs)[1:-1] not in data


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_page_shows_what_is_held(leaver, prefix):
    client = Client()
    client.force_login(leaver)
    response = client.get(f"{prefix}/espace/mes-donnees/")
    text = response.content.decode()
    assert response.status_code == 200
    for expected in (ADDRESS, "Directrice", "Avis.", "Je viens à vélo", "Parce que."):
        assert expected in text
    for invitation in leaver.invitations.all():
        assert invitation.token not in text


def test_page_says_codes_in_words(client_for, people):
    person = UserFactory()
    row = InvitationFactory(person=person)
    mail(person.email, kind="workshop-invitation", recipient=person)
    mail(person.email, kind="workshop-reminder-silent-7d", key="2", recipient=person)
    answer_invitation(invitation=row, answer=Answer.EXCUSED, by=person, source=AnswerSource.PORTAL)
    record(row.workshop, field="poll_deadline", source="2026-11-12T08:00:00+00:00", target="2026", by=person)
    client = Client()
    client.force_login(person)
    response = client.get("/espace/mes-donnees/")
    (mails,) = [table for table in response.context["tables"] if table.key == "mails"]
    kinds = [dict(cells)["Type"] for cells in mails.rows]
    assert kinds[:2] == ["Invitation à un atelier", "Relance des personnes sans réponse (7 jours avant)"]
    (states,) = [table for table in response.context["tables"] if table.key == "states"]
    answered, moved = ([text for _label, text in cells] for cells in states.rows)
    assert [answered[0], *answered[2:6]] == ["invitation", "réponse", "Sans réponse", "Excusé", "Portail"]
    assert [moved[0], *moved[2:5]] == ["atelier", "sondage de dates", "12 novembre 2026 à 9\u00a0h", "2026"]
    assert states.labels[3:5] == ["Avant", "Après"]
    assert not {"answer source", "answer", "excused", "portal"} & {
        text.lower()
        for table in response.context["tables"]
        for cells in table.rows
        for cell in cells
        for text in cell
    }


# --- asking ---


def test_request_is_mailed_to_the_secretariat_without_a_name(client_for, people, settings):
    client = client_for("member")
    assert client.post("/espace/mes-donnees/effacement/", {"message": "Merci"}).status_code == 302
    request = ErasureRequest.objects.get()
    assert (request.person, request.message, request.state) == (people["member"], "Merci", "open")
    row = OutboxEmail.objects.get(to=settings.SECRETARIAT_EMAIL)
    assert request.get_absolute_url() in row.text
    assert people["member"].last_name not in row.text + row.html + row.subject
    assert client.post("/espace/mes-donnees/effacement/", {"message": ""}).status_code == 409
    assert client.post("/espace/mes-donnees/effacement/annuler/").status_code == 302
    request.refresh_from_db()
    assert request.state == ErasureState.WITHDRAWN


def test_a_too_long_message_is_kept_and_refused(client_for):
    response = client_for("member").post("/espace/mes-donnees/effacement/", {"message": "x" * 1001})
    assert response.status_code == 422 and b"x" * 1001 in response.content
    assert not ErasureRequest.objects.exists()


def test_looking_at_the_request_page_asks_nothing(client_for):
    assert client_for("member").get("/espace/mes-donnees/effacement/").status_code == 200
    assert not ErasureRequest.objects.exists()


# --- refusing ---


def test_refusal_gives_its_reason(people):
    person = people["member"]
    request = request_erasure(person=person, message="", by=person)
    refuse_erasure(request=request, by=people["secretariat"], reason="Votre mandat court encore.")
    assert "Votre mandat court encore." in OutboxEmail.objects.get(to=person.email).text
    client = Client()
    client.force_login(person)
    assert "Votre mandat court encore." in client.get("/espace/mes-donnees/").content.decode()
    with pytest.raises(TransitionError):
        withdraw_erasure(request=request, by=person)


@pytest.mark.parametrize("starts_in", [-30, 30])
def test_who_has_a_mandate_now_or_later_is_not_erased(people, starts_in):
    person = UserFactory()
    MandateFactory(person=person, starts_on=timezone.localdate() + timezone.timedelta(days=starts_in))
    request = request_erasure(person=person, message="", by=person)
    with pytest.raises(ErasureError):
        erase(request=request, by=people["secretariat"])
    request.refresh_from_db()
    person.refresh_from_db()
    assert request.state == ErasureState.OPEN and person.is_active


def test_the_last_administrator_is_not_erased(people):
    person = people["administrator"]
    request = request_erasure(person=person, message="", by=person)
    with pytest.raises(ErasureError):
        erase(request=request, by=UserFactory(is_staff=True))


def test_nobody_is_erased_while_a_mail_to_them_is_leaving(leaver, people):
    from outbox.delivery import claim_next_due

    assert claim_next_due() is not None
    request = request_erasure(person=leaver, message="", by=leaver)
    with pytest.raises(ErasureError):
        erase(request=request, by=people["secretariat"])
    assert OutboxEmail.objects.filter(kind="test").count() == 2


# --- erasing ---


def every_text_of_the_database() -> str:
    """All rows of all tables, as JSON."""
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            parts += [row[0] for row in cursor.fetchall()]
    return "\n".join(parts)


def test_erasing_leaves_the_record_and_nothing_of_the_person(leaver, people):
    mail("colleague@example.org", key="voted", text=f"{NAME} a voté", html=f"<p>{NAME} a voté</p>")
    request = request_erasure(person=leaver, message="Adieu, Zoé Àpartir", by=leaver)
    done = erase(request=request, by=people["secretariat"])
    name = pseudonym(1)
    assert (done.number, done.state, done.person.get_full_name()) == (1, "done", name)

    last = OutboxEmail.objects.filter(kind="erasure-done")
    assert [mail.to for mail in last] == [ADDRESS, ADDRESS], "the way out of a calendar, and the farewell"
    last.delete()
    everything = every_text_of_the_database().lower()
    for trace in (
        NAME,
        "àpartir",
        "zoe.apartir",
        "directrice",
        "vélo",
        "secret-of-totp",
        "192.0.2.7",
        "adieu, ",  # with what no random token holds
    ):
        assert trace.lower() not in everything, trace
        assert json.dumps(trace.lower())[1:-1] not in everything, trace

    # the record goes on under the pseudonym, with the organisation
    leaver.refresh_from_db()
    ballot = leaver.ballots.get()
    assert ballot.explanation == "Parce que." and ballot.voter.organisation == people.organisation
    assert leaver.comments.get().organisation == people.organisation
    told = OutboxEmail.objects.get(key="voted")
    assert told.text.strip() == f"{name} a voté" and name in told.html
    attended = leaver.invitations.get()
    assert (attended.name, attended.organisation, attended.comment) == (name, people.organisation, "")
    assert leaver.mandates.get().organisation == people.organisation
    assert ledger.first_fault() is None
    call_command("verify_ledger")

    # and nobody comes in
    assert not leaver.is_active and not leaver.has_usable_password()
    assert not (leaver.is_staff or leaver.is_superuser)
    for model in (PortalInvitation, CalendarFeed, MailRefusal):
        assert not model.objects.filter(person=leaver).exists()
    for model in (EmailAddress, Authenticator, UserSession):
        assert not model.objects.filter(user=leaver).exists()
    with pytest.raises(TransitionError):
        erase(request=request, by=people["secretariat"])
    from members.invitations import InvitationError

    with pytest.raises(InvitationError):
        invite_person(person=leaver, by=people["secretariat"])


def test_erasing_leaves_longer_names_and_addresses_alone(people):
    person = UserFactory(first_name="Jean", last_name="Martin", email="jean@martin.example")
    others = "Jean Martinez, Anne-Jean Martin, Jean Martin-Roux, un.jean@martin.example, ajean@martin.example"
    mail("colleague@example.org", key="others", text=others)
    mail("colleague@example.org", key="whole", text="(Jean Martin) jean@martin.example.")
    done = erase(request=request_erasure(person=person, message="", by=person), by=people["secretariat"])
    name = pseudonym(done.number)
    assert OutboxEmail.objects.get(key="others").text.strip() == others
    assert OutboxEmail.objects.get(key="whole").text.strip() == f"({name}) {name}."


def test_erasing_forgets_former_names_and_former_requests(people):
    person = UserFactory(first_name="Ancienne", last_name="Dunomdavant")
    LogEntry.objects.create(
        user=people["secretariat"],
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(person.pk),
        object_repr=str(person),
        action_flag=CHANGE,
        change_message="",
    )
    person.last_name = "Renomméezut"
    person.save()
    taken_back = request_erasure(person=person, message="Pour untel, du Lez", by=person)
    withdraw_erasure(request=taken_back, by=person)
    refused = request_erasure(person=person, message="Pour unetelle, du Lez", by=person)
    refuse_erasure(request=refused, by=people["secretariat"], reason="Revenez, Sobriquet")
    erase(request=request_erasure(person=person, message="", by=person), by=people["secretariat"])
    everything = every_text_of_the_database()
    for trace in ("Dunomdavant", "Renomméezut", "untel, du Lez", "unetelle, du Lez", "Sobriquet"):
        assert trace not in everything, trace


def test_erasing_ends_sessions_and_portal_invitations(people):
    person = UserFactory(email=ADDRESS)
    client = Client()
    client.force_login(person)
    assert client.get("/espace/").status_code == 200
    request = request_erasure(person=person, message="", by=person)
    erase(request=request, by=people["secretariat"])
    assert client.get("/espace/").status_code == 302


def test_two_people_get_two_pseudonyms(people):
    numbers = []
    for _ in range(2):
        person = UserFactory()
        request = request_erasure(person=person, message="", by=person)
        numbers.append(erase(request=request, by=people["secretariat"]).number)
    assert numbers == [1, 2]


def test_the_farewell_is_forgotten_once_it_has_left(people):
    from outbox.enums import EmailState

    person = UserFactory(email=ADDRESS)
    erase(request=request_erasure(person=person, message="", by=person), by=people["secretariat"])
    apply_retention()
    assert OutboxEmail.objects.filter(to=ADDRESS).count() == 1, "it waits: it has not left"
    OutboxEmail.objects.filter(to=ADDRESS).update(
        **{"state": EmailState.SENT, "sent_at": timezone.now(), "next_attempt_at": None}
    )
    apply_retention()
    assert not OutboxEmail.objects.filter(to=ADDRESS).exists()


# --- the secretariat's page ---


def page_of(request) -> str:
    return reverse("admin:members_erasurerequest_change", args=[request.pk])


def test_secretariat_erases_only_when_sure_and_refuses_only_with_a_reason(client_for, leaver):
    request = request_erasure(person=leaver, message="S'il vous plaît", by=leaver)
    client = client_for("secretariat")
    assert "S&#x27;il vous plaît" in client.get(page_of(request)).content.decode()
    assert client.post(page_of(request), {"decision": "erase"}).status_code == 422
    assert client.post(page_of(request), {"decision": "refuse"}).status_code == 422
    assert client.post(page_of(request), {}).status_code == 422
    leaver.refresh_from_db()
    assert leaver.email == ADDRESS
    assert client.post(page_of(request), {"decision": "erase", "sure": "on"}).status_code == 302
    leaver.refresh_from_db()
    assert leaver.get_full_name() == pseudonym(1)
    assert client.post(page_of(request), {"decision": "erase", "sure": "on"}).status_code == 403


def test_secretariat_sees_why_not(client_for, people):
    request = request_erasure(person=people["member"], message="", by=people["member"])
    client = client_for("secretariat")
    assert people.organisation.name in client.get(page_of(request)).content.decode()
    response = client.post(page_of(request), {"decision": "erase", "sure": "on"})
    assert response.status_code == 409 and people.organisation.name in response.content.decode()
    people["member"].refresh_from_db()
    assert people["member"].is_active


def test_secretariat_does_not_erase_staff(client_for, people):
    colleague = UserFactory(is_staff=True)
    request = request_erasure(person=colleague, message="", by=colleague)
    own = request_erasure(person=people["secretariat"], message="", by=people["secretariat"])
    client = client_for("secretariat")
    for page in (request, own):
        assert client.post(page_of(page), {"decision": "erase", "sure": "on"}).status_code == 403
    assert (
        client_for("administrator").post(page_of(request), {"decision": "erase", "sure": "on"}).status_code
        == 302
    )


def test_secretariat_writes_a_request_that_came_on_paper(client_for, leaver):
    client = client_for("secretariat")
    data = {"person": leaver.pk, "message": "Lettre du 1er mai"}
    response = client.post(reverse("admin:members_erasurerequest_add"), data)
    assert response.status_code == 302
    assert ErasureRequest.objects.get().person == leaver
    assert client.post(reverse("admin:members_erasurerequest_add"), data).status_code == 422
    assert ErasureRequest.objects.count() == 1


@pytest.mark.parametrize("judged", [True, False])
def test_paper_request_of_somebody_erased_is_refused_in_words(client_for, leaver, monkeypatch, judged):
    erase(request=request_erasure(person=leaver, message="", by=leaver), by=None)
    if not judged:
        # As if they had been erased between the form's look and the saving.
        monkeypatch.setattr(PaperForm, "clean_person", lambda form: form.cleaned_data["person"])
    response = client_for("secretariat").post(
        reverse("admin:members_erasurerequest_add"), {"person": leaver.pk, "message": "Lettre"}
    )
    assert response.status_code == (422 if judged else 409)
    assert "a été effacée." in response.content.decode()
    assert ErasureRequest.objects.count() == 1
