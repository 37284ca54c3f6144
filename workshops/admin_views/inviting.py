"""Who is invited: preview exactly who, then add them; withdraw one."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from members.models import Mandate
from workshops import services
from workshops.admin_forms import InviteForm
from workshops.admin_views.common import do, workshop_of
from workshops.admin_views.process import process_page
from workshops.candidates import candidates, not_chosen
from workshops.guests import parse_guests
from workshops.models import Workshop


@require_POST
def process_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Preview exactly who is about to be put on the list and who is left out; then do it."""
    workshop = workshop_of(request, pk)
    form = InviteForm(request.POST, workshop=workshop)
    if not form.is_valid():
        return process_page(request, workshop, form, status=422)
    chosen = form.chosen_mandates()
    if "confirm" not in request.POST:
        return process_page(request, workshop, form, preview=_preview(workshop, form, chosen))
    data = form.cleaned_data
    return do(
        request,
        workshop,
        lambda: _add(workshop, chosen, data["guests"], data["guests_language"], request.user),
    )


def _preview(workshop: Workshop, form: InviteForm, chosen: list[Mandate]) -> dict[str, Any]:
    known = {email.lower() for email in workshop.invitations.standing().values_list("email", flat=True)}
    people: dict[int, Mandate] = {}
    for mandate in chosen:
        people.setdefault(mandate.person_id, mandate)
    new = [mandate for mandate in people.values() if mandate.person.email.lower() not in known]
    guests, _bad = parse_guests(form.cleaned_data["guests"])
    new_guests = [guest for guest in guests if guest.email.lower() not in known]
    return {
        "mandates": new,
        "guests": new_guests,
        "total": len(new) + len(new_guests),
        "already": len(people) + len(guests) - len(new) - len(new_guests),
        "left_out": not_chosen(candidates(workshop), {mandate.pk for mandate in chosen}),
        "hidden": [
            (name, value)
            for name in ("bodies", "mandates", "guests", "guests_language")
            for value in form.typed(name)
        ],  # fmt: skip
    }


def _add(workshop: Workshop, chosen: list[Mandate], guests: str, language: str, by: Any) -> str:
    with transaction.atomic():
        added = services.add_invitees(workshop=workshop, mandates=chosen, by=by)
        added += services.add_guests(workshop=workshop, text=guests, by=by, language=language or "fr")
    text = ngettext("%(count)s person added to the list.", "%(count)s people added to the list.", len(added))
    return text % {"count": len(added)}
