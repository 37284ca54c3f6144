"""What the secretariat does to one invitation: record an answer, withdraw it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from workshops import services
from workshops.admin_forms import PhonedAnswerForm
from workshops.admin_views.common import do, invitation_of, page_of, render_step, workshop_of
from workshops.enums import AnswerSource
from workshops.models import Invitation
from workshops.polls.services import withdraw_asked


@require_http_methods(["GET", "HEAD", "POST"])
def process_answer(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Record the answer that somebody gave by phone."""
    row = invitation_of(request, pk, invitation)
    form = PhonedAnswerForm(request.POST or None, invitation=row)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _record(request, row, form):
            return HttpResponseRedirect(page_of(row.workshop))
        status = 422
    return render_step(request, "process_answer", row.workshop, status=status, invitation=row, form=form)


def _record(request: HttpRequest, row: Invitation, form: PhonedAnswerForm) -> bool:
    try:
        services.answer_invitation(
            invitation=row, by=request.user, source=AnswerSource.SECRETARIAT, **form.given()
        )
    except services.WorkshopError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    messages.success(request, _("The answer of %(name)s is recorded.") % {"name": row.name})
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def process_withdraw(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Take one person off the list, after a confirmation."""
    row = invitation_of(request, pk, invitation)
    if request.method != "POST":
        return render_step(request, "process_withdraw", row.workshop, invitation=row)

    def act() -> str:
        withdraw_asked(invitation=row, by=request.user)
        return _("%(name)s is no longer invited.") % {"name": row.name}

    return do(request, row.workshop, act)


@require_POST
def process_host_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail the host sheet, as it is now, to those who come."""
    workshop = workshop_of(request, pk)

    def act() -> str:
        count = services.resend_sheets(workshop=workshop, by=request.user)
        text = ngettext(
            "%(count)s host sheet is on its way.", "%(count)s host sheets are on their way.", count
        )
        return text % {"count": count}

    return do(request, workshop, act)
