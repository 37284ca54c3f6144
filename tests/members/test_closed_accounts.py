"""An organisation's voice never hangs on a closed account: none gets a mandate, none is closed with one unseen."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from core.publication import current_version
from members import services
from members.models import Change, Mandate, User
from members.retention import apply_retention
from tests.helpers.locks import at_once, behind
from tests.members.factories import BodyFactory, MandateFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
WORDS = {"": "Le compte de cette personne est fermé", "/en": "This person’s account is closed"}


@pytest.fixture
def closed():
    return UserFactory(is_active=False)


# --- no new mandate ---


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("role", ["titular", "alternate", "observer", "expert", "chair"])
def test_form_refuses_at_the_persons_field(client_for, closed, role, prefix):
    data = {
        "person": closed.pk,
        "organisation": OrganisationFactory().pk,
        "body": BodyFactory().pk,
        "role": role,
        "starts_on": TODAY().isoformat(),
        "reason": "x",
    }
    response = client_for("secretariat").post(f"{prefix}/admin/members/mandate/add/", data)
    form = response.context["adminform"].form
    assert list(form.errors) == ["person"]
    assert WORDS[prefix] in form.errors["person"][0].replace("\u00a0", " ")
    assert not Mandate.objects.exists()


def test_what_is_over_may_be_written_down(client_for, closed):
    data = {
        "person": closed.pk,
        "organisation": OrganisationFactory().pk,
        "body": BodyFactory().pk,
        "role": "titular",
        "starts_on": "2019-10-01",
        "ends_on": "2021-10-01",
        "reason": "x",
    }
    assert client_for("secretariat").post("/admin/members/mandate/add/", data).status_code == 302
    assert Mandate.objects.get().person == closed


@pytest.mark.parametrize(("days", "kept"), [(0, True), (400, False)])
def test_mandate_of_a_closed_account_is_shortened_never_prolonged(client_for, closed, days, kept):
    mandate = MandateFactory(person=closed, ends_on=TODAY() + timedelta(days=30))
    until = TODAY() + timedelta(days=days)
    data = {"role": "titular", "starts_on": "2019-10-01", "ends_on": until.isoformat(), "reason": "x"}
    response = client_for("secretariat").post(f"/admin/members/mandate/{mandate.pk}/change/", data)
    assert response.status_code == (302 if kept else 422)
    mandate.refresh_from_db()
    assert (mandate.ends_on == until) == kept


def test_nobody_is_replaced_by_or_moved_with_a_closed_account(people, closed):
    titular = MandateFactory()
    on, by = TODAY() + timedelta(days=1), people["secretariat"]
    with pytest.raises(services.MandateError) as error:
        services.replace_titular(titular=titular, person=closed, on=on, by=by, reason="x")
    assert error.value.field == "person"
    held = MandateFactory(person=closed, alternate=True)
    with pytest.raises(services.MandateError):
        services.move_person(
            person=closed, source=held.organisation, target=OrganisationFactory(), on=on, by=by, reason="x"
        )
    assert Mandate.objects.count() == 2 and not Change.objects.exists()


def test_page_of_the_replacement_tells_it_at_its_field(client_for, closed):
    titular = MandateFactory()
    data = {"person": closed.pk, "on": (TODAY() + timedelta(days=1)).isoformat(), "reason": "x"}
    response = client_for("secretariat").post(f"/admin/members/mandate/{titular.pk}/remplacer/", data)
    assert response.status_code == 422 and "person" in response.context["form"].errors


def test_import_refuses_the_row(client_for, closed):
    organisation = OrganisationFactory(slug="bulane")
    BodyFactory()
    text = f"email;organisation;instance;role;debut\n{closed.email};{organisation.slug};conseil;titulaire;2026-01-01\n"
    file = SimpleUploadedFile("personnes.csv", BytesIO(text.encode()).read(), content_type="text/csv")
    response = client_for("secretariat").post("/admin/members/user/importer/", {"file": file})
    assert WORDS[""] in response.content.decode().replace("\u00a0", " ").replace("&#x27;", "'")
    assert not Mandate.objects.exists()


@pytest.mark.parametrize("how", ["insert", "prolong", "promote"])
def test_database_refuses_what_goes_round_the_forms(closed, how):
    held = MandateFactory(person=closed, alternate=True, ends_on=TODAY() + timedelta(days=5))
    with pytest.raises(IntegrityError), transaction.atomic():
        if how == "insert":
            Mandate.objects.create(
                person=closed, organisation=OrganisationFactory(), body=held.body, role="titular"
            )
        elif how == "prolong":
            Mandate.objects.filter(pk=held.pk).update(ends_on=None)
        else:
            Mandate.objects.filter(pk=held.pk).update(role="titular")
    Mandate.objects.filter(pk=held.pk).update(ends_on=TODAY())


@pytest.mark.django_db(transaction=True)
def test_successor_whose_account_closes_at_that_instant_does_not_follow():
    titular, successor = MandateFactory(), UserFactory()

    def close(row: User) -> None:
        row.is_active = False
        row.save(update_fields=["is_active"])

    outcome = behind(
        successor,
        close,
        lambda: services.replace_titular(
            titular=titular, person=successor, on=TODAY() + timedelta(days=1), by=None, reason="x"
        ),
    )
    assert isinstance(outcome, services.MandateError) and outcome.field == "person"
    assert Mandate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_retention_and_a_new_mandate_at_once_leave_no_dead_voice():
    for _turn in range(4):
        person = UserFactory(last_login=timezone.now() - timedelta(days=1000))
        User.objects.filter(pk=person.pk).update(
            date_joined=timezone.now() - timedelta(days=1000),
            inactivity_warned_at=timezone.now() - timedelta(days=200),
        )
        organisation, body = OrganisationFactory(), BodyFactory()
        at_once(
            apply_retention,
            lambda p=person, o=organisation, b=body: Mandate.objects.create(
                person=p, organisation=o, body=b, role="titular"
            ),
        )
        person.refresh_from_db()
        assert person.is_active == Mandate.objects.filter(person=person).exists()


# --- no closing unseen ---


def sheet(person, **changed):
    names = ("email", "first_name", "last_name", "job_title", "language")
    return {**{name: getattr(person, name) for name in names}, "reason": "Départ", **changed}


@pytest.mark.parametrize("starts_in", [-30, 30])
def test_account_with_a_mandate_is_not_closed_by_the_form(client_for, starts_in):
    mandate = MandateFactory(
        organisation__name="Bulane", starts_on=TODAY() + timedelta(days=starts_in), person__first_name="Ève"
    )
    page = f"/admin/members/user/{mandate.person_id}/change/"
    response = client_for("secretariat").post(page, sheet(mandate.person))
    (told,) = response.context["adminform"].form.errors["is_active"]
    assert "Bulane" in told and "itulaire" in told
    mandate.person.refresh_from_db()
    assert mandate.person.is_active
    Mandate.objects.update(starts_on="2019-10-01", ends_on=TODAY())
    assert client_for("secretariat").post(page, sheet(mandate.person)).status_code == 302
    mandate.person.refresh_from_db()
    assert not mandate.person.is_active


def test_sheet_of_an_account_closed_already_is_saved(client_for, closed):
    MandateFactory(person=closed)
    page = f"/admin/members/user/{closed.pk}/change/"
    assert client_for("secretariat").post(page, sheet(closed, job_title="Retraitée")).status_code == 302


@pytest.mark.parametrize("role", ["secretariat", "administrator"])
def test_closed_account_is_not_reopened_by_a_tick(client_for, closed, role):
    page = f"/en/admin/members/user/{closed.pk}/change/"
    response = client_for(role).post(page, sheet(closed, is_active="on"))
    assert response.status_code == 422
    (told,) = response.context["adminform"].form.errors["is_active"]
    assert "Invite to the portal" in told
    closed.refresh_from_db()
    assert not closed.is_active


# --- what the public sees of people, at once ---


@pytest.mark.django_db(transaction=True)
def test_a_new_chair_shows_at_once(client, settings):
    settings.PAGE_CACHE_SECONDS = 60
    body = BodyFactory()
    assert "Présid" not in client.get("/conseil/").content.decode()
    chair = MandateFactory(body=body, role="chair", person__first_name="Ève", person__last_name="Première")
    assert "Ève Première" in client.get("/conseil/").content.decode()
    chair.person.last_name = "Seconde"
    chair.person.save()
    assert "Ève Seconde" in client.get("/conseil/").content.decode()
    known = current_version()
    Client().force_login(chair.person)
    chair.person.phone = "0467000000"
    chair.person.save()
    assert current_version() == known, "a login or a private choice publishes nothing"
    chair.ends_on = TODAY()
    chair.save()
    assert "Ève Seconde" not in client.get("/conseil/").content.decode()
