"""The outbox in the administration: read by some, edited by nobody, sent again by some."""

import html
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from core import workflow
from members.models import User
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from tests.members.factories import UserFactory
from tests.outbox.factories import OutboxEmailFactory

pytestmark = pytest.mark.django_db
LIST = "admin:outbox_outboxemail_changelist"


def staff(*codenames: str) -> tuple[User, Client]:
    """Somebody of the secretariat with these permissions on the outbox, logged in."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="outbox", codename__in=codenames)
    )
    client = Client()
    client.force_login(user)
    return user, client


@pytest.fixture
def reader() -> Client:
    """May read."""
    return staff("view_outboxemail")[1]


def page_of(email: OutboxEmail) -> str:
    """The address of one message's page."""
    return reverse("admin:outbox_outboxemail_change", args=[email.pk])


def resend(client: Client, *emails: OutboxEmail, **extra: str) -> str:
    """Ask for the action, as the list's form does; return the page."""
    data = {"action": "resend", "_selected_action": [str(email.pk) for email in emails], **extra}
    return client.post(reverse(LIST), data, follow=True).content.decode()


def test_the_list_is_found_and_filtered(reader: Client) -> None:
    OutboxEmailFactory(to="lea@example.org", subject="Pour Léa", failed=True)
    OutboxEmailFactory(to="max@example.org", subject="Pour Max")
    for query, shown in (
        ("", {"Léa", "Max"}),
        ("?q=lea@", {"Léa"}),
        ("?state__exact=queued", {"Max"}),
        ("?error_class__exact=refused", {"Léa"}),
        ("?kind=workshops.invitation", {"Léa", "Max"}),
    ):
        page = reader.get(reverse(LIST) + query).content.decode()
        assert {name for name in ("Léa", "Max") if f"Pour {name}" in page} == shown, query


def test_the_lists_queries_do_not_grow_with_its_rows(
    reader: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    OutboxEmailFactory.create_batch(30)
    with django_assert_max_num_queries(8):  # type: ignore[attr-defined]
        assert reader.get(reverse(LIST)).status_code == 200


def test_a_message_is_shown_and_never_runs(reader: Client) -> None:
    email = OutboxEmailFactory(
        text="Bonjour <b>Léa</b>",
        html="<script>alert(1)</script>",
        calendar_text="METHOD:REQUEST <i>",
        calendar_method="REQUEST",
        failed=True,
    )
    workflow.transition(
        email, EmailState.QUEUED, by=None, reason="<u>x</u>", next_attempt_at=email.created_at
    )
    page = reader.get(page_of(email)).content.decode()
    assert "Bonjour &lt;b&gt;Léa&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script>alert(1)" not in page
    assert "METHOD:REQUEST &lt;i&gt;" in page
    assert "&lt;u&gt;x&lt;/u&gt;" in page and "en échec → en attente" in page


@pytest.mark.parametrize("demo", [False, True])
def test_a_message_that_opens_an_account_is_shown_in_the_demonstration_only(
    settings: Settings, demo: bool
) -> None:
    """Or the secretariat could reset anybody's password, and vote in their place."""
    settings.DEMO_ACCOUNTS = demo
    administrator = UserFactory(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(administrator)
    email = OutboxEmailFactory(kind="account-password-reset", text="clef-secrete", html="<p>clef-secrete")
    page = client.get(page_of(email)).content.decode()
    assert email.subject in html.unescape(page)
    assert ("clef-secrete" in page) is demo
    assert "clef-secrete" not in client.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("demo", [False, True])
def test_links_lead_where_they_lead_but_not_those_of_the_recipient_alone(
    reader: Client, settings: Settings, demo: bool
) -> None:
    """Whoever follows one answers, or unsubscribes, in that person's place."""
    settings.DEMO_ACCOUNTS, settings.SITE_URL = demo, "https://conseil.example.org"
    settings.INBOUND_ADDRESS = "reponses@example.org"
    site = settings.SITE_URL
    own = [
        f"{site}/invitations/jeton-1/",
        f"{site}/en/desabonnement/WzEs:jeton-2/",
        f"{site}/espace/agenda/jeton-3.ics",
    ]
    email = OutboxEmailFactory(
        language="fr",
        text=f"Bonjour,\n\nLa page : {site}/ateliers/a/.\nVoir https://ailleurs.example.com/x\n\n"
        + "\n".join(own),
        html=f'<a href="{own[0]}">Répondre</a>',
        calendar_text=f"BEGIN:VCALENDAR\r\nORGANIZER:mailto:reponses+jet\r\n on4@example.org\r\n"
        f"URL:{site}/invitations/je\r\n ton-1/",
        calendar_method="REQUEST",
        unsubscribe_url=own[1],
    )
    page = reader.get(page_of(email)).content.decode()
    assert f'<p>La page : <a href="{site}/ateliers/a/">{site}/ateliers/a/</a>.' in page
    assert 'href="https://ailleurs' not in page and "https://ailleurs.example.com/x" in page
    assert (f'<a href="{own[0]}">' in page) is demo
    assert ("jeton" in page) is demo and ("reponses+•••@example.org" in page) is not demo
    assert page.count("/invitations/•••/") == (0 if demo else 3)


@pytest.mark.parametrize("part", ["text", "html", "calendar_text"])
def test_the_list_is_not_filtered_by_what_a_message_says(reader: Client, part: str) -> None:
    OutboxEmailFactory(kind="account-password-reset-key", text="/nouveau/secret", html="/nouveau/secret")
    for lookup in (f"{part}__contains", f"{part}__regex", part):
        response = reader.get(reverse("admin:outbox_outboxemail_changelist"), {lookup: "/nouveau/s"})
        assert response.status_code == 400, lookup


def test_nobody_edits_adds_or_deletes() -> None:
    administrator = UserFactory(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(administrator)
    email = OutboxEmailFactory()
    assert client.get(reverse("admin:outbox_outboxemail_add")).status_code == 403
    assert client.get(reverse("admin:outbox_outboxemail_delete", args=[email.pk])).status_code == 403
    assert client.post(page_of(email), {"subject": "Autre"}).status_code == 403
    client.post(reverse(LIST), {"action": "delete_selected", "_selected_action": [email.pk], "post": "yes"})
    email.refresh_from_db()
    assert email.subject != "Autre"


@pytest.mark.parametrize("codenames", [[], ["resend_outboxemail"]])
def test_who_may_not_read_sees_nothing(codenames: list[str]) -> None:
    email = OutboxEmailFactory()
    _user, client = staff(*codenames)
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(page_of(email)).status_code == 403


def test_who_only_reads_does_not_send_again(reader: Client) -> None:
    email = OutboxEmailFactory(failed=True)
    assert 'value="resend"' not in reader.get(reverse(LIST)).content.decode()
    resend(reader, email, confirmed="yes")
    email.refresh_from_db()
    assert email.state == EmailState.FAILED


def test_resend_asks_first_and_warns_about_what_was_sent() -> None:
    _user, client = staff("view_outboxemail", "resend_outboxemail")
    sent, failed = OutboxEmailFactory(sent=True), OutboxEmailFactory(failed=True)
    page = resend(client, sent, failed)
    assert sent.to in page and failed.to in page
    assert "1 message a déjà été accepté" in page
    assert "déjà été accepté" not in resend(client, failed)
    assert set(OutboxEmail.objects.values_list("state", flat=True)) == {"sent", "failed"}


def test_resend_confirmed_queues_and_logs_who_asked() -> None:
    user, client = staff("view_outboxemail", "resend_outboxemail")
    sent, failed, queued = (
        OutboxEmailFactory(sent=True),
        OutboxEmailFactory(failed=True),
        OutboxEmailFactory(),
    )
    page = resend(client, sent, failed, queued, confirmed="yes")
    assert "2 messages vont être renvoyés" in page
    for email in (sent, failed):
        email.refresh_from_db()
        assert email.state == EmailState.QUEUED
        assert [log.by for log in workflow.history(email)] == [user]
    assert not workflow.history(queued).exists()


def test_resend_of_what_is_on_its_way_offers_nothing() -> None:
    _user, client = staff("view_outboxemail", "resend_outboxemail")
    page = resend(client, OutboxEmailFactory(inflight=True))
    assert 'name="confirmed"' not in page
    assert "Aucun de ces messages" in page
