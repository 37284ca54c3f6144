"""A prepared query answers as the queryset that it was written from."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from core.prepared import Prepared
from members.models import Mandate, User
from members.permissions import council_mandates
from tests.members.factories import BodyFactory, MandateFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_rows_are_those_of_the_queryset_with_all_their_columns():
    people = [UserFactory(job_title=f"Titre {n}") for n in range(3)]
    prepared = Prepared(lambda pk: User.objects.filter(pk__gte=pk).order_by("-id"), markers=(-1,))
    for person in people:
        expected = list(User.objects.filter(pk__gte=person.pk).order_by("-id"))
        found = prepared(person.pk)
        assert found == expected
        names = [field.attname for field in User._meta.concrete_fields]
        assert [[getattr(row, name) for name in names] for row in found] == [
            [getattr(row, name) for name in names] for row in expected
        ]
        assert not found[0]._state.adding and not found[0].get_deferred_fields()


def test_related_row_comes_along_and_markers_are_told_apart(django_assert_num_queries):
    mandate = MandateFactory(starts_on=date(2020, 1, 1))
    prepared = Prepared(
        lambda person, day: Mandate.objects.filter(person=person, starts_on__lte=day),
        markers=(-1, date.min),
        related="organisation",
    )
    with django_assert_num_queries(1):
        (found,) = prepared(mandate.person_id, date(2020, 1, 1))
        assert found == mandate and found.organisation.name == mandate.organisation.name
    assert prepared(mandate.person_id, date(2019, 12, 31)) == []
    assert prepared(mandate.person_id + 1, date(2020, 1, 1)) == []


def test_values_are_never_sql():
    prepared = Prepared(lambda email: User.objects.filter(email=email), markers=("\x01",))
    person = UserFactory(email="o'brien@example.org")
    assert prepared("o'brien@example.org") == [person]
    assert prepared("' OR 1=1 --") == []


def test_wrong_number_of_values_is_refused():
    prepared = Prepared(lambda pk: User.objects.filter(pk=pk), markers=(-1,))
    with pytest.raises(ValueError):
        prepared(1, 2)


def test_council_mandates_are_the_current_ones_of_the_council_in_order():
    today = timezone.localdate()
    person = UserFactory()
    second, first = (MandateFactory(person=person, observer=True) for _ in range(2))
    ended = MandateFactory(person=person, observer=True, ends_on=today)
    to_come = MandateFactory(person=person, observer=True, starts_on=today + timedelta(days=1))
    elsewhere = MandateFactory(person=person, body=BodyFactory(slug="experts"))
    MandateFactory()
    found = council_mandates(person)
    assert found == list(Mandate.objects.filter(person=person).council().current().order_by("id"))
    assert found == sorted([first, second], key=lambda mandate: mandate.pk)
    assert not {ended, to_come, elsewhere} & set(found)
