"""Who may do what with workshops, in business words."""

from typing import Any

from members.permissions import is_secretariat
from workshops.enums import WorkshopState
from workshops.models import Document, Invitation

# What the secretariat's group needs in the admin.
SECRETARIAT_PERMISSIONS = [
    "workshops.view_workshop",
    "workshops.add_workshop",
    "workshops.change_workshop",
    "workshops.delete_workshop",
    "workshops.view_agendaitem",
    "workshops.add_agendaitem",
    "workshops.change_agendaitem",
    "workshops.delete_agendaitem",
    "workshops.view_venue",
    "workshops.add_venue",
    "workshops.change_venue",
    "workshops.delete_venue",
    "workshops.view_document",
    "workshops.add_document",
    "workshops.change_document",
    "workshops.delete_document",
    "workshops.view_series",
    "workshops.add_series",
    "workshops.change_series",
    "workshops.delete_series",
    "workshops.view_kindrules",
    "workshops.add_kindrules",
    "workshops.change_kindrules",
    "workshops.delete_kindrules",
    "workshops.view_calendarreply",
]


def can_run_workshops(user: Any) -> bool:
    """May invite, move, cancel and record answers: the secretariat."""
    return is_secretariat(user) and user.has_perm("workshops.change_workshop")


def can_see_access(invitation: Invitation) -> bool:
    """May see how to get into the host's site: those who come, or whose colleague does, unless it is cancelled."""
    cancelled = invitation.workshop.state == WorkshopState.CANCELLED
    return invitation.comes and invitation.withdrawn_at is None and not cancelled


def can_read_document(user: Any, document: Document) -> bool:
    """May read a document of a workshop that they see: everybody a public one, invited people and the staff any."""
    if document.is_public:
        return True
    if not user.is_authenticated:
        return False
    invited = Invitation.objects.sent().filter(person=user, workshop=document.workshop_id)
    return is_secretariat(user) or invited.exists()
