"""A public page per company."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Greatest, Now
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.templatetags.text import localized_text
from core.workflow import Workflow
from members.models import Organisation
from showcase.enums import PAGE_TRANSITIONS, PageState


class Commitment(models.Model):
    """Something a company commits to (the facet « engagement »)."""

    slug = models.SlugField(_("address on the site"), unique=True)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return localized_text(self, "name")


def _after(instant: Any, *, months: int, days: int = 0) -> Any:
    """Return an instant moved by a delay, for the database to compare with its own clock."""
    delay = Func(
        *(Value(part) for part in (0, months, 0, days)),
        function="make_interval",
        output_field=models.DurationField(),
    )
    return models.ExpressionWrapper(instant + delay, models.DateTimeField())


def _is_due(instant: Any) -> LessThanOrEqual[Any]:
    return LessThanOrEqual(_after(instant, months=settings.SHOWCASE_CONFIRM_MONTHS), Now())


class CompanyPageQuerySet(models.QuerySet["CompanyPage"]):
    """Questions about pages."""

    def visible_to(self, user: Any) -> CompanyPageQuerySet:
        """Published pages; the secretariat sees all."""
        return self if getattr(user, "is_staff", False) else self.published()

    def published(self) -> CompanyPageQuerySet:
        """What the public sees."""
        return self.filter(state=PageState.PUBLISHED)

    def with_due(self) -> CompanyPageQuerySet:
        """Add `is_due` (the organisation is asked to confirm the page) and, later, `is_stale` (the public is told)."""
        months, days = settings.SHOWCASE_CONFIRM_MONTHS, settings.SHOWCASE_CONFIRM_GRACE_DAYS
        stale = _after(F("confirmed_at"), months=months, days=days)
        return self.annotate(is_due=_is_due(F("confirmed_at")), is_stale=LessThanOrEqual(stale, Now()))

    def to_confirm(self) -> CompanyPageQuerySet:
        """Published pages that nobody has confirmed for a year (SHOWCASE_CONFIRM_MONTHS)."""
        return self.published().filter(_is_due(F("confirmed_at")))

    def to_remind(self) -> CompanyPageQuerySet:
        """Those of which nobody has been reminded this year either."""
        # PostgreSQL's GREATEST passes over NULL.
        return self.to_confirm().filter(_is_due(Greatest("confirmed_at", "reminded_at")))


class CompanyPage(models.Model):
    """What the public reads about a company. Its address is the organisation's slug."""

    WORKFLOW = Workflow("state", PAGE_TRANSITIONS)

    organisation = models.OneToOneField(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="page"
    )
    state = models.CharField(
        _("state"), max_length=12, choices=PageState.choices, default=PageState.DRAFT, editable=False
    )
    tagline_fr = models.CharField(_("in one line (French)"), max_length=160, blank=True)
    tagline_en = models.CharField(_("in one line (English)"), max_length=160, blank=True)
    story_fr = models.TextField(_("story (French, Markdown)"), blank=True)
    story_en = models.TextField(_("story (English, Markdown)"), blank=True)
    products_fr = models.TextField(_("products (French, Markdown)"), blank=True)
    products_en = models.TextField(_("products (English, Markdown)"), blank=True)
    founded_year = models.PositiveSmallIntegerField(_("founded in"), null=True, blank=True)
    # Since when somebody vouches for what the page says: its publication, then each confirmation.
    confirmed_at = models.DateTimeField(_("confirmed"), db_default=Now(), editable=False)
    # The mark of the reminder: one for each year without confirmation.
    reminded_at = models.DateTimeField(null=True, editable=False)
    # Kept by showcase.services.index_page, from folded text in both languages: no PostgreSQL extension is needed.
    search = SearchVectorField(null=True, editable=False)
    # The index's own words, as written: what a mistyped search is compared with.
    search_words = models.TextField(default="", editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = CompanyPageQuerySet.as_manager()

    class Meta:
        verbose_name = _("company page")
        verbose_name_plural = _("company pages")
        ordering = ["organisation__sort_name"]
        indexes = [GinIndex(fields=["search"], name="companypage_search")]

    def __str__(self) -> str:
        return self.organisation.name

    def get_absolute_url(self) -> str:
        """Return the public page's address."""
        return reverse("showcase:company_detail", args=[self.organisation.slug])


class CompanyFigure(models.Model):
    """A figure the company stands by: jobs, targets, capacity, with its year and source."""

    page = models.ForeignKey(CompanyPage, on_delete=models.CASCADE, related_name="figures")
    label_fr = models.CharField(_("label (French)"), max_length=120)
    label_en = models.CharField(_("label (English)"), max_length=120)
    value = models.CharField(_("value"), max_length=40)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    is_target = models.BooleanField(_("target"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "label_fr", "year"], name="companyfigure_unique")
        ]

    def __str__(self) -> str:
        return localized_text(self, "label")


class CompanyCommitment(models.Model):
    """A company's commitment, with its evidence."""

    page = models.ForeignKey(CompanyPage, on_delete=models.CASCADE, related_name="commitments")
    commitment = models.ForeignKey(
        Commitment, verbose_name=_("commitment"), on_delete=models.PROTECT, related_name="pages"
    )
    evidence_fr = models.CharField(_("evidence (French)"), max_length=300, blank=True)
    evidence_en = models.CharField(_("evidence (English)"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("company’s commitment")
        verbose_name_plural = _("company’s commitments")
        ordering = ["commitment__position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["page", "commitment"], name="companycommitment_unique")
        ]

    def __str__(self) -> str:
        return str(self.commitment)
