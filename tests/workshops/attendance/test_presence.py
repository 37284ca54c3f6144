"""The four lists of a workshop that was held."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops.attendance.presence import presence
from workshops.enums import Answer

pytestmark = pytest.mark.django_db


def answered(answer, **fields):
    return {"answer": answer, "answered_at": timezone.now(), **fields}


def test_presence_takes_who_came_and_sorts_the_others_by_their_answer(django_assert_num_queries):
    workshop = WorkshopFactory(held=True)
    came = AttendanceFactory(invitation=InvitationFactory(workshop=workshop, **answered(Answer.EXCUSED)))
    excused = InvitationFactory(workshop=workshop, **answered(Answer.EXCUSED))
    represented = InvitationFactory(
        workshop=workshop, **answered(Answer.REPRESENTED, represented_by="Ana Colegue")
    )
    promised = InvitationFactory(workshop=workshop, coming=True)
    silent = InvitationFactory(workshop=workshop)
    InvitationFactory(workshop=workshop, withdrawn_at=timezone.now())
    AttendanceFactory(invitation=silent, cancelled_at=timezone.now())
    with django_assert_num_queries(2):
        found = presence(workshop)
    assert [line.name for line in found.present] == [came.name]
    assert [(line.name, line.note) for line in found.represented] == [(represented.name, "Ana Colegue")]
    assert [line.name for line in found.excused] == [excused.name]
    assert {line.name for line in found.absent} == {promised.name, silent.name}


def test_nobody_is_present_twice():
    row = AttendanceFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        AttendanceFactory(invitation=row.invitation)
    row.cancelled_at = timezone.now()
    row.save()
    AttendanceFactory(invitation=row.invitation)
