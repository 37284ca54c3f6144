"""Forms of the secretariat's tool, a module for each noun."""

from workshops.admin_forms.answers import PhonedAnswerForm
from workshops.admin_forms.documents import DocumentForm
from workshops.admin_forms.inviting import InviteForm, is_open_for_inviting
from workshops.admin_forms.moving import CancelForm, MoveForm
from workshops.admin_forms.planning import DuplicateForm, SeriesForm
from workshops.admin_forms.registers import KindRulesForm, VenueForm
from workshops.admin_forms.sheet import AgendaItemForm, WorkshopForm

__all__ = [
    "AgendaItemForm",
    "KindRulesForm",
    "VenueForm",
    "CancelForm",
    "DocumentForm",
    "DuplicateForm",
    "SeriesForm",
    "InviteForm",
    "MoveForm",
    "PhonedAnswerForm",
    "WorkshopForm",
    "is_open_for_inviting",
]
