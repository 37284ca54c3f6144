"""Workshops, venues and invitations for tests. Dates are far enough from now that no test depends on the clock."""

from datetime import UTC, datetime, time, timedelta

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from tests.members.factories import CommuneFactory, OrganisationFactory, UserFactory
from workshops.enums import Answer, AnswerSource, WorkshopKind, WorkshopState
from workshops.models import AgendaItem, Document, Invitation, Venue, Workshop


def at_two(days: int) -> datetime:
    """Two in the afternoon in Paris in so many days: no midnight and no change of the clocks is near."""
    day = timezone.localdate() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, time(14))).astimezone(UTC)


class VenueFactory(DjangoModelFactory[Venue]):
    """A member's meeting room, with access details that few may see."""

    class Meta:
        model = Venue

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Salle {n}")
    address = "12 rue de l'Industrie"
    commune = factory.SubFactory(CommuneFactory)
    access = "Badge au poste de garde, code 4321"


class WorkshopFactory(DjangoModelFactory[Workshop]):
    """A draft in thirty days' time; `scheduled=True` puts it in the agenda."""

    class Meta:
        model = Workshop

    class Params:
        scheduled = factory.Trait(state=WorkshopState.SCHEDULED)
        held = factory.Trait(
            state=WorkshopState.HELD,
            starts_at=factory.LazyFunction(lambda: timezone.now() - timedelta(days=30)),
        )
        session = factory.Trait(kind=WorkshopKind.SESSION)

    slug = factory.Sequence(lambda n: f"atelier-{n}")
    kind = WorkshopKind.WORKSHOP_COUNCIL
    title_fr = factory.Sequence(lambda n: f"Atelier numéro {n}")
    title_en = factory.Sequence(lambda n: f"Workshop number {n}")
    objectives_fr = "Partager les **besoins**."
    objectives_en = "Share the **needs**."
    venue = factory.SubFactory(VenueFactory)
    starts_at = factory.LazyFunction(lambda: at_two(days=30))
    ends_at = factory.LazyAttribute(lambda row: row.starts_at + timedelta(hours=2) if row.starts_at else None)


class AgendaItemFactory(DjangoModelFactory[AgendaItem]):
    """A line of the agenda."""

    class Meta:
        model = AgendaItem

    workshop = factory.SubFactory(WorkshopFactory)
    title_fr = factory.Sequence(lambda n: f"Point {n}")
    title_en = factory.Sequence(lambda n: f"Item {n}")


class InvitationFactory(DjangoModelFactory[Invitation]):
    """Somebody with an account, sent yesterday and silent; `guest=True` has no account, `unsent=True` waits."""

    class Meta:
        model = Invitation

    class Params:
        guest = factory.Trait(
            person=None,
            organisation=None,
            name="Dominique Invitée",
            email=factory.Sequence("guest{}@example.org".format),
        )
        unsent = factory.Trait(sent_at=None)
        coming = factory.Trait(
            answer=Answer.YES,
            answered_at=factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1)),
            answer_source=AnswerSource.PORTAL,
        )

    workshop = factory.SubFactory(WorkshopFactory, scheduled=True)
    person = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.LazyAttribute(lambda row: row.person.get_full_name())
    email = factory.LazyAttribute(lambda row: row.person.email)
    sent_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))


class DocumentFactory(DjangoModelFactory[Document]):
    """A PDF for invited people; give the test the `media` fixture, which keeps files in a folder of its own."""

    class Meta:
        model = Document

    workshop = factory.SubFactory(WorkshopFactory, scheduled=True)
    title_fr = factory.Sequence(lambda n: f"Note {n}")
    title_en = factory.Sequence(lambda n: f"Memo {n}")
    name = "note.pdf"
    content_type = "application/pdf"
    size = 9
    file = factory.LazyFunction(lambda: ContentFile(b"%PDF-1.7\n", name="note.pdf"))
