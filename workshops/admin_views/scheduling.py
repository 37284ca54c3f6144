"""A workshop on its way: scheduled, sent, moved, cancelled, held."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from workshops import services
from workshops.admin_forms import CancelForm, MoveForm
from workshops.admin_views.common import confirmed_form, do, workshop_of
from workshops.enums import WorkshopState
from workshops.polls.services import cancel_poll


@require_POST
def process_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the workshop in the agenda without inviting."""
    workshop = workshop_of(request, pk)

    def act() -> str:
        services.schedule_workshop(workshop=workshop, by=request.user)
        return _("The workshop is in the agenda and holds its venue.")

    return do(request, workshop, act)


@require_POST
def process_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitations not sent yet; a draft is scheduled in the same transaction."""
    workshop = workshop_of(request, pk)

    def act() -> str:
        with transaction.atomic():
            if workshop.state == WorkshopState.DRAFT:
                services.schedule_workshop(workshop=workshop, by=request.user)
            sent = services.send_invitations(workshop=workshop, by=request.user)
        if sent.notice:
            messages.warning(request, sent.notice)
        text = ngettext(
            "%(count)s invitation is on its way.", "%(count)s invitations are on their way.", sent.count
        )
        return text % {"count": sent.count}

    return do(request, workshop, act)


@require_http_methods(["GET", "HEAD", "POST"])
def process_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the workshop; a confirmation says how many mails go before they do."""
    workshop = workshop_of(request, pk)
    names = ("starts_at", "ends_at", "venue", "answer_by")
    form = MoveForm(request.POST or None, initial={name: getattr(workshop, name) for name in names})

    def act() -> int:
        data = form.cleaned_data
        changes = {name: data[name] for name in names}
        return services.reschedule_workshop(
            workshop=workshop, by=request.user, reason=data["reason"], **changes
        )

    return confirmed_form(request, workshop, form, act, "process_move", _moved)


@require_http_methods(["GET", "HEAD", "POST"])
def process_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel the workshop; a confirmation says how many mails go before they do."""
    workshop = workshop_of(request, pk)
    form = CancelForm(request.POST or None)

    def act() -> int:
        # Whoever was asked for a date is told too.
        return cancel_poll(workshop=workshop, by=request.user, reason=form.cleaned_data["reason"])

    return confirmed_form(request, workshop, form, act, "process_cancel", _cancelled)


def _moved(count: int) -> str:
    return ngettext("Moved: %(count)s person is told.", "Moved: %(count)s people are told.", count) % {
        "count": count
    }


def _cancelled(count: int) -> str:
    text = ngettext("Cancelled: %(count)s person is told.", "Cancelled: %(count)s people are told.", count)
    return text % {"count": count}


@require_POST
def process_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the workshop took place."""
    workshop = workshop_of(request, pk)

    def act() -> str:
        services.mark_held(workshop=workshop, by=request.user)
        return _("The workshop is marked as held.")

    return do(request, workshop, act)
