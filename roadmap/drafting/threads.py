"""The thread of comments under one paragraph: what its fragment shows, and what a POST to it does."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from core.http import row_number
from roadmap.drafting import services
from roadmap.drafting.forms import CommentForm, speakers
from roadmap.drafting.models import Block, Comment, Version
from roadmap.drafting.permissions import can_answer_comment
from roadmap.drafting.reading import Paragraph

SECTION = "roadmap/includes/_paragraph_open.html"
# A page carries no more; the earlier ones are in the chapter's list, page by page.
SHOWN = 50


def thread_context(
    request: HttpRequest,
    version: Version,
    paragraph: Paragraph,
    *,
    form: CommentForm | None = None,
    parent: Comment | None = None,
) -> dict[str, Any]:
    """Return what the open section shows: the newest comments, a form where the person may write, or why not."""
    comments = Comment.objects.filter(block__version=version, block__label=paragraph.label)
    newest = list(comments.top_level().with_replies().order_by("-id")[: SHOWN + 1])
    shown = newest[:SHOWN][::-1]
    if parent and parent not in shown:
        shown.insert(0, parent)
    is_open = is_open_now(version)
    return {
        "version": version,
        "paragraph": paragraph,
        "comments": shown,
        "more": len(newest) > SHOWN,
        "form": form or _empty_form(request, version, paragraph.label, parent, is_open=is_open),
        "is_open": is_open,
        "may_reply": is_open and bool(speakers(request.user, version, None)),
        "may_answer": can_answer_comment(request.user),
    }


def is_open_now(version: Version) -> bool:
    """Tell whether a version fetched `with_consultation` takes comments at the instant it was fetched."""
    consultation = getattr(version, "consultation", None)
    return bool(
        consultation and version.takes_comments and consultation.is_open_at(version.database_now)  # type: ignore[attr-defined]
    )


def _empty_form(
    request: HttpRequest, version: Version, label: str, parent: Comment | None, *, is_open: bool
) -> CommentForm | None:
    names = speakers(request.user, version, parent)
    if not is_open:  # the secretariat alone goes on answering
        names = {key: voice for key, voice in names.items() if voice is None}
    return CommentForm(label=label, voices=names, parent=parent) if names else None


def comment_to_answer(version: Version, label: str, number: str | None) -> Comment | None:
    """Return the comment that an address or a form names as the one replied to; raises Http404 for no such one."""
    if not number:
        return None
    comments = Comment.objects.top_level().with_replies().filter(block__version=version, block__label=label)
    parent = comments.filter(pk=row_number(number)).first()
    if parent is None:
        raise Http404(_("This comment does not exist on this paragraph."))
    return parent


def post_comment(
    request: HttpRequest, block: Block, parent: Comment | None
) -> tuple[Comment | None, CommentForm, int]:
    """Write the comment that a form brings. Returns it, or the form with its errors and the answer's status.

    Raises PermissionDenied for whoever has no voice here.
    """
    names = speakers(request.user, block.version, parent)
    if not names:
        raise PermissionDenied(_("Only members of the council comment; the secretariat answers."))
    form = CommentForm(request.POST, label=block.label, voices=names, parent=parent)
    if not form.is_valid():
        return None, form, 422
    try:
        comment = services.add_comment(
            block=block,
            author=request.user,
            organisation=form.organisation_chosen,
            kind=form.cleaned_data.get("kind") or "remark",
            body=form.cleaned_data["body"],
            parent=parent,
        )
    except services.DraftingError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None, form, 409 if error.code == "closed" else 422
    return comment, form, 200
