"""People, organisations and mandates for tests."""

from datetime import date
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from members.enums import COUNCIL, MandateRole, OrganisationKind
from members.models import Axis, Body, Commune, Mandate, Organisation, Seat, Sector, User


class UserFactory(DjangoModelFactory[User]):
    """A person with an account and no mandate; log in with `client.force_login`."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    first_name = factory.Sequence(lambda n: f"Camille{n}")
    last_name = factory.Sequence(lambda n: f"Durand{n}")

    class Params:
        # A person of the register who has never opened their account.
        unopened = factory.Trait(password=factory.LazyFunction(lambda: make_password(None)))


class SectorFactory(DjangoModelFactory[Sector]):
    """A branch of activity."""

    class Meta:
        model = Sector
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"secteur-{n}")
    name_fr = factory.Sequence(lambda n: f"Secteur {n}")
    name_en = factory.Sequence(lambda n: f"Sector {n}")


class CommuneFactory(DjangoModelFactory[Commune]):
    """A commune of the Métropole."""

    class Meta:
        model = Commune
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"commune-{n}")
    name = factory.Sequence(lambda n: f"Commune {n}")


class AxisFactory(DjangoModelFactory[Axis]):
    """A strategic axis."""

    class Meta:
        model = Axis
        django_get_or_create = ("number",)

    number = 1
    slug = factory.Sequence(lambda n: f"axe-{n}")
    name_fr = factory.Sequence(lambda n: f"Axe {n}")
    name_en = factory.Sequence(lambda n: f"Axis {n}")
    wording_fr = "Faire ensemble"
    wording_en = "Doing together"


class OrganisationFactory(DjangoModelFactory[Organisation]):
    """A company."""

    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Entreprise {n}")
    slug = factory.Sequence(lambda n: f"entreprise-{n}")
    kind = OrganisationKind.SME


class BodyFactory(DjangoModelFactory[Body]):
    """The council, unless another slug is given."""

    class Meta:
        model = Body
        django_get_or_create = ("slug",)

    slug = COUNCIL
    name_fr = "Conseil Métropolitain de l'Industrie Positive"
    name_en = "Metropolitan Council of Positive Industry"


class SeatFactory(DjangoModelFactory[Seat]):
    """An organisation's seat on the council."""

    class Meta:
        model = Seat

    body = factory.SubFactory(BodyFactory)
    organisation = factory.SubFactory(OrganisationFactory)


class MandateFactory(DjangoModelFactory[Mandate]):
    """A titular mandate on the council, in force for years."""

    class Meta:
        model = Mandate

    class Params:
        alternate = factory.Trait(role=MandateRole.ALTERNATE)
        observer = factory.Trait(role=MandateRole.OBSERVER)

    person = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    body = factory.SubFactory(BodyFactory)
    role = MandateRole.TITULAR
    starts_on = date(2019, 10, 1)

    @classmethod
    def _create(cls, model_class: type[Mandate], *args: Any, **kwargs: Any) -> Mandate:
        """Give somebody whose account is closed the mandate that they had before: the database refuses a new one."""
        person = kwargs["person"]
        closed = not person.is_active
        if closed:
            User.objects.filter(pk=person.pk).update(is_active=True)
        mandate: Mandate = super()._create(model_class, *args, **kwargs)
        if closed:
            User.objects.filter(pk=person.pk).update(is_active=False)
        return mandate
