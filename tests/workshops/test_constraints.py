"""What the database itself refuses, whatever form or service lies above."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.utils import timezone

from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import DocumentFactory, InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.minutes.factories import DecisionFactory, SectionFactory, circulated
from tests.workshops.polls.factories import ask, make_poll
from workshops.attendance.models import Attendance, Door
from workshops.models import Invitation, KindRules, PollAnswer, PollOption, PollReply

pytestmark = pytest.mark.django_db


def refused(row: models.Model, rule: str, /, **fields: Any) -> None:
    """Write fields past all forms: the rule of that name refuses."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        rows.update(**fields)


# --- the rules of a kind ---


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"convocation_days": 61}, "kindrules_days_bounded"),
        ({"corrections_days": 0}, "kindrules_days_bounded"),
        ({"corrections_days": 61}, "kindrules_days_bounded"),
        ({"silent_days": [7, 61]}, "kindrules_silent_days_bounded"),
        ({"silent_days": [0]}, "kindrules_silent_days_bounded"),
        ({"silent_days": [7, None]}, "kindrules_silent_days_bounded"),
        ({"silent_days": [6, 5, 4, 3, 2, 1]}, "kindrules_silent_days_bounded"),
        ({"attending_hours": [241]}, "kindrules_attending_hours_bounded"),
        ({"attending_hours": [0]}, "kindrules_attending_hours_bounded"),
        ({"attending_hours": [6, 5, 4, 3, 2, 1]}, "kindrules_attending_hours_bounded"),
        ({"kind": "picnic"}, "kindrules_kind_known"),
    ],
)
def test_rules_of_a_kind_stay_within_their_bounds(fields: dict[str, Any], name: str) -> None:
    refused(KindRules.objects.create(kind="session"), name, **fields)


def test_rules_of_a_kind_at_their_bounds_are_taken() -> None:
    KindRules.objects.create(
        kind="session", convocation_days=60, corrections_days=60, silent_days=[60, 4, 3, 2, 1]
    )
    KindRules.objects.create(kind="visit", convocation_days=0, silent_days=[], attending_hours=[240, 1])


# --- one row ---


@pytest.mark.parametrize(
    ("make", "name", "fields"),
    [
        (WorkshopFactory, "workshop_capacity_positive", {"capacity": 0}),
        (VenueFactory, "venue_capacity_positive", {"capacity": 0}),
        (
            lambda: WorkshopFactory(scheduled=True),
            "workshop_answer_before_start",
            {"answer_by": models.F("starts_at") + timedelta(seconds=1)},
        ),
        (WorkshopFactory, "workshop_kind_and_state_known", {"state": "lost"}),
        (InvitationFactory, "invitation_answer_known", {"answer": "perhaps", "answered_at": timezone.now()}),
        (
            InvitationFactory,
            "invitation_represented_by_somebody",
            {"answer": "represented", "answered_at": timezone.now()},
        ),
        (AttendanceFactory, "attendance_named", {"name": ""}),
        (circulated, "minutes_corrections_take_time", {"corrections_close_at": models.F("circulated_at")}),
        (lambda: circulated().decisions.get(), "decision_state_known", {"state": "lost"}),
        (
            lambda: Door.objects.create(workshop=WorkshopFactory(scheduled=True)),
            "door_code_readable",
            {"code": "SHORT"},
        ),
    ],
)
def test_a_row_that_breaks_its_own_rule_is_refused(
    make: Callable[[], models.Model], name: str, fields: dict[str, Any]
) -> None:
    row = make()
    if name == "decision_state_known":
        fields = {**fields, "closed_at": timezone.now()}
    refused(row, name, **fields)


def test_a_document_is_for_somebody(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    refused(DocumentFactory(), "document_audience_known", audience="friends")


# --- what a row names is of the same workshop ---


def test_an_answer_is_about_an_option_of_its_own_poll() -> None:
    poll, other = make_poll(), make_poll()
    reply = PollReply.objects.get(invitation=ask(poll, "y"))
    stranger = PollOption.objects.filter(poll=other).first()
    assert stranger is not None
    with pytest.raises(IntegrityError, match="another workshop"), transaction.atomic():
        PollAnswer.objects.create(reply=reply, option=stranger, choice="yes")
    refused(PollAnswer.objects.get(reply=reply), "another workshop", option=stranger)
    with pytest.raises(IntegrityError, match="another workshop"), transaction.atomic():
        PollAnswer.objects.bulk_create([PollAnswer(reply=reply, option=stranger, choice="no")])
    assert PollAnswer.objects.get().option.poll == poll


def test_what_is_answered_never_becomes_another_poll_s() -> None:
    poll, other = make_poll(), make_poll()
    invitation = ask(poll, "y")
    option = PollOption.objects.filter(poll=poll).first()
    assert option is not None
    refused(option, "becomes another", poll=other)
    refused(invitation, "becomes another", workshop=other.workshop)
    refused(poll, "becomes another", workshop=WorkshopFactory())
    refused(invitation.poll_reply, "becomes another", invitation=InvitationFactory())
    assert Invitation.objects.get(pk=invitation.pk).workshop == poll.workshop


def test_the_chosen_date_is_one_of_the_poll() -> None:
    poll, other = make_poll(), make_poll()
    refused(poll, "another workshop", chosen=other.options.first())


def test_a_decision_stands_in_a_section_of_its_own_minutes() -> None:
    decision = DecisionFactory()
    stranger = SectionFactory()
    refused(decision, "another workshop", section=stranger)
    section = SectionFactory(minutes=decision.minutes)
    decision.section = section
    decision.save()
    refused(section, "becomes another", minutes=stranger.minutes)


def test_who_arrives_was_invited_to_that_workshop() -> None:
    refused(AttendanceFactory(), "another workshop", workshop=WorkshopFactory(scheduled=True))
    with pytest.raises(IntegrityError, match="another workshop"), transaction.atomic():
        AttendanceFactory(workshop=WorkshopFactory(scheduled=True))
    assert Attendance.objects.count() == 1


def test_minutes_circulate_with_complete_decisions_alone() -> None:
    minutes = SectionFactory().minutes
    DecisionFactory(minutes=minutes, due_on=None)
    now = timezone.now()
    refused(
        minutes,
        "incomplete",
        state="corrections",
        circulated_at=now,
        corrections_close_at=now + timedelta(days=7),
    )


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"silent_days": "60, 1", "attending_hours": "240", "convocation_days": "60"}, 302, ""),
        ({"silent_days": "61"}, 422, "« 61 » n’est pas un nombre entier de 1 à 60"),
        ({"convocation_days": "61"}, 422, "inférieure ou égale à 60"),
    ],
)
def test_the_form_of_a_kind_says_it_before_the_database(
    client_for: Callable[[str], Client], fields: dict[str, str], status: int, message: str
) -> None:
    sent = {"kind": "visit", "convocation_days": "5", "silent_days": "7, 2", "attending_hours": "24"}
    answer = client_for("secretariat").post(
        "/admin/workshops/kindrules/add/", {**sent, "corrections_days": "7", **fields}
    )
    text = answer.content.decode().replace("\u00a0", " ").replace("\u202f", " ")
    assert answer.status_code == status and message in text
    assert KindRules.objects.exists() is (status == 302)


def test_a_kind_s_bounds_are_said_in_words_wherever_a_row_is_validated() -> None:
    for fields in ({"silent_days": [61]}, {"attending_hours": [0]}, {"corrections_days": 61}):
        with pytest.raises(ValidationError) as refused:
            KindRules(kind="visit", **fields).validate_constraints()
        assert "kindrules" not in str(refused.value), "the constraint's own words"
