"""How allauth's social login behaves here: one provider, from the settings; nobody signs up."""

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from members.proconnect.provider import SECRET_LENGTH, ProConnectProvider


def proconnect_is_on() -> bool:
    """Tell whether the settings name a ProConnect service."""
    return bool(
        settings.PROCONNECT_URL and settings.PROCONNECT_CLIENT_ID and settings.PROCONNECT_CLIENT_SECRET
    )


class ClosedSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """ProConnect opens accounts that exist; it makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody signs up."""
        return False

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[Any]:
        """Return ProConnect's registration when there is one; the database's are not asked."""
        own = ProConnectProvider.id
        if (
            not proconnect_is_on()
            or provider not in (None, own)
            or client_id not in (None, settings.PROCONNECT_CLIENT_ID)
        ):
            return []
        return [
            SocialApp(
                provider=own,
                provider_id=own,
                name=ProConnectProvider.name,
                client_id=settings.PROCONNECT_CLIENT_ID,
                secret=settings.PROCONNECT_CLIENT_SECRET,
                settings={"server_url": settings.PROCONNECT_URL, "token_auth_method": "client_secret_post"},
            )
        ]

    def generate_state_param(self, state: dict[str, Any]) -> str:
        """Return a state as long as ProConnect wants it."""
        return get_random_string(SECRET_LENGTH)
