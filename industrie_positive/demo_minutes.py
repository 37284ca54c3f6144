"""Minutes for `make run`: one approved with a decision to carry out, one open to corrections."""

from datetime import timedelta

from django.utils import timezone

from members.backends import DEMO_DOMAIN
from members.models import Organisation, User
from workshops.attendance.enums import ArrivalSource
from workshops.enums import WorkshopState
from workshops.minutes.services import (
    HEAD_FIELDS,
    SECTION_FIELDS,
    DecisionFields,
    approve_minutes,
    circulate_minutes,
    create_minutes,
    fingerprint,
    save_decision,
    save_minutes,
    values_of,
)
from workshops.models import Attendance, Workshop

# Slug, what is said of each agenda item and the one decision (French, English), who carries it out:
# demonstration data, as their dates are.
_MINUTES = (
    (
        "atelier-conseil-identite-2019",
        (
            "Données de démonstration. Les participants partagent leurs constats et conviennent d’une suite.",
            "Demonstration data. The participants share what they see and agree on what comes next.",
        ),
        (
            "Proposer une signature commune « Made in Montpellier ».",
            "Propose a common “Made in Montpellier” signature.",
        ),
        "bulane",
    ),
    (
        "atelier-conseil-actions-2019",
        (
            "Données de démonstration. Les participants passent en revue les actions proposées.",
            "Demonstration data. The participants go through the proposed actions.",
        ),
        ("Rassembler les besoins des membres en locaux.", "Gather the members’ needs for premises."),
        "edf",
    ),
)


def load_minutes(by: User) -> None:
    """Add, where missing, minutes approved with a decision to carry out, and minutes open to corrections."""
    for position, (slug, text, decision, owner) in enumerate(_MINUTES):
        workshop = Workshop.objects.filter(slug=slug, state=WorkshopState.HELD, minutes=None).first()
        if workshop is None or workshop.starts_at is None:
            continue
        for name in ("bulane", "edf"):
            person = User.objects.get(email=f"titulaire.{name}{DEMO_DOMAIN}")
            Attendance.objects.create(
                workshop=workshop,
                person=person,
                name=person.get_full_name(),
                organisation=Organisation.objects.get(slug=name),
                arrived_at=workshop.starts_at,
                source=ArrivalSource.SECRETARIAT,
                recorded_by=by,
            )
        minutes = create_minutes(workshop=workshop, by=by)
        head = values_of(minutes, HEAD_FIELDS)
        parts = {"head": head | {"chair": "Présidence du Conseil"}}
        bases = {"head": fingerprint(head)}
        for section in minutes.sections.all():
            values = values_of(section, SECTION_FIELDS)
            said = {f"text_{code}": values[f"text_{code}"] or text[n] for n, code in enumerate(("fr", "en"))}
            parts[str(section.pk)] = values | said
            bases[str(section.pk)] = fingerprint(values)
        save_minutes(minutes=minutes, parts=parts, bases=bases, by=by)
        due_on = timezone.localdate() + timedelta(weeks=8)
        organisation = Organisation.objects.get(slug=owner)
        fields = DecisionFields(
            *decision, section=minutes.sections.last(), organisation=organisation, due_on=due_on
        )
        save_decision(minutes=minutes, fields=fields, by=by)
        minutes = circulate_minutes(minutes=minutes, by=by)
        if position == 0:
            approve_minutes(minutes=minutes, by=by, reason="Données de démonstration")
