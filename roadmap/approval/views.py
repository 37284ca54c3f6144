"""A vote's page, the ballot, the record."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.clock import database_now
from core.http import anonymous_page_cache, render_page_or_fragment, row_number, wants_fragment
from core.templatetags.text import datetime_long
from roadmap.approval import pages, services
from roadmap.approval.forms import BallotForm
from roadmap.approval.models import Approval, Ballot, Voter
from roadmap.approval.permissions import can_cast_for
from roadmap.approval.services import ApprovalError, Cast

PAGE, FRAGMENT = "roadmap/approval_detail.html", "roadmap/includes/_approval_vote.html"


def reads_approval(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the vote of the address, if the person may see it; else 404.

    Somebody not logged in is asked to log in, whether there is such a vote or not: mails link to it.
    """

    @wraps(view)
    def inner(request: HttpRequest, pk: int) -> HttpResponse:
        approvals = Approval.objects.visible_to(request.user).select_related(
            "version", "casting_organisation"
        )
        if approval := approvals.filter(pk=pk).first():
            return view(request, approval)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        raise Http404(_("There is no vote at this address."))

    return inner


@login_not_required
@anonymous_page_cache()
@require_safe
@reads_approval
def approval_detail(request: HttpRequest, approval: Approval) -> HttpResponse:
    """A vote: its text, the person's ballots while it is open, who has voted; once closed the result, by name."""
    return _page(request, approval)


@require_POST
@reads_approval
def ballot_cast(request: HttpRequest, approval: Approval) -> HttpResponse:
    """Cast the ballot of one of the person's organisations: 403, 409 or 422 say why not, with what was typed."""
    voter = _voter(request, approval)
    if voter is None or not can_cast_for(request.user, voter):
        return _page(request, approval, refusal=_no_voice(request.user, approval), status=403)
    latest = Ballot.objects.filter(voter=voter).order_by("-id").first()
    form = BallotForm(request.POST, voter=voter, text_sha256=approval.text_sha256, ballot=latest)
    try:
        services.refuse_unless_open(approval, database_now())
        if not form.is_valid():
            return _page(request, approval, bound=form, status=422)
        cast = services.cast_ballot(
            approval=approval, organisation=voter.organisation, by=request.user, **form.ballot()
        )
    except PermissionDenied as error:
        return _page(request, approval, refusal=str(error), status=403)
    except ApprovalError as error:
        return _page(request, approval, bound=form, refusal=str(error), status=409)
    if wants_fragment(request):
        return _page(request, approval, notice=_said(cast, voter))
    messages.success(request, _said(cast, voter))
    return redirect(f"{approval.get_absolute_url()}#vote")


def _voter(request: HttpRequest, approval: Approval) -> Voter | None:
    organisation = row_number(request.POST.get("organisation", ""))
    return approval.voters.select_related("organisation").filter(organisation=organisation).first()


def _no_voice(user: Any, approval: Approval) -> str:
    if any(can_cast_for(user, voter) for voter in approval.voters.all()):
        return _("You do not carry the voice of this organisation: no ballot was recorded.")
    return pages.why_not(user) or _("You do not carry a voice in this vote.")


def _said(cast: Cast, voter: Voter) -> str:
    facts = {"organisation": voter.organisation_name, "time": datetime_long(cast.ballot.cast_at)}
    if cast.repeated:
        return _("This ballot of %(organisation)s was already recorded on %(time)s.") % facts
    if cast.replaced:
        return _("The ballot of %(organisation)s was replaced on %(time)s.") % facts
    return _("The ballot of %(organisation)s was recorded on %(time)s.") % facts


def _page(
    request: HttpRequest,
    approval: Approval,
    *,
    bound: BallotForm | None = None,
    refusal: str = "",
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    context = pages.context(request.user, approval, now=database_now(), bound=bound)
    kept = bound.data.get("explanation", "") if bound and refusal else ""
    context |= {"refusal": refusal, "notice": notice, "kept": kept}
    return render_page_or_fragment(request, PAGE, FRAGMENT, context, status=status)


@login_not_required
@anonymous_page_cache()
@require_safe
@reads_approval
def approval_record_json(request: HttpRequest, approval: Approval) -> HttpResponse:
    """The record, byte for byte what its SHA-256 is of; 404 until it is written."""
    if not approval.closed_at:
        raise Http404(_("The record is written once the vote is closed."))
    return HttpResponse(approval.record.encode(), content_type="application/json; charset=utf-8")
