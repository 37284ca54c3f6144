"""One person for each kind of reader. Every view is tried by each of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from members.models import User

ROLES = ("anonymous", "observer", "member_other", "member", "pilot", "secretariat", "administrator")


class People:
    """Makes each role's person when first asked for: `people["member"]`, `people.organisation`.

    `member` is titular for `organisation`; `observer` observes for it, so never votes; `member_other` is titular for
    `other_organisation`; `pilot` has an account without mandate: give them an action; `secretariat` is staff in the
    secretariat's group; `administrator` is a superuser.
    """

    def __init__(self) -> None:
        from tests.members.factories import OrganisationFactory

        self._made: dict[str, User] = {}
        self.organisation = OrganisationFactory(name="Atelier du Lez", slug="atelier-du-lez")
        self.other_organisation = OrganisationFactory(
            name="Fonderie de la Mosson", slug="fonderie-de-la-mosson"
        )

    def __getitem__(self, role: str) -> "User":
        if role not in ROLES or role == "anonymous":
            raise KeyError(f"no person for the role {role!r}")
        if role not in self._made:
            self._made[role] = self._make(role)
        return self._made[role]

    def _make(self, role: str) -> "User":
        from django.contrib.auth.models import Group, Permission

        from members.enums import SECRETARIAT_GROUP
        from tests.members.factories import MandateFactory, UserFactory

        staff = role in ("secretariat", "administrator")
        user = UserFactory(
            email=f"{role.replace('_', '-')}@example.org",
            first_name="Camille",
            last_name=role.replace("_", " ").title(),
            is_staff=staff,
            is_superuser=role == "administrator",
        )
        if role in ("member", "member_other"):
            own = self.organisation if role == "member" else self.other_organisation
            MandateFactory(person=user, organisation=own)
        elif role == "observer":
            MandateFactory(person=user, organisation=self.organisation, observer=True)
        elif role == "secretariat":
            group, _created = Group.objects.get_or_create(name=SECRETARIAT_GROUP)
            wanted = secretariat_permissions()
            group.permissions.add(
                *[
                    permission
                    for permission in Permission.objects.select_related("content_type")
                    if f"{permission.content_type.app_label}.{permission.codename}" in wanted
                ]
            )
            user.groups.add(group)
        return user


def secretariat_permissions() -> set[str]:
    """Return what the apps say that the secretariat's group may do (`<app>.permissions.SECRETARIAT_PERMISSIONS`)."""
    from importlib import import_module, util

    wanted: set[str] = set()
    for module in (
        *(f"{app}.permissions" for app in ("outbox", "members", "showcase", "workshops", "network")),
        "workshops.minutes.permissions",
        *(f"roadmap.{part}.permissions" for part in ("drafting", "approval", "actions")),
    ):
        package = module.rpartition(".")[0]
        if util.find_spec(package) and util.find_spec(module):
            wanted |= set(getattr(import_module(module), "SECRETARIAT_PERMISSIONS", ()))
    return wanted


@pytest.fixture
def people(db: None) -> People:
    """Give one person for each role."""
    return People()


@pytest.fixture
def client_for(people: People) -> Callable[[str], Client]:
    """Give a test client logged in as a role; "anonymous" is not logged in."""

    def make(role: str) -> Client:
        client = Client()
        if role != "anonymous":
            client.force_login(people[role])
        return client

    return make
