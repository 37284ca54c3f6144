"""Attendances for tests."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from tests.workshops.factories import InvitationFactory
from workshops.attendance.enums import ArrivalSource
from workshops.attendance.models import Attendance


class AttendanceFactory(DjangoModelFactory[Attendance]):
    """Somebody who was invited and came."""

    class Meta:
        model = Attendance

    invitation = factory.SubFactory(InvitationFactory)
    workshop = factory.SelfAttribute("invitation.workshop")
    person = factory.SelfAttribute("invitation.person")
    name = factory.SelfAttribute("invitation.name")
    organisation = factory.SelfAttribute("invitation.organisation")
    arrived_at = factory.LazyFunction(timezone.now)
    source = ArrivalSource.CODE
