"""The secretariat's process: who is invited, send, answers, move and cancel."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from core.workflow import history
from members.enums import MandateRole, OrganisationKind
from members.models import Body
from outbox.models import OutboxEmail
from tests.helpers.queries import assert_constant_queries
from tests.helpers.roles import ROLES
from tests.members.factories import MandateFactory, OrganisationFactory, SeatFactory, SectorFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import Invitation, Series, Workshop

pytestmark = pytest.mark.django_db
ClientFor = Callable[[str], Client]
STEPS = ("process", "process_move", "process_cancel")
POSTED = ("process_invite", "process_schedule", "process_send", "process_hold")


def step(name: str, workshop: Workshop, *more: object) -> str:
    return reverse(f"admin:workshops_workshop_{name}", args=[workshop.pk, *more])


@pytest.fixture
def secretariat(client_for: ClientFor) -> Client:
    return client_for("secretariat")


def sheet(**changes: object) -> dict[str, object]:
    start = timezone.localtime() + timedelta(days=40)
    return {
        "kind": "workshop-council",
        "title_fr": "L'énergie à l'atelier",
        "title_en": "Energy at work",
        "starts_at": start.strftime("%Y-%m-%dT09:00"),
        "ends_at": start.strftime("%Y-%m-%dT12:00"),
        "is_public": "on",
        "agenda-TOTAL_FORMS": "1",
        "agenda-INITIAL_FORMS": "0",
        "agenda-0-position": "1",
        "agenda-0-title_fr": "Accueil",
        "documents-TOTAL_FORMS": "0",
        "documents-INITIAL_FORMS": "0",
        **changes,
    }


# --- the sheet ---


def test_add_makes_the_address_from_the_title_and_keeps_paris_time(secretariat: Client) -> None:
    venue = VenueFactory()
    url = reverse("admin:workshops_workshop_add")
    assert secretariat.post(url, sheet(venue=venue.pk)).status_code == 302
    workshop = Workshop.objects.get()
    assert workshop.slug == "lenergie-a-latelier"
    assert workshop.state == WorkshopState.DRAFT
    assert timezone.localtime(workshop.starts_at).hour == 9
    assert workshop.agenda.get().title_fr == "Accueil"
    secretariat.post(url, sheet(starts_at="2999-06-04T09:00", ends_at="2999-06-04T12:00"))
    assert set(Workshop.objects.values_list("slug", flat=True)) == {
        "lenergie-a-latelier",
        "lenergie-a-latelier-2",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": "2999-01-01T09:00", "ends_at": "2999-01-01T08:00"}, "ends_at"),
        ({"starts_at": "2019-10-01T09:00", "ends_at": "2019-10-01T12:00"}, "starts_at"),
        ({"answer_by": "2999-01-01T12:00"}, "answer_by"),
        ({"ends_at": ""}, "ends_at"),
    ],
)
def test_add_refuses_dates_at_their_field_and_keeps_the_rest(
    secretariat: Client, changes: dict[str, object], field: str
) -> None:
    response = secretariat.post(reverse("admin:workshops_workshop_add"), sheet(**changes))
    form = response.context["adminform"].form
    assert response.status_code == 422
    assert set(form.errors) == {field}
    assert "énergie à l" in response.content.decode()
    assert not Workshop.objects.exists()


def test_add_refuses_a_taken_venue_at_its_field(secretariat: Client) -> None:
    other = WorkshopFactory(scheduled=True)
    start = timezone.localtime(other.starts_at)
    times = {
        "starts_at": start.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (start + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M"),
    }
    response = secretariat.post(reverse("admin:workshops_workshop_add"), sheet(venue=other.venue.pk, **times))
    assert set(response.context["adminform"].form.errors) == {"venue"}
    assert other.title_fr in response.content.decode()


def test_sheet_of_a_scheduled_workshop_cannot_move_it_nor_be_deleted(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    url = reverse("admin:workshops_workshop_change", args=[workshop.pk])
    data = sheet(title_fr="Titre corrigé", **{"agenda-TOTAL_FORMS": "0"})
    assert secretariat.post(url, data).status_code == 302
    fresh = Workshop.objects.get()
    assert (fresh.title_fr, fresh.starts_at, fresh.sequence) == ("Titre corrigé", workshop.starts_at, 0)
    assert secretariat.post(reverse("admin:workshops_workshop_delete", args=[workshop.pk])).status_code == 403


def test_list_shows_the_numbers_of_answers(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory.create_batch(2, workshop=workshop)
    InvitationFactory(workshop=workshop, coming=True)
    InvitationFactory(workshop=workshop, coming=True, withdrawn_at=timezone.now())
    response = secretariat.get(reverse("admin:workshops_workshop_changelist"))
    html = response.content.decode()
    assert "présents\xa0: 1 sur 3" in html and "sans réponse\xa0: 2" in html
    assert "excusés" not in html.partition('id="result_list"')[2]


def test_list_of_a_workshop_that_is_over_shows_who_came(secretariat: Client) -> None:
    AttendanceFactory(
        workshop=WorkshopFactory(held=True), invitation=None, person=None, organisation=None, name="A"
    )
    over = InvitationFactory(workshop=WorkshopFactory(held=True), coming=True).workshop
    AttendanceFactory(invitation=InvitationFactory(workshop=over, coming=True))
    AttendanceFactory(invitation=InvitationFactory(workshop=over), cancelled_at=timezone.now())
    InvitationFactory(workshop=WorkshopFactory(held=True), coming=True)
    InvitationFactory(workshop=WorkshopFactory())
    html = secretariat.get(reverse("admin:workshops_workshop_changelist")).content.decode()
    said = (
        "venus\xa0: 1<",
        "venus\xa0: 1 (invités\xa0: 3)",
        "aucune arrivée notée (invités\xa0: 1)",
        "sur la liste\xa0: 1",
    )
    for text in said:
        assert html.count(text) == 1, text
    assert "présents\xa0:" not in html


def test_english_administration_calls_things_by_their_english_names(secretariat: Client) -> None:
    series = Series.objects.create(name_fr="Hydrogène", name_en="Hydrogen")
    workshop = WorkshopFactory(scheduled=True, series=series, title_fr="Le titre", title_en="The title")
    french = WorkshopFactory(scheduled=True, title_fr="En français seulement", title_en="")
    listed = secretariat.get("/en" + reverse("admin:workshops_workshop_changelist")).content.decode()
    assert "The title" in listed and "Hydrogen" in listed and "Le titre" not in listed
    assert '<span lang="fr">En français seulement</span>' in listed
    for page in ("process", "change"):
        html = secretariat.get(f"/en/admin/workshops/workshop/{workshop.pk}/{page}/").content.decode()
        assert "The title</h1>" in html.replace("\n", ""), page
    with translation.override("en"):
        assert (str(workshop), str(series), str(french)) == ("The title", "Hydrogen", "En français seulement")
    with translation.override("fr"):
        assert (str(workshop), str(series)) == ("Le titre", "Hydrogène")


def test_ranks_count_from_one_and_a_blank_one_is_last(secretariat: Client) -> None:
    url = reverse("admin:workshops_workshop_add")
    assert 'name="agenda-0-position" class="vIntegerField" min="1"' in secretariat.get(url).content.decode()
    lines = {"agenda-TOTAL_FORMS": "3", "agenda-0-position": ""}
    lines |= {f"agenda-{n}-title_fr": title for n, title in enumerate(("Accueil", "Visite", "Échanges"))}
    lines |= {f"agenda-{n}-title_en": "" for n in (1, 2)} | {"agenda-2-position": "7"}
    assert secretariat.post(url, sheet(**lines)).status_code == 302
    found = Workshop.objects.get().agenda.values_list("position", "title_fr")
    assert list(found) == [(1, "Accueil"), (2, "Visite"), (7, "Échanges")]
    refused = secretariat.post(url, sheet(**{"agenda-0-position": "0"}))
    assert "position" in refused.context["inline_admin_formsets"][0].formset.errors[0]


# --- who may ---


@pytest.mark.parametrize("role", ROLES)
def test_process_is_for_the_secretariat(client_for: ClientFor, role: str) -> None:
    workshop = WorkshopFactory()
    row = InvitationFactory(workshop=workshop)
    client = client_for(role)
    urls = [step(name, workshop) for name in STEPS]
    urls += [step(name, workshop, row.pk) for name in ("process_answer", "process_withdraw")]
    codes = {client.get(url).status_code for url in urls}
    posted = {client.post(step(name, workshop), {}).status_code for name in POSTED}
    if role in ("secretariat", "administrator"):
        assert codes == {200} and posted <= {302, 422}
    else:
        assert codes | posted <= {302, 403}
        workshop.refresh_from_db()
        assert workshop.state == WorkshopState.DRAFT


def test_staff_without_the_right_may_not(client_for: ClientFor, people: object) -> None:
    client = client_for("secretariat")
    people["secretariat"].groups.clear()  # type: ignore[index]
    assert client.get(step("process", WorkshopFactory())).status_code == 403


# --- 1. who is invited ---


def test_process_shows_mandates_of_the_day_and_why_others_are_left_out(secretariat: Client) -> None:
    workshop = WorkshopFactory()
    held_on = timezone.localdate(workshop.starts_at)
    here = MandateFactory()
    ended = MandateFactory(ends_on=held_on)
    closed = MandateFactory(person__is_active=False)
    empty = SeatFactory().organisation
    html = secretariat.get(step("process", workshop)).content.decode()
    assert f'name="mandates" value="{here.pk}" checked' in html
    for gone in (ended, closed):
        assert f'name="mandates" value="{gone.pk}"' not in html and str(gone.person) in html
    assert empty.name in html


def replay(response: HttpResponse) -> dict[str, list[str]]:
    """What the preview's own form sends back."""
    hidden: dict[str, list[str]] = {"seen": [response.context["preview"].digest], "confirm": ["yes"]}
    for name, value in response.context["replayed"]:
        hidden.setdefault(name, []).append(value)
    return hidden


def shown(response: HttpResponse) -> set[tuple[str, str, bool]]:
    plan = response.context["preview"]
    return {(row.name, row.email, plan.required) for row in plan.rows}


def listed(workshop: Workshop) -> set[tuple[str, str, bool]]:
    return set(workshop.invitations.standing().values_list("name", "email", "is_required"))


def test_invite_previews_exactly_who_then_adds_them(secretariat: Client) -> None:
    workshop = WorkshopFactory()
    titular = MandateFactory()
    alternate = MandateFactory(organisation=titular.organisation, alternate=True)
    twice = f"Encore <{titular.person.email.upper()}>"
    url = step("process_invite", workshop)
    data = {
        "by": "hand",
        "mandates": [titular.pk],
        "guests": f"Ana <ana@example.org>\n{twice}",
        "guests_language": "en",
    }
    preview = secretariat.post(url, data)
    assert preview.status_code == 200
    assert len(preview.context["preview"].rows) == 2
    assert [(left.who.split(" — ")[0]) for left in preview.context["preview"].left_out] == [
        str(alternate.person)
    ]
    assert not Invitation.objects.exists()
    assert secretariat.post(url, replay(preview)).status_code == 302
    assert listed(workshop) == shown(preview)
    assert set(workshop.invitations.values_list("email", "language")) == {
        (titular.person.email, "fr"),
        ("ana@example.org", "en"),
    }


def test_invite_by_body_college_and_sector_does_what_it_shows(secretariat: Client) -> None:
    """Bodies are narrowed to the colleges and sectors; whoever is left out has the reason beside them."""
    workshop, energy, health = WorkshopFactory(), SectorFactory(), SectorFactory()
    chosen = MandateFactory(organisation__kind=OrganisationKind.SME)
    chosen.organisation.sectors.add(energy, health)
    big = MandateFactory(organisation__kind=OrganisationKind.MAJOR_COMPANY, body=chosen.body)
    other = MandateFactory(organisation__kind=OrganisationKind.SME, body=chosen.body)
    elsewhere = MandateFactory(
        organisation=chosen.organisation, body=Body.objects.create(slug="autre", name_fr="Autre", name_en="O")
    )
    url = step("process_invite", workshop)
    data = {
        "by": "group",
        "bodies": [chosen.body_id],
        "colleges": [OrganisationKind.SME],
        "sectors": [energy.pk],
        "required": "yes",
        # Ticked in the other part of the page, whose button was not pressed.
        "mandates": [other.pk],
        "guests": "Ana <ana@example.org>",
    }
    preview = secretariat.post(url, data)
    assert shown(preview) == {(chosen.person.get_full_name(), chosen.person.email, True)}
    why = {left.who.split(" — ")[0]: left.why for left in preview.context["preview"].left_out}
    assert {why[str(row.person)] for row in (big, other, elsewhere)} == {
        "hors des collèges choisis",
        "hors des filières choisies",
        "hors des instances choisies",
    }
    assert "indispensable" in preview.content.decode()
    assert secretariat.post(url, replay(preview)).status_code == 302
    assert listed(workshop) == shown(preview)


@pytest.mark.parametrize("group", ["bodies", "colleges", "sectors"])
def test_invite_a_whole_group(secretariat: Client, group: str) -> None:
    workshop, sector = WorkshopFactory(), SectorFactory()
    first = MandateFactory(organisation__kind=OrganisationKind.STARTUP)
    first.organisation.sectors.add(sector)
    MandateFactory(body=first.body, role=MandateRole.OBSERVER, organisation=first.organisation)
    values = {"bodies": first.body_id, "colleges": OrganisationKind.STARTUP, "sectors": sector.pk}
    url = step("process_invite", workshop)
    preview = secretariat.post(url, {"by": "group", group: [values[group]]})
    secretariat.post(url, replay(preview))
    assert listed(workshop) == shown(preview) and workshop.invitations.count() == 2


def test_invite_confirmed_after_a_change_adds_nobody_and_shows_it_anew(secretariat: Client) -> None:
    workshop, first = WorkshopFactory(), MandateFactory()
    url = step("process_invite", workshop)
    preview = secretariat.post(url, {"by": "group", "bodies": [first.body_id]})
    MandateFactory(body=first.body)
    again = secretariat.post(url, replay(preview))
    assert again.status_code == 409 and len(shown(again)) == 2
    assert not Invitation.objects.exists()
    assert secretariat.post(url, replay(again)).status_code == 302
    assert listed(workshop) == shown(again)


def test_invite_names_the_guest_who_has_no_address(secretariat: Client) -> None:
    response = secretariat.post(
        step("process_invite", WorkshopFactory()), {"by": "hand", "guests": "Ana Ruiz\nBo <bo@example.org>"}
    )
    assert response.status_code == 422
    assert response.context["invite_form"].errors["guests"] == [
        "Ligne 1 («\xa0Ana Ruiz\xa0»)\xa0: il manque l’adresse e-mail."
    ]


def test_required_can_be_changed_later_and_absent_ones_are_named(secretariat: Client, people: object) -> None:
    row = InvitationFactory()
    url = step("process_require", row.workshop, row.pk)
    assert secretariat.post(url, {"required": "yes"}).status_code == 302
    row.refresh_from_db()
    assert row.is_required and history(row).get().by == people["secretariat"]  # type: ignore[index]
    Invitation.objects.filter(pk=row.pk).update(answer=Answer.EXCUSED, answered_at=timezone.now())
    response = secretariat.get(step("process", row.workshop))
    assert response.context["required_absent"] == [row.name]
    secretariat.post(url, {"required": ""})
    row.refresh_from_db()
    assert not row.is_required and not OutboxEmail.objects.exists()
    Workshop.objects.update(state=WorkshopState.CANCELLED)
    secretariat.post(url, {"required": "yes"})
    row.refresh_from_db()
    assert not row.is_required


def test_invite_with_bad_guests_writes_nothing_and_keeps_what_was_typed(secretariat: Client) -> None:
    workshop = WorkshopFactory()
    mandate = MandateFactory()
    typed = "Ana <ana@example.org>\nnobody\nBo <bo@@example.org>"
    data = {"mandates": [mandate.pk], "guests": typed, "confirm": "yes"}
    response = secretariat.post(step("process_invite", workshop), data)
    html = response.content.decode()
    assert response.status_code == 422
    assert len(response.context["invite_form"].errors["guests"]) == 2
    assert "nobody\nBo &lt;bo@@example.org&gt;" in html
    assert f'name="mandates" value="{mandate.pk}" checked' in html
    assert not Invitation.objects.exists()


def test_invite_nobody_is_refused(secretariat: Client) -> None:
    response = secretariat.post(step("process_invite", WorkshopFactory()), {"guests": " "})
    assert response.status_code == 422


# --- 2. send ---


def test_send_schedules_a_draft_and_invites_in_one_go(secretariat: Client) -> None:
    workshop = WorkshopFactory()
    InvitationFactory.create_batch(2, workshop=workshop, unsent=True)
    response = secretariat.post(step("process_send", workshop), follow=True)
    workshop.refresh_from_db()
    assert workshop.state == WorkshopState.SCHEDULED
    assert OutboxEmail.objects.count() == 2
    assert "2 invitations partent" in str(next(iter(response.context["messages"])))


def test_send_with_a_taken_venue_changes_nothing_and_says_why(secretariat: Client) -> None:
    other = WorkshopFactory(scheduled=True)
    draft = WorkshopFactory(venue=other.venue, starts_at=other.starts_at)
    InvitationFactory(workshop=draft, unsent=True)
    response = secretariat.post(step("process_send", draft), follow=True)
    assert other.title_fr in response.content.decode()
    draft.refresh_from_db()
    assert draft.state == WorkshopState.DRAFT and not OutboxEmail.objects.exists()


def test_process_warns_before_a_short_delay(secretariat: Client) -> None:
    workshop = WorkshopFactory(starts_at=timezone.now() + timedelta(days=2))
    assert secretariat.get(step("process", workshop)).context["notice"]


# --- 3. answers ---


def test_answers_at_a_glance_with_the_state_of_each_mail(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory(workshop=workshop, unsent=True, organisation=OrganisationFactory(name="Bulane"))
    InvitationFactory(workshop=workshop, unsent=True, person=None, name="X", email="bad")
    secretariat.post(step("process_send", workshop))
    response = secretariat.get(step("process", workshop))
    html = response.content.decode()
    assert response.context["counts"][-1][2] == 2
    assert "Bulane" in html and "en attente" in html.lower() or "queued" in html
    states = {mail.state for mail in response.context["states"].values()}
    assert states == {"queued", "failed"}


def test_a_phoned_in_answer_names_both(secretariat: Client, people: object) -> None:
    row = InvitationFactory(workshop__answer_by=timezone.now() - timedelta(hours=1), workshop__scheduled=True)
    data = {"answer": "represented", "represented_by": "Camille Roux", "comment": "a appelé"}
    response = secretariat.post(step("process_answer", row.workshop, row.pk), data)
    assert response.status_code == 302
    row.refresh_from_db()
    staff = people["secretariat"]  # type: ignore[index]
    assert (row.answer, row.answered_by, row.answer_source) == (
        Answer.REPRESENTED,
        staff,
        AnswerSource.SECRETARIAT,
    )
    assert history(row).get().by == staff
    html = secretariat.get(step("process", row.workshop)).content.decode()
    assert str(staff) in html and row.name in html and "Camille Roux" in html


def test_a_phoned_in_answer_with_a_mistake_keeps_what_was_typed(secretariat: Client) -> None:
    row = InvitationFactory()
    data = {"answer": "represented", "comment": "à rappeler"}
    response = secretariat.post(step("process_answer", row.workshop, row.pk), data)
    assert response.status_code == 422
    assert "represented_by" in response.context["form"].errors
    assert "à rappeler" in response.content.decode()


def test_an_invitation_of_another_workshop_is_not_found(secretariat: Client) -> None:
    row = InvitationFactory()
    assert secretariat.get(step("process_answer", WorkshopFactory(), row.pk)).status_code == 404


def test_withdraw_asks_then_mails_one(secretariat: Client) -> None:
    row = InvitationFactory()
    url = step("process_withdraw", row.workshop, row.pk)
    assert secretariat.get(url).status_code == 200
    assert not OutboxEmail.objects.exists()
    secretariat.post(url)
    assert OutboxEmail.objects.get().kind == "workshop-withdrawn"


# --- 4. move and cancel ---


def moved(workshop: Workshop, **changes: object) -> dict[str, object]:
    start = timezone.localtime(workshop.starts_at) + timedelta(days=1)
    return {
        "starts_at": start.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "venue": workshop.venue.pk,
        **changes,
    }


def test_move_says_how_many_mails_before_it_sends_them(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory.create_batch(3, workshop=workshop)
    url = step("process_move", workshop)
    asked = secretariat.post(url, moved(workshop))
    assert asked.status_code == 200 and asked.context["count"] == 3
    workshop.refresh_from_db()
    assert workshop.sequence == 0 and not OutboxEmail.objects.exists()
    assert secretariat.post(url, moved(workshop, confirm="yes")).status_code == 302
    workshop.refresh_from_db()
    assert workshop.sequence == 1 and OutboxEmail.objects.count() == 3


def test_move_warns_of_a_short_notice_before_it_is_done(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    soon = timezone.localdate() + timedelta(days=2)
    times = {"starts_at": f"{soon}T09:00", "ends_at": f"{soon}T10:00"}
    for changes, warned in ((times, True), ({}, False)):
        page = secretariat.post(step("process_move", workshop), moved(workshop, **changes)).content.decode()
        assert ("Le délai est court" in page) is warned


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": "2019-10-01T09:00"}, "starts_at"),
        ({"ends_at": "2020-01-01T09:00"}, "ends_at"),
        ({"ends_at": "never"}, "ends_at"),
        ({"answer_by": "2999-01-01T00:00"}, "answer_by"),
    ],
)
def test_move_refuses_at_the_field(secretariat: Client, changes: dict[str, object], field: str) -> None:
    workshop = WorkshopFactory(scheduled=True)
    response = secretariat.post(step("process_move", workshop), moved(workshop, **changes))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}


def test_move_to_a_taken_venue_is_refused_at_the_venue(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    day_after = timezone.localtime(workshop.starts_at) + timedelta(
        days=1
    )  # by Paris's clock, as `moved` counts
    other = WorkshopFactory(scheduled=True, starts_at=day_after)
    response = secretariat.post(step("process_move", workshop), moved(workshop, venue=other.venue.pk))
    assert set(response.context["form"].errors) == {"venue"}


def test_cancel_says_how_many_mails_before_it_sends_them(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory.create_batch(2, workshop=workshop)
    url = step("process_cancel", workshop)
    assert secretariat.post(url, {"reason": ""}).status_code == 422
    assert secretariat.post(url, {"reason": "Grève"}).context["count"] == 2
    workshop.refresh_from_db()
    assert workshop.state == WorkshopState.SCHEDULED
    secretariat.post(url, {"reason": "Grève", "confirm": "yes"})
    workshop.refresh_from_db()
    assert workshop.state == WorkshopState.CANCELLED and OutboxEmail.objects.count() == 2


def test_cancel_of_a_cancelled_workshop_is_refused_in_words(secretariat: Client) -> None:
    workshop = WorkshopFactory(state=WorkshopState.CANCELLED)
    response = secretariat.post(step("process_cancel", workshop), {"reason": "Encore", "confirm": "yes"})
    assert response.status_code == 422
    assert response.context["form"].non_field_errors()


def test_hold_after_the_start(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True, starts_at=timezone.now() - timedelta(hours=1))
    secretariat.post(step("process_hold", workshop))
    workshop.refresh_from_db()
    assert workshop.state == WorkshopState.HELD


# --- queries ---


def test_process_takes_the_same_queries_for_one_and_thirty(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)

    def make(count: int) -> None:
        for _number in range(count):
            mandate = MandateFactory()
            InvitationFactory(workshop=workshop, person=mandate.person, coming=True)
            SeatFactory()

    assert_constant_queries(lambda: make(1), lambda: make(29), step("process", workshop), client=secretariat)
