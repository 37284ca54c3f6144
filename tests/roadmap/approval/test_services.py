"""Opening, casting, counting, closing."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from core import ledger
from core.clock import database_now
from core.models import LedgerEntry
from core.workflow import TransitionError, history
from members.models import Mandate
from outbox.models import OutboxEmail
from roadmap.approval import services
from roadmap.approval.models import Approval, Ballot, Voter
from roadmap.approval.services import ApprovalError, NotOpenError, OtherTextError
from roadmap.drafting.models import Consultation
from tests.members.factories import BodyFactory, MandateFactory, OrganisationFactory, UserFactory
from tests.roadmap.approval.factories import (
    cast,
    end,
    make_council,
    make_version,
    move,
    open_vote,
    voters,
)

pytestmark = pytest.mark.django_db


# --- opening ---


def test_open_freezes_text_and_electorate() -> None:
    """Only titulars on the council that day make an electorate: no alternate alone, no observer, no other body."""
    titulars = make_council(3)
    MandateFactory(alternate=True)
    MandateFactory(observer=True)
    MandateFactory(body=BodyFactory(slug="think-tank"))
    MandateFactory(ends_on=timezone.localdate())
    MandateFactory(starts_on=timezone.localdate() + timedelta(days=1))
    approval = open_vote()
    expected = sorted(mandate.organisation_id for mandate in titulars)
    assert sorted(approval.voters.values_list("organisation_id", flat=True)) == expected
    assert approval.electorate_size == 3
    assert approval.version.status == "vote" and approval.version.published_at
    assert approval.text_sha256 == services.hash_of_text(approval.version)
    assert history(approval.version).last().to_state == "vote"
    entry = LedgerEntry.objects.get(kind="approval.opened")
    assert entry.payload["electorate"] == expected
    assert entry.payload["text_sha256"] == approval.text_sha256


def test_open_mails_every_voice_in_its_language() -> None:
    french, english = make_council(2)
    english.person.language = "en"
    english.person.save()
    alternate = MandateFactory(alternate=True, organisation=french.organisation)
    gone = MandateFactory(alternate=True, organisation=french.organisation, person__is_active=False)
    observer = MandateFactory(observer=True, organisation=french.organisation)
    approval = open_vote()
    mails = {mail.to: mail for mail in OutboxEmail.objects.filter(kind="approval-opened")}
    assert set(mails) == {french.person.email, english.person.email, alternate.person.email}
    assert not {gone.person.email, observer.person.email} & set(mails)
    assert f"/en/feuille-de-route/votes/{approval.pk}/" in mails[english.person.email].text
    assert f"/feuille-de-route/votes/{approval.pk}/" in mails[french.person.email].text
    assert "/en/" not in mails[french.person.email].text
    assert approval.text_sha256 in mails[french.person.email].html


def test_open_one_mail_for_a_person_of_two_organisations() -> None:
    person = UserFactory()
    first, second = MandateFactory(person=person), MandateFactory(person=person)
    open_vote()
    mail = OutboxEmail.objects.get(to=person.email, kind="approval-opened")
    assert first.organisation.name in mail.text and second.organisation.name in mail.text


def test_open_refused_leaves_nothing() -> None:
    """No electorate; dates in disorder; a past closing; a foreign casting organisation; an open consultation."""
    version = make_version()
    with pytest.raises(ApprovalError, match="titulaire"):
        open_vote(version=version)
    make_council(1)
    now = database_now()
    with pytest.raises(ApprovalError):
        open_vote(version=version, opens_at=now + timedelta(days=2), closes_at=now + timedelta(days=1))
    with pytest.raises(ApprovalError):
        open_vote(version=version, opens_at=now - timedelta(days=2), closes_at=now - timedelta(days=1))
    with pytest.raises(ApprovalError):
        open_vote(version=version, casting_organisation=OrganisationFactory())
    Consultation.objects.create(version=version, opens_at=now, closes_at=now + timedelta(hours=1))
    with pytest.raises(ApprovalError, match="consultation"):
        open_vote(version=version)
    version.refresh_from_db()
    assert version.status == "working"
    assert not Approval.objects.exists() and not OutboxEmail.objects.exists() and ledger.head()[0] == 0


def test_open_after_consultation_ended() -> None:
    make_council(1)
    version = make_version()
    now = database_now()
    Consultation.objects.create(
        version=version, opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1)
    )
    assert open_vote(version=version).version.status == "vote"


def test_open_twice_refused() -> None:
    approval = open_vote(titulars=1)
    with pytest.raises(TransitionError):
        open_vote(version=approval.version)


def test_open_by_a_member_refused() -> None:
    mandate = MandateFactory()
    with pytest.raises(PermissionDenied):
        services.open_approval(
            version=make_version(),
            opens_at=None,
            closes_at=database_now() + timedelta(days=1),
            casting_organisation=None,
            by=mandate.person,
        )


def test_open_electorate_is_that_of_the_opening_day() -> None:
    """A titular whose mandate starts on the day of the opening votes; one that ends before does not."""
    day = database_now() + timedelta(days=3)
    late = MandateFactory(starts_on=timezone.localdate(day))
    MandateFactory(ends_on=timezone.localdate(day))
    approval = open_vote(opens_at=day, closes_at=day + timedelta(days=1))
    assert list(approval.voters.values_list("organisation_id", flat=True)) == [late.organisation_id]


# --- casting ---


def test_cast_records_ballot_and_ledger_entry() -> None:
    approval = open_vote(titulars=2)
    mandate = voters(approval)[0]
    done = cast(approval, mandate.organisation, mandate.person, "contre", explanation="  Trop tard.\r\n ")
    ballot = Ballot.objects.get()
    assert (ballot, ballot.choice, ballot.explanation) == (done.ballot, "contre", "Trop tard.")
    assert ballot.text_sha256 == approval.text_sha256
    assert approval.opens_at <= ballot.cast_at < approval.closes_at
    entry = ballot.ledger_entry
    assert entry.kind == "ballot.cast" and entry.payload["ballot_sha256"] == services.ballot_sha256(ballot)
    assert "contre" not in ledger.canonical(entry.payload)
    receipt = OutboxEmail.objects.get(kind="ballot-receipt")
    assert receipt.to == mandate.person.email and entry.hash in receipt.text


def test_cast_mails_do_not_tell_the_voice() -> None:
    """The outbox is read by the secretariat: no mail may say how anybody voted before the closing."""
    approval = open_vote(titulars=1)
    titular = voters(approval)[0]
    alternate = MandateFactory(alternate=True, organisation=titular.organisation)
    cast(approval, titular.organisation, titular.person, "abstention", explanation="motif secret")
    cast(approval, titular.organisation, alternate.person, "contre", explanation="motif secret")
    mails = OutboxEmail.objects.filter(kind__startswith="ballot-")
    assert mails.count() == 4
    for mail in mails:
        for word in ("motif secret", "bstention", "ontre", "gainst"):
            assert word not in mail.text + mail.html + mail.subject


def test_cast_again_replaces_and_counts_once() -> None:
    """A changed vote is counted once (Loomio #4102, #4217), and the trail names both people."""
    approval = open_vote(titulars=1)
    titular = voters(approval)[0]
    alternate = MandateFactory(alternate=True, organisation=titular.organisation)
    first = cast(approval, titular.organisation, titular.person, "pour").ballot
    second = cast(approval, titular.organisation, alternate.person, "contre")
    assert second.replaced == first and Ballot.objects.count() == 2
    counted = services.result(approval)
    assert (counted.voted, counted.in_favour, counted.against) == (1, 0, 1)
    payload = second.ballot.ledger_entry.payload
    assert (payload["cast_by"], payload["replaces_ballot_of"]) == (alternate.person_id, titular.person_id)
    assert payload["replaces"] == first.ledger_entry.number
    told = OutboxEmail.objects.get(kind="ballot-replaced")
    assert told.to == titular.person.email and alternate.person.get_full_name() in told.text


def test_cast_same_again_by_same_person_writes_nothing() -> None:
    approval = open_vote(titulars=1)
    titular = voters(approval)[0]
    first = cast(approval, titular.organisation, titular.person)
    again = cast(approval, titular.organisation, titular.person)
    assert again.repeated and again.ballot == first.ballot
    assert Ballot.objects.count() == 1 and OutboxEmail.objects.filter(kind="ballot-receipt").count() == 1


def test_cast_same_by_a_colleague_is_a_ballot_of_theirs() -> None:
    approval = open_vote(titulars=1)
    titular = voters(approval)[0]
    alternate = MandateFactory(alternate=True, organisation=titular.organisation)
    cast(approval, titular.organisation, titular.person)
    assert not cast(approval, titular.organisation, alternate.person).repeated
    assert services.result(approval).voted == 1


def test_cast_back_to_the_first_choice_counts_the_last() -> None:
    approval = open_vote(titulars=1)
    titular = voters(approval)[0]
    for choice in ("pour", "contre", "pour"):
        cast(approval, titular.organisation, titular.person, choice)
    assert Ballot.objects.count() == 3 and services.result(approval).in_favour == 1


@pytest.mark.parametrize("role", ["observer", "expert", "chair"])
def test_cast_by_a_role_without_voice_refused(role: str) -> None:
    approval = open_vote(titulars=1)
    organisation = approval.voters.get().organisation
    person = MandateFactory(organisation=organisation, role=role).person
    with pytest.raises(PermissionDenied):
        cast(approval, organisation, person)
    assert not Ballot.objects.exists()


def test_cast_by_strangers_refused() -> None:
    """Another organisation's titular, a former titular, a future alternate, an inactive one, staff."""
    approval = open_vote(titulars=2)
    own, other = voters(approval)
    today = timezone.localdate()
    former = MandateFactory(
        organisation=own.organisation, alternate=True, ends_on=today, starts_on=today - timedelta(days=9)
    )
    future = MandateFactory(
        organisation=own.organisation, alternate=True, starts_on=today + timedelta(days=1)
    )
    inactive = MandateFactory(organisation=own.organisation, alternate=True, person__is_active=False)
    elsewhere = MandateFactory(organisation=own.organisation, body=BodyFactory(slug="think-tank"))
    staff = UserFactory(is_staff=True, is_superuser=True)
    for person in (other.person, former.person, future.person, inactive.person, elsewhere.person, staff):
        with pytest.raises(PermissionDenied):
            cast(approval, own.organisation, person)
    assert not Ballot.objects.exists() and not LedgerEntry.objects.filter(kind="ballot.cast").exists()


def test_cast_by_staff_with_a_mandate_refused() -> None:
    """Whoever can write mandates could otherwise vote for any organisation and leave no trace in the register."""
    approval = open_vote(titulars=1)
    own = voters(approval)[0]
    staff = MandateFactory(organisation=own.organisation, alternate=True, person__is_staff=True)
    with pytest.raises(PermissionDenied, match="secrétariat"):
        cast(approval, own.organisation, staff.person)
    assert not Ballot.objects.exists()


def test_cast_is_told_to_the_other_voices_of_the_organisation() -> None:
    approval = open_vote(titulars=2)
    own, other = voters(approval)
    alternate = MandateFactory(organisation=own.organisation, alternate=True)
    cast(approval, own.organisation, alternate.person)
    told = OutboxEmail.objects.filter(kind="ballot-cast")
    assert [mail.to for mail in told] == [own.person.email]
    assert alternate.person.get_full_name() in told[0].text


def test_cast_by_an_organisation_come_after_the_opening_refused() -> None:
    approval = open_vote(titulars=1)
    late = MandateFactory()
    with pytest.raises(PermissionDenied, match=late.organisation.name):
        cast(approval, late.organisation, late.person)


def test_cast_by_a_new_titular_of_a_voter_accepted() -> None:
    """The electorate is frozen by organisation: who speaks for it is asked on the day of the ballot."""
    approval = open_vote(titulars=1)
    old = voters(approval)[0]
    today = timezone.localdate()
    Mandate.objects.filter(pk=old.pk).update(ends_on=today)
    new = MandateFactory(organisation=old.organisation, starts_on=today)
    assert cast(approval, new.organisation, new.person).ballot.pk
    with pytest.raises(PermissionDenied):
        cast(approval, old.organisation, old.person)


def test_cast_on_another_text_refused() -> None:
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    with pytest.raises(OtherTextError):
        cast(approval, mandate.organisation, mandate.person, text_sha256="0" * 64)
    assert not Ballot.objects.exists()


def test_cast_before_opening_and_after_closing_refused() -> None:
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    move(approval, opens_in=timedelta(hours=1), closes_in=timedelta(days=1))
    with pytest.raises(NotOpenError):
        cast(approval, mandate.organisation, mandate.person)
    end(approval)
    with pytest.raises(NotOpenError):
        cast(approval, mandate.organisation, mandate.person)
    assert not Ballot.objects.exists()


@pytest.mark.parametrize(("choice", "explanation"), [("oui", ""), ("", ""), ("pour", "x" * 2001)])
def test_cast_bad_ballot_refused(choice: str, explanation: str) -> None:
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    with pytest.raises(ValidationError):
        cast(approval, mandate.organisation, mandate.person, choice, explanation=explanation)


# --- closing ---


def test_close_writes_record_and_adopts() -> None:
    approval = open_vote(titulars=3)
    one, two, three = voters(approval)
    cast(approval, one.organisation, one.person, "pour", explanation="Œuvre utile — 100 %")
    cast(approval, two.organisation, two.person, "contre")
    cast(approval, two.organisation, two.person, "pour")
    end(approval)
    head_before = ledger.head()
    closed = services.close_approval(approval=approval)
    assert closed.outcome == "adopted" and closed.version.status == "adopted"
    assert closed.version.adopted_on == timezone.localdate(approval.closes_at)
    assert closed.record_sha256 == hashlib.sha256(closed.record.encode()).hexdigest()
    record = json.loads(closed.record)
    assert {row["organisation"]: row["voted"] for row in record["roll"]} == {
        one.organisation.name: True,
        two.organisation.name: True,
        three.organisation.name: False,
    }
    assert {(row["organisation"], row["choice"], row["explanation"]) for row in record["ballots"]} == {
        (one.organisation.name, "pour", "Œuvre utile — 100 %"),
        (two.organisation.name, "pour", ""),
    }
    assert record["counts"] == {"electorate": 3, "voted": 2, "pour": 2, "contre": 0, "abstention": 0}
    assert record["quorum"] == {"needed": 2, "reached": True}
    assert record["text_sha256"] == approval.text_sha256
    assert record["ledger_head"] == {"number": head_before[0], "hash": head_before[1]}
    for person in (one.person, two.person, three.person):
        assert person.last_name not in closed.record and person.email not in closed.record
    entry = LedgerEntry.objects.get(kind="approval.closed")
    assert entry.payload["record_sha256"] == closed.record_sha256
    mails = {mail.to: mail for mail in OutboxEmail.objects.filter(kind="approval-closed")}
    assert set(mails) == {one.person.email, two.person.email, three.person.email, "secretariat@example.org"}
    assert entry.hash in mails["secretariat@example.org"].text


def test_close_without_quorum_does_not_adopt() -> None:
    approval = open_vote(titulars=2)
    mandate = voters(approval)[0]
    cast(approval, mandate.organisation, mandate.person, "pour")
    closed = services.close_approval(approval=end(approval))
    assert closed.outcome == "no-quorum" and closed.version.status == "not-adopted"
    assert closed.version.adopted_on is None


def test_close_tie_by_casting_organisation() -> None:
    first, second = make_council(2)
    approval = open_vote(casting_organisation=second.organisation)
    cast(approval, first.organisation, first.person, "contre")
    cast(approval, second.organisation, second.person, "pour")
    closed = services.close_approval(approval=end(approval))
    assert closed.outcome == "adopted"
    assert json.loads(closed.record)["casting_vote"] == {
        "organisation": second.organisation.name,
        "used": True,
    }


def test_close_before_the_instant_refused() -> None:
    approval = open_vote(titulars=1)
    with pytest.raises(NotOpenError):
        services.close_approval(approval=approval)
    assert Approval.objects.get().closed_at is None


def test_close_twice_changes_nothing() -> None:
    approval = end(open_vote(titulars=1))
    first = services.close_approval(approval=approval)
    second = services.close_approval(approval=approval)
    assert second.record == first.record and second.closed_at == first.closed_at
    assert LedgerEntry.objects.filter(kind="approval.closed").count() == 1
    assert OutboxEmail.objects.filter(kind="approval-closed").count() == 2


def test_close_by_a_member_refused() -> None:
    approval = end(open_vote(titulars=1))
    with pytest.raises(PermissionDenied):
        services.close_approval(approval=approval, by=voters(approval)[0].person)


def test_result_needs_no_scheduler() -> None:
    """Past the closing instant the count is final before any task ran (Loomio #9902)."""
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    cast(approval, mandate.organisation, mandate.person, "pour")
    end(approval)
    before = services.result(approval, services.settled_ballots(approval))
    with pytest.raises(NotOpenError):
        cast(approval, mandate.organisation, mandate.person, "contre")
    assert services.close_approval(approval=approval).outcome == before.outcome == "adopted"


# --- what awaits somebody ---


def test_pending_until_the_organisation_has_voted() -> None:
    approval = open_vote(titulars=2)
    own, other = voters(approval)
    alternate = MandateFactory(alternate=True, organisation=own.organisation).person
    observer = MandateFactory(observer=True, organisation=own.organisation).person
    assert [voter.organisation_id for voter in services.pending_for(alternate)] == [own.organisation_id]
    assert services.pending_for(observer) == []
    cast(approval, own.organisation, own.person)
    assert services.pending_for(alternate) == []
    assert len(services.pending_for(other.person)) == 1
    end(approval)
    assert services.pending_for(other.person) == []


def test_voters_exist_from_the_opening() -> None:
    approval = open_vote(titulars=2)
    assert Voter.objects.filter(approval=approval).count() == 2 and not Ballot.objects.exists()
