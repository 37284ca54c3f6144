"""A workshop's documents."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.templatetags.text import localized_text
from workshops.enums import DocumentAudience
from workshops.models.workshops import Workshop

FOLDER = "workshops"


class DocumentQuerySet(models.QuerySet["Document"]):
    """Questions about documents."""

    def public(self) -> DocumentQuerySet:
        """Those that everybody may read."""
        return self.filter(audience=DocumentAudience.PUBLIC)


def random_place(document: Document, name: str) -> str:
    """Return where a file is kept: under a name that nobody can guess and that says nothing."""
    return f"{FOLDER}/{timezone.localdate():%Y}/{secrets.token_hex(16)}"


class Document(models.Model):
    """A file of a workshop: slides, a note. Read through a view that asks who reads, never by its place on disk."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="documents")
    title_fr = models.CharField(_("title (French)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    audience = models.CharField(
        _("for"), max_length=10, choices=DocumentAudience.choices, default=DocumentAudience.INVITED
    )
    file = models.FileField(_("file"), upload_to=random_place, max_length=200)
    # The name that the file had, cleaned, and what its content is: found when it came, never believed.
    name = models.CharField(_("file name"), max_length=150, editable=False)
    content_type = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField(editable=False)
    position = models.PositiveSmallIntegerField(_("rank"), default=1)
    added_at = models.DateTimeField(_("added"), db_default=Now(), editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(content_type="") & Q(size__gt=0), name="document_described"
            ),
            models.CheckConstraint(
                condition=Q(audience__in=DocumentAudience.values), name="document_audience_known"
            ),
        ]

    def __str__(self) -> str:
        return localized_text(self, "title")

    def get_absolute_url(self) -> str:
        """Return the address where whoever may read it gets the file."""
        return reverse("workshops:document_detail", args=[self.workshop.slug, self.pk])

    @property
    def kind(self) -> str:
        """What it is, short: PDF, DOCX…"""
        return self.name.rpartition(".")[2].upper()

    @property
    def is_public(self) -> bool:
        """Whether everybody who sees the workshop may read it."""
        return self.audience == DocumentAudience.PUBLIC


@receiver(post_delete, sender=Document)
def drop_file(instance: Document, **_more: Any) -> None:
    """Take a deleted document's file off the disk, once its row is gone for good."""
    storage, place = instance.file.storage, instance.file.name
    transaction.on_commit(lambda: storage.delete(place))
