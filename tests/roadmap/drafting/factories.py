"""Versions of the roadmap, their text and comments, for tests."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from roadmap.drafting.enums import BlockKind, VersionStatus
from roadmap.drafting.models import Block, Comment, Consultation, Version
from tests.members.factories import AxisFactory, OrganisationFactory, UserFactory

_ROADS = {
    VersionStatus.WORKING: (),
    VersionStatus.CONSULTATION: (VersionStatus.CONSULTATION,),
    VersionStatus.VOTE: (VersionStatus.VOTE,),
    VersionStatus.ADOPTED: (VersionStatus.VOTE, VersionStatus.ADOPTED),
    VersionStatus.NOT_ADOPTED: (VersionStatus.VOTE, VersionStatus.NOT_ADOPTED),
}


class VersionFactory(DjangoModelFactory[Version]):
    """A working version without text; `make_version` gives one with text, in any state."""

    class Meta:
        model = Version

    number = factory.Sequence(lambda n: n + 1)
    title_fr = factory.LazyAttribute(lambda version: f"Feuille de route, version {version.number}")
    title_en = factory.LazyAttribute(lambda version: f"Roadmap, version {version.number}")
    introduction_fr = "Une industrie positive, ensemble."
    introduction_en = "A positive industry, together."


class CommentFactory(DjangoModelFactory[Comment]):
    """A remark; give the block."""

    class Meta:
        model = Comment

    author = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    body = factory.Sequence(lambda n: f"Remarque numéro {n}.")


def make_version(
    status: str = VersionStatus.WORKING,
    *,
    axes: int = 1,
    chapters: int = 1,
    paragraphs: int = 2,
    **fields: Any,
) -> Version:
    """Return a version with its text, brought to a state by the moves that the database allows."""
    version = VersionFactory(**fields)
    write_text(version, axes=axes, chapters=chapters, paragraphs=paragraphs)
    move(version, status)
    return version


def move(version: Version, status: str) -> None:
    """Bring a working version to a state, without the services."""
    for step in _ROADS[VersionStatus(status)]:
        version.status = step
        version.published_at = version.published_at or timezone.now()
        version.adopted_on = timezone.localdate() if step == VersionStatus.ADOPTED else None
        version.save()


def write_text(version: Version, *, axes: int, chapters: int, paragraphs: int) -> None:
    """Write a tree of axes, each of so many chapters, each of so many paragraphs."""
    position = 0

    def add(kind: str, label: str, **fields: Any) -> Block:
        nonlocal position
        position += 1
        return Block.objects.create(version=version, kind=kind, label=label, position=position, **fields)

    for a in range(1, axes + 1):
        axis = add(
            BlockKind.AXIS, f"{a}", axis=AxisFactory(number=a), title_fr=f"Axe {a}", title_en=f"Axis {a}"
        )
        for c in range(1, chapters + 1):
            chapter = add(
                BlockKind.CHAPTER,
                f"{a}.{c}",
                parent=axis,
                title_fr=f"Chapitre {a}.{c}",
                title_en=f"Chapter {a}.{c}",
            )
            for p in range(1, paragraphs + 1):
                add(
                    BlockKind.PARAGRAPH,
                    f"{a}.{c}.{p}",
                    parent=chapter,
                    body_fr=f"Le paragraphe {a}.{c}.{p} du projet.",
                    body_en=f"Paragraph {a}.{c}.{p} of the draft.",
                )


def open_consultation(version: Version, *, hours: int = 24) -> Consultation:
    """Open a version's consultation since yesterday for some hours more; a negative number: closed since then."""
    now = timezone.now()
    return Consultation.objects.create(
        version=version,
        opens_at=now - timedelta(days=max(1, 1 - hours)),
        closes_at=now + timedelta(hours=hours),
    )


def make_consultation(*, hours: int = 24, **fields: Any) -> Version:
    """Return a version under consultation, open for so many hours more."""
    version = make_version(VersionStatus.CONSULTATION, **fields)
    open_consultation(version, hours=hours)
    return version
