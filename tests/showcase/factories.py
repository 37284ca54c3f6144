"""Company pages for tests."""

import factory
from factory.django import DjangoModelFactory

from showcase.enums import PageState
from showcase.models import Commitment, CompanyCommitment, CompanyFigure, CompanyPage
from tests.members.factories import OrganisationFactory


class CommitmentFactory(DjangoModelFactory[Commitment]):
    """A value of the facet « engagement »."""

    class Meta:
        model = Commitment
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"engagement-{n}")
    name_fr = factory.Sequence(lambda n: f"Engagement {n}")
    name_en = factory.Sequence(lambda n: f"Commitment {n}")


class CompanyPageFactory(DjangoModelFactory[CompanyPage]):
    """A page that the public sees; `draft=True` for one that it does not."""

    class Meta:
        model = CompanyPage

    class Params:
        draft = factory.Trait(state=PageState.DRAFT)

    organisation = factory.SubFactory(OrganisationFactory)
    state = PageState.PUBLISHED


class CompanyFigureFactory(DjangoModelFactory[CompanyFigure]):
    """A figure of a company."""

    class Meta:
        model = CompanyFigure

    page = factory.SubFactory(CompanyPageFactory)
    label_fr = factory.Sequence(lambda n: f"Chiffre {n}")
    label_en = factory.Sequence(lambda n: f"Figure {n}")
    value = "60"


class CompanyCommitmentFactory(DjangoModelFactory[CompanyCommitment]):
    """What a company commits to."""

    class Meta:
        model = CompanyCommitment

    page = factory.SubFactory(CompanyPageFactory)
    commitment = factory.SubFactory(CommitmentFactory)
    evidence_fr = "Une preuve"
    evidence_en = "An evidence"
