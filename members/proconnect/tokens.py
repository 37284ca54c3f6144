"""ProConnect's signed answers (JWT): nothing in them counts before signature, issuer, audience and end are right."""

import hmac
from collections.abc import Mapping
from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

# What ProConnect signs with. No symmetric algorithm: a public key would pass for its secret. And never "none".
ALGORITHMS = ["RS256", "ES256"]
# Clocks differ by seconds.
LEEWAY = 10


class ProofError(OAuth2Error):  # type: ignore[misc]
    """An answer of ProConnect cannot be believed. The message holds nothing of the person: it goes to the log."""


def _key(token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    name = jwt.get_unverified_header(token).get("kid")
    found = [
        key
        for key in jwt.PyJWKSet.from_dict(dict(keys)).keys
        if key.key_id == name and key.public_key_use in (None, "sig")
    ]
    if name is None or len(found) != 1:
        raise ProofError("unknown key")
    return found[0]


def verified_claims(token: str, *, keys: Mapping[str, Any], issuer: str, audience: str) -> dict[str, Any]:
    """Return the claims of a signed token. `keys` is the issuer's JWKS.

    Raises ProofError, without any of the token's content, when it is not signed by one of the issuer's keys, is for
    another service, from another issuer, too old, or incomplete.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(token, keys),
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "exp", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise ProofError(f"token refused: {type(error).__name__}") from None
    return claims


def check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    """Raise ProofError unless the token answers the question that this browser asked."""
    if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise ProofError("another nonce")
