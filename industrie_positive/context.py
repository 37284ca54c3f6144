"""What every template may rely on. No query here: it runs on each page."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

LANGUAGE_NAMES = {"fr": "Français", "en": "English"}


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, its navigation and the same page in the other language."""
    path = request.get_full_path()
    french = path[3:] if path.startswith("/en/") else path
    active = get_language() or "fr"
    here = request.path
    sections = [
        (reverse("showcase:company_list"), _("Showcase")),
        (reverse("roadmap:roadmap_home"), _("Roadmap")),
        (reverse("actions:action_list"), _("Actions")),
        (reverse("workshops:workshop_list"), _("Workshops")),
    ]
    return {
        "site_name": _("Positive Industry"),
        "language_links": [
            {
                "code": code,
                "name": name,
                "url": f"/en{french}" if code == "en" else french,
                "current": code == active,
            }
            for code, name in LANGUAGE_NAMES.items()
        ],
        "nav": [{"url": url, "label": label, "current": here.startswith(url)} for url, label in sections],
        "is_member_area": here.startswith(("/espace/", "/en/espace/")),
    }
