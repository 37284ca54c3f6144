"""The secretariat's administration site."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from members.second_factor import lacks_second_factor, lead_to_second_factor


class PortalAdminSite(AdminSite):
    """Django's admin, entered by the portal's own login so that its rate limits and factors apply."""

    site_title = _("Positive Industry")
    site_header = _("Positive Industry — secretariat")
    index_title = _("Run the council")
    site_url = "/"

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


PortalAdminSite.login.login_required = False  # type: ignore[attr-defined]
