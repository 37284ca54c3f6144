"""Keeps the search index true to what it indexes, in the transaction of the change, wherever that change is made.

Changes that go round the models (`bulk_create`, `.update()`) call `services.index_pages` themselves.
"""

from typing import Any

from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save

from members.models import Commune, Organisation, Sector
from showcase.models import Commitment, CompanyCommitment, CompanyFigure, CompanyPage
from showcase.services import index_pages

# Whose change touches which pages.
_PATHS = {
    CompanyPage: "pk",
    CompanyFigure: "figures",
    CompanyCommitment: "commitments",
    Commitment: "commitments__commitment",
    Organisation: "organisation",
    Sector: "organisation__sectors",
    Commune: "organisation__commune",
}


def _pages(**lookup: Any) -> QuerySet[CompanyPage]:
    return CompanyPage.objects.filter(pk__in=CompanyPage.objects.filter(**lookup).values("pk"))


def _saved(sender: Any, instance: Any, raw: bool = False, created: bool = False, **kwargs: Any) -> None:
    if not raw:
        index_pages(_pages(**{_PATHS[sender]: instance.pk}))


def _line_deleted(sender: Any, instance: Any, **kwargs: Any) -> None:
    index_pages(_pages(pk=instance.page_id))


def _sectors_changed(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    if action in ("post_add", "post_remove", "post_clear"):
        organisations = pk_set or [] if reverse else [instance.pk]
        index_pages(_pages(organisation__in=organisations))


def connect() -> None:
    """Listen to the models (called once, when the app is ready)."""
    for model in _PATHS:
        post_save.connect(_saved, sender=model, dispatch_uid=f"showcase-index-{model.__name__}")
    for model in (CompanyFigure, CompanyCommitment):
        post_delete.connect(_line_deleted, sender=model, dispatch_uid=f"showcase-unindex-{model.__name__}")
    m2m_changed.connect(
        _sectors_changed, sender=Organisation.sectors.through, dispatch_uid="showcase-index-sectors"
    )
