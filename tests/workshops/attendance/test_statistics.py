"""Rates, delays and attendance."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.helpers.browser import axe, log_in, overflows
from tests.helpers.queries import assert_constant_queries
from tests.members.factories import OrganisationFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops.attendance.charts import bar_chart
from workshops.attendance.statistics import statistics, years
from workshops.enums import Answer, WorkshopState
from workshops.models import Series

pytestmark = pytest.mark.django_db
PAGE = "admin:workshops_workshop_statistics"


def invite(workshop, hours=None, answer=Answer.YES, present=False, **fields):
    """Invite somebody who answers so many hours after the sending."""
    sent = timezone.now() - timedelta(days=60)
    if hours is not None:
        fields |= {"answer": answer, "answered_at": sent + timedelta(hours=hours)}
    row = InvitationFactory(workshop=workshop, sent_at=sent, **fields)
    if present:
        AttendanceFactory(invitation=row)
    return row


def test_rates_delays_and_presence():
    series = Series.objects.create(name_fr="Énergie")
    held, coming = WorkshopFactory(held=True, series=series), WorkshopFactory(scheduled=True)
    lez = OrganisationFactory(name="Atelier du Lez")
    invite(held, 1, present=True, organisation=lez)
    invite(held, 3, answer=Answer.EXCUSED)
    late = invite(held, 11, present=True)
    # Taken back and recorded anew: still one invitation, in every figure.
    AttendanceFactory.create_batch(2, invitation=late, cancelled_at=timezone.now())
    invite(held, present=True)
    invite(coming, organisation=lez)
    invite(held, withdrawn_at=timezone.now())
    AttendanceFactory(invitation=None, workshop=held, name="Sans invitation", person=None, organisation=None)
    invite(WorkshopFactory(state=WorkshopState.CANCELLED), 1)

    found = statistics()
    assert (found.total.invited, found.total.answered, found.total.answer_rate) == (5, 3, 60)
    assert found.total.delay == timedelta(hours=3)
    assert (found.total.expected, found.total.present, found.total.attendance_rate) == (4, 3, 75)
    assert found.walk_ins == 1
    (own,) = [row for row in found.organisations if row.label == "Atelier du Lez"]
    assert (own.invited, own.answered, own.expected, own.present) == (2, 1, 1, 1)
    assert [(row.label, row.invited, row.present) for row in found.series] == [("Énergie", 4, 3)]
    assert [row.pk for row in found.workshops] == [held.pk, coming.pk]
    assert found.workshops[1].attendance_rate is None


def test_a_year_is_paris_s():
    eve = datetime(2031, 12, 31, 23, 30, tzinfo=UTC)
    invite(WorkshopFactory(scheduled=True, starts_at=eve))
    assert years() == [2032]
    assert statistics(2032).total.invited == 1 and statistics(2031).total.invited == 0


def test_nothing_yet_is_no_division_by_zero(people):
    assert statistics().total.answer_rate is None
    client = Client()
    client.force_login(people["secretariat"])
    page = client.get(reverse(PAGE)).content.decode()
    assert "Rien pour l’instant" in page and "—" in page


def test_a_year_without_workshops_says_so(people):
    client = Client()
    client.force_login(people["secretariat"])
    for asked in ("1999", "x"):
        assert "aucun atelier cette année-là" in client.get(reverse(PAGE), {"year": asked}).content.decode()


def test_a_bar_is_as_long_as_its_value():
    chart = bar_chart("Taux", [("A", 100), ("B", 50), ("C", None), ("D" * 60, 0)])
    full, half, none, zero = chart.bars
    assert (half.width, none.value, zero.width) == (full.width // 2, None, 0)
    assert len(zero.label) == 48 and full.width == chart.full < chart.width


def test_the_page_takes_as_many_queries_for_thirty(people):
    client = Client()
    client.force_login(people["secretariat"])

    def more(count):
        for number in range(count):
            series = Series.objects.create(name_fr=f"Série {Series.objects.count()}")
            invite(WorkshopFactory(held=True, series=series), number, present=True)

    assert_constant_queries(lambda: more(1), lambda: more(29), reverse(PAGE), client=client)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [360, 1280])
def test_the_page_is_accessible(size, page, live_server, people):
    invite(WorkshopFactory(held=True, series=Series.objects.create(name_fr="Énergie")), 4, present=True)
    page.set_viewport_size({"width": size, "height": 800})
    log_in(page, live_server, people["secretariat"])
    page.goto(reverse(PAGE))
    axe(page)
    assert not overflows(page)
