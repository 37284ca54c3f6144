"""Ending, replacing and moving: one action each, never an impossible state; and when exactly a mandate is in force."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from members import services
from members.enums import MandateRole
from members.models import Change, Mandate, Organisation, User
from members.permissions import council_mandates
from tests.helpers.locks import at_once, behind
from tests.members.factories import BodyFactory, MandateFactory, OrganisationFactory, UserFactory

PARIS = ZoneInfo("Europe/Paris")
ON = date(2026, 3, 1)


def dates(mandate):
    mandate.refresh_from_db()
    return mandate.starts_on, mandate.ends_on


@pytest.fixture
def by(db):
    return UserFactory()


# --- end ---


def test_ended_mandate_keeps_author_and_reason(by):
    mandate = MandateFactory()
    services.end_mandate(mandate=mandate, on=ON, by=by, reason="Départ à la retraite")
    assert dates(mandate) == (date(2019, 10, 1), ON)
    change = Change.objects.get()
    assert (change.by, change.reason, change.values) == (
        by,
        "Départ à la retraite",
        {"ends_on": [None, "2026-03-01"]},
    )
    assert change.person == mandate.person and change.organisation == mandate.organisation


@pytest.mark.parametrize("on", [date(2019, 10, 1), date(2019, 9, 30)])
def test_mandate_cannot_end_before_it_begins(by, on):
    mandate = MandateFactory()
    with pytest.raises(services.MandateError):
        services.end_mandate(mandate=mandate, on=on, by=by, reason="x")
    assert dates(mandate)[1] is None and not Change.objects.exists()


def test_ended_mandate_is_not_prolonged_by_ending_it(by):
    mandate = MandateFactory(ends_on=ON)
    with pytest.raises(services.MandateError):
        services.end_mandate(mandate=mandate, on=ON + timedelta(days=1), by=by, reason="x")
    assert dates(mandate)[1] == ON


def test_stale_page_ends_nothing(by):
    mandate = MandateFactory()
    seen = services.fingerprint([mandate])
    services.end_mandate(mandate=mandate, on=date(2027, 1, 1), by=by, reason="x", seen=seen)
    with pytest.raises(services.MandateConflictError):
        services.end_mandate(mandate=mandate, on=ON, by=by, reason="x", seen=seen)
    assert dates(mandate)[1] == date(2027, 1, 1)


# --- replace ---


def test_successor_begins_the_day_the_titular_ends_and_sits_to_the_end_of_the_term(by):
    titular = MandateFactory(ends_on=date(2027, 1, 1))
    person = UserFactory()
    new = services.replace_titular(titular=titular, person=person, on=ON, by=by, reason="x")
    assert dates(titular) == (date(2019, 10, 1), ON)
    assert dates(new) == (ON, date(2027, 1, 1))
    assert (new.person, new.role, new.organisation) == (person, MandateRole.TITULAR, titular.organisation)


@pytest.mark.parametrize("role", [MandateRole.ALTERNATE, MandateRole.OBSERVER])
def test_alternate_who_follows_is_alternate_no_more(by, role):
    titular = MandateFactory()
    alternate = MandateFactory(organisation=titular.organisation, role=role)
    services.replace_titular(titular=titular, person=alternate.person, on=ON, by=by, reason="x")
    assert dates(alternate)[1] == ON
    held = Mandate.objects.on(ON).filter(person=alternate.person)
    assert [mandate.role for mandate in held] == [MandateRole.TITULAR]
    assert Change.objects.count() == 3


def test_chair_is_not_made_titular_in_passing(by):
    titular = MandateFactory()
    chair = MandateFactory(organisation=titular.organisation, role=MandateRole.CHAIR)
    with pytest.raises(services.MandateError) as refused:
        services.replace_titular(titular=titular, person=chair.person, on=ON, by=by, reason="x")
    assert refused.value.field == "person"
    assert dates(titular)[1] is None


@pytest.mark.parametrize("who", ["same", "erased"])
def test_titular_is_not_replaced_by_themselves_or_by_nobody(by, who):
    titular = MandateFactory()
    person = titular.person if who == "same" else UserFactory(email="erased-1@erased.invalid")
    with pytest.raises(services.MandateError):
        services.replace_titular(titular=titular, person=person, on=ON, by=by, reason="x")
    assert Mandate.objects.count() == 1


def test_alternate_is_not_replaced_as_a_titular(by):
    mandate = MandateFactory(alternate=True)
    with pytest.raises(services.MandateError):
        services.replace_titular(titular=mandate, person=UserFactory(), on=ON, by=by, reason="x")


def test_failed_action_leaves_nothing_behind(by, monkeypatch):
    titular = MandateFactory()

    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(services, "record_change", fail)
    with pytest.raises(RuntimeError):
        services.replace_titular(titular=titular, person=UserFactory(), on=ON, by=by, reason="x")
    assert dates(titular)[1] is None and Mandate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("days", [(0, 0), (0, 30), (30, 0)])
def test_of_two_administrators_replacing_one_titular_at_once_one_wins(days):
    titular = MandateFactory()
    seen = services.fingerprint([titular])
    admins, people = [UserFactory(), UserFactory()], [UserFactory(), UserFactory()]

    def replace(number):
        services.replace_titular(
            titular=Mandate.objects.get(pk=titular.pk),
            person=people[number],
            on=ON + timedelta(days=days[number]),
            by=admins[number],
            reason="x",
            seen=seen,
        )
        return "won"

    outcomes = at_once(lambda: replace(0), lambda: replace(1))
    assert outcomes.count("won") == 1, outcomes
    winner = outcomes.index("won")
    lost = outcomes[1 - winner]
    assert isinstance(lost, services.MandateConflictError) and "Quelqu’un" in str(lost)
    seated = Mandate.objects.filter(role=MandateRole.TITULAR).exclude(pk=titular.pk)
    assert [mandate.person for mandate in seated] == [people[winner]]
    assert dates(titular)[1] == seated[0].starts_on
    assert set(Change.objects.values_list("by", flat=True)) == {admins[winner].pk}


@pytest.mark.django_db(transaction=True)
def test_moves_across_each_other_do_not_deadlock():
    one, other = OrganisationFactory(), OrganisationFactory()
    movers = [
        (MandateFactory(organisation=one, alternate=True).person, one, other),
        (MandateFactory(organisation=other, alternate=True).person, other, one),
    ]

    def move(person, source, target):
        services.move_person(person=person, source=source, target=target, on=ON, by=person, reason="x")

    assert at_once(*(lambda mover=mover: move(*mover) for mover in movers)) == [None, None]
    for person, _source, target in movers:
        assert Mandate.objects.on(ON).get(person=person).organisation == target


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shown", [True, False])
def test_correction_saved_just_before_a_move_is_not_overwritten(by, shown):
    mandate, target, corrected = MandateFactory(), OrganisationFactory(), ON + timedelta(days=90)
    seen = services.fingerprint([mandate]) if shown else None

    def move():
        services.move_person(
            person=mandate.person,
            source=mandate.organisation,
            target=target,
            on=ON,
            by=by,
            reason="x",
            seen=seen,
        )

    outcome = behind(mandate, lambda row: Mandate.objects.filter(pk=row.pk).update(ends_on=corrected), move)
    if shown:
        assert isinstance(outcome, services.MandateConflictError)
        assert dates(mandate)[1] == corrected and not Change.objects.exists()
    else:
        assert outcome is None
        assert Mandate.objects.get(organisation=target).ends_on == corrected
        (line,) = Change.objects.filter(register="mandate", object_id=mandate.pk, verb="changed")
        assert line.values["ends_on"] == [corrected.isoformat(), ON.isoformat()]


@pytest.mark.django_db(transaction=True)
def test_successors_other_mandate_is_read_under_its_lock(by):
    titular, corrected = MandateFactory(), ON + timedelta(days=90)
    held = MandateFactory(organisation=titular.organisation, alternate=True)

    def replace():
        services.replace_titular(titular=titular, person=held.person, on=ON, by=by, reason="x")

    behind(held, lambda row: Mandate.objects.filter(pk=row.pk).update(ends_on=corrected), replace)
    (line,) = Change.objects.filter(register="mandate", object_id=held.pk, verb="changed")
    assert line.values["ends_on"] == [corrected.isoformat(), ON.isoformat()]


# --- move ---


def test_moved_person_speaks_for_the_other_organisation_alone(by):
    mandate = MandateFactory()
    elsewhere = MandateFactory(
        person=mandate.person,
        organisation=mandate.organisation,
        body=BodyFactory(slug="think-tank"),
        alternate=True,
    )
    target = OrganisationFactory()
    services.move_person(
        person=mandate.person, source=mandate.organisation, target=target, on=ON, by=by, reason="x"
    )
    now = Mandate.objects.on(ON).filter(person=mandate.person)
    assert {(held.organisation, held.body_id, held.role) for held in now} == {
        (target, mandate.body_id, MandateRole.TITULAR),
        (target, elsewhere.body_id, MandateRole.ALTERNATE),
    }
    before = Mandate.objects.on(ON - timedelta(days=1)).filter(person=mandate.person)
    assert {held.organisation for held in before} == {mandate.organisation}


def test_move_onto_another_titular_is_refused_and_possible_as_alternate(by):
    mandate, seated = MandateFactory(), MandateFactory()
    move = {
        "person": mandate.person,
        "source": mandate.organisation,
        "target": seated.organisation,
        "on": ON,
        "by": by,
        "reason": "x",
    }
    with pytest.raises(services.MandateError) as refused:
        services.move_person(**move)
    assert refused.value.field == "role" and dates(mandate)[1] is None
    services.move_person(**move, role=MandateRole.ALTERNATE)
    assert Mandate.objects.on(ON).get(person=mandate.person).role == MandateRole.ALTERNATE


def test_mandate_to_come_goes_along(by):
    later = timezone.localdate() + timedelta(days=400)
    mandate = MandateFactory(starts_on=later)
    target = OrganisationFactory()
    services.move_person(
        person=mandate.person,
        source=mandate.organisation,
        target=target,
        on=timezone.localdate() + timedelta(days=1),
        by=by,
        reason="x",
    )
    mandate.refresh_from_db()
    assert (mandate.organisation, mandate.starts_on) == (target, later)
    assert Mandate.objects.count() == 1


@pytest.mark.parametrize("case", ["same", "none", "there already"])
def test_impossible_moves_are_refused(by, case):
    mandate = MandateFactory(alternate=True)
    target = mandate.organisation if case == "same" else OrganisationFactory()
    if case == "there already":
        MandateFactory(person=mandate.person, organisation=target, observer=True)
    person = UserFactory() if case == "none" else mandate.person
    count = Mandate.objects.count()
    with pytest.raises(services.MandateError):
        services.move_person(
            person=person, source=mandate.organisation, target=target, on=ON, by=by, reason="x"
        )
    assert Mandate.objects.count() == count and dates(mandate)[1] is None


# --- the pages ---


def post(client, url, data):
    """Fill the form in, then confirm what it shows."""
    shown = client.post(url, data)
    assert shown.status_code == 200, shown.content.decode()[-2000:]
    assert "seen" in shown.context
    return shown, lambda: client.post(url, data | {"confirm": "1", "seen": shown.context["seen"]})


def test_preview_writes_nothing_and_the_second_word_does(client_for):
    titular = MandateFactory()
    person = UserFactory(first_name="<b>Zoé</b>", last_name="=cmd")
    url = reverse("admin:members_mandate_replace", args=[titular.pk])
    data = {"person": person.pk, "on": "2026-03-01", "reason": "Élection"}
    shown, confirm = post(client_for("secretariat"), url, data)
    assert Mandate.objects.count() == 1
    html = shown.content.decode()
    assert "&lt;b&gt;Zoé&lt;/b&gt; =cmd" in html and "<b>Zoé" not in html
    assert confirm().status_code == 302
    assert Mandate.objects.on(ON).get(role=MandateRole.TITULAR).person == person


def test_second_administrator_gets_a_clear_conflict(client_for):
    titular = MandateFactory()
    url = reverse("admin:members_mandate_replace", args=[titular.pk])
    form = {"on": "2026-03-01", "reason": "Élection"}
    _shown, first = post(client_for("secretariat"), url, form | {"person": UserFactory().pk})
    _shown, second = post(client_for("administrator"), url, form | {"person": UserFactory().pk})
    assert first().status_code == 302
    response = second()
    assert response.status_code == 409
    assert "Quelqu’un a modifié ces mandats" in response.content.decode()
    assert Mandate.objects.filter(role=MandateRole.TITULAR).count() == 2


@pytest.mark.parametrize(
    ("field", "value"), [("on", ""), ("on", "2019-10-01"), ("on", "demain"), ("reason", " ")]
)
def test_error_stands_at_its_field(client_for, field, value):
    mandate = MandateFactory()
    data = {"on": "2026-03-01", "reason": "x", field: value}
    url = reverse("admin:members_mandate_end", args=[mandate.pk])
    response = client_for("secretariat").post(url, data)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert dates(mandate)[1] is None


def test_confirming_without_having_seen_is_a_conflict(client_for):
    mandate = MandateFactory()
    url = reverse("admin:members_mandate_end", args=[mandate.pk])
    data = {"on": "2026-03-01", "reason": "x", "confirm": "1"}
    assert client_for("secretariat").post(url, data).status_code == 409
    assert dates(mandate)[1] is None


def test_end_and_move_pages_do_what_they_show(client_for):
    client = client_for("secretariat")
    mandate, target = MandateFactory(), OrganisationFactory()
    url = reverse("admin:members_user_move", args=[mandate.person_id])
    assert client.get(f"{url}?source={mandate.organisation_id}").status_code == 200
    data = {"source": mandate.organisation_id, "target": target.pk, "on": "2026-03-01", "reason": "x"}
    shown, confirm = post(client, url, data)
    assert "personne ne porte plus la voix" in shown.content.decode()
    assert confirm().status_code == 302
    moved = Mandate.objects.on(ON).get(person=mandate.person)
    assert moved.organisation == target
    url = reverse("admin:members_mandate_end", args=[moved.pk])
    _shown, confirm = post(client, url, {"on": "2026-04-01", "reason": "x"})
    assert confirm().status_code == 302
    assert dates(moved) == (ON, date(2026, 4, 1))


@pytest.mark.parametrize("role", ["anonymous", "observer", "member", "pilot"])
@pytest.mark.parametrize("name", ["mandate_end", "mandate_replace", "user_move", "body_composition"])
def test_actions_are_the_secretariats(client_for, role, name):
    mandate = MandateFactory()
    number = {"user_move": mandate.person_id, "body_composition": mandate.body_id}.get(name, mandate.pk)
    url = reverse(f"admin:members_{name}", args=[number])
    assert client_for(role).get(url).status_code in (302, 403)
    assert client_for(role).post(url, {"on": "2026-03-01", "reason": "x"}).status_code in (302, 403)


def test_unknown_mandate_is_not_found(client_for):
    client = client_for("secretariat")
    for name in ("mandate_end", "mandate_replace", "user_move", "body_composition"):
        assert client.get(reverse(f"admin:members_{name}", args=[999_999])).status_code == 404


# --- history stays readable ---


def test_who_sat_for_whom_on_1_october_2019(client_for):
    body = BodyFactory()
    organisation = OrganisationFactory(name="Bulane")
    for last_name, start, end in (
        ("Avant", date(2018, 1, 1), date(2019, 10, 1)),
        ("Présente", date(2019, 10, 1), date(2020, 5, 1)),
        ("Après", date(2020, 5, 1), None),
    ):
        MandateFactory(
            person__last_name=last_name, organisation=organisation, body=body, starts_on=start, ends_on=end
        )
    url = reverse("admin:members_body_composition", args=[body.pk])
    client = client_for("secretariat")
    html = client.get(f"{url}?date=2019-10-01").content.decode()
    assert "Qui siégeait le 1er octobre 2019" in html
    assert "Présente" in html and "Bulane" in html and "Avant" not in html and "Après" not in html
    assert "Après" in client.get(url).content.decode()
    assert client.get(f"{url}?date=hier").status_code == 422


def test_organisation_page_shows_people_of_today_to_come_and_past(client_for):
    organisation = OrganisationFactory()
    today = timezone.localdate()
    MandateFactory(person__last_name="Aujourdhui", organisation=organisation)
    MandateFactory(person__last_name="Passée", organisation=organisation, alternate=True, ends_on=today)
    MandateFactory(
        person__last_name="Future",
        organisation=organisation,
        alternate=True,
        starts_on=today + timedelta(days=1),
    )
    url = reverse("admin:members_organisation_change", args=[organisation.pk])
    response = client_for("secretariat").get(url)
    found = {
        (past, mandate.person.last_name)
        for _title, mandates, past in response.context["standing"]
        for mandate in mandates
    }
    assert found == {(False, "Aujourdhui"), (True, "Passée"), (False, "Future")}
    assert [title for title, _m, _p in response.context["standing"]] == [
        "Aujourd’hui",
        "À venir",
        "Par le passé",
    ]


# --- when a mandate is in force ---

# Instants in UTC, and the day it is then in Paris: midnight, and both changes of the clock.
MOMENTS = [
    (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
    (datetime(2026, 6, 30, 22, 0, 0, tzinfo=UTC), date(2026, 7, 1)),
    (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
    (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    # The clock goes forward on 29 March at 2:00: the night before is winter's, the night after summer's.
    (datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC), date(2026, 3, 28)),
    (datetime(2026, 3, 28, 23, 0, 0, tzinfo=UTC), date(2026, 3, 29)),
    (datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), date(2026, 3, 29)),
    (datetime(2026, 3, 29, 22, 0, 0, tzinfo=UTC), date(2026, 3, 30)),
    # Back on 25 October at 3:00.
    (datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC), date(2026, 10, 24)),
    (datetime(2026, 10, 24, 22, 0, 0, tzinfo=UTC), date(2026, 10, 25)),
    (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), date(2026, 10, 25)),
    (datetime(2026, 10, 25, 23, 0, 0, tzinfo=UTC), date(2026, 10, 26)),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("instant", "day"), MOMENTS)
def test_mandate_begins_and_ends_at_midnight_in_paris(monkeypatch, instant, day):
    last = MandateFactory(ends_on=day + timedelta(days=1))  # its last day
    over = MandateFactory(ends_on=day)
    first = MandateFactory(starts_on=day)
    to_come = MandateFactory(starts_on=day + timedelta(days=1))
    monkeypatch.setattr(timezone, "now", lambda: instant)
    current = set(Mandate.objects.current())
    assert {last, first} <= current and not current & {over, to_come}


@pytest.mark.django_db
def test_mandate_that_ends_tomorrow_at_midnight_still_votes_today(monkeypatch):
    # The end is excluded: what ends "on the 1st" is over when the 31st is.
    mandate = MandateFactory(ends_on=date(2027, 1, 1))
    late = datetime(2026, 12, 31, 23, 59, 59, tzinfo=PARIS)
    monkeypatch.setattr(timezone, "now", lambda: late)
    assert [held.votes for held in council_mandates(User.objects.get(pk=mandate.person_id))] == [True]
    monkeypatch.setattr(timezone, "now", lambda: late + timedelta(seconds=1))
    assert council_mandates(User.objects.get(pk=mandate.person_id)) == []


@pytest.mark.django_db
def test_session_of_someone_whose_mandate_just_ended_opens_nothing_more(client_for, people):
    client = client_for("member")
    assert client.get("/espace/").status_code == 200
    mandate = Mandate.objects.get(person=people["member"])
    services.end_mandate(mandate=mandate, on=timezone.localdate(), by=None, reason="x")
    response = client.get("/feuille-de-route/")
    assert council_mandates(response.wsgi_request.user) == []


def test_one_titular_even_for_who_goes_round_the_services(db):
    first = MandateFactory()
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        MandateFactory(organisation=first.organisation)
    assert connection.is_usable() and Organisation.objects.filter(pk=first.organisation_id).exists()
