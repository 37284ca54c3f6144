"""Flagship actions and their milestones."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.templatetags.text import localized_text
from core.workflow import Workflow
from members.models import Axis, Organisation
from roadmap.actions.enums import ACTION_TRANSITIONS, ActionStatus, Theme
from workshops.models import Decision


class ActionQuerySet(models.QuerySet["Action"]):
    """Questions about actions."""

    def public(self) -> ActionQuerySet:
        """The actions that everybody follows."""
        return self.filter(is_public=True)


class Action(models.Model):
    """A flagship action of the roadmap."""

    WORKFLOW = Workflow("status", ACTION_TRANSITIONS)

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    slug = models.SlugField(_("address on the site"), max_length=100, unique=True)
    title_fr = models.CharField(_("title (French)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=160)
    axis = models.ForeignKey(
        Axis, verbose_name=_("strategic axis"), on_delete=models.PROTECT, related_name="actions"
    )
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=ActionStatus.choices,
        default=ActionStatus.PROPOSED,
        editable=False,
    )
    summary_fr = models.CharField(_("summary (French)"), max_length=300, blank=True)
    summary_en = models.CharField(_("summary (English)"), max_length=300, blank=True)
    description_fr = models.TextField(_("description (French, Markdown)"), blank=True)
    description_en = models.TextField(_("description (English, Markdown)"), blank=True)
    lead = models.ForeignKey(
        Organisation,
        verbose_name=_("lead organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="led_actions",
    )
    partners = models.ManyToManyField(
        Organisation, verbose_name=_("partners"), blank=True, related_name="partner_actions"
    )
    pilot = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("pilot"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="piloted_actions",
    )
    firm_commitment = models.BooleanField(_("firm commitment"), default=False)
    is_public = models.BooleanField(_("public"), default=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("flagship action")
        verbose_name_plural = _("flagship actions")
        ordering = ["number"]
        indexes = [models.Index(fields=["axis", "number"], name="action_axis")]

    def __str__(self) -> str:
        return f"{self.number}. {localized_text(self, 'title')}"

    def get_absolute_url(self) -> str:
        """Return the action's public page."""
        return reverse("actions:action_detail", args=[self.slug])


class Milestone(models.Model):
    """A dated step of an action."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="milestones")
    title_fr = models.CharField(_("title (French)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=160, blank=True)
    due_on = models.DateField(_("due"))
    done_on = models.DateField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["action", "title_fr", "due_on"], name="milestone_unique"),
            models.CheckConstraint(condition=~Q(title_fr=""), name="milestone_titled"),
        ]

    def __str__(self) -> str:
        return localized_text(self, "title")


class ActionTask(models.Model):
    """Something to do for an action; often what a meeting decided, with the way back to the decision."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(_("task"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="action_tasks",
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("marked as done by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    decision = models.ForeignKey(
        Decision,
        verbose_name=_("decision"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="action_tasks",
    )

    class Meta:
        verbose_name = _("task of an action")
        verbose_name_plural = _("tasks of actions")
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="action_task_titled"),
            models.UniqueConstraint(
                fields=["action", "decision"],
                condition=Q(decision__isnull=False),
                name="action_task_once",
                violation_error_message=_("This decision is a task of this action already."),
            ),
        ]

    def __str__(self) -> str:
        return self.title
