"""The lists that organisations and actions are described with."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.templatetags.text import localized_text


class Sector(models.Model):
    """A branch of activity; the council set three priorities among them."""

    slug = models.SlugField(_("address on the site"), unique=True)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    is_priority = models.BooleanField(_("priority"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return localized_text(self, "name")


class Commune(models.Model):
    """One of the Métropole's 31 communes."""

    slug = models.SlugField(_("address on the site"), unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("commune")
        verbose_name_plural = _("communes")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Axis(models.Model):
    """One of the three strategic axes, in the council's wording, with the think tank's beside it."""

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    slug = models.SlugField(_("address on the site"), unique=True)
    name_fr = models.CharField(_("name (French)"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=80)
    wording_fr = models.TextField(_("council’s wording (French)"))
    wording_en = models.TextField(_("council’s wording (English)"))
    think_tank_wording_fr = models.TextField(_("think tank’s wording (French)"), blank=True)
    think_tank_wording_en = models.TextField(_("think tank’s wording (English)"), blank=True)

    class Meta:
        verbose_name = _("strategic axis")
        verbose_name_plural = _("strategic axes")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}. {localized_text(self, 'name')}"
