"""Who is invited: preview exactly who, then add them; who is required among them."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from workshops import services
from workshops.admin_forms import InviteForm
from workshops.admin_views.common import do, invitation_of, workshop_of
from workshops.admin_views.process import process_page
from workshops.candidates import Plan, plan_invitations
from workshops.models import Workshop


@require_POST
def process_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Preview exactly who is about to be put on the list and who is left out; then do that, and nothing else."""
    workshop = workshop_of(request, pk)
    form = InviteForm(request.POST, workshop=workshop)
    if not form.is_valid():
        return process_page(request, workshop, form, status=422)
    plan = plan_invitations(workshop, form.choice())
    confirmed = "confirm" in request.POST
    if confirmed and request.POST.get("seen") == plan.digest:
        return do(request, workshop, lambda: _add(workshop, plan, form, request.user))
    # Confirmed, but a mandate or the list changed meanwhile: it is shown again as it is now.
    status = 409 if confirmed else 200
    return process_page(
        request, workshop, form, status=status, preview=plan, changed=confirmed, replayed=form.replayed()
    )


def _add(workshop: Workshop, plan: Plan, form: InviteForm, by: Any) -> str:
    language, required = form.cleaned_data["guests_language"] or "fr", plan.required
    with transaction.atomic():
        added = services.add_invitees(workshop=workshop, mandates=plan.mandates, by=by, required=required)
        added += services.add_guests(
            workshop=workshop, text=form.guest_lines(), by=by, language=language, required=required
        )
    text = ngettext("%(count)s person added to the list.", "%(count)s people added to the list.", len(added))
    return text % {"count": len(added)}


@require_POST
def process_require(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Say that the meeting should, or need not, have this person."""
    row = invitation_of(request, pk, invitation)
    required = request.POST.get("required") == "yes"

    def act() -> str:
        services.require_invitee(invitation=row, required=required, by=request.user)
        text = _("%(name)s is now required.") if required else _("%(name)s is no longer required.")
        return text % {"name": row.name}

    return do(request, row.workshop, act)
