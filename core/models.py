"""Rows that every app leans on: the log of state changes, the ledger, the publication's version."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.enums import Counter
from core.kinds import kind_label


class TransitionLog(models.Model):
    """One change of state of any object: from what, to what, by whom, why. Written by core.workflow only."""

    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.PositiveBigIntegerField()
    target = GenericForeignKey()
    field = models.CharField(_("field"), max_length=40)
    from_state = models.CharField(_("from"), max_length=40, blank=True)
    to_state = models.CharField(_("to"), max_length=40, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("state change")
        verbose_name_plural = _("state changes")
        ordering = ["id"]
        indexes = [models.Index(fields=["content_type", "object_id", "id"], name="transitionlog_target")]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class LedgerEntry(models.Model):
    """One fact of the append-only ledger, chained to the one before by SHA-256. Written by core.ledger only.

    A trigger refuses UPDATE, DELETE and TRUNCATE. The payload holds ids, never names: erasing a person leaves it whole.
    """

    number = models.PositiveBigIntegerField(_("number"), unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    payload = models.JSONField(_("payload"), encoder=DjangoJSONEncoder)
    at = models.CharField(_("at"), max_length=40, help_text=_("ISO 8601, UTC, as hashed."))
    previous_hash = models.CharField(_("previous hash"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64, unique=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["number"]
        indexes = [models.Index(fields=["kind", "number"], name="ledgerentry_kind")]
        constraints = [models.CheckConstraint(condition=Q(number__gte=1), name="ledgerentry_number_from_one")]

    def __str__(self) -> str:
        return f"{self.number} — {kind_label(self.kind)}"


class Publication(models.Model):
    """A row of Counter: how many commits have changed what is public, or what members read. Triggers bump it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=Counter.PUBLIC)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id__in=Counter.values), name="publication_known_counter")
        ]

    def __str__(self) -> str:
        return str(self.version)
