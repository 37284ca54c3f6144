"""The secretariat's side of the votes: open one, follow it, have its record written; ballots, to read."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from core.clock import database_now
from core.http import row_number
from core.workflow import TransitionError
from members.models import User
from roadmap.approval import pages, services
from roadmap.approval.forms import OpeningForm
from roadmap.approval.models import Approval, Ballot
from roadmap.approval.permissions import can_follow_approval, can_open_approval
from roadmap.approval.services import ApprovalError


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Votes. Opening one is a process with a page of its own; an open vote is followed, never edited."""

    list_display = ("version", "opens_at", "closes_at", "participation", "outcome", "closed_at")
    list_filter = ("outcome",)
    list_select_related = ("version",)
    date_hierarchy = "closes_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        """Count who has voted."""
        voted = Count("voters", filter=Q(voters__ballots__isnull=False), distinct=True)
        return super().get_queryset(request).annotate(voted_count=voted)

    @admin.display(description=_("participation"))
    def participation(self, approval: Approval) -> str:
        """Say how many of how many have voted."""
        return f"{approval.voted_count} / {approval.electorate_size}"  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The secretariat opens votes."""
        return can_open_approval(request.user)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Open a vote: the form, and beside it who would vote and which organisation has nobody."""
        if not can_open_approval(request.user):
            raise PermissionDenied
        electorate, status = services.electorate_on(timezone.localdate()), 200
        initial = {"version": request.GET.get("version", "")}
        form = OpeningForm(request.POST or None, electorate=electorate, initial=initial)
        if request.method == "POST":
            status = 422
            if form.is_valid():
                fields = {name: value for name, value in form.cleaned_data.items() if name != "confirm"}
                try:
                    approval = services.open_approval(**fields, by=request.user)
                except (ApprovalError, TransitionError) as error:
                    form.add_error(None, str(error))
                    status = 409
                else:
                    messages.success(
                        request, gettext("The vote is open: the text and the electorate are frozen.")
                    )
                    return HttpResponseRedirect(self._address(approval))
        day = _opening_day(form)
        context: dict[str, Any] = {
            "title": gettext("Open a vote"),
            "form": form,
            "day": day,
            "voters": [
                (organisation, _names(people))
                for organisation, people in services.voices_by_organisation(services.electorate_on(day), day)
            ],
            "without_titular": services.seats_without_titular(day),
        }
        return self._page(request, "approval_open", status=status, **context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Follow a vote: who has voted, whom to call; once it has ended, have its record written."""
        if not can_follow_approval(request.user):
            raise PermissionDenied
        approvals = Approval.objects.select_related("version", "casting_organisation")
        approval = get_object_or_404(approvals, pk=row_number(object_id))
        now = database_now()
        if request.method == "POST":
            return self._close(request, approval)
        voters = list(
            approval.voters.with_voted().select_related("organisation").order_by("organisation__sort_name")
        )
        silent = [voter.organisation for voter in voters if not voter.voted]  # type: ignore[attr-defined]
        context: dict[str, Any] = {
            "title": gettext("Vote on %(version)s") % {"version": approval.version},
            "approval": approval,
            "state": pages.state_of(approval, now),
            "voted": [voter for voter in voters if voter.voted],  # type: ignore[attr-defined]
            "silent": [
                (organisation, _names(people))
                for organisation, people in services.voices_by_organisation(silent, timezone.localdate(now))
            ],
        }
        return self._page(request, "approval_follow", **context)

    def _close(self, request: HttpRequest, approval: Approval) -> HttpResponse:
        try:
            services.close_approval(approval=approval, by=request.user)
        except ApprovalError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, gettext("The record is written."))
        return HttpResponseRedirect(self._address(approval))

    def _address(self, approval: Approval) -> str:
        return reverse("admin:roadmap_approval_change", args=[approval.pk])

    def _page(
        self, request: HttpRequest, name: str, *, status: int = 200, **context: Any
    ) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/roadmap/{name}.html", context, status=status)


def _names(people: list[User]) -> str:
    return ", ".join(person.get_full_name() for person in people)


def _opening_day(form: OpeningForm) -> Any:
    """Return the day whose electorate the page shows: that of the opening typed, else today."""
    opens_at = getattr(form, "cleaned_data", {}).get("opens_at")
    return timezone.localdate(opens_at) if opens_at else timezone.localdate()


class VoteFilter(admin.SimpleListFilter):
    """By vote, among those that have ended."""

    title = _("approval")
    parameter_name = "vote"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """List the votes in one query."""
        ended = Approval.objects.ended().select_related("version")
        return [(str(approval.pk), str(approval)) for approval in ended]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ballot]) -> QuerySet[Ballot]:
        """Keep one vote's ballots; what is no vote keeps none."""
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(voter__approval=row_number(value))


@admin.register(Ballot)
class BallotAdmin(ReadOnlyAdmin):
    """Ballots of the votes that have ended: before that nobody reads one here."""

    list_display = ("voter", "approval", "choice", "cast_by", "cast_at", "entry")
    list_filter = ("choice", VoteFilter)
    list_select_related = ("voter__approval__version", "cast_by", "ledger_entry")
    search_fields = ("voter__organisation_name",)
    ordering = ("-id",)
    fields = ("voter", "approval", "choice", "explanation", "cast_by", "cast_at", "text_sha256", "entry")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ballot]:
        """Keep the ballots of open votes out, whoever asks."""
        return super().get_queryset(request).filter(voter__approval__closes_at__lte=Now())

    @admin.display(description=_("approval"))
    def approval(self, ballot: Ballot) -> str:
        """Say in which vote."""
        return str(ballot.voter.approval)

    @admin.display(description=_("ledger entry"))
    def entry(self, ballot: Ballot) -> str:
        """Give the number in the ledger."""
        return str(ballot.ledger_entry.number)
