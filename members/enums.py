"""Closed lists of the members' app."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.workflow import Workflow


class Language(models.TextChoices):
    """The languages the portal speaks; names are in their own language."""

    FRENCH = "fr", "Français"
    ENGLISH = "en", "English"


class OrganisationKind(models.TextChoices):
    """The colleges of the council; `slug` is the showcase facet's value."""

    MAJOR_COMPANY = "grand-groupe", _("Major company")
    SME = "pme", _("SME")
    STARTUP = "startup", _("Startup")
    INVESTOR_NETWORK = "investisseurs", _("Investor network")
    PROFESSIONAL_ORGANISATION = "organisation-professionnelle", _("Professional organisation")
    CONSULAR_CHAMBER = "chambre-consulaire", _("Consular chamber")
    RESEARCH_CONSULTING = "recherche-conseil", _("Research and consulting")
    ADAPTED_COMPANY = "entreprise-adaptee", _("Adapted company")
    INCUBATOR = "incubateur", _("Incubator")
    PUBLIC_AUTHORITY = "collectivite", _("Public authority")


class MandateRole(models.TextChoices):
    """What a person does on a body. Titulars and alternates carry the organisation's voice; the others never vote."""

    CHAIR = "chair", _("Chair")
    TITULAR = "titular", _("Titular member")
    ALTERNATE = "alternate", _("Alternate member")
    OBSERVER = "observer", _("Observer")
    EXPERT = "expert", _("Expert")


VOTING_ROLES = frozenset({MandateRole.TITULAR, MandateRole.ALTERNATE})


class InvitationState(models.TextChoices):
    """What became of an invitation to the portal. Too old is no state: the database's clock says it."""

    OPEN = "open", pgettext_lazy("invitation", "Open")
    ACCEPTED = "accepted", pgettext_lazy("invitation", "Accepted")
    REVOKED = "revoked", pgettext_lazy("invitation", "Revoked")


PORTAL_INVITATIONS = Workflow(
    field="state",
    transitions={
        InvitationState.OPEN: frozenset({InvitationState.ACCEPTED, InvitationState.REVOKED}),
    },
)


class ChangeVerb(models.TextChoices):
    """What was done to a row of a register."""

    ADDED = "added", _("Added")
    CHANGED = "changed", _("Changed")
    REMOVED = "removed", _("Removed")


class ImportKind(models.TextChoices):
    """What a file for the registers holds."""

    ORGANISATIONS = "organisations", _("Organisations")
    PEOPLE = "people", _("People and mandates")


class MailChoice(models.TextChoices):
    """The kinds of mail that may be refused. Convocations, votes and what concerns the account may not."""

    REMINDER_SILENT = "workshop-reminder-silent", _("Reminders of a workshop that waits for my answer")
    REMINDER_ATTENDING = "workshop-reminder-attending", _("Reminders of a workshop that I come to")
    COMMENT_DECIDED = "comment-decided", _("Decisions on my comments")
    DECISION_DUE = "decision-due", _("Reminders of decisions that I carry out")
    PAGE_CONFIRM = "page-confirm", _("The yearly reminder to confirm my organisation’s page")


class ErasureState(models.TextChoices):
    """What became of a wish to be erased."""

    OPEN = "open", _("To be handled")
    DONE = "done", _("Erased")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


ERASURES = Workflow(
    field="state",
    transitions={
        ErasureState.OPEN: frozenset({ErasureState.DONE, ErasureState.REFUSED, ErasureState.WITHDRAWN}),
    },
)


# Slugs that rules rely on.
COUNCIL = "conseil"
THINK_TANK = "think-tank"
EXPERT_COMMITTEE = "comite-experts"
SECRETARIAT_GROUP = "Secrétariat"
