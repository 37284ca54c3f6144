"""What every template may rely on. No query here: it runs on each page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes
from django.utils.translation import get_language
from django.utils.translation import gettext as _

LANGUAGE_NAMES = {"fr": "Français", "en": "English"}
# A longer address is not repeated in the links of its own page.
_LONGEST_ADDRESS = 1_000


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, its navigation, the page's own address and the same page in the other language."""
    active = "en" if get_language() == "en" else "fr"
    root = "/en" if active == "en" else ""
    here = escape_uri_path(request.path)
    path = request.get_full_path()
    if len(path) > _LONGEST_ADDRESS:
        path = here
    # What follows /en may begin with two slashes, which would lead to another site.
    french = escape_leading_slashes(path[3:] if path.startswith("/en/") else path)
    page = request.GET.get("page", "")
    sections = [
        ("/vitrine/", _("Showcase")),
        ("/feuille-de-route/", _("Roadmap")),
        ("/actions/", _("Actions")),
        ("/ateliers/", _("Workshops")),
    ]
    return {
        "site_name": _("Positive Industry"),
        "site_url": settings.SITE_URL,
        # Filters and searches are views of one page; the pages of a list are not.
        "canonical_url": f"{settings.SITE_URL}{here}{f'?page={page}' if page.isdecimal() and page != '1' else ''}",
        "language_links": [
            {
                "code": code,
                "name": name,
                "url": f"/en{french}" if code == "en" else french,
                "current": code == active,
            }
            for code, name in LANGUAGE_NAMES.items()
        ],
        "nav": [
            {"url": f"{root}{section}", "label": label, "current": here.startswith(f"{root}{section}")}
            for section, label in sections
        ],
        "is_member_area": here.startswith(("/espace/", "/en/espace/")),
    }
