"""Where people say which dates suit them: behind the mail's link, and in the portal."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.clock import database_now
from core.http import secret_page
from workshops.polls.enums import ReplySource
from workshops.polls.forms import ReplyForm, reply_form
from workshops.polls.models import PollOption, PollReply
from workshops.polls.queries import asked
from workshops.polls.services import reply_refusal, reply_to_poll
from workshops.services import WorkshopError

# What mends by another answer is 422; a poll that is over for good is 410, one that only changed or closed 409.
INVALID = frozenset({"empty", "choice", "option", "length"})
GONE = frozenset({"withdrawn", "cancelled", "chosen", "state"})


def poll_by_token(request: HttpRequest, token: str) -> HttpResponse | None:
    """Answer for a mail's link that leads to a poll; None when it leads to the invitation, or nowhere.

    A reply typed before the date was chosen still comes here, and is told so.
    """
    row = asked().filter(invitation__token=token).first()
    if row is None or (row.invitation.sent_at and "revision" not in request.POST):
        return None
    # The same page whoever is logged in; and no logout form, whose origin could not be checked from here.
    response = _poll_page(
        request, row, source=ReplySource.MAIL_LINK, by=None, user=AnonymousUser(), by_link=True
    )
    return secret_page(response)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def poll_answer(request: HttpRequest, slug: str) -> HttpResponse:
    """The same for somebody who is logged in."""
    user: Any = request.user
    row = asked().filter(invitation__person=user, invitation__workshop__slug=slug).first()
    if row is None:
        raise Http404(_("You are not asked for a date at this address."))
    if row.invitation.sent_at and request.method != "POST":
        return redirect(row.invitation.workshop)
    return _poll_page(request, row, source=ReplySource.PORTAL, by=user, by_link=False)


def _poll_page(
    request: HttpRequest, row: PollReply, *, source: ReplySource, by: Any, by_link: bool, **context: Any
) -> HttpResponse:
    workshop = row.invitation.workshop
    options = list(workshop.poll.options.select_related("venue__organisation", "venue__commune"))
    form, status = None, 200
    if request.method == "POST":
        form, status = _take(request, row, options, source=source, by=by)
        if status == 200:
            return HttpResponseRedirect(f"{request.path}?ok=1")
        row = asked().get(pk=row.pk)
        workshop = row.invitation.workshop
        options = list(workshop.poll.options.select_related("venue__organisation", "venue__commune"))
        form.show(workshop.poll, options)
    refusal = reply_refusal(row.invitation, row, now=database_now())
    if status == 200 and refusal and refusal.code in GONE:
        status = 410
    context |= {
        "workshop": workshop,
        "poll": workshop.poll,
        "invitation": row.invitation,
        "reply": row,
        "refusal": refusal,
        "form": form or reply_form(row, workshop.poll, options),
        "unsaid": _unsaid(row, options),
        "just_answered": "ok" in request.GET,
        "by_link": by_link,
    }
    return render(request, "workshops/poll_answer.html", context, status=status)


def _take(
    request: HttpRequest, row: PollReply, options: list[PollOption], *, source: ReplySource, by: Any
) -> tuple[ReplyForm, int]:
    """Hand a posted reply to the service; return the form and the status to answer with."""
    form = ReplyForm(request.POST, options=options)
    refusal = reply_refusal(row.invitation, row, now=database_now())
    valid = form.is_valid()
    if not valid and not refusal:
        return form, 422
    try:
        reply_to_poll(
            invitation=row.invitation,
            choices=form.choices() if valid else form.typed(),
            by=by,
            source=source,
            comment=form.cleaned_data.get("comment", ""),
            seen_revision=form.cleaned_data.get("revision"),
        )
    except WorkshopError as error:
        form.add_error(error.field or None, str(error))
        if error.code in INVALID:
            return form, 422
        return form, 410 if error.code in GONE and source == ReplySource.MAIL_LINK else 409
    return form, 200


def _unsaid(row: PollReply, options: list[PollOption]) -> str:
    """Say how many dates a given reply leaves out."""
    if row.answered_at is None:
        return ""
    missing = len(options) - row.answers.filter(option__in=options).count()
    text = ngettext(
        "You gave no answer for %(count)s date.",
        "You gave no answer for %(count)s dates.",
        missing,
    )
    return text % {"count": missing} if missing > 0 else ""
