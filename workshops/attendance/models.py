"""Who was present at a workshop."""

from __future__ import annotations

import secrets
import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import Organisation, User
from workshops.attendance.enums import ArrivalSource
from workshops.models.invitations import Invitation
from workshops.models.workshops import Workshop

# Read aloud and typed on a phone: no I, L, O, 0 or 1.
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6


def new_code() -> str:
    """Return a code for the door."""
    return "".join(secrets.choice(CODE_LETTERS) for _letter in range(CODE_LENGTH))


class Door(models.Model):
    """The code shown at a workshop's door: whoever types it is there."""

    workshop = models.OneToOneField(Workshop, on_delete=models.CASCADE, related_name="door")
    code = models.CharField(_("code"), max_length=12, default=new_code)

    class Meta:
        verbose_name = _("code at the door")
        verbose_name_plural = _("codes at the door")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=f"^[{CODE_LETTERS}]{{{CODE_LENGTH},12}}$"), name="door_code_readable"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    """Questions about attendances."""

    def standing(self) -> AttendanceQuerySet:
        """Not taken back."""
        return self.filter(cancelled_at=None)


class Attendance(models.Model):
    """One person's presence at one workshop, invited or not. Written by attendance.services only."""

    workshop = models.ForeignKey(Workshop, on_delete=models.PROTECT, related_name="attendances")
    invitation = models.ForeignKey(
        Invitation, null=True, blank=True, on_delete=models.PROTECT, related_name="attendances"
    )
    person = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=170)
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    arrived_at = models.DateTimeField(_("arrived"))
    source = models.CharField(_("recorded"), max_length=12, choices=ArrivalSource.choices)
    recorded_by = models.ForeignKey(
        User,
        verbose_name=_("recorded by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # Made by the sender: what is sent again after the network dropped is recorded once.
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    cancelled_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        default_permissions = ("view",)
        ordering = ["arrived_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(cancelled_at=None, invitation__isnull=False),
                name="attendance_once",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & Q(source__in=ArrivalSource.values), name="attendance_named"
            ),
        ]

    def __str__(self) -> str:
        return self.name
