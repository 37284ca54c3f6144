"""The secretariat's side of the showcase: write pages, publish and withdraw them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.admin import LockedAdmin, PortalAdmin, PortalTabularInline
from core.workflow import TransitionError
from showcase import services
from showcase.models import Commitment, CompanyCommitment, CompanyFigure, CompanyPage
from showcase.permissions import can_publish_page


class FigureInline(PortalTabularInline):
    """Jobs, targets, capacity."""

    model = CompanyFigure


class CommitmentInline(PortalTabularInline):
    """What the company commits to, with the evidence."""

    model = CompanyCommitment
    autocomplete_fields = ("commitment",)


class ToConfirmFilter(admin.SimpleListFilter):
    """Pages that nobody has confirmed for a year."""

    title = _("confirmation")
    parameter_name = "confirmation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer what is due."""
        return [("due", _("To be confirmed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what was chosen."""
        return queryset.to_confirm() if self.value() == "due" else queryset  # type: ignore[attr-defined]


@admin.register(CompanyPage)
class CompanyPageAdmin(LockedAdmin):
    """Company pages. Only the actions change what the public sees of a page's existence; its text is live."""

    list_display = ("organisation", "state", "tagline_fr", "updated_at", "confirmed_at")
    list_filter = (
        "state",
        ToConfirmFilter,
        "organisation__kind",
        "organisation__sectors",
        "organisation__commune",
    )
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "organisation__sort_name", "tagline_fr", "tagline_en")
    autocomplete_fields = ("organisation",)
    readonly_fields = ("state", "updated_at", "confirmed_at")
    inlines = (FigureInline, CommitmentInline)
    actions = ("publish", "withdraw", "confirm")
    fieldsets = (
        (None, {"fields": ("organisation", "state", "updated_at", "confirmed_at", "founded_year")}),
        (_("In French"), {"fields": ("tagline_fr", "story_fr", "products_fr")}),
        (_("In English"), {"fields": ("tagline_en", "story_en", "products_en")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CompanyPage]:
        """Leave the search index where it is."""
        return super().get_queryset(request).defer("search", "search_words")

    def get_readonly_fields(self, request: HttpRequest, obj: CompanyPage | None = None) -> tuple[str, ...]:
        """Keep a page with its organisation."""
        return ("organisation", *self.readonly_fields) if obj else self.readonly_fields

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Tell who may publish (asked by the actions)."""
        return can_publish_page(request.user)

    @admin.action(description=_("Publish the chosen pages"), permissions=["publish"])
    def publish(self, request: HttpRequest, pages: QuerySet[CompanyPage]) -> None:
        """Publish, page by page."""
        done = self._each(request, pages, services.publish_page)
        if done:
            text = ngettext("%(count)s page published.", "%(count)s pages published.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)

    @admin.action(description=_("Withdraw the chosen pages"), permissions=["publish"])
    def withdraw(self, request: HttpRequest, pages: QuerySet[CompanyPage]) -> None:
        """Withdraw, page by page."""
        done = self._each(request, pages, services.withdraw_page)
        if done:
            text = ngettext("%(count)s page withdrawn.", "%(count)s pages withdrawn.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)

    @admin.action(description=_("Note that the chosen pages were confirmed"), permissions=["publish"])
    def confirm(self, request: HttpRequest, pages: QuerySet[CompanyPage]) -> None:
        """Note what an organisation said by telephone or mail; pages that need no confirmation stay as they are."""
        done = self._each(request, pages, services.confirm_page)
        if done < len(pages):
            self.message_user(request, _("Nothing to confirm on the other pages."), messages.INFO)
        if done:
            text = ngettext("%(count)s page confirmed.", "%(count)s pages confirmed.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Publish or withdraw when that button was pressed, once the page and its lines are saved."""
        super().save_related(request, form, formsets, change)
        for button, service in (("_publish", services.publish_page), ("_withdraw", services.withdraw_page)):
            if button in request.POST and can_publish_page(request.user):
                self._each(request, CompanyPage.objects.filter(pk=form.instance.pk), service)

    def _each(self, request: HttpRequest, pages: QuerySet[CompanyPage], service: Any) -> int:
        done = 0
        for page in pages:
            try:
                done += service(page=page, by=request.user) is not False
            except (TransitionError, services.PageError) as error:
                self.message_user(request, f"{page}: {error}", messages.WARNING)
        return done


@admin.register(Commitment)
class CommitmentAdmin(PortalAdmin):
    """The list of commitments: the values of the facet."""

    list_display = ("name_fr", "name_en", "slug", "position")
    search_fields = ("name_fr", "name_en")
    prepopulated_fields = {"slug": ("name_fr",)}
