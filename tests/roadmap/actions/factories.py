"""Flagship actions for tests."""

from datetime import date

import factory
from factory.django import DjangoModelFactory

from roadmap.actions.enums import Theme
from roadmap.actions.models import Action, Milestone
from tests.members.factories import AxisFactory


class ActionFactory(DjangoModelFactory[Action]):
    """A public action of the first axis, proposed."""

    class Meta:
        model = Action

    number = factory.Sequence(lambda n: n + 1)
    slug = factory.Sequence(lambda n: f"action-{n}")
    title_fr = factory.Sequence(lambda n: f"Titre {n}")
    title_en = factory.Sequence(lambda n: f"Title {n}")
    axis = factory.SubFactory(AxisFactory)
    theme = Theme.INNOVATE


class MilestoneFactory(DjangoModelFactory[Milestone]):
    """A step of an action."""

    class Meta:
        model = Milestone

    action = factory.SubFactory(ActionFactory)
    title_fr = factory.Sequence(lambda n: f"Jalon {n}")
    due_on = date(2020, 6, 1)
