"""Forms of the secretariat's tool, a module for each noun."""

from workshops.admin_forms.answers import PhonedAnswerForm
from workshops.admin_forms.documents import DocumentForm
from workshops.admin_forms.inviting import InviteForm, is_open_for_inviting
from workshops.admin_forms.moving import CancelForm, MoveForm
from workshops.admin_forms.registers import KindRulesForm, VenueForm
from workshops.admin_forms.sheet import AgendaItemForm, WorkshopForm, free_slug

__all__ = [
    "AgendaItemForm",
    "KindRulesForm",
    "VenueForm",
    "CancelForm",
    "DocumentForm",
    "InviteForm",
    "MoveForm",
    "PhonedAnswerForm",
    "WorkshopForm",
    "free_slug",
    "is_open_for_inviting",
]
