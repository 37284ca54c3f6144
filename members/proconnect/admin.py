"""The identities tied to accounts: seen and untied by the secretariat, never made by hand."""

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import PortalAdmin
from members.proconnect.adapter import proconnect_is_on

# The one service is the settings' business, and no token is kept.
for _model in (SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(SocialAccount)
class IdentityAdmin(PortalAdmin):
    """Untying lets the next ProConnect identity with the right address and organisation take the place."""

    names = (_("ProConnect identity"), _("ProConnect identities"))  # type: ignore[assignment]
    list_display = ("user", "provider", "identity_provider", "date_joined", "last_login")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("user__last_name", "user__first_name", "user__email")
    search_help_text = _("Search by name or e-mail address.")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Stay out of the index while ProConnect is off."""
        return proconnect_is_on() and super().has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a login ties an identity to an account."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody moves one to another account."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those with the permission untie; staff's are the administrators' business."""
        return super().has_delete_permission(request, obj) and (
            obj is None or request.user.is_superuser or not obj.user.is_staff
        )

    @admin.display(description=_("identity provider"))
    def identity_provider(self, row: Any) -> str:
        """Give ProConnect's number of the provider."""
        return str(row.extra_data.get("idp_id", ""))
