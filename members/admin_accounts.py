"""What the administration shows of Django's and django-allauth's own tables: groups; of accounts, nothing secret."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import PortalAdmin

# Addresses live on the person; sessions are their holder's alone.
for _model in (EmailAddress, UserSession, Authenticator, Group):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(Group)
class PortalGroupAdmin(PortalAdmin, GroupAdmin):
    """Groups, and what they may do: administrators alone."""


@admin.register(Authenticator)
class AuthenticatorAdmin(PortalAdmin):
    """Second factors: an administrator removes the one that somebody lost, and never sees what it is made of."""

    names = (_("Second factor"), _("Second factors"))  # type: ignore[assignment]
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__last_name", "user__first_name", "user__email")
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody make a key for somebody else."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody alter a key."""
        return False
