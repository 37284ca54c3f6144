"""A workshop's minutes: their sections, decisions, corrections, and what their approval froze."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.templatetags.text import localized_text
from core.workflow import Workflow
from members.enums import Language
from members.models import Organisation, User
from workshops.enums import DocumentAudience, WorkshopState
from workshops.minutes.enums import (
    CIRCULATED_STATES,
    CORRECTION_TRANSITIONS,
    DECISION_TRANSITIONS,
    MINUTES_TRANSITIONS,
    CorrectionState,
    DecisionState,
    MinutesState,
    Standing,
)
from workshops.models.invitations import Invitation
from workshops.models.workshops import Workshop

# The states of a workshop that is still to be held.
COMING_STATES = (WorkshopState.DRAFT, WorkshopState.DATE_POLL, WorkshopState.SCHEDULED)
TEXT_MAX_LENGTH = 50_000
CORRECTION_MAX_LENGTH = 20_000
DECISION_MAX_LENGTH = 2_000


class Minutes(models.Model):
    """The minutes of one workshop. Once approved, a trigger refuses any change of their text."""

    WORKFLOW = Workflow("state", MINUTES_TRANSITIONS)

    workshop = models.OneToOneField(
        Workshop, verbose_name=_("workshop"), on_delete=models.PROTECT, related_name="minutes"
    )
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=MinutesState.choices,
        default=MinutesState.DRAFT,
        editable=False,
    )
    chair = models.CharField(_("chaired by"), max_length=170, blank=True)
    secretary = models.CharField(_("secretary of the meeting"), max_length=170, blank=True)
    introduction_fr = models.TextField(
        _("introductory note (French, Markdown)"), blank=True, max_length=TEXT_MAX_LENGTH
    )
    introduction_en = models.TextField(
        _("introductory note (English, Markdown)"), blank=True, max_length=TEXT_MAX_LENGTH
    )
    circulated_at = models.DateTimeField(_("circulated"), null=True, editable=False)
    corrections_close_at = models.DateTimeField(_("corrections until"), null=True, editable=False)
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    # Of a council session, as its approval froze them: organisations with a titular, and those that were heard.
    seats = models.PositiveSmallIntegerField(null=True, editable=False)
    voices = models.PositiveSmallIntegerField(null=True, editable=False)
    text_sha256 = models.CharField(_("SHA-256 of the text"), max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("of a workshop", "minutes")
        verbose_name_plural = pgettext_lazy("of several workshops", "minutes")
        ordering = ["-workshop__starts_at", "-id"]
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=MinutesState.DRAFT)
                | (
                    Q(circulated_at__isnull=False, corrections_close_at__isnull=False)
                    & ~Q(chair="")
                    & ~Q(secretary="")
                ),
                name="minutes_circulated_complete",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=MinutesState.APPROVED,
                    approved_at__isnull=False,
                    text_sha256__regex="^[0-9a-f]{64}$",
                )
                | (~Q(state=MinutesState.APPROVED) & Q(approved_at=None, text_sha256="")),
                name="minutes_approved_hashed",
            ),
            models.CheckConstraint(
                condition=Q(state=MinutesState.DRAFT)
                | Q(
                    state__in=CIRCULATED_STATES,
                    corrections_close_at__gt=F("circulated_at"),
                ),
                name="minutes_corrections_take_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.workshop)

    def get_absolute_url(self) -> str:
        """Return the address of the page that everybody whom it concerns reads."""
        return reverse("workshops:minutes_detail", args=[self.workshop.slug])

    @property
    def is_draft(self) -> bool:
        """Whether the secretariat alone sees them."""
        return self.state == MinutesState.DRAFT

    @property
    def is_approved(self) -> bool:
        """Whether they are locked and published."""
        return self.state == MinutesState.APPROVED

    @property
    def has_english(self) -> bool:
        """Whether somebody wrote them in English too."""
        return any(section.text_en for section in self.sections.all())


class MinutesSection(models.Model):
    """What was said on one item of the agenda."""

    minutes = models.ForeignKey(Minutes, on_delete=models.CASCADE, related_name="sections")
    position = models.PositiveSmallIntegerField(_("rank"))
    title_fr = models.CharField(_("title (French)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    text_fr = models.TextField(_("text (French, Markdown)"), blank=True, max_length=TEXT_MAX_LENGTH)
    text_en = models.TextField(_("text (English, Markdown)"), blank=True, max_length=TEXT_MAX_LENGTH)

    class Meta:
        verbose_name = _("section of the minutes")
        verbose_name_plural = _("sections of the minutes")
        default_permissions = ()
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["minutes", "position"], name="minutes_section_position"),
            models.CheckConstraint(condition=~Q(title_fr=""), name="minutes_section_titled"),
        ]

    def __str__(self) -> str:
        return localized_text(self, "title")


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Questions about decisions."""

    def circulated(self) -> DecisionQuerySet:
        """Those that the people of the meeting have read."""
        return self.filter(minutes__state__in=CIRCULATED_STATES)

    def approved(self) -> DecisionQuerySet:
        """Those of approved minutes."""
        return self.filter(minutes__state=MinutesState.APPROVED)

    def open(self) -> DecisionQuerySet:
        """Those to be carried out."""
        return self.filter(state=DecisionState.OPEN)

    def incomplete(self) -> DecisionQuerySet:
        """Those without an owner or a due date."""
        return self.filter(Q(due_on=None) | Q(person=None, organisation=None))

    def heading_each(self, workshops: Iterable[Workshop], *, held: bool = False) -> dict[int, list[Decision]]:
        """Those that head each coming workshop's agenda: open ones of earlier meetings of its line.

        In one query; workshops with none are left out. `held`: also for meetings that were.
        """
        coming = [row for row in workshops if held or row.state in COMING_STATES]
        if not coming:
            return {}
        rows = list(self.circulated().open().with_owner().order_by("due_on", "id"))
        found = {workshop.pk: [row for row in rows if row.precedes(workshop)] for workshop in coming}
        return {pk: decisions for pk, decisions in found.items() if decisions}

    def with_owner(self) -> DecisionQuerySet:
        """With what names and places a decision."""
        return self.select_related("person", "organisation", "minutes__workshop", "section")


class Decision(models.Model):
    """A line of the decisions: what, who, by when. Its text is locked with the minutes; its state lives on."""

    WORKFLOW = Workflow("state", DECISION_TRANSITIONS)

    minutes = models.ForeignKey(Minutes, on_delete=models.CASCADE, related_name="decisions")
    section = models.ForeignKey(
        MinutesSection,
        verbose_name=_("section"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decisions",
    )
    number = models.PositiveSmallIntegerField(_("number"), editable=False)
    text_fr = models.TextField(_("decision (French)"), max_length=DECISION_MAX_LENGTH)
    text_en = models.TextField(_("decision (English)"), blank=True, max_length=DECISION_MAX_LENGTH)
    person = models.ForeignKey(
        User,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decisions",
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation in charge"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decisions",
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=DecisionState.choices,
        default=DecisionState.OPEN,
        editable=False,
    )
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        default_permissions = ("view", "change")
        ordering = ["number", "id"]
        indexes = [models.Index(fields=["state", "due_on"], name="decision_due")]
        constraints = [
            models.UniqueConstraint(fields=["minutes", "number"], name="decision_number_unique"),
            models.CheckConstraint(condition=~Q(text_fr=""), name="decision_has_text"),
            models.CheckConstraint(
                condition=Q(state=DecisionState.OPEN, closed_at=None)
                | (~Q(state=DecisionState.OPEN) & Q(closed_at__isnull=False)),
                name="decision_closed_dated",
            ),
            models.CheckConstraint(condition=Q(state__in=DecisionState.values), name="decision_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} — {localized_text(self, 'text')[:80]}"

    def get_absolute_url(self) -> str:
        """Return the address of its page for whoever carries it out."""
        return reverse("workshops:decision_detail", args=[self.pk])

    @property
    def reference(self) -> str:
        """What it is called wherever it is quoted: its meeting's day and its number there."""
        starts_at = self.minutes.workshop.starts_at
        return f"{timezone.localdate(starts_at):%Y-%m-%d}/{self.number}" if starts_at else str(self.number)

    @property
    def is_complete(self) -> bool:
        """Whether somebody owns it, by a date."""
        return bool(self.due_on and (self.person_id or self.organisation_id))

    def precedes(self, workshop: Workshop) -> bool:
        """Whether its meeting is an earlier one of the same series, or of the same kind when there is none.

        Every other meeting is earlier than a workshop without a date.
        """
        own = self.minutes.workshop
        line = (own.series_id, None if own.series_id else own.kind)
        if own.pk == workshop.pk or line != (
            workshop.series_id,
            None if workshop.series_id else workshop.kind,
        ):
            return False
        return workshop.starts_at is None or (
            own.starts_at is not None and own.starts_at < workshop.starts_at
        )

    def is_late(self, today: date | None = None) -> bool:
        """Whether it is open past its date."""
        return bool(
            self.state == DecisionState.OPEN and self.due_on and self.due_on < (today or timezone.localdate())
        )

    @property
    def late(self) -> bool:
        """For templates: open past its date, today in Paris."""
        return self.is_late()


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """Questions about corrections."""

    def pending(self) -> CorrectionQuerySet:
        """Those that the secretariat has not decided."""
        return self.filter(state=CorrectionState.PENDING)

    def with_people(self) -> CorrectionQuerySet:
        """With who asks and on what."""
        return self.select_related("author", "invitation", "organisation", "section__minutes__workshop")


class Correction(models.Model):
    """What somebody who attended asks to change in a section: a replacement of its text, or a remark."""

    WORKFLOW = Workflow("state", CORRECTION_TRANSITIONS)

    section = models.ForeignKey(MinutesSection, on_delete=models.PROTECT, related_name="corrections")
    author = models.ForeignKey(
        User,
        verbose_name=_("author"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="minutes_corrections",
    )
    # … or a guest, by the link of their invitation.
    invitation = models.ForeignKey(
        Invitation,
        verbose_name=_("guest"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="minutes_corrections",
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    language = models.CharField(_("language"), max_length=2, choices=Language.choices)
    original = models.TextField(_("text corrected"), blank=True)
    proposed = models.TextField(_("text proposed"), blank=True, max_length=CORRECTION_MAX_LENGTH)
    comment = models.TextField(_("remark"), blank=True, max_length=2_000)
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=CorrectionState.choices,
        default=CorrectionState.PENDING,
        editable=False,
    )
    status_reason = models.TextField(_("reason"), blank=True, editable=False)
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction of minutes")
        verbose_name_plural = _("corrections of minutes")
        default_permissions = ("view", "change")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=(~Q(proposed="") & ~Q(proposed=F("original"))) | ~Q(comment=""),
                name="correction_says_something",
            ),
            models.CheckConstraint(
                condition=Q(author__isnull=False, invitation=None) | Q(author=None, invitation__isnull=False),
                name="correction_of_one_author",
            ),
            models.CheckConstraint(
                condition=~Q(state=CorrectionState.REJECTED) | ~Q(status_reason=""),
                name="correction_refusal_reasoned",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CorrectionState.values, language__in=Language.values),
                name="correction_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section} #{self.pk}"

    @property
    def author_name(self) -> str:
        """Who asks, by the name of today."""
        if self.invitation:
            return self.invitation.current_name
        return self.author.get_full_name() if self.author else ""

    @property
    def replaces(self) -> bool:
        """Whether it proposes another text, not only a remark."""
        return self.proposed not in ("", self.original)

    @property
    def current(self) -> str:
        """The section's text as it is now, in the correction's language."""
        return str(getattr(self.section, f"text_{self.language}"))

    @property
    def is_stale(self) -> bool:
        """Whether the section changed since it was written."""
        return self.replaces and self.current != self.original


class PresenceLine(models.Model):
    """A line of the lists as the approval froze them. The erasure of a person alone changes a name here."""

    minutes = models.ForeignKey(Minutes, on_delete=models.PROTECT, related_name="presence_lines")
    standing = models.CharField(_("list"), max_length=12, choices=Standing.choices)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=170)
    organisation_name = models.CharField(_("organisation"), max_length=160, blank=True)
    note = models.CharField(_("represented by"), max_length=170, blank=True)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    invitation = models.ForeignKey(Invitation, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("line of the lists")
        verbose_name_plural = _("lines of the lists")
        default_permissions = ()
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["minutes", "position"], name="presence_line_position")]

    def __str__(self) -> str:
        return self.name


class MinutesFile(models.Model):
    """The published PDF: for everybody (organisations, decisions), and with the names for those it concerns."""

    minutes = models.ForeignKey(Minutes, on_delete=models.PROTECT, related_name="files")
    language = models.CharField(max_length=2, choices=Language.choices)
    audience = models.CharField(max_length=10, choices=DocumentAudience.choices)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("PDF of the minutes")
        verbose_name_plural = _("PDF of the minutes")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["minutes", "language", "audience"], name="minutes_file_once")
        ]

    def __str__(self) -> str:
        return f"{self.minutes} ({self.language}, {self.audience})"
