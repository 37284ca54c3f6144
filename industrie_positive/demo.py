"""What `make run` adds to the council's data: accounts that anybody may try, and something under way.

Accounts carry role names and addresses in example.org (reserved by RFC 2606); production refuses them at the login.
"""

from calendar import FRIDAY, THURSDAY, TUESDAY
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from core.clock import database_now
from core.workflow import history
from industrie_positive.demo_minutes import load_minutes
from members.backends import DEMO_DOMAIN
from members.enums import COUNCIL, SECRETARIAT_GROUP, MandateRole
from members.models import Body, Mandate, Organisation, User
from roadmap.actions.models import Action
from roadmap.drafting.enums import VersionStatus
from roadmap.drafting.models import Version
from roadmap.drafting.services import publish_for_consultation
from showcase.models import CompanyPage
from workshops.enums import Answer, AnswerSource, WorkshopKind
from workshops.models import AgendaItem, Invitation, Venue, Workshop
from workshops.polls.enums import ReplySource
from workshops.polls.services import Proposal, open_poll, reply_to_poll, save_poll
from workshops.services import add_invitees, answer_invitation, schedule_workshop, send_invitations

PASSWORD = "industrie-positive"  # noqa: S105 - public on purpose, of accounts that production refuses

HOST_SHEET = {
    "access": "Exemple : tramway puis cinq minutes à pied ; entrée principale, suivre le fléchage.",
    "parking": "Exemple : dix places visiteurs devant l’accueil, abri à vélos à droite du portail.",
    "badge": "Pièce d’identité à l’accueil ; un badge vous est remis.",
    "accessibility": "Accès de plain-pied, toilettes adaptées au rez-de-chaussée.",
    "contact_name": "L’accueil du site (exemple)",
    "contact_phone": "04 00 00 00 00",
}


def _ahead(*, days: int, weekday: int, hour: int, minute: int = 0) -> datetime:
    """The first such weekday from that many days ahead, at that time in Montpellier."""
    day = timezone.localtime() + timedelta(days=days)
    day += timedelta(days=(weekday - day.weekday()) % 7)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


@dataclass(frozen=True)
class DemoAccount:
    """One line of what `make run` prints."""

    role: str
    email: str


def load_demo() -> list[DemoAccount]:
    """Add the demo accounts, a consultation and a workshop to call, where missing; return one account for each role.

    Raises ImproperlyConfigured where the settings do not allow demo accounts.
    """
    if not settings.DEMO_ACCOUNTS or settings.PRODUCTION:
        raise ImproperlyConfigured("Demo accounts exist in `make run` only (PORTAL_MODE=demo).")
    with transaction.atomic():
        secretariat = _account("secretariat", "Secrétariat", "du Conseil", is_staff=True)
        secretariat.groups.add(Group.objects.get(name=SECRETARIAT_GROUP))
        _account("administrateur", "Administrateur", "du portail", is_staff=True, is_superuser=True)
        for organisation in Organisation.objects.filter(seats__body__slug=COUNCIL):
            _member(f"titulaire.{organisation.slug}", "Titulaire", organisation, MandateRole.TITULAR)
        _member(
            "suppleant.bulane", "Suppléant", Organisation.objects.get(slug="bulane"), MandateRole.ALTERNATE
        )
        _member(
            "observateur",
            "Observateur",
            Organisation.objects.get(slug="montpellier-bic"),
            MandateRole.OBSERVER,
        )
        _member("expert", "Expert", Organisation.objects.get(slug="idate"), MandateRole.EXPERT)
        pilot = _member(
            "pilote", "Pilote", Organisation.objects.get(slug="uimm-montpellier"), MandateRole.ALTERNATE
        )
        Action.objects.filter(slug="plateforme-industrie-du-futur", pilot=None).update(pilot=pilot)
        _workshop_to_call(secretariat)
        _visit_to_come(secretariat)
        _full_visit(secretariat)
        _open_date_poll(secretariat)
        _open_consultation(secretariat)
        load_minutes(secretariat)
        _page_to_confirm()
    return [
        DemoAccount("membre titulaire (Bulane)", f"titulaire.bulane{DEMO_DOMAIN}"),
        DemoAccount("membre suppléant (Bulane)", f"suppleant.bulane{DEMO_DOMAIN}"),
        DemoAccount("membre titulaire d’une autre organisation (EDF)", f"titulaire.edf{DEMO_DOMAIN}"),
        DemoAccount("observateur", f"observateur{DEMO_DOMAIN}"),
        DemoAccount("expert (IDATE)", f"expert{DEMO_DOMAIN}"),
        DemoAccount("pilote d’action", f"pilote{DEMO_DOMAIN}"),
        DemoAccount("secrétariat (/admin/)", f"secretariat{DEMO_DOMAIN}"),
        DemoAccount("administrateur (/admin/)", f"administrateur{DEMO_DOMAIN}"),
    ]


def _account(name: str, first_name: str, last_name: str, **fields: bool) -> User:
    email = f"{name}{DEMO_DOMAIN}"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, PASSWORD, first_name=first_name, last_name=last_name, **fields)
    return user


def _member(name: str, first_name: str, organisation: Organisation, role: MandateRole) -> User:
    person = _account(name, first_name, organisation.name)
    if not person.mandates.exists():
        council = Body.objects.get(slug=COUNCIL)
        taken = Mandate.objects.filter(
            body=council, organisation=organisation, role=MandateRole.TITULAR
        ).exists()
        if role != MandateRole.TITULAR or not taken:
            Mandate.objects.create(
                person=person,
                organisation=organisation,
                body=council,
                role=role,
                starts_on=timezone.localdate(),
            )
    return person


def _workshop_to_call(organiser: User) -> None:
    """A draft that the secretariat can call at once, in four weeks at a member's office."""
    if Workshop.objects.filter(slug="atelier-conseil-a-convoquer").exists():
        return
    starts_at = _ahead(days=28, weekday=TUESDAY, hour=14)
    workshop = Workshop.objects.create(
        slug="atelier-conseil-a-convoquer",
        kind=WorkshopKind.WORKSHOP_COUNCIL,
        title_fr="Atelier-conseil : suivre les actions phares",
        title_en="Workshop-council: following the flagship actions",
        objectives_fr="Passer en revue les six actions phares et choisir les premiers jalons.",
        objectives_en="Review the six flagship actions and choose the first milestones.",
        venue=Venue.objects.get(organisation__slug="main-gauche", name="Parc 2000"),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        organiser=organiser,
        is_demo=True,
    )
    for position, (french, english) in enumerate(
        [
            ("Visite des ateliers", "Tour of the workshops"),
            ("Les six actions phares, une par une", "The six flagship actions, one by one"),
            ("Premiers jalons et chefs de file", "First milestones and leads"),
        ],
        start=1,
    ):
        AgendaItem.objects.create(workshop=workshop, position=position, title_fr=french, title_en=english)


def _visit_to_come(organiser: User) -> None:
    """A company visit in the public agenda, so that there is something to come."""
    if Workshop.objects.filter(slug="visite-impression-textile").exists():
        return
    starts_at = _ahead(days=42, weekday=THURSDAY, hour=10)
    workshop = Workshop.objects.create(
        slug="visite-impression-textile",
        kind=WorkshopKind.VISIT,
        title_fr="Visite : l’impression sur textile biologique",
        title_en="Visit: printing on organic textile",
        objectives_fr="Voir une production locale et parler de l’agrandissement prévu à Garosud.",
        objectives_en="See a local production and talk about the extension planned at Garosud.",
        venue=Venue.objects.get(organisation__slug="main-gauche", name="Parc 2000"),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        organiser=organiser,
        is_demo=True,
    )
    schedule_workshop(workshop=workshop, by=organiser)


def _full_visit(organiser: User) -> None:
    """A visit with four seats and seven who want to come: a queue, and a host sheet."""
    if Workshop.objects.filter(slug="visite-complete").exists():
        return
    starts_at = _ahead(days=12, weekday=TUESDAY, hour=9, minute=30)
    venue = Venue.objects.get(organisation__slug="ibm", name="Site de Montpellier")
    for name, text in HOST_SHEET.items():
        setattr(venue, name, getattr(venue, name) or text)
    venue.save()
    workshop = Workshop.objects.create(
        slug="visite-complete",
        kind=WorkshopKind.VISIT,
        title_fr="Visite : le numérique au service de l’atelier",
        title_en="Visit: digital tools in the workshop",
        objectives_fr="Voir les outils, puis parler de leurs usages.",
        objectives_en="See the tools, then talk about their uses.",
        venue=venue,
        capacity=4,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        organiser=organiser,
        is_demo=True,
    )
    schedule_workshop(workshop=workshop, by=organiser)
    called = Mandate.objects.filter(
        person__email__startswith="titulaire.", person__email__endswith=DEMO_DOMAIN
    )
    add_invitees(workshop=workshop, mandates=called.order_by("organisation__sort_name")[:9], by=organiser)
    send_invitations(workshop=workshop, by=organiser)
    rows = list(workshop.invitations.order_by("organisation__sort_name"))
    answers = [Answer.YES] * 7 + [Answer.EXCUSED]
    for row, answer in zip(rows, answers, strict=False):
        answer_invitation(invitation=row, answer=answer, by=row.person, source=AnswerSource.PORTAL)


def _open_date_poll(organiser: User) -> None:
    """A workshop whose date is being searched at two sites, with some replies: Bulane's titular still owes theirs."""
    if Workshop.objects.filter(slug="atelier-conseil-date-a-choisir").exists():
        return
    workshop = Workshop.objects.create(
        slug="atelier-conseil-date-a-choisir",
        kind=WorkshopKind.WORKSHOP_COUNCIL,
        title_fr="Atelier-conseil : recruter et former pour l’industrie",
        title_en="Workshop-council: recruiting and training for industry",
        objectives_fr="Confronter les besoins de recrutement et les formations de la métropole.",
        objectives_en="Compare the needs for staff with the training the metropolis offers.",
        organiser=organiser,
        is_demo=True,
    )
    people = User.objects.filter(
        email__startswith="titulaire.", email__endswith=DEMO_DOMAIN, is_active=True
    ).order_by("email")
    mandates = Mandate.objects.council().filter(person__in=people).order_by("person__email")
    invited = add_invitees(workshop=workshop, mandates=mandates, by=organiser)
    Invitation.objects.filter(workshop=workshop, person__email=f"titulaire.edf{DEMO_DOMAIN}").update(
        is_required=True
    )
    first = _ahead(days=35, weekday=TUESDAY, hour=14)
    venues = list(Venue.objects.order_by("organisation__sort_name", "name")[:2])
    proposals = [
        Proposal(start, start + timedelta(hours=3), venue.pk)
        for start in (first, first + timedelta(days=2), first + timedelta(days=7))
        for venue in venues
    ]
    answer_by = _ahead(days=12, weekday=FRIDAY, hour=18)
    save_poll(workshop=workshop, proposals=proposals, answer_by=answer_by, by=organiser)
    open_poll(workshop=workshop, by=organiser)
    options = list(workshop.poll.options.values_list("pk", flat=True))
    for number, invitation in enumerate(invited):
        if invitation.email == f"titulaire.bulane{DEMO_DOMAIN}" or number % 4 == 3:
            continue
        said = [
            ("yes", "maybe", "no", "yes", "yes")[(number * 3 + place) % 5] for place in range(len(options))
        ]
        reply_to_poll(
            invitation=invitation,
            choices=dict(zip(options, said, strict=True)),
            by=None,
            source=ReplySource.MAIL_LINK,
        )


def _open_consultation(by: User) -> None:
    """Submit version 2 to the members' opinion for at least six weeks, from now."""
    version = Version.objects.filter(number=2, status=VersionStatus.WORKING).first()
    if version is not None:
        closes_at = _ahead(days=42, weekday=FRIDAY, hour=18)
        publish_for_consultation(version=version, opens_at=timezone.now(), closes_at=closes_at, by=by)


def _page_to_confirm() -> None:
    """A page whose year has just passed: the titular of Bulane finds it in their space, until they confirm it."""
    page = CompanyPage.objects.published().filter(organisation__slug="bulane").first()
    if page and not history(page).filter(field="confirmed_at").exists():
        a_year_ago = database_now() - timedelta(days=31 * settings.SHOWCASE_CONFIRM_MONTHS)
        CompanyPage.objects.filter(pk=page.pk, confirmed_at__gt=a_year_ago).update(confirmed_at=a_year_ago)
