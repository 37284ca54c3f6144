"""Who may log in."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

# Reserved by RFC 2606: no real person reads mail there, so every demo account lives there and no other account can.
DEMO_DOMAIN = "@example.org"


class PortalBackend(AuthenticationBackend):  # type: ignore[misc]
    """Log in by e-mail address. In production demo accounts open nothing, whatever the database holds."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Refuse inactive accounts, and demo accounts outside `make run` (asked again at each request)."""
        if settings.PRODUCTION and user.email.endswith(DEMO_DOMAIN):
            return False
        return bool(super().user_can_authenticate(user))
