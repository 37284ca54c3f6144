"""What changes in the showcase: a page's place in the search index, and whether the public sees it."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.clock import database_now
from core.search import search_vector, words
from core.workflow import lock, record, transition
from members.permissions import voting_organisation_ids
from showcase.enums import PageState
from showcase.models import CompanyPage

_BATCH = 200


class PageError(Exception):
    """The page is not in a condition for this. The message is for the reader."""


def publish_page(*, page: CompanyPage, by: Any, reason: str = "") -> CompanyPage:
    """Let the public see a page, confirmed as of now; logged. Raises TransitionError when it is public already."""
    return transition(page, PageState.PUBLISHED, by=by, reason=reason, confirmed_at=database_now())


def withdraw_page(*, page: CompanyPage, by: Any, reason: str = "") -> CompanyPage:
    """Take a page from the public; logged. Raises TransitionError when it is not public."""
    return transition(page, PageState.WITHDRAWN, by=by, reason=reason)


def pages_to_confirm(user: Any) -> QuerySet[CompanyPage]:
    """Return the public pages that wait for this person's word, the longest waiting first."""
    pages = CompanyPage.objects.to_confirm().filter(organisation__in=voting_organisation_ids(user))
    return pages.select_related("organisation").defer("search", "search_words").order_by("confirmed_at", "pk")


def confirm_page(*, page: CompanyPage, by: Any, seen: str = "") -> bool:
    """Note that what the page says is true, and log by whom; False, and nothing written, when it need not be.

    Raises PageError when the page is not public, or has changed since it was `seen` (its `version_seen`).
    """
    with transaction.atomic():
        fresh = lock(page)
        if fresh.state != PageState.PUBLISHED:
            raise PageError(_("This page is not public."))
        if seen and seen != version_seen(fresh):
            raise PageError(_("This page has changed since you opened it: read it again, then confirm it."))
        if not CompanyPage.objects.to_confirm().filter(pk=fresh.pk).exists():
            return False
        before, now = fresh.confirmed_at, database_now()
        # Not by save(): the page itself has not changed.
        CompanyPage.objects.filter(pk=fresh.pk).update(confirmed_at=now)
        source, target = (moment.isoformat(timespec="seconds") for moment in (before, now))
        record(fresh, field="confirmed_at", source=source, target=target, by=by)
    return True


def version_seen(page: CompanyPage) -> str:
    """Return what a page's state can be recognised by: another answer later means that it was edited."""
    return page.updated_at.isoformat()


def index_page(page: CompanyPage) -> None:
    """Write the page's row of the search index, in both languages. Nothing else of the page changes."""
    index_pages(CompanyPage.objects.filter(pk=page.pk))


def index_pages(pages: QuerySet[CompanyPage]) -> int:
    """Write these pages' rows of the search index and return how many there are.

    Locks them a batch at a time, then reads them: of two changes at once, the later index holds both.
    """
    keys = list(pages.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH):
        with transaction.atomic():
            _index_batch(keys[start : start + _BATCH])
    return len(keys)


def _index_batch(keys: list[int]) -> None:
    batch = CompanyPage.objects.filter(pk__in=keys).order_by("pk")
    # A statement of its own: the one that reads what others have just committed must start after the lock is held.
    list(batch.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    for page in batch.select_related("organisation__commune").prefetch_related(
        "organisation__sectors", "commitments__commitment", "figures"
    ):
        texts = {}
        for language in ("fr", "en"):
            with override(language):
                texts[language] = _texts(page, language)
        CompanyPage.objects.filter(pk=page.pk).update(
            search=search_vector(texts["fr"], language="fr") + search_vector(texts["en"], language="en"),
            search_words=_vocabulary(chain(texts["fr"].values(), texts["en"].values())),
        )


def _texts(page: CompanyPage, language: str) -> dict[str, list[str]]:
    """Return what the public reads of the page in one language, by weight in the search."""

    def of(thing: Any, field: str) -> str:
        text: str = getattr(thing, f"{field}_{language}") or getattr(thing, f"{field}_fr")
        return text

    organisation = page.organisation
    commitments = list(page.commitments.all())
    return {
        "A": [organisation.name],
        "B": [
            of(page, "tagline"),
            str(organisation.get_kind_display()),
            organisation.commune.name if organisation.commune else "",
            *(of(sector, "name") for sector in organisation.sectors.all()),
        ],
        "C": [of(page, "products"), *(of(line.commitment, "name") for line in commitments)],
        "D": [
            of(page, "story"),
            *(of(line, "evidence") for line in commitments),
            *(of(figure, "label") for figure in page.figures.all()),
        ],
    }


def _vocabulary(groups: Iterable[list[str]]) -> str:
    found = {word for texts in groups for text in texts for word in words(text)}
    return " ".join(sorted(word for word in found if len(word) > 2 and not word.isdigit()))
