"""Signing in at the door, and the secretariat's list of arrivals."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from core.workflow import history
from tests.helpers.locks import at_once
from tests.members.factories import OrganisationFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops.attendance import services
from workshops.attendance.enums import ArrivalSource
from workshops.attendance.models import CODE_LETTERS, Attendance, Door, new_code
from workshops.enums import WorkshopState
from workshops.models import Invitation, Workshop
from workshops.services import WorkshopError

pytestmark = pytest.mark.django_db


def today(**fields: Any) -> Workshop:
    """A workshop that began a quarter of an hour ago."""
    start = timezone.now() - timedelta(minutes=15)
    made: Workshop = WorkshopFactory(
        **{"scheduled": True, "starts_at": start, "ends_at": start + timedelta(hours=2)} | fields
    )
    return made


def door(workshop: Workshop) -> str:
    """Open the door with a code that no test types as a wrong one."""
    return Door.objects.get_or_create(workshop=workshop, defaults={"code": "KTM482"})[0].code


def sign(invitation: Invitation, **fields: Any) -> Attendance:
    values = {"code": door(invitation.workshop), "by": None, "key": uuid4()} | fields
    return services.check_in(invitation=invitation, **values)


def test_the_code_is_read_however_it_is_typed():
    code = new_code()
    assert len(code) == 6 and set(code) <= set(CODE_LETTERS)
    assert services.clean_code(f" {code[:3].lower()}-{code[3:]} ") == code


def test_an_invited_person_signs_in_once_whatever_they_had_answered():
    row = InvitationFactory(workshop=today())
    first = sign(row)
    assert (first.name, first.organisation, first.person) == (row.name, row.organisation, row.person)
    assert first.source == ArrivalSource.CODE
    assert sign(row) == first
    assert Attendance.objects.count() == 1


@pytest.mark.parametrize("code", ["", "AAAAAA", "é", "A" * 500])
def test_a_wrong_code_records_nothing(code):
    row = InvitationFactory(workshop=today())
    Door.objects.create(workshop=row.workshop, code="XYZ234")
    with pytest.raises(WorkshopError) as refused:
        sign(row, code=code)
    assert refused.value.field == "code" and not Attendance.objects.exists()


def test_without_a_code_at_the_door_nobody_signs_in():
    with pytest.raises(WorkshopError) as refused:
        services.check_in(invitation=InvitationFactory(workshop=today()), code="", by=None, key=uuid4())
    assert refused.value.field == "code"


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (timedelta(hours=2, minutes=10), timedelta(hours=3), "early"),
        (timedelta(hours=-6), timedelta(hours=-2), "late"),
    ],
)
def test_signing_in_has_its_hours(start, end, code):
    now = timezone.now()
    row = InvitationFactory(workshop=today(starts_at=now + start, ends_at=now + end))
    with pytest.raises(WorkshopError) as refused:
        sign(row)
    assert refused.value.code == code


def test_signing_in_opens_before_the_start():
    now = timezone.now()
    workshop = today(starts_at=now + timedelta(hours=1, minutes=59), ends_at=now + timedelta(hours=4))
    assert sign(InvitationFactory(workshop=workshop))


@pytest.mark.parametrize(
    "state", [WorkshopState.CANCELLED, WorkshopState.MINUTES_APPROVED, WorkshopState.DRAFT]
)
def test_a_workshop_that_is_not_on_takes_no_arrival(state, people):
    row = InvitationFactory(workshop=today(scheduled=False, state=state))
    Door.objects.create(workshop=row.workshop)
    for act in (
        lambda: sign(row),
        lambda: services.record_arrival(invitation=row, by=people["secretariat"], key=uuid4()),
    ):
        with pytest.raises(WorkshopError) as refused:
            act()
        assert refused.value.code in ("cancelled", "approved", "state")
    assert not Attendance.objects.exists()


def test_a_withdrawn_person_does_not_sign_in():
    with pytest.raises(WorkshopError) as refused:
        sign(InvitationFactory(workshop=today(), withdrawn_at=timezone.now()))
    assert refused.value.code == "withdrawn"


def test_the_phone_s_instant_counts_when_it_is_plausible(people):
    workshop = today()
    earlier = timezone.now() - timedelta(minutes=5)
    row = sign(InvitationFactory(workshop=workshop), arrived_at=earlier)
    assert row.arrived_at == earlier
    for absurd in (timezone.now() + timedelta(hours=1), timezone.now() - timedelta(days=2)):
        other = sign(InvitationFactory(workshop=workshop), arrived_at=absurd)
        assert abs(other.arrived_at - timezone.now()) < timedelta(minutes=30)


def test_the_same_arrival_sent_again_is_one(people):
    row, key = InvitationFactory(workshop=today()), uuid4()
    first = services.record_arrival(invitation=row, by=people["secretariat"], key=key)
    assert services.record_arrival(invitation=row, by=people["secretariat"], key=key) == first
    with pytest.raises(WorkshopError) as refused:
        services.record_arrival(
            invitation=InvitationFactory(workshop=row.workshop), by=people["secretariat"], key=key
        )
    assert refused.value.code == "key"
    assert Attendance.objects.get().source == ArrivalSource.SECRETARIAT


def test_an_arrival_taken_back_may_be_recorded_anew_and_the_log_keeps_who_undid_it(people):
    staff, row = people["secretariat"], InvitationFactory(workshop=today())
    first = services.record_arrival(invitation=row, by=staff, key=uuid4())
    assert services.take_back(workshop=row.workshop, key=first.key, by=staff)
    assert not services.take_back(workshop=row.workshop, key=first.key, by=staff)
    assert [(entry.to_state, entry.by) for entry in history(first)] == [("taken-back", staff)]
    again = services.record_arrival(invitation=row, by=staff, key=uuid4())
    assert again != first and Attendance.objects.standing().get() == again


def test_somebody_without_an_invitation_is_recorded_by_name(people):
    workshop, organisation = today(), OrganisationFactory()
    row = services.record_walk_in(
        workshop=workshop,
        name="  Ana\t Pasprévue ",
        organisation=organisation,
        by=people["secretariat"],
        key=uuid4(),
    )
    assert (row.name, row.organisation, row.invitation) == ("Ana Pasprévue", organisation, None)
    with pytest.raises(WorkshopError) as refused:
        services.record_walk_in(
            workshop=workshop, name=" ", organisation=None, by=people["secretariat"], key=uuid4()
        )
    assert refused.value.field == "name"


@pytest.mark.parametrize("role", ["observer", "member", "pilot"])
def test_only_the_secretariat_records_for_others(role, people):
    workshop, by = today(), people[role]
    row = InvitationFactory(workshop=workshop)
    for act in (
        lambda: services.open_door(workshop=workshop, by=by),
        lambda: services.record_arrival(invitation=row, by=by, key=uuid4()),
        lambda: services.record_walk_in(workshop=workshop, name="A", organisation=None, by=by, key=uuid4()),
        lambda: services.take_back(workshop=workshop, key=uuid4(), by=by),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.django_db(transaction=True)
def test_many_phones_at_once_record_one_arrival(people):
    row, staff = InvitationFactory(workshop=today()), people["secretariat"]
    code = door(row.workshop)
    acts = [lambda: sign(row, code=code) for _phone in range(4)]
    acts += [lambda: services.record_arrival(invitation=row, by=staff, key=uuid4()) for _phone in range(4)]
    outcomes = at_once(*acts)
    assert all(isinstance(outcome, Attendance) for outcome in outcomes), outcomes
    assert len({outcome.pk for outcome in outcomes}) == 1 and Attendance.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_open_the_door_at_once_show_one_code(people):
    workshop, staff = today(), people["secretariat"]
    doors = at_once(*[lambda: services.open_door(workshop=workshop, by=staff) for _click in range(4)])
    assert {str(found) for found in doors} == {Door.objects.get().code}
