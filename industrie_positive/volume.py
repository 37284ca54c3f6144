"""A volume of plausible data, to measure pages by. Never in production: `load_volume` refuses."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from core.search import sort_key
from core.workflow import transition
from members.enums import COUNCIL, MandateRole, OrganisationKind
from members.models import Axis, Body, Commune, Mandate, Organisation, Seat, Sector, User
from roadmap.actions.enums import Theme
from roadmap.actions.models import Action, Milestone
from roadmap.drafting.enums import BlockKind, CommentKind, VersionStatus
from roadmap.drafting.models import Block, Comment, Consultation, Version
from showcase.enums import PageState
from showcase.models import Commitment, CompanyCommitment, CompanyFigure, CompanyPage
from showcase.services import index_pages
from workshops.enums import WorkshopKind, WorkshopState
from workshops.models import AgendaItem, Venue, Workshop

PARAGRAPHS = 400
UNUSABLE = "!"  # Django's mark of a password that nothing matches
TRADES = (
    ("Fonderie", "pièces en alliage léger pour la mobilité", "light-alloy parts for mobility"),
    ("Mécanique", "usinage de précision et robots d’assemblage", "precision machining and assembly robots"),
    ("Brasserie", "boissons fermentées et malt du pays", "fermented drinks and local malt"),
    (
        "Biotech",
        "diagnostic médical et réactifs pour hôpitaux",
        "medical diagnostics and reagents for hospitals",
    ),
    ("Logiciels", "capteurs connectés et jumeaux numériques", "connected sensors and digital twins"),
    ("Menuiserie", "charpente en bois réemployé", "frames from reused timber"),
    ("Énergies", "pompes à chaleur et stockage d’hydrogène", "heat pumps and hydrogen storage"),
    ("Textiles", "vêtements de travail en coton biologique", "work clothes in organic cotton"),
)
PLACES = ("du Lez", "de la Mosson", "des Garrigues", "de l’Étang", "du Peyrou", "des Arceaux", "de Maguelone")
SENTENCES = (
    "Chaque action a un chef de file, des jalons datés et des freins nommés.",
    "Le territoire garde ses ateliers en offrant à chacun une place où grandir.",
    "Les entreprises ouvrent leurs portes et comptent leurs visites chaque année.",
    "La production locale réduit les transports et donne du travail à proximité.",
    "Un frein signalé reçoit une réponse écrite sous deux mois.",
    "Les projets collectifs passent avant les projets individuels.",
)


@dataclass(frozen=True)
class Volume:
    """How many rows of each to add."""

    organisations: int = 0
    members: int = 0
    comments: int = 0
    workshops: int = 0
    actions: int = 0


@transaction.atomic
def load_volume(volume: Volume, *, seed: int = 2040) -> None:
    """Add that much to the council's data (which `load_council` must have loaded); the same seed, the same data."""
    chance = random.Random(seed)  # noqa: S311 - plausible data, not secrets
    organisations = _organisations(volume.organisations, chance) or list(Organisation.objects.all())
    people = _members(volume.members, organisations)
    if volume.comments:
        _draft_with_comments(
            volume.comments, people or list(User.objects.filter(mandates__isnull=False)), chance
        )
    _workshops(volume.workshops, organisations, chance)
    _actions(volume.actions, organisations, chance)


def _organisations(count: int, chance: random.Random) -> list[Organisation]:
    sectors, communes = list(Sector.objects.all()), list(Commune.objects.all())
    commitments = list(Commitment.objects.all())
    council = Body.objects.get(slug=COUNCIL)
    first = Organisation.objects.count()
    organisations, trades = [], []
    for number in range(first, first + count):
        trade = chance.choice(TRADES)
        name = f"{trade[0]} {chance.choice(PLACES)} {number}"
        organisations.append(
            Organisation(
                slug=f"entreprise-{number}",
                name=name,
                sort_name=sort_key(name)[:160],
                kind=chance.choice(OrganisationKind.values[:4]),
                commune=chance.choice(communes),
            )
        )
        trades.append(trade)
    Organisation.objects.bulk_create(organisations, batch_size=1000)
    link = Organisation.sectors.through
    link.objects.bulk_create(
        [
            link(organisation_id=organisation.pk, sector_id=sector.pk)
            for organisation in organisations
            for sector in chance.sample(sectors, k=chance.randint(1, 2))
        ],
        batch_size=1000,
    )
    Seat.objects.bulk_create(
        [
            Seat(body=council, organisation=organisation, starts_on=council.starts_on)
            for organisation in organisations
        ]
    )
    pages = CompanyPage.objects.bulk_create(
        [
            CompanyPage(
                organisation=organisation,
                state=PageState.PUBLISHED,
                tagline_fr=trade[1].capitalize(),
                tagline_en=trade[2].capitalize(),
                story_fr=f"L’entreprise fabrique : {trade[1]}.\n\n{' '.join(chance.sample(SENTENCES, k=3))}",
                story_en=f"The company makes {trade[2]}.",
                founded_year=chance.randint(1950, 2024),
            )
            for organisation, trade in zip(organisations, trades, strict=True)
        ],
        batch_size=1000,
    )
    CompanyFigure.objects.bulk_create(
        [
            CompanyFigure(
                page=page, label_fr="Salariés", label_en="Employees", value=str(chance.randint(3, 400))
            )
            for page in pages
        ]
    )
    CompanyCommitment.objects.bulk_create(
        [
            CompanyCommitment(page=page, commitment=commitment, evidence_fr="Charte signée.")
            for page in pages
            for commitment in chance.sample(commitments, k=chance.randint(0, 3))
        ]
    )
    index_pages(CompanyPage.objects.filter(pk__in=[page.pk for page in pages]))
    return organisations


def _members(count: int, organisations: list[Organisation]) -> list[User]:
    """Members with accounts that nobody can log in with: no password."""
    council = Body.objects.get(slug=COUNCIL)
    first = User.objects.count()
    people = User.objects.bulk_create(
        [
            User(
                email=f"membre{number}@example.org",
                first_name="Membre",
                last_name=str(number),
                password=UNUSABLE,
            )
            for number in range(first, first + count)
        ],
        batch_size=1000,
    )
    with_titular = set(
        Mandate.objects.filter(role=MandateRole.TITULAR).values_list("organisation", flat=True)
    )
    mandates = []
    for number, person in enumerate(people):
        organisation = organisations[number % len(organisations)]
        role = MandateRole.ALTERNATE if organisation.pk in with_titular else MandateRole.TITULAR
        with_titular.add(organisation.pk)
        mandates.append(Mandate(person=person, organisation=organisation, body=council, role=role))
    Mandate.objects.bulk_create(mandates, batch_size=1000)
    return people


def _draft_with_comments(count: int, people: list[User], chance: random.Random) -> Version:
    """A version of 400 paragraphs under consultation, with comments and replies spread over them."""
    number = (Version.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    version = Version.objects.create(
        number=number,
        is_demo=True,
        title_fr=f"Projet de mesure {number}",
        title_en=f"Measurement draft {number}",
    )
    Block.objects.bulk_create(list(_tops(version, chance)))
    paragraphs = Block.objects.bulk_create(list(_paragraphs(version, chance)))
    now = timezone.now()
    transition(version, VersionStatus.CONSULTATION, by=None, published_at=now)
    Consultation.objects.create(version=version, opens_at=now, closes_at=now + timedelta(days=60))
    mandates = {mandate.person_id: mandate.organisation_id for mandate in Mandate.objects.current()}
    speakers = [person for person in people if person.pk in mandates]

    def comment(parent: Comment | None = None) -> Comment:
        author = chance.choice(speakers)
        return Comment(
            block=parent.block if parent else chance.choice(paragraphs),
            parent=parent,
            author=author,
            organisation_id=mandates[author.pk],
            kind=CommentKind.REMARK if parent else chance.choice(CommentKind.values),
            body=" ".join(chance.sample(SENTENCES, k=2)),
        )

    threads = Comment.objects.bulk_create([comment() for _ in range(count - count // 4)], batch_size=1000)
    Comment.objects.bulk_create([comment(chance.choice(threads)) for _ in range(count // 4)], batch_size=1000)
    return version


def _tops(version: Version, chance: random.Random) -> Iterator[Block]:
    """Three axes of five chapters; their paragraphs take the positions between."""
    for axis in Axis.objects.all():
        top = Block(
            version=version,
            kind=BlockKind.AXIS,
            axis=axis,
            position=axis.number * 10_000,
            label=str(axis.number),
            lineage=uuid4(),
            title_fr=axis.name_fr,
            title_en=axis.name_en,
        )
        top.save()
        for chapter in range(1, 6):
            yield Block(
                version=version,
                kind=BlockKind.CHAPTER,
                parent=top,
                position=axis.number * 10_000 + chapter * 1_000,
                label=f"{axis.number}.{chapter}",
                lineage=uuid4(),
                title_fr=chance.choice(SENTENCES)[:60],
                title_en=f"Chapter {chapter}",
            )


def _paragraphs(version: Version, chance: random.Random) -> Iterator[Block]:
    chapters = list(version.blocks.filter(kind=BlockKind.CHAPTER).order_by("position"))
    for number in range(PARAGRAPHS):
        chapter = chapters[number % len(chapters)]
        place = number // len(chapters) + 1
        yield Block(
            version=version,
            kind=BlockKind.PARAGRAPH,
            parent=chapter,
            position=chapter.position + place,
            label=f"{chapter.label}.{place}",
            lineage=uuid4(),
            body_fr=" ".join(chance.sample(SENTENCES, k=4)),
            body_en="Each action has a lead, dated milestones and named obstacles. " * 3,
        )


def _workshops(count: int, organisations: list[Organisation], chance: random.Random) -> None:
    first = Workshop.objects.count()
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=count // 2)
    for number in range(count):
        organisation = organisations[number % len(organisations)]
        venue, _created = Venue.objects.get_or_create(organisation=organisation, name="Salle de réunion")
        starts_at = start + timedelta(days=number)
        workshop = Workshop.objects.create(
            slug=f"atelier-{first + number}",
            kind=chance.choice(WorkshopKind.values),
            title_fr=f"Atelier {first + number}",
            title_en=f"Workshop {first + number}",
            venue=venue,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=2),
        )
        AgendaItem.objects.create(workshop=workshop, title_fr=chance.choice(SENTENCES)[:120])
        workshop = transition(workshop, WorkshopState.SCHEDULED, by=None)
        if workshop.ends_at and workshop.ends_at < timezone.now():
            transition(workshop, WorkshopState.HELD, by=None)


def _actions(count: int, organisations: list[Organisation], chance: random.Random) -> None:
    axes = list(Axis.objects.all())
    first = (Action.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    actions = Action.objects.bulk_create(
        [
            Action(
                number=number,
                slug=f"action-{number}",
                title_fr=f"Action {number} {chance.choice(PLACES)}",
                title_en=f"Action {number}",
                axis=chance.choice(axes),
                theme=chance.choice(Theme.values),
                summary_fr=chance.choice(SENTENCES),
                lead=chance.choice(organisations),
                is_demo=True,
            )
            for number in range(first, first + count)
        ]
    )
    today = timezone.localdate()
    Milestone.objects.bulk_create(
        [
            Milestone(action=action, title_fr=f"Jalon {step}", due_on=today + timedelta(days=90 * step))
            for action in actions
            for step in range(1, 4)
        ]
    )
