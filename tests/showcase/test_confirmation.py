"""Pages to confirm: the organisation's word, once a year, judged by the database's clock."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.workflow import history
from members.enums import MailChoice, MandateRole
from members.notifications import set_refusals
from members.retention import months_from
from outbox.models import OutboxEmail
from showcase import reminders
from showcase.models import CompanyPage
from showcase.reminders import send_due_reminders
from showcase.services import PageError, confirm_page, pages_to_confirm, publish_page, withdraw_page
from showcase.tasks import send_reminders
from tests.helpers.failing import fails_first
from tests.helpers.locks import at_once
from tests.helpers.queries import assert_constant_queries
from tests.helpers.roles import ROLES
from tests.members.factories import MandateFactory, UserFactory
from tests.showcase.factories import CompanyPageFactory

pytestmark = pytest.mark.django_db


def aged(page: CompanyPage, months: int = 12, days: int = 0) -> CompanyPage:
    """Let time pass since the page was confirmed (and, if it was, reminded)."""
    page.refresh_from_db()
    page.confirmed_at = months_from(page.confirmed_at, -months) - timedelta(days=days)
    if page.reminded_at:
        page.reminded_at = months_from(page.reminded_at, -months) - timedelta(days=days)
    page.save(update_fields=["confirmed_at", "reminded_at"])
    return page


@pytest.fixture
def page_of_ours(people):
    assert people["member"]
    return CompanyPageFactory(organisation=people.organisation)


def mails() -> list[str]:
    return sorted(OutboxEmail.objects.filter(kind="page-confirm").values_list("to", flat=True))


# --- what awaits whom ---


@pytest.mark.parametrize(("days", "waits"), [(-1, False), (1, True)])
def test_page_awaits_its_voices_after_a_year_and_nobody_else(client_for, people, page_of_ours, days, waits):
    aged(page_of_ours, days=days)
    alternate = MandateFactory(organisation=people.organisation, alternate=True).person
    for person in (people["member"], alternate):
        assert list(pages_to_confirm(person)) == ([page_of_ours] if waits else [])
    for role in ("observer", "member_other", "pilot", "secretariat"):
        assert not pages_to_confirm(people[role])
    shown = client_for("member").get("/espace/").content.decode()
    assert ("Page publique" in shown) == ("Page à confirmer" in shown) == waits
    public = client_for("anonymous").get(page_of_ours.get_absolute_url()).content.decode()
    assert "csrfmiddlewaretoken" not in public and "toujours exacte" not in public


def test_voice_that_ended_today_confirms_no_more(client_for, people, page_of_ours):
    aged(page_of_ours)
    client = client_for("member")
    people["member"].mandates.update(ends_on=timezone.localdate())
    assert "Page à confirmer" not in client.get("/espace/").content.decode()
    assert client.post(f"{page_of_ours.get_absolute_url()}confirmer/").status_code == 403
    assert not history(page_of_ours)


def test_drafts_and_withdrawn_pages_await_nobody(people, page_of_ours):
    aged(page_of_ours, 20)
    withdraw_page(page=page_of_ours, by=None)
    assert not pages_to_confirm(people["member"])
    publish_page(page=page_of_ours, by=None)
    assert not pages_to_confirm(people["member"])  # what was published today is vouched for today


def test_space_asks_the_same_number_of_questions_for_one_and_ten_pages(people, client_for):
    client = client_for("member")

    def pages(number: int) -> None:
        for _ in range(number):
            mandate = MandateFactory(person=people["member"])
            aged(CompanyPageFactory(organisation=mandate.organisation))

    assert_constant_queries(lambda: pages(1), lambda: pages(10), "/espace/", at_most=20, client=client)


# --- confirming ---


@pytest.mark.parametrize("role", ROLES)
def test_one_post_confirms_and_names_its_author(client_for, people, page_of_ours, role):
    before = aged(page_of_ours).confirmed_at
    client = client_for(role)
    response = client.post(f"{page_of_ours.get_absolute_url()}confirmer/")
    page_of_ours.refresh_from_db()
    if role in ("member", "secretariat", "administrator"):
        assert response.url == page_of_ours.get_absolute_url()
        row = history(page_of_ours).get()
        assert row.by == people[role] and row.field == "confirmed_at"
        assert timezone.now() - page_of_ours.confirmed_at < timedelta(minutes=1)
        assert not pages_to_confirm(people["member"])
    else:
        assert response.status_code == (302 if role == "anonymous" else 403)
        assert page_of_ours.confirmed_at == before and not history(page_of_ours)


def test_the_button_is_on_the_page_and_works_from_it(client_for, page_of_ours):
    aged(page_of_ours)
    client = client_for("member")
    shown = client.get(page_of_ours.get_absolute_url())
    assert shown.context["may_confirm"] and shown.context["seen"] in shown.content.decode()
    done = client.post(
        f"{page_of_ours.get_absolute_url()}confirmer/", {"seen": shown.context["seen"]}, follow=True
    )
    text = done.content.decode()
    assert "La page est confirmée" in text and "toujours exacte" not in text


def test_a_get_leads_to_the_page_and_changes_nothing(client_for, page_of_ours):
    before = aged(page_of_ours).confirmed_at
    path = f"{page_of_ours.get_absolute_url()}confirmer/"
    assert client_for("member").get(path).url == f"{page_of_ours.get_absolute_url()}#confirm"
    assert client_for("anonymous").get(path).url.startswith("/connexion/?next=")
    page_of_ours.refresh_from_db()
    assert page_of_ours.confirmed_at == before


def test_page_that_changed_since_it_was_read_is_not_confirmed(client_for, page_of_ours):
    aged(page_of_ours)
    client = client_for("member")
    seen = client.get(page_of_ours.get_absolute_url()).context["seen"]
    page_of_ours.tagline_fr = "Autre chose"
    page_of_ours.save()
    response = client.post(f"{page_of_ours.get_absolute_url()}confirmer/", {"seen": seen})
    assert response.status_code == 409 and "a changé depuis" in response.content.decode()
    assert not history(page_of_ours)


def test_twice_is_once_and_says_so(client_for, page_of_ours):
    aged(page_of_ours)
    client = client_for("member")
    for words in ("La page est confirmée", "déjà confirmée"):
        response = client.post(f"{page_of_ours.get_absolute_url()}confirmer/", follow=True)
        assert words in response.content.decode()
    assert history(page_of_ours).count() == 1


def test_page_that_is_not_public_is_not_confirmed(people):
    with pytest.raises(PageError):
        confirm_page(page=CompanyPageFactory(draft=True), by=people["secretariat"])


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_once_confirm_once():
    page = aged(CompanyPageFactory())
    by = UserFactory()
    done = at_once(*[lambda: confirm_page(page=page, by=by)] * 2)
    assert sorted(done) == [False, True] and history(page).count() == 1


def test_secretariat_notes_a_confirmation_by_telephone(client_for, people):
    due, fresh = aged(CompanyPageFactory()), CompanyPageFactory()
    staff = client_for("secretariat")
    listed = staff.get("/admin/showcase/companypage/?confirmation=due").context["cl"].queryset
    assert list(listed) == [due]
    data = {"action": "confirm", "_selected_action": [due.pk, fresh.pk]}
    text = staff.post("/admin/showcase/companypage/", data, follow=True).content.decode()
    assert "1 page confirmée." in text and "Rien à confirmer" in text
    assert history(due).get().by == people["secretariat"] and not history(fresh)


# --- reminders ---


def test_voices_are_reminded_once_a_year(people, page_of_ours):
    alternate = MandateFactory(organisation=people.organisation, alternate=True).person
    closed = MandateFactory(organisation=people.organisation, alternate=True, person__is_active=False)
    assert people["observer"] and closed and send_due_reminders() == 0
    aged(page_of_ours)
    assert send_due_reminders() == 1
    send_reminders()
    assert mails() == sorted([people["member"].email, alternate.email])
    aged(page_of_ours, 11)
    assert send_due_reminders() == 0
    aged(page_of_ours, 1)
    assert send_due_reminders() == 1 and len(mails()) == 4
    confirm_page(page=page_of_ours, by=people["member"])
    assert send_due_reminders() == 0


def test_a_page_whose_reminder_fails_holds_up_no_other(monkeypatch):
    for _ in range(2):
        aged(CompanyPageFactory(organisation=MandateFactory().organisation))
    fails_first(monkeypatch, reminders, "send_confirmation_reminder")
    assert (send_due_reminders(), send_due_reminders(), send_due_reminders()) == (1, 1, 0)


def test_reminder_can_be_refused_and_says_so(people, page_of_ours):
    alternate = MandateFactory(organisation=people.organisation, alternate=True).person
    set_refusals(people["member"], [MailChoice.PAGE_CONFIRM])
    aged(page_of_ours)
    assert send_due_reminders() == 1 and mails() == [alternate.email]
    assert OutboxEmail.objects.get().unsubscribe_url


def test_page_whose_organisation_has_no_voice_waits_for_one(people):
    aged(CompanyPageFactory(organisation=people.organisation))
    assert people["observer"] and send_due_reminders() == 0
    titular = MandateFactory(organisation=people.organisation, role=MandateRole.TITULAR).person
    assert send_due_reminders() == 1 and mails() == [titular.email]


@pytest.mark.parametrize(
    ("language", "path", "words"),
    [
        ("fr", "http://127.0.0.1:8000/vitrine/", "Relire et confirmer"),
        ("en", "/en/vitrine/", "Read and confirm"),
    ],
)
def test_reminder_is_in_the_persons_language_and_leads_to_the_button(language, path, words, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    page = aged(CompanyPageFactory(organisation__name="Bulane <b>", organisation__slug="bulane"))
    MandateFactory(organisation=page.organisation, person__language=language)
    send_due_reminders()
    mail = OutboxEmail.objects.get()
    assert words in mail.text and f"{path}bulane/confirmer/" in mail.text
    assert "Bulane &lt;b&gt;" in mail.html and "Bulane <b>" not in mail.html


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_remind_once():
    page = aged(CompanyPageFactory())
    MandateFactory(organisation=page.organisation)

    assert sum(at_once(*[send_due_reminders] * 3)) == 1
    assert len(mails()) == 1


# --- what the public reads ---


# Thirty days of grace, less or more than a leap year's odd day.
@pytest.mark.parametrize(("days", "stale"), [(28, False), (32, True)])
@pytest.mark.parametrize(("prefix", "words"), [("", "À confirmer"), ("/en", "To be confirmed")])
def test_public_is_told_after_the_days_of_grace(client, days, stale, prefix, words):
    page = aged(CompanyPageFactory(organisation__slug="bulane"), days=days)
    CompanyPageFactory()
    listed = client.get(f"{prefix}/vitrine/").content.decode()
    assert listed.count(words) == (1 if stale else 0)
    assert (words in client.get(f"{prefix}/vitrine/bulane/").content.decode()) == stale
    answer = {"": "oui", "/en": "yes"}[prefix]
    rows = client.get(f"{prefix}/vitrine/export.csv").content.decode().splitlines()
    assert sum(f'"{answer}"' in row for row in rows) == (1 if stale else 0)
    confirm_page(page=page, by=None)
    assert words not in client.get(f"{prefix}/vitrine/bulane/").content.decode()


def test_settings_set_the_delays(settings, client, people, page_of_ours):
    settings.SHOWCASE_CONFIRM_MONTHS, settings.SHOWCASE_CONFIRM_GRACE_DAYS = 6, 0
    aged(page_of_ours, 6)
    assert pages_to_confirm(people["member"])
    assert "À confirmer" in client.get(page_of_ours.get_absolute_url()).content.decode()


def test_an_old_name_is_shown_as_text(client_for, people):
    people.organisation.name = "<script>alert(1)</script>"
    people.organisation.save()
    page = aged(CompanyPageFactory(organisation=people.organisation), 24)
    for path in ("/espace/", page.get_absolute_url(), "/vitrine/"):
        assert "<script>alert" not in client_for("member").get(path).content.decode()
    assert Client().get("/vitrine/").status_code == 200
