"""What the secretariat's group may do in the administration site, gathered from the apps."""

from importlib import import_module
from importlib.util import find_spec

APPS = (
    "members",
    "outbox",
    "showcase",
    "workshops",
    "workshops.minutes",
    "roadmap.drafting",
    "roadmap.approval",
    "roadmap.actions",
)

SECRETARIAT_PERMISSIONS = tuple(
    permission
    for app in APPS
    if find_spec(f"{app}.permissions")
    for permission in getattr(import_module(f"{app}.permissions"), "SECRETARIAT_PERMISSIONS", ())
)
