"""Versions of the roadmap, their text and the comments on it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Length, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.enums import Counter
from core.publication import version_with_row
from core.seen import fingerprint
from core.templatetags.text import localized_text
from core.workflow import Workflow
from members.models import Axis, Organisation
from members.permissions import can_enter_space, is_secretariat
from roadmap.drafting.enums import (
    CHANGE_REQUEST_TRANSITIONS,
    COMMENT_TRANSITIONS,
    VERSION_TRANSITIONS,
    BlockKind,
    ChangeRequestState,
    CommentKind,
    CommentStatus,
    VersionStatus,
)
from workshops.models import Decision

models.TextField.register_lookup(Length)

COMMENT_MAX_LENGTH = 5000
# 1, 1.2, 1.2.3: safe in an address and in an id without escaping.
TEXT_FIELDS = ("title_fr", "title_en", "body_fr", "body_en")
LABEL_PATTERN = r"[1-9][0-9]{0,3}(\.[1-9][0-9]{0,3}){0,2}"


class VersionQuerySet(models.QuerySet["Version"]):
    """Questions about versions."""

    def adopted(self) -> VersionQuerySet:
        """What is public: adopted versions, the newest first."""
        return self.filter(status=VersionStatus.ADOPTED).order_by("-number")

    def visible_to(self, user: Any) -> VersionQuerySet:
        """Adopted versions are everybody's, those under consultation or vote the members', others the secretariat's."""
        if is_secretariat(user):
            return self
        if can_enter_space(user):
            return self.exclude(status=VersionStatus.WORKING)
        return self.filter(status=VersionStatus.ADOPTED)

    def with_consultation(self) -> VersionQuerySet:
        """Bring the consultation along, the database's clock to judge it by, and the version of the discussion."""
        return self.select_related("consultation").annotate(
            database_now=Now(), discussion=version_with_row(Counter.MEMBERS)
        )


class Version(models.Model):
    """One state of the roadmap 2020–2040. Once out of "working", a trigger refuses any change of its text."""

    WORKFLOW = Workflow("status", VERSION_TRANSITIONS)

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    status = models.CharField(
        _("status"),
        max_length=14,
        choices=VersionStatus.choices,
        default=VersionStatus.WORKING,
        editable=False,
    )
    title_fr = models.CharField(_("title (French)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=160)
    introduction_fr = models.TextField(_("introduction (French, Markdown)"), blank=True)
    introduction_en = models.TextField(_("introduction (English, Markdown)"), blank=True)
    is_demo = models.BooleanField(_("demonstration text"), default=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    adopted_on = models.DateField(_("adopted"), null=True, editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_one"),
            models.CheckConstraint(
                condition=Q(status=VersionStatus.WORKING) | Q(published_at__isnull=False),
                name="version_published_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status=VersionStatus.ADOPTED) | Q(adopted_on__isnull=False),
                name="version_adopted_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{localized_text(self, 'title')} (v{self.number})"

    def get_absolute_url(self) -> str:
        """Return the version's page."""
        return reverse("roadmap:version_detail", args=[self.number])

    @property
    def is_working(self) -> bool:
        """Whether its text may still change."""
        return self.status == VersionStatus.WORKING

    @property
    def takes_comments(self) -> bool:
        """Whether it is under consultation; its instants tell when."""
        return self.status == VersionStatus.CONSULTATION

    @property
    def is_under_discussion(self) -> bool:
        """Whether members comment or vote on it."""
        return self.status in (VersionStatus.CONSULTATION, VersionStatus.VOTE)

    @property
    def is_public(self) -> bool:
        """Whether everybody may read it."""
        return self.status == VersionStatus.ADOPTED


class Block(models.Model):
    """An axis, chapter or paragraph of one version. `lineage` stays the same from a version to the next."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="blocks")
    kind = models.CharField(_("kind"), max_length=10, choices=BlockKind.choices)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    axis = models.ForeignKey(
        Axis,
        verbose_name=_("strategic axis"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="blocks",
    )
    position = models.PositiveIntegerField(_("position"), help_text=_("Reading order in the whole version."))
    label = models.CharField(
        _("number"),
        max_length=20,
        validators=[RegexValidator(f"^{LABEL_PATTERN}$")],
        help_text=_("As printed: 1, 1.2, 1.2.3."),
    )
    lineage = models.UUIDField(default=uuid.uuid4, editable=False)
    title_fr = models.CharField(_("title (French)"), max_length=200, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    body_fr = models.TextField(_("text (French, Markdown)"), blank=True)
    body_en = models.TextField(_("text (English, Markdown)"), blank=True)

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"],
                name="block_position_unique",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["version", "label"], name="block_label_unique", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=["version", "lineage"], name="block_lineage_unique"),
            models.CheckConstraint(
                condition=Q(kind=BlockKind.AXIS, parent=None, axis__isnull=False)
                | Q(kind__in=[BlockKind.CHAPTER, BlockKind.PARAGRAPH], parent__isnull=False, axis=None),
                name="block_tree_shape",
                violation_error_message=_(
                    "An axis stands at the top; a chapter and a paragraph have a parent."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(kind=BlockKind.PARAGRAPH) | ~Q(body_fr=""),
                name="block_paragraph_has_text",
                violation_error_message=_("A paragraph has a French text."),
            ),
            models.CheckConstraint(
                condition=Q(label__regex=f"^{LABEL_PATTERN}$"), name="block_label_numbers"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {localized_text(self, 'title')}".strip()

    @property
    def mark(self) -> str:
        """Return what tells a state of its texts from another; where it stands is no part of it."""
        texts = {name: getattr(self, name) for name in TEXT_FIELDS}
        return fingerprint(texts | {"axis": str(self.axis_id or "")})


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    """Questions about consultations."""

    def open(self) -> ConsultationQuerySet:
        """Those that take comments at this instant, by the database's clock."""
        return self.filter(
            version__status=VersionStatus.CONSULTATION, opens_at__lte=Now(), closes_at__gt=Now()
        )


class Consultation(models.Model):
    """Opens a version to comments, between two instants judged by the database's clock."""

    version = models.OneToOneField(
        Version, verbose_name=_("version"), on_delete=models.PROTECT, related_name="consultation"
    )
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="consultation_closes_after_opening",
                violation_error_message=_("A consultation closes after it opens."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.opens_at:%Y-%m-%d}–{self.closes_at:%Y-%m-%d}"

    def is_open_at(self, instant: datetime) -> bool:
        """Tell whether its two instants surround this one; the closing instant itself is out."""
        return self.opens_at <= instant < self.closes_at


class CommentQuerySet(models.QuerySet["Comment"]):
    """Questions about comments."""

    def top_level(self) -> CommentQuerySet:
        """Comments that are no replies."""
        return self.filter(parent=None)

    def unanswered(self) -> CommentQuerySet:
        """Comments that the secretariat has neither decided nor replied to."""
        official = Comment.objects.filter(parent=OuterRef("pk"), organisation=None)
        return self.top_level().filter(~Exists(official), status=CommentStatus.OPEN)

    def threads_of(self, version: Version, label: str = "") -> CommentQuerySet:
        """The comments of a version, or of one of its passages and all below it, with replies, in reading order."""
        comments = self.top_level().filter(block__version=version)
        if label:
            comments = comments.filter(Q(block__label=label) | Q(block__label__startswith=f"{label}."))
        return comments.with_replies().select_related("block").order_by("block__position", "id")

    def with_replies(self) -> CommentQuerySet:
        """Bring authors, organisations and replies along, for showing."""
        return self.with_people().prefetch_related(Prefetch("replies", Comment.objects.with_people()))

    def with_people(self) -> CommentQuerySet:
        """Bring authors and organisations along, for showing."""
        return self.select_related("author", "organisation")

    def counts_by_label(self, labels: Mapping[int, str]) -> dict[str, int]:
        """Return how many comments, replies included, each paragraph has; those without any are left out.

        `labels` gives the paragraphs of one version by their ids. They were written one after the other, so the index
        is read over their range; what other versions have in between is dropped here.
        """
        if not labels:
            return {}
        comments = self.filter(block_id__gte=min(labels), block_id__lte=max(labels))
        rows = comments.order_by().values_list("block_id").annotate(Count("id"))
        return {labels[block_id]: count for block_id, count in rows if block_id in labels}


class Comment(models.Model):
    """A comment on a paragraph, or a reply to one (one level), for an organisation or the secretariat."""

    WORKFLOW = Workflow("status", COMMENT_TRANSITIONS)

    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="comments")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), on_delete=models.PROTECT, related_name="comments"
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="comments",
        help_text=_("Blank: the secretariat speaks."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=CommentKind.choices, default=CommentKind.REMARK)
    body = models.TextField(_("comment"), max_length=COMMENT_MAX_LENGTH)
    status = models.CharField(
        _("status"), max_length=16, choices=CommentStatus.choices, default=CommentStatus.OPEN, editable=False
    )
    status_reason = models.TextField(_("reason"), blank=True, editable=False)
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]
        indexes = [models.Index(fields=["block", "parent", "id"], name="comment_thread")]
        constraints = [
            models.CheckConstraint(
                condition=Q(body__length__lte=COMMENT_MAX_LENGTH), name="comment_not_too_long"
            ),
            models.CheckConstraint(condition=~Q(body=""), name="comment_not_empty"),
            models.CheckConstraint(
                condition=Q(status=CommentStatus.OPEN) | ~Q(status_reason=""),
                name="comment_decision_has_reason",
                violation_error_message=_("Give the reason: the author will receive it."),
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | Q(status=CommentStatus.OPEN), name="comment_reply_has_no_status"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=False) | Q(organisation__isnull=False),
                name="comment_secretariat_only_replies",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.block.label} #{self.pk}"

    def get_absolute_url(self) -> str:
        """Return the comment's place in its version."""
        return f"{self.block.version.get_absolute_url()}?paragraphe={self.block.label}#commentaire-{self.pk}"

    @property
    def is_official(self) -> bool:
        """Whether the secretariat speaks."""
        return self.organisation_id is None


class ChangeRequest(models.Model):
    """What a meeting decided to change in the roadmap: a request to whoever writes the working version."""

    WORKFLOW = Workflow("state", CHANGE_REQUEST_TRANSITIONS)

    decision = models.ForeignKey(
        Decision, verbose_name=_("decision"), on_delete=models.PROTECT, related_name="change_requests"
    )
    text = models.TextField(_("change asked"), max_length=2_000)
    label = models.CharField(
        _("passage"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(f"^{LABEL_PATTERN}$")],
        help_text=_("Its number in the working version (1, 1.2 or 1.2.3); blank: the whole text."),
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=ChangeRequestState.choices,
        default=ChangeRequestState.OPEN,
        editable=False,
    )
    status_reason = models.TextField(_("reason"), blank=True, editable=False)

    class Meta:
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        default_permissions = ("view", "change")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "label"],
                name="change_request_once",
                violation_error_message=_("This decision asks for a change of this passage already."),
            ),
            models.CheckConstraint(condition=~Q(text=""), name="change_request_says_something"),
            models.CheckConstraint(
                condition=Q(state=ChangeRequestState.OPEN) | ~Q(status_reason=""),
                name="change_request_answered_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]
