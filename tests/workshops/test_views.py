"""The public agenda, the feed, and the page behind a mail's link."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.helpers.queries import assert_constant_queries, queries_of
from tests.helpers.roles import ROLES
from tests.workshops.factories import AgendaItemFactory, InvitationFactory, WorkshopFactory
from workshops import services
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import Invitation, Series, Workshop

pytestmark = pytest.mark.django_db
ClientFor = Callable[[str], Client]
PRIVATE = ("Badge au poste de garde", "12 rue de l")


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def errors_at(response: object, field: str) -> list[str]:
    return response.context["answer_form"].errors.get(field, [])  # type: ignore[attr-defined]


# --- the agenda ---


def test_list_shows_what_comes_then_what_was(client: Client) -> None:
    coming, held = WorkshopFactory(scheduled=True), WorkshopFactory(held=True)
    draft = WorkshopFactory()
    private = WorkshopFactory(scheduled=True, is_public=False)
    html = text(client.get("/ateliers/"))
    assert html.index(coming.title_fr) < html.index(held.title_fr)
    assert draft.title_fr not in html and private.title_fr not in html
    english = text(client.get("/en/ateliers/"))
    assert coming.title_en in english and coming.title_fr not in english


def test_list_is_one_row_of_pages_from_the_next_to_the_oldest(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workshops.views.PER_PAGE", 2)
    now = timezone.now()

    def at(days: int, **traits: bool) -> str:
        start = now + timedelta(days=days)
        return WorkshopFactory(
            starts_at=start, ends_at=start + timedelta(hours=2), **traits
        ).get_absolute_url()

    order = [at(5, scheduled=True), at(9, scheduled=True), at(30, scheduled=True)]
    order += [at(-3, held=True), at(-40, held=True)]
    pages = [text(client.get(f"/ateliers/?page={number}")) for number in (1, 2, 3)]
    assert [[row for row in order if f'"{row}"' in page] for page in pages] == [
        order[:2],
        order[2:4],
        order[4:],
    ]
    assert ['id="upcoming"' in page for page in pages] == [True, True, False]
    assert ['id="past"' in page for page in pages] == [False, True, True]
    assert client.get("/ateliers/?page=4").status_code == 404


def test_list_filters_by_kind_and_says_when_a_kind_is_unknown(client: Client) -> None:
    session = WorkshopFactory(scheduled=True, session=True)
    other = WorkshopFactory(scheduled=True)
    html = text(client.get("/ateliers/?type=session"))
    assert session.title_fr in html and other.title_fr not in html
    response = client.get("/ateliers/?type=<b>bal</b>")
    assert response.status_code == 200
    assert "&lt;b&gt;bal&lt;/b&gt;" in text(response) and other.title_fr in text(response)


def test_list_filters_by_year_and_series_together(client: Client) -> None:
    series = Series.objects.create(name_fr="Décarboner", name_en="Going low-carbon")
    mine = WorkshopFactory(held=True, series=series)
    old = WorkshopFactory(held=True, series=series, starts_at=datetime(2021, 3, 4, 9, tzinfo=UTC))
    other = WorkshopFactory(held=True, starts_at=datetime(2021, 6, 4, 9, tzinfo=UTC))
    html = text(client.get(f"/ateliers/?annee=2021&serie={series.pk}"))
    assert old.title_fr in html and mine.title_fr not in html and other.title_fr not in html
    assert "selected>2021" in html and "annee=2021" in html, "the kinds keep the other choices"
    for query in ("annee=1789", "annee=x", "serie=999999", "serie=x", "type=bal"):
        response = client.get(f"/ateliers/?{query}")
        assert response.status_code == 200 and other.title_fr in text(response)
        assert "alert-warn" in text(response)
    hidden = Series.objects.create(name_fr="Secrète")
    WorkshopFactory(scheduled=True, is_public=False, series=hidden)
    assert "Secrète" not in text(client.get("/ateliers/"))


def test_detail_shows_the_series_without_what_the_reader_may_not_see(client: Client) -> None:
    series = Series.objects.create(name_fr="Décarboner")
    first, second = WorkshopFactory(held=True, series=series), WorkshopFactory(scheduled=True, series=series)
    private = WorkshopFactory(scheduled=True, series=series, is_public=False)
    html = text(client.get(second.get_absolute_url()))
    assert first.get_absolute_url() in html and private.title_fr not in html and "Décarboner" in html
    alone = WorkshopFactory(held=True, series=Series.objects.create(name_fr="Seule"))
    assert "Dans la même série" not in text(client.get(alone.get_absolute_url()))


@pytest.mark.parametrize("page", ["0", "x", "99999", "2", "-1", "1e3"])
def test_list_refuses_a_broken_page_number(client: Client, page: str) -> None:
    WorkshopFactory(held=True)
    assert client.get(f"/ateliers/?page={page}").status_code == 404


def test_list_without_any_workshop(client: Client) -> None:
    assert client.get("/ateliers/").status_code == 200


def test_detail_shows_the_public_part_only(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    item = AgendaItemFactory(workshop=workshop)
    row = InvitationFactory(workshop=workshop)
    html = text(client.get(workshop.get_absolute_url()))
    venue = workshop.venue
    assert item.title_fr in html and "<strong>besoins</strong>" in html
    assert venue.organisation.name in html and venue.commune.name in html
    for secret in (*PRIVATE, venue.name, row.name, row.email, row.token):
        assert secret not in html


def test_detail_says_that_dates_are_for_demonstration(client: Client) -> None:
    workshop = WorkshopFactory(held=True, is_demo=True)
    assert "démonstration" in text(client.get(workshop.get_absolute_url()))


@pytest.mark.parametrize("role", ROLES)
def test_a_draft_and_a_private_workshop_are_not_found_but_by_staff(client_for: ClientFor, role: str) -> None:
    expected = 200 if role in ("secretariat", "administrator") else 404
    for workshop in (WorkshopFactory(), WorkshopFactory(scheduled=True, is_public=False)):
        assert client_for(role).get(workshop.get_absolute_url()).status_code == expected
    draft = WorkshopFactory()
    services.cancel_workshop(workshop=draft, reason="Non", by=None)
    assert client_for(role).get(draft.get_absolute_url()).status_code == expected


@pytest.mark.parametrize("role", ROLES)
def test_public_pages_for_everybody(client_for: ClientFor, role: str) -> None:
    workshop = WorkshopFactory(scheduled=True)
    client = client_for(role)
    for url in ("/ateliers/", "/en/ateliers/", "/ateliers/agenda.ics", workshop.get_absolute_url()):
        response = client.get(url)
        assert response.status_code == 200
        for secret in PRIVATE:
            assert secret not in text(response)


def test_staff_sees_a_draft_without_dates(client_for: ClientFor) -> None:
    draft = WorkshopFactory(starts_at=None, venue=None)
    assert client_for("secretariat").get(draft.get_absolute_url()).status_code == 200


# --- answering in the portal ---


def test_an_invited_person_answers_on_the_workshop_s_page(client_for: ClientFor, people: object) -> None:
    member = people["member"]  # type: ignore[index]
    row = InvitationFactory(person=member, workshop__is_public=False)
    client, url = client_for("member"), row.workshop.get_absolute_url()
    html = text(client.get(url))
    assert row.workshop.venue.address.replace("'", "&#x27;") in html and "Badge au" not in html
    response = client.post(url, {"answer": "yes", "moves": "0"}, follow=True)
    row.refresh_from_db()
    assert (row.answer, row.answered_by, row.answer_source) == (Answer.YES, member, AnswerSource.PORTAL)
    assert "Badge au poste de garde" in text(response)
    assert client_for("member_other").get(url).status_code == 404


@pytest.mark.parametrize("role", ["observer", "member_other", "pilot", "secretariat"])
def test_nobody_answers_for_another(client_for: ClientFor, people: object, role: str) -> None:
    row = InvitationFactory(person=people["member"])  # type: ignore[index]
    response = client_for(role).post(row.workshop.get_absolute_url(), {"answer": "yes", "moves": "0"})
    assert response.status_code == 403
    row.refresh_from_db()
    assert row.answer == Answer.SILENT


def test_an_anonymous_answer_goes_to_the_login(client: Client) -> None:
    row = InvitationFactory()
    response = client.post(row.workshop.get_absolute_url(), {"answer": "yes"})
    assert response.status_code == 302 and "/connexion/" in response["Location"]


def test_portal_answer_with_a_mistake_keeps_what_was_typed(client_for: ClientFor, people: object) -> None:
    row = InvitationFactory(person=people["member"])  # type: ignore[index]
    data = {"answer": "represented", "represented_by": "", "comment": "Je <b>tente</b>", "moves": "0"}
    response = client_for("member").post(row.workshop.get_absolute_url(), data)
    assert response.status_code == 422
    assert errors_at(response, "represented_by")
    assert "Je &lt;b&gt;tente&lt;/b&gt;" in text(response)


def test_portal_answer_after_the_deadline_is_a_conflict(client_for: ClientFor, people: object) -> None:
    late = timezone.now() - timedelta(seconds=1)
    row = InvitationFactory(person=people["member"], workshop__answer_by=late)  # type: ignore[index]
    client, url = client_for("member"), row.workshop.get_absolute_url()
    assert client.get(url).status_code == 200
    response = client.post(url, {"answer": "yes", "comment": "en retard", "moves": "0"})
    assert response.status_code == 409 and "en retard" in text(response)


def test_the_list_shows_the_person_s_own_answer(client_for: ClientFor, people: object) -> None:
    InvitationFactory(person=people["member"], coming=True)  # type: ignore[index]
    assert "Votre réponse" in text(client_for("member").get("/ateliers/"))
    assert "Votre réponse" not in text(client_for("member_other").get("/ateliers/"))


# --- the mail's link ---


def link(row: Invitation, language: str = "") -> str:
    return f"{language}/invitations/{row.token}/"


def test_a_get_or_head_of_the_link_changes_nothing(client: Client) -> None:
    row = InvitationFactory()
    before = Invitation.objects.values().get()
    assert client.get(link(row)).status_code == 200
    assert client.head(link(row)).status_code == 200
    assert client.get(link(row) + "?answer=yes&moves=0").status_code == 200
    assert Invitation.objects.values().get() == before


def test_the_link_s_page_is_private(client: Client) -> None:
    response = client.get(link(InvitationFactory()))
    assert "no-store" in response["Cache-Control"] and "private" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"] and "noindex" in text(response)


def test_an_answer_by_the_link_needs_neither_login_nor_cookie_nor_origin() -> None:
    row = InvitationFactory(guest=True)
    client = Client(enforce_csrf_checks=True, headers={"origin": "null"})
    response = client.post(link(row), {"answer": "yes", "comment": "Merci", "moves": "0"})
    row.refresh_from_db()
    assert response.status_code == 302 and row.answer == Answer.YES
    page = text(client.get(response["Location"]))
    assert "Badge au poste de garde" in page and "Merci" in page


def test_access_details_only_for_those_who_come(client: Client) -> None:
    row = InvitationFactory()
    assert "Badge au" not in text(client.get(link(row)))
    client.post(link(row), {"answer": "excused", "moves": "0"})
    assert "Badge au" not in text(client.get(link(row)))
    client.post(link(row), {"answer": "represented", "represented_by": "Jo Roux", "moves": "0"})
    assert "Badge au" in text(client.get(link(row)))


@pytest.mark.parametrize("role", ROLES)
def test_the_link_answers_for_its_person_whoever_is_logged_in(client_for: ClientFor, role: str) -> None:
    row = InvitationFactory()
    client = client_for(role)
    page = client.get(link(row))
    assert page.status_code == 200 and "deconnexion" not in text(page)
    assert client.post(link(row), {"answer": "yes", "moves": "0"}).status_code == 302
    row.refresh_from_db()
    assert row.answer == Answer.YES and row.answered_by is None


@pytest.mark.parametrize(("prefix", "words"), [("", "Cette page"), ("/en", "This page does not exist")])
@pytest.mark.parametrize("token", ["forged", "x" * 5000, "é%00", "..%2Fadmin"])
def test_a_forged_token_is_not_found_in_the_reader_s_language(
    client: Client, prefix: str, words: str, token: str
) -> None:
    InvitationFactory()
    for method in (client.get, client.post):
        response = method(f"{prefix}/invitations/{token}/")
        assert response.status_code == 404
        assert words in text(response)


def test_a_token_before_the_sending_opens_nothing(client: Client) -> None:
    assert client.get(link(InvitationFactory(unsent=True))).status_code == 404


DEAD: list[dict[str, object]] = [
    {"withdrawn_at": timezone.now()},
    {"workshop__state": WorkshopState.CANCELLED, "workshop__cancelled_reason": "Grève"},
    {"workshop__state": WorkshopState.HELD},
    {"workshop__starts_at": timezone.now() - timedelta(hours=1)},
]


@pytest.mark.parametrize("fields", DEAD)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_dead_link_is_gone_and_says_why(client: Client, fields: dict[str, object], prefix: str) -> None:
    row = InvitationFactory(**fields)
    page = client.get(link(row, prefix))
    posted = client.post(link(row, prefix), {"answer": "yes", "comment": "bonjour", "moves": "0"})
    row.refresh_from_db()
    assert page.status_code == 410 and posted.status_code == 410
    assert row.answer == Answer.SILENT
    assert page.context["refusal"] and str(page.context["refusal"]) in page.content.decode().replace(
        "&#x27;", "'"
    )


def test_a_withdrawn_person_no_longer_sees_where_it_is(client: Client) -> None:
    row = InvitationFactory(withdrawn_at=timezone.now(), coming=True)
    html = text(client.get(link(row)))
    assert not any(secret in html for secret in PRIVATE)


def test_after_the_deadline_the_page_informs_and_a_post_is_a_conflict(client: Client) -> None:
    row = InvitationFactory(workshop__answer_by=timezone.now() - timedelta(seconds=1))
    assert client.get(link(row)).status_code == 200
    response = client.post(link(row), {"answer": "excused", "comment": "désolée", "moves": "0"})
    assert response.status_code == 409 and "désolée" in text(response)
    row.refresh_from_db()
    assert row.answer == Answer.SILENT


def test_dates_changed_while_the_page_was_open(client: Client) -> None:
    row = InvitationFactory(workshop__moves=1, workshop__moved_at=timezone.now())
    response = client.post(link(row), {"answer": "yes", "moves": "0"})
    assert response.status_code == 409
    row.refresh_from_db()
    assert row.answer == Answer.SILENT
    assert 'name="moves" value="1"' in text(response)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "answer"),
        ({"answer": "silent"}, "answer"),
        ({"answer": "oui"}, "answer"),
        ({"answer": "represented"}, "represented_by"),
        ({"answer": "represented", "represented_by": "\u200b"}, "represented_by"),
        ({"answer": "yes", "comment": "x" * 50_000}, "comment"),
    ],
)
def test_a_wrong_answer_is_refused_at_its_field(client: Client, data: dict[str, str], field: str) -> None:
    response = client.post(link(InvitationFactory()), data | {"moves": "0"})
    assert response.status_code == 422 and errors_at(response, field)


def test_the_page_asks_again_after_a_move(client: Client) -> None:
    row = InvitationFactory(coming=True, workshop__moved_at=timezone.now())
    assert "confirm" in text(client.get(link(row)))


# --- calendars ---


def test_feed_publishes_the_public_agenda_without_anybody_s_name(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    cancelled = WorkshopFactory(state=WorkshopState.CANCELLED)
    row = InvitationFactory(workshop=workshop)
    WorkshopFactory()
    WorkshopFactory(scheduled=True, is_public=False)
    response = client.get("/ateliers/agenda.ics")
    body = text(response)
    calendar = icalendar.Calendar.from_ical(body)
    events = {str(event["UID"]): event for event in calendar.walk("VEVENT")}
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert calendar["METHOD"] == "PUBLISH" and "X-WR-CALNAME" in calendar and "REFRESH-INTERVAL" in calendar
    assert set(events) == {workshop.uid, cancelled.uid}
    assert events[cancelled.uid]["STATUS"] == "CANCELLED"
    for secret in ("ATTENDEE", row.email, *PRIVATE, workshop.venue.name):
        assert secret not in body.replace("\r\n ", "")


def test_feed_answers_304_until_something_changes(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    etag = client.get("/ateliers/agenda.ics")["ETag"]
    assert client.get("/ateliers/agenda.ics", headers={"if-none-match": etag}).status_code == 304
    workshop.title_fr = "Autre titre"
    workshop.save()
    changed = client.get("/ateliers/agenda.ics", headers={"if-none-match": etag})
    assert changed.status_code == 200 and "Autre titre" in text(changed)


def test_feed_in_english(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    assert workshop.title_en in text(client.get("/en/ateliers/agenda.ics"))


def test_one_workshop_for_one_s_calendar(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    url = reverse("workshops:workshop_calendar", args=[workshop.slug])
    assert workshop.uid in text(client.get(url))
    for hidden in (WorkshopFactory(), WorkshopFactory(scheduled=True, is_public=False)):
        assert client.get(reverse("workshops:workshop_calendar", args=[hidden.slug])).status_code == 404


# --- queries ---


def many(count: int) -> None:
    for _number in range(count):
        series = Series.objects.create(name_fr=f"Série {Series.objects.count()}")
        AgendaItemFactory(workshop=WorkshopFactory(scheduled=True, series=series))
        WorkshopFactory(held=True, series=series)


@pytest.mark.parametrize("url", ["/ateliers/", "/ateliers/agenda.ics"])
def test_public_pages_take_the_same_few_queries_for_one_and_fifteen(url: str) -> None:
    assert_constant_queries(lambda: many(1), lambda: many(14), url, at_most=5)


def test_detail_takes_few_queries(client: Client) -> None:
    workshop = WorkshopFactory(scheduled=True, series=Series.objects.create(name_fr="Suite"))
    AgendaItemFactory.create_batch(10, workshop=workshop)
    WorkshopFactory(held=True, series=workshop.series)
    queries_of(client, workshop.get_absolute_url())
    assert len(queries_of(client, workshop.get_absolute_url())) <= 5


def test_list_for_a_member_takes_the_same_queries(client_for: ClientFor, people: object) -> None:
    member = people["member"]  # type: ignore[index]

    def invite(count: int) -> None:
        for _number in range(count):
            InvitationFactory(person=member, workshop=WorkshopFactory(scheduled=True))

    assert_constant_queries(lambda: invite(1), lambda: invite(14), "/ateliers/", client=client_for("member"))
    assert Workshop.objects.count() == 15


@pytest.mark.parametrize(("prefix", "tile"), [("", "<b>1<sup>er</sup></b> janv."), ("/en", "<b>1</b> Jan")])
def test_a_tile_gives_the_date_as_people_write_it(client: Client, prefix: str, tile: str) -> None:
    WorkshopFactory(scheduled=True, starts_at=datetime(2051, 1, 1, 12, tzinfo=UTC))
    assert tile in client.get(f"{prefix}/ateliers/").content.decode()
