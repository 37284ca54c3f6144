"""Who speaks for whom, where, from when to when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.enums import COUNCIL, VOTING_ROLES, MandateRole
from members.models.organisations import Body, DateRangeFunc, Organisation, check_order
from members.models.people import User

CLOSED_ACCOUNT = _(
    "This person’s account is closed: invite them to reopen it first, or choose somebody else."
)


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Questions about who sat where, when."""

    def on(self, day: date) -> MandateQuerySet:
        """Mandates in force on a day (Paris calendar)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)

    def standing(self) -> MandateQuerySet:
        """Mandates in force today in Paris, or to come."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()))

    def current(self) -> MandateQuerySet:
        """Mandates in force today in Paris."""
        return self.on(timezone.localdate())

    def council(self) -> MandateQuerySet:
        """Mandates on the council."""
        return self.filter(body__slug=COUNCIL)

    def voting(self) -> MandateQuerySet:
        """Mandates that carry an organisation's voice."""
        return self.filter(role__in=VOTING_ROLES)

    def voices(self, organisation_ids: Iterable[int], *, day: date) -> dict[User, list[Organisation]]:
        """Return who speaks for these organisations on the council on a day: open accounts, with those of each."""
        people: dict[User, list[Organisation]] = {}
        mandates = (
            self.council()
            .voting()
            .on(day)
            .filter(organisation__in=list(organisation_ids), person__is_active=True)
            .select_related("person", "organisation")
            .order_by("person_id", "organisation__sort_name")
        )
        for mandate in mandates:
            people.setdefault(mandate.person, []).append(mandate.organisation)
        return people


class Mandate(models.Model):
    """A person, for an organisation, on a body, with a role and dates. The end day itself is out of the mandate."""

    person = models.ForeignKey(
        User, verbose_name=_("person"), on_delete=models.PROTECT, related_name="mandates"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="mandates"
    )
    body = models.ForeignKey(Body, verbose_name=_("body"), on_delete=models.PROTECT, related_name="mandates")
    role = models.CharField(_("role"), max_length=12, choices=MandateRole.choices)
    starts_on = models.DateField(_("from"), default=timezone.localdate)
    ends_on = models.DateField(_("to (excluded)"), null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ["body", "organisation", "role", "starts_on"]
        indexes = [models.Index(fields=["body", "role", "organisation"], name="mandate_body_role")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")) | Q(ends_on=None),
                name="mandate_ends_after_start",
                violation_error_message=_("A mandate ends after it starts."),
            ),
            ExclusionConstraint(
                name="mandate_one_titular",
                expressions=[
                    # By the fields' names: validation knows no "…_id".
                    # int8range instead of `=`, which would need the btree_gist extension.
                    (
                        Func(
                            F("organisation"),
                            F("organisation"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    ),
                    (Func(F("body"), F("body"), models.Value("[]"), function="int8range"), "&&"),
                    (DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                condition=Q(role=MandateRole.TITULAR),
                violation_error_message=_(
                    "This organisation has another titular member on this body at that time."
                ),
            ),
            ExclusionConstraint(
                name="mandate_person_once",
                expressions=[
                    (Func(F("person"), F("person"), models.Value("[]"), function="int8range"), "&&"),
                    (
                        Func(
                            F("organisation"),
                            F("organisation"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    ),
                    (Func(F("body"), F("body"), models.Value("[]"), function="int8range"), "&&"),
                    (DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                violation_error_message=_("This person already has a mandate there at that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} — {self.organisation} ({self.get_role_display()})"

    def get_absolute_url(self) -> str:
        """Return the member's space: a mandate has no page of its own."""
        return reverse("member-space")

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Judge the whole mandate: what a form does not show counts too."""
        if None not in (self.person_id, self.organisation_id, self.body_id, self.starts_on):
            check_order(self, _("A mandate ends after it starts."))
            super().validate_constraints()
            if self.needs_open_account() and not self.person.is_active:
                field = NON_FIELD_ERRORS if "person" in (exclude or ()) else "person"
                raise ValidationError({field: CLOSED_ACCOUNT})

    def needs_open_account(self) -> bool:
        """Whether it is in force or to come, and newly so: the trigger members_mandate_open_account judges again."""
        if self.ends_on and self.ends_on <= timezone.localdate():
            return False
        before = Mandate.objects.filter(pk=self.pk).first() if self.pk else None
        return before is None or (
            (before.person_id, before.organisation_id, before.body_id, before.role)
            != (self.person_id, self.organisation_id, self.body_id, self.role)
            or (before.ends_on or date.max) < (self.ends_on or date.max)
        )

    @property
    def votes(self) -> bool:
        """Whether the role carries the organisation's voice."""
        return self.role in VOTING_ROLES
