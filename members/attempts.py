"""How often somebody may try a secret: counted in Redis by django-allauth, as for the login.

An action has two rates in ACCOUNT_RATE_LIMITS: its own, of whoever tries, and `<action>_network`, of the address they
try from. A network counts wrong attempts alone: a hundred people who arrive together share the host's address.
"""

from allauth.core import ratelimit
from django.http import HttpRequest

# As long as the longest of the limits on failures.
RETRY_AFTER = 300


def may_try(request: HttpRequest, *, action: str, key: str) -> bool:
    """Count an attempt and tell whether it may be made; say afterwards (`tried`) what came of it."""
    network = ratelimit.consume(request, action=f"{action}_network", dry_run=True)
    return bool(network and ratelimit.consume(request, action=action, key=key))


def tried(request: HttpRequest, *, action: str, key: str, wrong: bool) -> None:
    """Count a wrong attempt for its network, forget the attempts that led to the right one."""
    if wrong:
        ratelimit.consume(request, action=f"{action}_network")
    else:
        ratelimit.clear(request, action=action, key=key)
