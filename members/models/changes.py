"""What was done to the registers: who changed what, from what to what, why; and files waiting to be imported."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from members.enums import ChangeVerb, ImportKind
from members.models.organisations import Organisation
from members.models.people import User


class Change(models.Model):
    """One change of a person, an organisation, a body, a seat or a mandate. Written by members.history only.

    It belongs to the history of the person and of the organisation it concerns: a mandate's is read in both.
    """

    person = models.ForeignKey(
        User, verbose_name=_("person"), null=True, on_delete=models.SET_NULL, related_name="changes"
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="changes",
    )
    register = models.CharField(_("register"), max_length=20)
    object_id = models.PositiveBigIntegerField()
    verb = models.CharField(_("what"), max_length=8, choices=ChangeVerb.choices)
    # {field: [before, after]}; a relation is kept as its number, so a name is written in one place only.
    values: models.JSONField[Any, Any] = models.JSONField(
        _("values"), default=dict, encoder=DjangoJSONEncoder
    )
    by = models.ForeignKey(
        User, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="changes_made"
    )
    # What wrote it where nobody did: a command's name.
    source = models.CharField(_("source"), max_length=40, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("change of a register")
        verbose_name_plural = _("changes of the registers")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["person", "-id"], name="change_of_person"),
            models.Index(fields=["organisation", "-id"], name="change_of_organisation"),
        ]

    def __str__(self) -> str:
        return f"{self.register} {self.object_id}: {self.get_verb_display()}"


class RegisterImport(models.Model):
    """A file that was read and shown, and waits for its sender's word. Deleted when written, or after a day."""

    kind = models.CharField(_("kind"), max_length=16, choices=ImportKind.choices)
    name = models.CharField(_("file"), max_length=120)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, verbose_name=_("by"), on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("file to import")
        verbose_name_plural = _("files to import")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
