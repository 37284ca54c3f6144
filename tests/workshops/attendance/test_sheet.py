"""The sheet to print and sign."""

import pytest
from django.utils.translation import override

from tests.helpers.pdf import Pdf
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops.attendance.sheet import attendance_sheet

pytestmark = pytest.mark.django_db


def test_the_sheet_has_a_row_for_each_invited_person_with_their_role(people, django_assert_num_queries):
    workshop = WorkshopFactory(scheduled=True, title_fr="Séance d’été")
    row = InvitationFactory(workshop=workshop, person=people["member"], organisation=people.organisation)
    typed = InvitationFactory(workshop=workshop, guest=True, name='#read("/etc/passwd") *É*')
    InvitationFactory(workshop=workshop, unsent=True, name="Pas encore invitée")
    with override("fr"), django_assert_num_queries(3):
        found = Pdf(attendance_sheet(workshop))
    assert found.is_tagged and found.language.startswith("fr")
    text = found.text()
    assert "Séance d’été" in text and row.name in text and typed.name in text
    assert "Titulaire" in text and "Signature" in text
    assert "Pas encore invitée" not in text


def test_the_sheet_speaks_the_reader_s_language():
    workshop = WorkshopFactory(scheduled=True, title_en="Summer session")
    with override("en"):
        found = Pdf(attendance_sheet(workshop))
    text = found.text()
    assert "Summer session" in text and "Acting as" in text
