"""What several modules of the members' tests stand on."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from members.models import User
from tests.members import oidc_server
from tests.members.factories import (
    BodyFactory,
    CommuneFactory,
    MandateFactory,
    OrganisationFactory,
    SectorFactory,
    UserFactory,
)
from tests.members.files import SIREN
from tests.members.proconnect import SIRET


@pytest.fixture
def lists(db):
    CommuneFactory(slug="montpellier", name="Montpellier")
    SectorFactory(slug="energie", name_fr="Énergie", name_en="Energy")
    SectorFactory(slug="numerique", name_fr="Numérique", name_en="Digital")


@pytest.fixture
def bulane(db):
    BodyFactory()
    return OrganisationFactory(name="Bulane", slug="bulane", siren=SIREN)


@pytest.fixture
def proconnect(settings: Any) -> Iterator[oidc_server.Server]:
    """ProConnect is on, and knows Ada."""
    with oidc_server.running() as server:
        settings.SITE_URL = "http://testserver"
        settings.PROCONNECT_URL = server.url
        settings.PROCONNECT_CLIENT_ID = oidc_server.CLIENT_ID
        settings.PROCONNECT_CLIENT_SECRET = oidc_server.CLIENT_SECRET
        server.person = {
            "sub": "a" * 64,
            "email": "ada.colin@example.org",
            "given_name": "Ada",
            "usual_name": "Colin",
            "uid": "ada",
            "siret": SIRET,
            "idp_id": "idp-1",
        }
        yield server


@pytest.fixture
def ada() -> User:
    """A member with an open account, titular today for the organisation that ProConnect presents her for."""
    person = UserFactory(email="ada.colin@example.org", last_login=timezone.now())
    MandateFactory(person=person, organisation=OrganisationFactory(name="Verrerie", siren=SIREN))
    return person
