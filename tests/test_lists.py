"""Every list asks the database as often for thirty rows as for one: those of the administration, and the portal's.

A model that is registered in the administration without a line in MAKERS fails; so does a list whose rows were not
made. The portal's own lists are the addresses without an argument in permissions_table.txt.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from members.invitations import invite_person
from members.models import ErasureRequest, User
from roadmap.models import ChangeRequest
from tests.helpers.queries import queries_of
from tests.helpers.roles import ROLES
from tests.members.factories import (
    AxisFactory,
    BodyFactory,
    CommuneFactory,
    MandateFactory,
    OrganisationFactory,
    SeatFactory,
    SectorFactory,
    UserFactory,
)
from tests.members.test_permissions_table import rows
from tests.outbox.factories import OutboxEmailFactory
from tests.roadmap.actions.factories import MilestoneFactory
from tests.roadmap.approval import factories as votes
from tests.roadmap.drafting.factories import CommentFactory, make_consultation
from tests.showcase.factories import CommitmentFactory, CompanyCommitmentFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.minutes.factories import DecisionFactory, SectionFactory, circulated
from tests.workshops.polls.factories import ask, make_poll
from workshops.enums import WorkshopKind
from workshops.models import CalendarReply, Correction, KindRules, Series

pytestmark = pytest.mark.django_db

FEW, MANY = 1, 30


class Rows:
    """Makes the rows of the lists, each with others of its own: a person, an organisation, a workshop."""

    def __init__(self, people: Any) -> None:
        """Prepare what all rows of a list may share."""
        self.people = people
        self.voter = MandateFactory()
        self.text = make_consultation(number=900).blocks.get(label="1.1.1")
        self.minutes = circulated(by=people["secretariat"], present=people["member"])

    def approval(self, number: int) -> None:
        """A closed vote on a version of its own: its ballot, its entries in the ledger."""
        approval = votes.open_vote(version=votes.make_version(number=100 + number))
        votes.cast(approval, self.voter.organisation, self.voter.person)
        votes.end(approval)

    def correction(self, number: int) -> None:
        section = SectionFactory(minutes=self.minutes, position=100 + number)
        Correction.objects.create(
            section=section,
            author=UserFactory(),
            organisation=OrganisationFactory(),
            language="fr",
            comment="Une virgule.",
        )

    def decision(self, _number: int) -> None:
        ChangeRequest.objects.create(decision=DecisionFactory(person=UserFactory()), text="Préciser.")

    def kind_rules(self, number: int) -> None:
        if number < len(WorkshopKind.values):
            KindRules.objects.create(kind=WorkshopKind.values[number])

    def invitation(self, number: int) -> None:
        """A workshop of a series and an axis of its own, to which a member is invited."""
        workshop = WorkshopFactory(scheduled=True, series=Series.objects.create(name_fr=f"Série {number}"))
        InvitationFactory(workshop=workshop, person=self.people["member"])
        CalendarReply.objects.create(
            digest=hashlib.sha256(str(number).encode()).hexdigest(),
            state="quarantined",
            cause="unknown",
            person=UserFactory(),
            invitation=InvitationFactory(workshop=workshop),
        )

    def action(self, _number: int) -> None:
        """An action of an organisation, which a member follows."""
        MilestoneFactory(action__lead=OrganisationFactory(), action__pilot=self.people["member"])


def of_person(make: Callable[[User], Any]) -> Callable[[Rows, int], Any]:
    """Return a maker of what belongs to a person of its own."""
    return lambda _rows, _number: make(UserFactory())


# Who makes the rows of each registered model; a maker that stands twice runs once.
MAKERS: dict[str, Callable[[Rows, int], Any]] = {
    "auth.group": lambda _rows, number: Group.objects.create(name=f"Groupe {number}"),
    "core.ledgerentry": Rows.approval,
    "members.axis": lambda _rows, number: AxisFactory(number=50 + number),
    "members.body": lambda _rows, n: BodyFactory(
        slug=f"instance-{n}", name_fr=f"Instance {n}", name_en=f"Body {n}"
    ),
    "members.commune": lambda _rows, _number: CommuneFactory(),
    "members.erasurerequest": of_person(lambda person: ErasureRequest.objects.create(person=person)),
    "members.mandate": lambda _rows, _number: MandateFactory(),
    "members.organisation": lambda _rows, _number: OrganisationFactory(commune=CommuneFactory()),
    "members.portalinvitation": lambda rows, _number: invite_person(
        person=UserFactory(unopened=True), by=rows.people["administrator"]
    ),
    "members.seat": lambda _rows, _number: SeatFactory(),
    "members.sector": lambda _rows, _number: SectorFactory(),
    "members.user": lambda _rows, _number: MandateFactory(),
    "mfa.authenticator": of_person(
        lambda person: Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    ),
    "outbox.outboxemail": lambda _rows, _number: OutboxEmailFactory(recipient=UserFactory()),
    "roadmap.action": Rows.action,
    "roadmap.approval": Rows.approval,
    "roadmap.ballot": Rows.approval,
    "roadmap.changerequest": Rows.decision,
    "roadmap.comment": lambda rows, _number: CommentFactory(block=rows.text),
    "roadmap.version": Rows.approval,
    "showcase.commitment": lambda _rows, _number: CommitmentFactory(),
    "showcase.companypage": lambda _rows, _number: CompanyCommitmentFactory(),
    "socialaccount.socialaccount": of_person(
        lambda person: SocialAccount.objects.create(user=person, provider="proconnect", uid=str(person.pk))
    ),
    "workshops.calendarreply": Rows.invitation,
    "workshops.correction": Rows.correction,
    "workshops.decision": Rows.decision,
    "workshops.kindrules": Rows.kind_rules,
    "workshops.minutes": Rows.decision,
    "workshops.series": Rows.invitation,
    "workshops.venue": lambda _rows, _number: VenueFactory(),
    "workshops.workshop": lambda rows, _number: ask(make_poll(), person=rows.people["member"]),
}
# As many rows as there can be.
FEWER = {"workshops.kindrules": len(WorkshopKind.values)}
# One's own data: each kind of which not all is shown is counted, far fewer than one query a row.
SPARED = {"/espace/mes-donnees/": 15}


def make(rows_: Rows, numbers: range) -> None:
    """Make rows of every model."""
    for maker in dict.fromkeys(MAKERS.values()):
        for number in numbers:
            maker(rows_, number)


def lists(role: str) -> Iterator[str]:
    """Yield the lists that a role may read."""
    if role == "administrator":
        for model in admin.site._registry:
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    place = ROLES.index(role)
    for row in rows():
        is_form = row.name.startswith(("account_", "mfa_"))
        if row.method == "GET" and row.target == "-" and row.answers[place] == "200" and not is_form:
            yield reverse(row.name)


def test_every_list_asks_as_much_for_thirty_rows_as_for_one(client_for, people, no_broker):
    registered = {model._meta.label_lower: model for model in admin.site._registry}
    assert set(registered) == set(MAKERS), "say in MAKERS how a row of the new list is made"
    rows_ = Rows(people)
    make(rows_, range(FEW))
    readers = {role: client_for(role) for role in ("administrator", "member")}
    addresses = [(client, url) for role, client in readers.items() for url in lists(role)]
    for client, url in addresses:
        client.get(url)  # content types and the like, once a process
    few = [queries_of(client, url) for client, url in addresses]
    make(rows_, range(FEW, MANY))
    for label, model in registered.items():
        assert model._default_manager.count() >= FEWER.get(label, MANY), f"{label}: its maker makes too few"
    grown = []
    for (client, url), before in zip(addresses, few, strict=True):
        after = queries_of(client, url)
        if len(after) > len(before) + SPARED.get(url, 0):
            more = Counter(query[:200] for query in after) - Counter(query[:200] for query in before)
            grown.append(f"{url}: {len(before)} queries, then {len(after)}; more often:\n" + "\n".join(more))
    assert not grown, "\n\n".join(grown)
