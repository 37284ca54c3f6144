"""The secretariat's administration site."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.second_factor import lacks_second_factor, lead_to_second_factor


class PortalAdminSite(AdminSite):
    """Django's admin, entered by the portal's own login so that its rate limits and factors apply."""

    site_title = _("Positive Industry")
    site_header = _("Positive Industry — secretariat")
    index_title = _("Run the council")
    site_url = "/"
    empty_value_display = "—"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff in with a second factor; without it `login` leads them to set one up."""
        return super().has_permission(request) and not lacks_second_factor(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send to the portal's login page, staff without a second factor to where they set one up.

        Somebody logged in without the right gets a 403.
        """
        if lacks_second_factor(request.user):
            return lead_to_second_factor(request)
        view = secure_admin_login(super().login)
        return view(request, extra_context=extra_context)  # type: ignore[no-any-return]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Begin with what waits; end with what one did last."""
        from industrie_positive.workbench import done_last, waiting

        first = {"waiting": waiting(request), "done": done_last(request.user)}
        return super().index(request, first | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the lists in the order of the work; of one app as Django does."""
        from industrie_positive.workbench import in_order

        apps = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                model["name"] = self._registry[model["model"]].names[1]  # type: ignore[attr-defined]
        return apps if app_label else in_order(apps)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the portal's own page: one way to change a password, with its limits and its mail."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send where one's account is shown."""
        return HttpResponseRedirect(reverse("account_change_password"))


PortalAdminSite.login.login_required = False  # type: ignore[attr-defined]
