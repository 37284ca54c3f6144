"""Pages of the roadmap's text: home, a version to read, its comments."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.http import anonymous_page_cache, paginate, render_page_or_fragment, wants_fragment
from core.shared_page import shared_page
from members.models import Axis
from members.permissions import can_enter_space
from roadmap.actions.models import Action
from roadmap.drafting import services
from roadmap.drafting.enums import BlockKind, VersionStatus
from roadmap.drafting.models import Block, Comment, Version
from roadmap.drafting.permissions import can_read_comments
from roadmap.drafting.reading import Paragraph, Reading, read
from roadmap.drafting.threads import SECTION, comment_to_answer, post_comment, thread_context

COMMENTS_PER_PAGE = 30
PAGE = "roadmap/version_detail.html"


def reads_version(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the version of the address, if the person may see it; else 404.

    Somebody not logged in is asked to log in for a version that members may read: mails and colleagues link to it.
    """

    @wraps(view)
    def inner(request: HttpRequest, number: int, **kwargs: Any) -> HttpResponse:
        versions = Version.objects.with_consultation().filter(number=number)
        if version := versions.visible_to(request.user).first():
            return view(request, version, **kwargs)
        if not request.user.is_authenticated and versions.exclude(status=VersionStatus.WORKING).exists():
            return redirect_to_login(request.get_full_path())
        raise Http404(_("There is no version %(number)s of the roadmap.") % {"number": number})

    return inner


@login_not_required
@anonymous_page_cache()
@require_safe
def roadmap_home(request: HttpRequest) -> HttpResponse:
    """The roadmap at a glance: mission, adopted version, axes, flagship actions; to members, what is discussed."""
    member = can_enter_space(request.user)
    versions = Version.objects.visible_to(request.user).with_consultation().select_related("approval")
    known = list(versions if member else versions.adopted()[:1])
    actions: dict[int, list[Action]] = {}
    for action in Action.objects.public().select_related("lead"):
        actions.setdefault(action.axis_id, []).append(action)
    context = {
        "adopted": next((version for version in known if version.is_public), None),
        "current": [version for version in known if version.is_under_discussion],
        "versions": known if member else [],
        "axes": [(axis, actions.get(axis.pk, [])) for axis in Axis.objects.all()],
    }
    return render(request, "roadmap/roadmap_home.html", context)


@login_not_required
@anonymous_page_cache()
@require_safe
@reads_version
def version_detail(request: HttpRequest, version: Version) -> HttpResponse:
    """A version to read. Members see how many comments each paragraph has; `?paragraphe=1.2.3` opens its thread.

    To htmx the answer is that paragraph's section alone, open, or closed by `?ferme=1.2.3`.
    """
    with_comments = can_read_comments(request.user, version)
    if with_comments and not request.GET:
        response = shared_page(
            request, PAGE, lambda: _page_context(version, with_comments=True), key=_page_key(version)
        )
    else:
        response = _version_open_at(request, version, with_comments=with_comments)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _version_open_at(request: HttpRequest, version: Version, *, with_comments: bool) -> HttpResponse:
    reading = read(version, with_comments=with_comments)
    paragraph = _asked_paragraph(request, reading) if with_comments else None
    opened = {}
    if paragraph and "ferme" not in request.GET:
        opened[paragraph.label] = _open_section(request, version, paragraph)
    if paragraph and wants_fragment(request):
        counts = {} if opened else Comment.objects.counts_by_label(reading.labels)
        return HttpResponse(opened.get(paragraph.label) or paragraph.closed(counts.get(paragraph.label, 0)))
    return render(request, PAGE, _page_context(version, with_comments=with_comments, opened=opened))


def _page_context(
    version: Version, *, with_comments: bool, opened: dict[str, str] | None = None
) -> dict[str, Any]:
    reading = read(version, with_comments=with_comments)
    counts = Comment.objects.counts_by_label(reading.labels) if with_comments else {}
    return {
        "version": version,
        "contents": reading.contents,
        "text": reading.body(counts, opened or {}),
        "with_comments": with_comments,
        "comment_count": sum(counts.values()),
    }


def _page_key(version: Version) -> tuple[Any, ...]:
    """Return all that the page without an open thread depends on: the discussion's version, and where the clock stands.

    A working text never comes here: it has no comments.
    """
    consultation = getattr(version, "consultation", None)
    now = version.database_now  # type: ignore[attr-defined]
    instants = (consultation.opens_at, consultation.closes_at) if consultation else ()
    return (version.pk, version.discussion, *(now < instant for instant in instants))  # type: ignore[attr-defined]


def _asked_paragraph(request: HttpRequest, reading: Reading) -> Paragraph | None:
    label = request.GET.get("paragraphe") or request.GET.get("ferme")
    if label and label not in reading.paragraphs:
        raise Http404(_("There is no paragraph %(label)s in this version.") % {"label": _shown(label)})
    return reading.paragraphs[label] if label else None


def _shown(label: str) -> str:
    """Return what an address asked for, short and without the characters that HTML has not."""
    return "".join(char for char in label[:20] if char.isprintable())


def _open_section(request: HttpRequest, version: Version, paragraph: Paragraph) -> str:
    parent = comment_to_answer(version, paragraph.label, request.GET.get("reponse"))
    return render_to_string(SECTION, thread_context(request, version, paragraph, parent=parent), request)


@login_not_required
@anonymous_page_cache()
@require_safe
@reads_version
def version_text(request: HttpRequest, version: Version) -> HttpResponse:
    """The canonical text, byte for byte what its SHA-256 is of."""
    return HttpResponse(services.canonical_text(version), content_type="text/plain; charset=utf-8")


@require_safe
@reads_version
def comment_list(request: HttpRequest, version: Version) -> HttpResponse:
    """All comments of a version, or of one of its passages (`?passage=1.2`), in reading order."""
    _require_reader(request, version)
    label = request.GET.get("passage", "")
    headings = list(version.blocks.exclude(kind=BlockKind.PARAGRAPH).order_by("position"))
    paragraphs = read(version, with_comments=True).paragraphs
    if label and label not in paragraphs and label not in {block.label for block in headings}:
        raise Http404(_("There is no passage %(label)s in this version.") % {"label": _shown(label)})
    context = {
        "version": version,
        "label": label,
        "headings": headings,
        "page": paginate(Comment.objects.threads_of(version, label), request, COMMENTS_PER_PAGE),
    }
    return render(request, "roadmap/comment_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@reads_version
def comment_thread(request: HttpRequest, version: Version, label: str) -> HttpResponse:
    """One paragraph with its thread, on a page of its own; POST writes a comment or a reply."""
    _require_reader(request, version)
    block = get_object_or_404(Block, version=version, label=label, kind=BlockKind.PARAGRAPH)
    block.version = version
    asked = request.POST.get("parent") if request.method == "POST" else request.GET.get("reponse")
    parent = comment_to_answer(version, label, asked)
    form, status = None, 200
    if request.method == "POST":
        comment, form, status = post_comment(request, block, parent)
        if comment and not wants_fragment(request):
            messages.success(request, _("Your comment is published."))
            return redirect(comment)
        if comment:
            form = parent = None
    paragraph = read(version, with_comments=True).paragraphs[label]
    context = thread_context(request, version, paragraph, form=form, parent=parent)
    return render_page_or_fragment(request, "roadmap/comment_thread.html", SECTION, context, status=status)


def _require_reader(request: HttpRequest, version: Version) -> None:
    if not can_read_comments(request.user, version):
        raise PermissionDenied(_("Comments are for the members of the council."))
