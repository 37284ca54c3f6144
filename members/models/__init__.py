"""People and the organisations they speak for: one module a noun, all named here."""

from members.models.changes import Change, RegisterImport
from members.models.invitations import (
    PortalInvitation,
    PortalInvitationQuerySet,
    hash_invitation_token,
    new_invitation_token,
)
from members.models.mandates import CLOSED_ACCOUNT, Mandate, MandateQuerySet
from members.models.organisations import Body, Organisation, Seat, validate_siren, validate_siret
from members.models.people import User, UserManager
from members.models.privacy import CalendarFeed, ErasureRequest, MailRefusal, new_feed_token
from members.models.reference import Axis, Commune, Sector

__all__ = [
    "CLOSED_ACCOUNT",
    "Axis",
    "Body",
    "Change",
    "CalendarFeed",
    "Commune",
    "ErasureRequest",
    "MailRefusal",
    "Mandate",
    "MandateQuerySet",
    "Organisation",
    "PortalInvitation",
    "PortalInvitationQuerySet",
    "RegisterImport",
    "Seat",
    "Sector",
    "User",
    "UserManager",
    "hash_invitation_token",
    "new_feed_token",
    "new_invitation_token",
    "validate_siren",
    "validate_siret",
]
