"""Minutes for tests, in each of their states, made by the services where the database asks for it."""

from datetime import timedelta

import factory
from django.db import connection
from django.utils import timezone
from factory.django import DjangoModelFactory

from tests.members.factories import OrganisationFactory, UserFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import AgendaItemFactory, InvitationFactory, WorkshopFactory
from workshops.enums import Answer
from workshops.minutes import services
from workshops.minutes.models import Decision, Minutes, MinutesSection


class MinutesFactory(DjangoModelFactory[Minutes]):
    """A draft of a workshop that was held."""

    class Meta:
        model = Minutes

    workshop = factory.SubFactory(WorkshopFactory, held=True)
    chair = "Anne Présidente"
    secretary = "Sam Secrétaire"


class SectionFactory(DjangoModelFactory[MinutesSection]):
    """A section with a text."""

    class Meta:
        model = MinutesSection

    minutes = factory.SubFactory(MinutesFactory)
    position = factory.Sequence(lambda n: n + 1)
    title_fr = factory.Sequence(lambda n: f"Point {n}")
    text_fr = "Le conseil approuve la charte."


class DecisionFactory(DjangoModelFactory[Decision]):
    """A decision of an organisation, due in a month."""

    class Meta:
        model = Decision

    minutes = factory.SubFactory(MinutesFactory)
    number = factory.Sequence(lambda n: n + 1)
    text_fr = "Rédiger la charte."
    organisation = factory.SubFactory(OrganisationFactory)
    due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=30))


def meeting(*, present=None, excused=None, agenda=("Charte",), **fields):
    """Return a workshop that was held, with somebody present and somebody excused."""
    workshop = WorkshopFactory(held=True, **fields)
    for position, title in enumerate(agenda, start=1):
        AgendaItemFactory(workshop=workshop, position=position, title_fr=title, title_en="")
    for person, answer in ((present, Answer.YES), (excused, Answer.EXCUSED)):
        person = person or UserFactory()
        mandate = person.mandates.first()
        organisation = mandate.organisation if mandate else OrganisationFactory()
        invitation = InvitationFactory(
            workshop=workshop,
            person=person,
            organisation=organisation,
            answer=answer,
            answered_at=timezone.now() - timedelta(days=40),
        )
        if answer == Answer.YES:
            AttendanceFactory(invitation=invitation)
    return workshop


def draft(by=None, text="Le conseil approuve la charte.", decision=True, **fields):
    """Return minutes as the secretariat has typed them, with one decision."""
    by = by or UserFactory(is_staff=True)
    minutes = services.create_minutes(workshop=meeting(**fields), by=by)
    minutes.chair = "Anne Présidente"
    minutes.save()
    minutes.sections.update(text_fr=text)
    if decision:
        section = minutes.sections.last()
        DecisionFactory(minutes=minutes, section=section, number=1)
    return minutes


def circulated(by=None, **fields):
    """Return minutes open to corrections."""
    by = by or UserFactory(is_staff=True)
    return services.circulate_minutes(minutes=draft(by=by, **fields), by=by)


def close_corrections(minutes):
    """Let the days of the corrections pass."""
    moved = timezone.now() - timedelta(seconds=1)
    Minutes.objects.filter(pk=minutes.pk).update(
        circulated_at=moved - timedelta(days=7), corrections_close_at=moved
    )
    minutes.refresh_from_db()


def approved(by=None, **fields):
    """Return approved minutes."""
    by = by or UserFactory(is_staff=True)
    minutes = circulated(by=by, **fields)
    close_corrections(minutes)
    return services.approve_minutes(minutes=minutes, by=by)


def refusal_of(sql, params=()):
    """Run SQL and return the database's message; None when it went through."""
    from django.db import IntegrityError, InternalError, transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except (IntegrityError, InternalError) as error:
        return str(error)
    return None
