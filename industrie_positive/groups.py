"""The groups of the administration site."""

from django.contrib.auth.models import Group, Permission

from industrie_positive.permissions import SECRETARIAT_PERMISSIONS
from members.enums import SECRETARIAT_GROUP


def sync_groups() -> None:
    """Give the secretariat's group the permissions that the apps name for it, and no other."""
    group, _created = Group.objects.get_or_create(name=SECRETARIAT_GROUP)
    names = [permission.split(".", 1) for permission in SECRETARIAT_PERMISSIONS]
    group.permissions.set(
        [Permission.objects.get(content_type__app_label=app, codename=codename) for app, codename in names]
    )
