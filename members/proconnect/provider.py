"""ProConnect for django-allauth: its OpenID Connect provider, stricter where allauth leaves a choice."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import get_language, override

from members.proconnect.tokens import ProofError, check_nonce, verified_claims

SCOPES = ["openid", "given_name", "usual_name", "email", "uid", "siret", "idp_id"]
# ProConnect refuses a state or a nonce of fewer than 32 characters.
SECRET_LENGTH = 48


class ProConnectOAuth2Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Speaks to ProConnect's server."""

    def _get(self, url: str, **headers: str) -> Any:
        with get_adapter().get_requests_session() as session:
            # A redirect would carry the access token elsewhere.
            response = session.get(url, headers=headers, allow_redirects=False)
            if response.status_code != 200:
                raise ProofError(f"HTTP {response.status_code}")
            return response

    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """Return what ProConnect says of itself; it must call itself as we do."""
        config: dict[str, Any] = self._get(self.get_provider().server_url).json()
        if config.get("issuer") != settings.PROCONNECT_URL:
            raise ProofError("another issuer")
        return config

    @cached_property
    def keys(self) -> dict[str, Any]:
        """Return ProConnect's public keys."""
        found: dict[str, Any] = self._get(self.openid_config["jwks_uri"]).json()
        return found

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return the one address known to ProConnect, whatever the page's language or the host's spelling."""
        return callback_url()

    def verified(self, token: str) -> dict[str, Any]:
        """Return a signed answer's claims; raises ProofError."""
        return verified_claims(
            token, keys=self.keys, issuer=self.openid_config["issuer"], audience=settings.PROCONNECT_CLIENT_ID
        )

    def exchange(self, request: HttpRequest, state: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Change the code for the person's claims and the ID token.

        Raises OAuth2Error (mostly ProofError) when an answer is wrong, RequestException when there is none.
        """
        app = self.get_provider().app
        answer = self.get_access_token_data(request, app, self.get_client(request, app))
        if not isinstance(answer.get("id_token"), str):
            raise ProofError("no ID token")
        identity = self.verified(answer["id_token"])
        check_nonce(identity, state.get("nonce", ""))
        # Signed by ProConnect too: plain JSON, which anybody in between could write, has no signature to verify.
        userinfo = self._get(self.profile_url, Authorization=f"Bearer {answer['access_token']}")
        claims = self.verified(userinfo.text.strip())
        if claims["sub"] != identity["sub"]:
            raise ProofError("another subject")
        return claims, answer["id_token"]


class ProConnectProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """The provider as allauth knows it."""

    id = "proconnect"
    name = "ProConnect"
    oauth2_adapter_class = ProConnectOAuth2Adapter
    supports_token_authentication = False

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return where the login begins."""
        return reverse("proconnect_login", query=kwargs)

    def get_callback_url(self) -> str:
        """Return where it comes back."""
        return callback_url()

    def get_oauth2_adapter(self, request: HttpRequest) -> ProConnectOAuth2Adapter:
        """Return one adapter for the life of this provider, which is a request's: it asks each question once."""
        if not hasattr(self, "_adapter"):
            self._adapter = ProConnectOAuth2Adapter(request, self.id)
        return self._adapter

    def get_default_scope(self) -> list[str]:
        """Return what we ask for: no more than the matching needs."""
        return list(SCOPES)

    def begin(self, request: HttpRequest, *, next_url: str) -> HttpResponse:
        """Send the browser to ProConnect, with documented parameters only: it refuses any other.

        Raises OAuth2Error or RequestException when its configuration cannot be had.
        """
        # allauth would turn what goes wrong here into a page of its own.
        _ = self.get_oauth2_adapter(request).openid_config
        nonce = get_random_string(SECRET_LENGTH)
        response: HttpResponse = self.redirect(
            request,
            process="login",
            next_url=next_url or None,
            scope=self.get_scope(),
            auth_params={"nonce": nonce},
            nonce=nonce,
            language=get_language(),
        )
        return response

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        """Name an identity by who vouches for it and by its subject: a test platform's subjects are others."""
        return f"{data['iss']}#{data['sub']}"

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Keep nothing of the person but through which identity provider they came."""
        return {"idp_id": str(data.get("idp_id", ""))}

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Take nothing over: names and address are the secretariat's."""
        return {}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        """Take no address over."""
        return []


def callback_url() -> str:
    """Return the address to which ProConnect sends people back, as registered there."""
    with override(settings.LANGUAGE_CODE):
        return f"{settings.SITE_URL}{reverse('proconnect_callback')}"


provider_classes = [ProConnectProvider]
