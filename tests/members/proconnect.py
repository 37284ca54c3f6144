"""The way to ProConnect and back, for tests."""

from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import SESSION_KEY
from django.test import Client

from members.proconnect.matching import Refusal

SIREN = "732829320"
SIRET = f"{SIREN}00074"
LOGIN = "/connexion/proconnect/"


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def browse(url: str) -> str:
    """Go to ProConnect as the browser does, and return where it sends us."""
    try:
        answer = build_opener(_Stay).open(url, timeout=60)
    except Exception as error:
        answer = error
    assert answer.status == 303, f"ProConnect answered {answer.status}: {answer.read()[:200]!r}"
    return answer.headers["Location"]


def go(client: Client, start: str = LOGIN) -> Any:
    """Log in by ProConnect: through its page and back; return the portal's answer."""
    response = client.get(start)
    assert response.status_code == 302, response.status_code
    back = urlsplit(browse(response["Location"]))
    assert f"{back.scheme}://{back.netloc}" == "http://testserver"
    return client.get(f"{back.path}?{back.query}")


def assert_refused(response: Any, client: Client, refusal: Refusal, status: int = 403) -> None:
    """Nothing was opened nor created, and the page says why."""
    assert response.status_code == status, response.status_code
    assert response.context["refusal"] == refusal
    assert SESSION_KEY not in client.session
    assert not SocialAccount.objects.exists()
