"""Closed lists of the showcase, and its transition table."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PageState(models.TextChoices):
    """Whether the public sees a company's page."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PAGE_TRANSITIONS = {
    PageState.DRAFT: frozenset({PageState.PUBLISHED}),
    PageState.PUBLISHED: frozenset({PageState.WITHDRAWN}),
    PageState.WITHDRAWN: frozenset({PageState.PUBLISHED}),
}
