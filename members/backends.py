"""Who may log in."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from core.prepared import Prepared
from members.models import User

# Reserved by RFC 2606: no real person reads mail there, so every demo account lives there and no other account can.
DEMO_DOMAIN = "@example.org"


_PEOPLE = Prepared(lambda pk: User.objects.filter(pk=pk).order_by(), markers=(-1,))


class PortalBackend(AuthenticationBackend):  # type: ignore[misc]
    """Log in by e-mail address. In production demo accounts open nothing, whatever the database holds."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Refuse inactive accounts, and demo accounts outside `make run` (asked again at each request)."""
        if settings.PRODUCTION and user.email.endswith(DEMO_DOMAIN):
            return False
        return bool(super().user_can_authenticate(user))

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session, as Django's backend does, with a query that is written once."""
        found = _PEOPLE(user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None


def may_reset_password(user: Any) -> bool:
    """Tell whether a forgotten password may be replaced by mail: only where somebody has opened the account.

    An account whose invitation is unused, expired or revoked has no key yet: the invitation alone gives the first.
    """
    if not PortalBackend().user_can_authenticate(user):
        return False
    return bool(user.password and user.has_usable_password()) or _has_other_key(user)


def _has_other_key(user: Any) -> bool:
    from allauth.mfa.models import Authenticator

    # ProConnect's link is there when its app is installed.
    linked = getattr(user, "socialaccount_set", None)
    return user.authenticator_set.filter(type=Authenticator.Type.WEBAUTHN).exists() or bool(
        linked is not None and linked.exists()
    )
