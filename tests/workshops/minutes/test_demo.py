"""What `make run` shows of minutes: one approved, one open to corrections, once."""

import pytest

from industrie_positive.council import load_council
from industrie_positive.demo import load_demo
from industrie_positive.groups import sync_groups
from members.enums import MandateRole
from members.models import Mandate, User
from workshops.minutes.models import Decision, Minutes
from workshops.minutes.services import corrections_awaiting


@pytest.mark.django_db
def test_the_demonstration_has_minutes_in_both_states_and_loads_twice(settings):
    settings.DEMO_ACCOUNTS = True
    load_council()
    sync_groups()
    accounts = load_demo()
    assert load_demo() == accounts
    printed = User.objects.filter(email__in=[account.email for account in accounts])
    assert printed.count() == len(accounts)
    roles = set(Mandate.objects.council().filter(person__in=printed).values_list("role", flat=True))
    assert roles == set(MandateRole) - {MandateRole.CHAIR}, "one account for each kind of member"
    states = Minutes.objects.order_by("state").values_list("state", flat=True)
    assert list(states) == ["approved", "corrections"]
    assert Decision.objects.count() == 2
    waiting = Minutes.objects.get(state="corrections")
    member = waiting.workshop.attendances.first().person
    assert list(corrections_awaiting(member)) == [waiting]
