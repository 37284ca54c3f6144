"""What a browser says it is, in words for its owner."""

from django.utils.translation import gettext as _

# The first that matches: most browsers also name those that they resemble.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def _first(named: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in named if mark in user_agent), "")


def browser_name(user_agent: str) -> str:
    """Return “Firefox, Windows” or the like; nothing of what a browser says of itself is shown as it stands."""
    names = [name for name in (_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)) if name]
    return ", ".join(names) or _("Unknown browser")
