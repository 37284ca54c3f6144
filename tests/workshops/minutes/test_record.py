"""The published PDF: what it says, to whom, in which language; and what an erasure leaves of it."""

import pytest
from django.utils import timezone

from industrie_positive.erasure import erase, pseudonym
from members.models import ErasureRequest, Mandate
from tests.helpers.pdf import Pdf
from tests.members.factories import MandateFactory, UserFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory
from tests.workshops.minutes.factories import approved, circulated, close_corrections, draft
from workshops.minutes import services
from workshops.minutes.models import Decision, Minutes, MinutesFile, PresenceLine
from workshops.minutes.record import lists_of, owner_label, quorum_of, text_hash

pytestmark = pytest.mark.django_db


def pdf_of(minutes, audience="invited", language="fr"):
    found = MinutesFile.objects.get(minutes=minutes, audience=audience, language=language)
    return Pdf(bytes(found.content))


def test_the_members_version_holds_the_lists_the_decisions_and_the_discussion():
    mandate = MandateFactory(person=UserFactory(first_name="Zoé", last_name="Àpartir"))
    text = 'Œuvrer « ensemble » : #read("/etc/passwd")\n\n- *un*\n- **deux**'
    minutes = approved(present=mandate.person, kind="session", text=text)
    found = pdf_of(minutes)
    said = found.text()
    for part in (
        *("Zoé Àpartir", mandate.organisation.name, "Anne Présidente", "Présents (1)", "Excusés (1)"),
        *("Quorum de 1 atteint.", "Rédiger la charte.", "Œuvrer", "#read(", minutes.text_sha256),
    ):
        assert part in said, part
    assert "root:" not in said
    assert found.is_tagged and found.language.startswith("fr")
    assert f"Compte rendu\u00a0: {minutes.workshop.title_fr}" in found.metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in found.metadata
    assert {"H1", "H2", "H3", "Table", "TH", "L", "LI"} <= set(found.tags())


def test_the_public_version_names_organisations_and_nobody():
    mandate = MandateFactory(person=UserFactory(first_name="Zoé", last_name="Àpartir"))
    minutes = approved(present=mandate.person, text="Zoé Àpartir a dit non.")
    said = pdf_of(minutes, "public").text()
    assert mandate.organisation.name in said and "Rédiger la charte." in said
    assert "Àpartir" not in said and "Anne Présidente" not in said and "a dit non" not in said


def test_an_english_text_makes_an_english_file_too():
    by = UserFactory(is_staff=True)
    minutes = draft(by=by)
    minutes.sections.update(text_en="The council approves the charter.")
    minutes = services.circulate_minutes(minutes=minutes, by=by)
    close_corrections(minutes)
    minutes = services.approve_minutes(minutes=minutes, by=by)
    found = pdf_of(minutes, language="en")
    assert found.language.startswith("en") and "The council approves the charter." in found.text()
    assert minutes.files.count() == 4


def test_an_emoji_does_not_stop_an_approval():
    assert "□" in pdf_of(approved(text="Bravo 🎉")).text()


def test_owner_is_said_to_the_public_by_organisation_alone():
    person = UserFactory(first_name="Zoé", last_name="Àpartir")
    staff = UserFactory(is_staff=True)
    assert owner_label(Decision(person=person), names=True) == "Zoé Àpartir"
    assert owner_label(Decision(person=person), names=False) == "un membre du Conseil"
    assert owner_label(Decision(person=staff), names=False) == "le secrétariat"
    assert owner_label(Decision(), names=False) == ""


def test_an_erasure_leaves_the_text_and_its_hash_and_takes_the_name_out_of_the_published_file(people):
    person = UserFactory(first_name="Zoé", last_name="Àpartir")
    mandate = MandateFactory(person=person, organisation=people.organisation)
    by = people["secretariat"]
    minutes = circulated(by=by, present=person)
    minutes.chair = person.get_full_name()
    minutes.save()
    Decision.objects.update(person=person)
    close_corrections(minutes)
    minutes = services.approve_minutes(minutes=minutes, by=by)
    before = minutes.text_sha256
    assert "Àpartir" in pdf_of(minutes).text()
    public = MinutesFile.objects.get(minutes=minutes, audience="public").sha256
    Mandate.objects.filter(pk=mandate.pk).update(ends_on=timezone.localdate())
    request = ErasureRequest.objects.create(person=person)
    done = erase(request=request, by=by)
    minutes.refresh_from_db()
    said = pdf_of(minutes).text()
    assert "Àpartir" not in said and said.count(pseudonym(done.number)) == 3
    assert minutes.text_sha256 == before == text_hash(minutes, lists_of(minutes), quorum_of(minutes))
    assert MinutesFile.objects.get(minutes=minutes, audience="public").sha256 == public


def test_an_erasure_leaves_whoever_bears_the_same_name_in_the_minutes(people):
    names = {"first_name": "Claude", "last_name": "Martin"}
    person, other = UserFactory(**names), UserFactory(**names)
    MandateFactory(person=person, ends_on=timezone.localdate())
    by = people["secretariat"]
    ours = draft(by=by, present=person)
    AttendanceFactory(
        invitation=None, workshop=ours.workshop, person=None, name="Claude Martin", organisation=None
    )
    Minutes.objects.filter(pk=ours.pk).update(secretary="Claude Martin")
    theirs = draft(by=by, present=other)
    Minutes.objects.filter(pk=theirs.pk).update(chair="Claude Martin")
    for minutes in (ours, theirs):
        services.circulate_minutes(minutes=minutes, by=by)
        close_corrections(minutes)
        services.approve_minutes(minutes=minutes, by=by)
    done = erase(request=ErasureRequest.objects.create(person=person), by=by)
    ours.refresh_from_db()
    theirs.refresh_from_db()
    gone = pseudonym(done.number)
    assert (ours.secretary, theirs.chair) == (gone, "Claude Martin")
    assert PresenceLine.objects.get(minutes=ours, person=person).name == gone
    assert PresenceLine.objects.get(minutes=ours, person=None, standing="present").name == "Claude Martin"
    assert PresenceLine.objects.get(minutes=theirs, person=other).name == "Claude Martin"
    assert gone not in pdf_of(theirs).text() and pdf_of(ours).text().count("Claude Martin") == 1


def test_an_erasure_reaches_the_line_of_whom_the_person_stood_in_for(people):
    by = people["secretariat"]
    minutes = draft(by=by)
    person = UserFactory(first_name="Claude", last_name="Martin")
    for representative in (person, None):
        InvitationFactory(
            workshop=minutes.workshop,
            answer="represented",
            answered_at=timezone.now(),
            representative=representative,
            represented_by="Claude Martin",
        )
    services.circulate_minutes(minutes=minutes, by=by)
    close_corrections(minutes)
    services.approve_minutes(minutes=minutes, by=by)
    done = erase(request=ErasureRequest.objects.create(person=person), by=by)
    notes = PresenceLine.objects.filter(minutes=minutes, standing="represented").order_by("invitation")
    assert [line.note for line in notes] == [pseudonym(done.number), "Claude Martin"]
