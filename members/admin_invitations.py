"""Inviting people to the portal from the administration site: one, or all that were selected; revoking."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods

from core.admin import PortalAdmin
from core.http import row_number
from core.workflow import TransitionError
from members.enums import InvitationState
from members.invitations import (
    InvitationError,
    invite_person,
    refusal_to_invite,
    revoke_invitation,
)
from members.models import PortalInvitation, User
from members.permissions import can_invite, can_invite_person

# What one page and one transaction a person can carry.
MOST_AT_ONCE = 500


class InvitesPeople(PortalAdmin):
    """The people's admin, with the way to invite them; a new person is offered an invitation at once."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page that says who gets what, before anything is sent."""
        page = self.admin_site.admin_view(self.invite_page)
        return [path("inviter/", page, name="members_user_invite"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer inviting to those who may."""
        actions = super().get_actions(request)
        if can_invite(request.user) and (action := self.get_action("invite_selected")):
            actions["invite_selected"] = action
        return actions

    @admin.action(description=_("Invite to the portal…"))
    def invite_selected(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse:
        """Show who of the selected people can be invited, and ask."""
        return self.preview_invitations(request, people)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> Any:
        """After a plain save go on to the invitation, which may be sent now or later."""
        asked_elsewhere = {"_popup", "_addanother", "_continue"} & set(request.POST)
        if asked_elsewhere or not can_invite_person(request.user, obj):
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, _("%(person)s is in the register.") % {"person": obj})
        return HttpResponseRedirect(reverse("admin:members_user_invite", query={"person": obj.pk}))

    def invite_page(self, request: HttpRequest) -> HttpResponse:
        """Preview (GET), then send (POST) to the people whose numbers it holds."""
        return _invite_page(request, self)

    def preview_invitations(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse:
        """Say who gets what, and who does not and why; the page's form sends."""
        if not can_invite(request.user):
            raise PermissionDenied
        chosen = list(people.order_by("last_name", "first_name", "id")[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            text = _("Select %(most)s people at most.") % {"most": MOST_AT_ONCE}
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:members_user_changelist"))
        open_ones = dict(
            PortalInvitation.objects.filter(person__in=chosen, state=InvitationState.OPEN).values_list(
                "person_id", "created_at"
            )
        )
        rows = [
            {"person": person, "refusal": _refusal(request, person), "former": open_ones.get(person.pk)}
            for person in chosen
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Invite to the portal"),
            "opts": User._meta,
            "ready": [row for row in rows if not row["refusal"]],
            "refused": [row for row in rows if row["refusal"]],
        }
        return render(request, "admin/members/invitation_send.html", context)


def _refusal(request: HttpRequest, person: User) -> str:
    if not can_invite_person(request.user, person):
        return str(_("Staff are invited by an administrator."))
    return refusal_to_invite(person)


@require_http_methods(["GET", "HEAD", "POST"])
def _invite_page(request: HttpRequest, model_admin: InvitesPeople) -> HttpResponse:
    if not can_invite(request.user):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    numbers = [number for text in given.getlist("person") if (number := row_number(text))]
    people = User.objects.filter(pk__in=numbers[:MOST_AT_ONCE])
    if request.method != "POST":
        return model_admin.preview_invitations(request, people)
    sent = 0
    for person in people.order_by("id"):
        try:
            if not can_invite_person(request.user, person):
                raise InvitationError(_refusal(request, person))
            invite_person(person=person, by=request.user)
            sent += 1
        except InvitationError as error:
            messages.warning(request, f"{person}: {error}")
    if sent:
        text = ngettext(
            "%(count)s invitation is on its way.", "%(count)s invitations are on their way.", sent
        )
        messages.success(request, text % {"count": sent})
    return HttpResponseRedirect(reverse("admin:members_user_changelist"))


class StandingFilter(admin.SimpleListFilter):
    """What an invitation is worth today: too old is no state of its row."""

    title = _("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the states, with the open ones told apart by their date."""
        return [
            ("waiting", _("Waiting for an answer")),
            ("expired", pgettext("invitation", "Expired")),
            (InvitationState.ACCEPTED, InvitationState.ACCEPTED.label),
            (InvitationState.REVOKED, InvitationState.REVOKED.label),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what was chosen."""
        opened = queryset.filter(state=InvitationState.OPEN)
        match self.value():
            case "waiting":
                return opened.filter(expires_at__gt=timezone.now())
            case "expired":
                return opened.filter(expires_at__lte=timezone.now())
            case InvitationState.ACCEPTED | InvitationState.REVOKED as state:
                return queryset.filter(state=state)
        return queryset


@admin.register(PortalInvitation)
class PortalInvitationAdmin(PortalAdmin):
    """Who was invited, when, and what became of it. Written by the portal; revoked or sent again by the actions."""

    list_display = ("person", "email", "standing", "invited_by", "created_at", "expires_at", "accepted_at")
    list_display_links = None
    list_filter = (StandingFilter, "created_at")
    list_select_related = ("person", "invited_by")
    search_fields = ("person__last_name", "person__first_name", "email")
    search_help_text = _("Search by name or e-mail address.")
    show_full_result_count = False
    actions = ("revoke", "send_again")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Invite from the list of people."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: PortalInvitation | None = None) -> bool:
        """Nobody edits one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PortalInvitation | None = None) -> bool:
        """Nobody removes one."""
        return False

    def has_invite_permission(self, request: HttpRequest) -> bool:
        """Those who may invite (asked by the actions)."""
        return can_invite(request.user)

    @admin.display(description=_("state"))
    def standing(self, invitation: PortalInvitation) -> str:
        """Say whether the link still works."""
        if invitation.state == InvitationState.OPEN and invitation.expires_at <= timezone.now():
            return pgettext("invitation", "Expired")
        return invitation.get_state_display()

    @admin.action(description=_("Revoke: the link opens nothing any more"), permissions=["invite"])
    def revoke(self, request: HttpRequest, rows: QuerySet[PortalInvitation]) -> None:
        """Revoke the open ones."""
        done = 0
        for invitation in rows.filter(state=InvitationState.OPEN).select_related("person"):
            try:
                if can_invite_person(request.user, invitation.person):
                    revoke_invitation(invitation=invitation, by=request.user)
                    done += 1
            except TransitionError:
                continue
        text = ngettext("%(count)s invitation revoked.", "%(count)s invitations revoked.", done)
        self.message_user(request, text % {"count": done}, messages.SUCCESS if done else messages.WARNING)

    @admin.action(description=_("Send again, with a new link…"), permissions=["invite"])
    def send_again(self, request: HttpRequest, rows: QuerySet[PortalInvitation]) -> HttpResponse:
        """Lead to the page that says who gets what."""
        numbers = sorted(set(rows.values_list("person_id", flat=True)[:MOST_AT_ONCE]))
        return HttpResponseRedirect(reverse("admin:members_user_invite", query={"person": numbers}))
