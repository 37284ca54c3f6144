"""The secretariat's side of the roadmap's text: versions, their passages, publication, the queue of comments."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import PortalAdmin, in_language
from core.http import paginate, row_number
from core.models import TransitionLog
from core.seen import send_again
from core.templatetags.text import datetime_long
from core.workflow import TransitionError, history, record
from roadmap.drafting import services
from roadmap.drafting.enums import BlockKind, CommentStatus, TextChange, VersionStatus
from roadmap.drafting.forms import AnswerForm, BlockForm, DecisionForm, PublicationForm, explain
from roadmap.drafting.models import Block, Comment, Version
from roadmap.drafting.permissions import (
    can_answer_comment,
    can_decide_comment,
    can_edit_version,
    can_publish_version,
    can_start_version,
)
from roadmap.drafting.services import DraftingError

CHANGES_PER_PAGE = 100
TITLE = in_language("title", _("title"))


@admin.register(Version)
class VersionAdmin(PortalAdmin):
    """Versions: written while "working", read-only ever after."""

    list_display = ("number", TITLE, "status", "published_at", "adopted_on", "unanswered")
    list_display_links = ("number", TITLE)
    ordering = ("-number",)
    change_form_template = "admin/roadmap/version_change.html"
    object_history_template = "admin/roadmap/version_history.html"
    fieldsets = (
        (None, {"fields": ("number", "status", "is_demo", "dates")}),
        (_("In French"), {"fields": ("title_fr", "introduction_fr")}),
        (_("In English"), {"fields": ("title_en", "introduction_en")}),
    )
    readonly_fields = ("number", "status", "dates")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Version]:
        """Count what is still unanswered in each version."""
        still_open = Q(blocks__comments__in=Comment.objects.unanswered().values("pk"))
        return (
            super()
            .get_queryset(request)
            .select_related("consultation")
            .annotate(unanswered_count=Count("blocks__comments", filter=still_open))
        )

    @admin.display(description=_("comments without answer"))
    def unanswered(self, version: Version) -> str:
        """Link the queue of a version's unanswered comments."""
        count: int = version.unanswered_count  # type: ignore[attr-defined]
        address = f"{reverse('admin:roadmap_comment_changelist')}?reponse=non&version={version.pk}"
        return format_html('<a href="{}">{}</a>', address, count) if count else "0"

    @admin.display(description=_("consultation"))
    def dates(self, version: Version) -> str:
        """Say between which instants comments are taken."""
        consultation = getattr(version, "consultation", None)
        if consultation is None:
            return "—"
        return f"{datetime_long(consultation.opens_at)} – {datetime_long(consultation.closes_at)}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the very first version starts from nothing; the others are made from one that exists."""
        return super().has_add_permission(request) and not Version.objects.exists()

    def has_change_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        """A published version is shown, not edited."""
        if obj is not None:
            return can_edit_version(request.user, obj)
        return super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        """Nobody deletes a version."""
        return False

    def save_model(self, request: HttpRequest, obj: Version, form: Any, change: bool) -> None:
        """Number the first version and log who started it."""
        if change:
            services.edit_version(version=obj, by=request.user)
        else:
            obj.number = 1
            super().save_model(request, obj, form, change)
            record(obj, field="status", source="", target=obj.status, by=request.user)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Tell the page which steps are possible now."""
        version = kwargs.get("obj")
        if version:
            context |= {
                "can_edit_text": can_edit_version(request.user, version),
                "can_publish": can_publish_version(request.user, version),
                "can_start": can_start_version(request.user),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Who wrote what and when, and through which states the version went, newest first."""
        rows = TransitionLog.objects.none()
        if version := Version.objects.filter(pk=row_number(object_id)).first():
            rows = history(version).order_by("-id")
        page = paginate(rows, request, CHANGES_PER_PAGE)
        words = {"status": dict(VersionStatus.choices), "text": dict(TextChange.choices)}
        changes = [(log, words.get(log.field, {}).get(log.to_state, log.to_state)) for log in page]
        return super().history_view(request, object_id, {"page": page, "changes": changes})

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the text, the publication and the next version."""
        pages: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("<int:pk>/texte/", self.text_view, "text"),
            ("<int:pk>/texte/ajouter/", self.block_add_view, "block_add"),
            ("<int:pk>/texte/<int:block_pk>/", self.block_view, "block"),
            ("<int:pk>/publier/", self.publish_view, "publish"),
            ("<int:pk>/suivante/", self.next_view, "next"),
        ]
        own = [
            path(route, self.admin_site.admin_view(view), name=f"roadmap_version_{name}")
            for route, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def _page(
        self, request: HttpRequest, name: str, version: Version, status: int = 200, **context: Any
    ) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "version": version, **context}
        return TemplateResponse(request, f"admin/roadmap/{name}.html", context, status=status)

    def _editable(self, request: HttpRequest, pk: int) -> Version:
        version = get_object_or_404(Version, pk=pk)
        if not can_edit_version(request.user, version):
            raise PermissionDenied(gettext("Only a working version can be written, by the secretariat."))
        return version

    def text_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The tree of passages; its buttons move one up or down."""
        version = self._editable(request, pk)
        if request.method != "POST":
            return self._text_page(request, version)
        for name, step in (("up", -1), ("down", 1)):
            if number := request.POST.get(name):
                block = get_object_or_404(Block, version=version, pk=row_number(number))
                try:
                    services.move_block(block=block, step=step, by=request.user)
                except DraftingError as error:
                    return self._text_page(request, version, error)
        return HttpResponseRedirect(reverse("admin:roadmap_version_text", args=[pk]))

    def _text_page(
        self, request: HttpRequest, version: Version, error: DraftingError | None = None
    ) -> HttpResponse:
        """The tree; with what somebody else was faster to do, as a conflict."""
        if error:
            self.message_user(request, str(error), messages.ERROR)
        blocks = version.blocks.order_by("position")
        status = 409 if error else 200
        return self._page(request, "version_text", version, status, title=gettext("Text"), blocks=blocks)

    def block_add_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new passage, below `?parent=` (an axis without)."""
        version = self._editable(request, pk)
        number = request.GET.get("parent")
        parent = get_object_or_404(Block, version=version, pk=row_number(number)) if number else None
        kind = services.CHILD_KIND.get(parent.kind if parent else None)
        if kind is None:
            raise PermissionDenied(gettext("A paragraph has nothing below it."))
        form = BlockForm(request.POST or None, kind=kind)
        status = 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    services.add_block(version=version, parent=parent, by=request.user, **form.cleaned_data)
                except (DraftingError, ValidationError) as error:
                    status = explain(form, error)
                else:
                    return self._back_to_text(request, version, gettext("The passage is added."))
        title = gettext("Add: %(kind)s") % {"kind": BlockKind(kind).label}
        context: dict[str, Any] = {"form": form, "parent": parent, "block": None, "below": 0, "theirs": []}
        return self._page(request, "block_form", version, status, title=title, **context)

    def block_view(self, request: HttpRequest, pk: int, block_pk: int) -> HttpResponse:
        """A passage in both languages; it can be deleted here, with all that is below it."""
        version = self._editable(request, pk)
        block = get_object_or_404(Block, version=version, pk=block_pk)
        if request.method == "POST" and "delete" in request.POST and "confirm" in request.POST:
            try:
                services.delete_block(block=block, by=request.user)
            except DraftingError as error:
                return self._text_page(request, version, error)
            return self._back_to_text(request, version, gettext("The passage is deleted."))
        form = BlockForm(request.POST or None, kind=block.kind, block=block)
        status, theirs = 200, []
        if request.method == "POST":
            status = self._save_block(request, block, form)
            if not status:
                return self._back_to_text(request, version, gettext("The passage is saved."))
            if form.has_error(NON_FIELD_ERRORS, "stale"):
                block = get_object_or_404(Block, version=version, pk=block_pk)
                theirs = form.against(block)
                send_again(form, seen=block.mark)
        title = f"{block.get_kind_display()} {block.label}"
        below = version.blocks.filter(label__startswith=f"{block.label}.").count()
        context = {"form": form, "parent": None, "block": block, "below": below, "theirs": theirs}
        return self._page(request, "block_form", version, status, title=title, **context)

    def _save_block(self, request: HttpRequest, block: Block, form: BlockForm) -> int:
        """Return the status of the page that says what is wrong, or 0."""
        if not form.is_valid():
            return 422
        try:
            services.edit_block(block=block, by=request.user, **form.cleaned_data)
        except (DraftingError, ValidationError) as error:
            return explain(form, error)
        return 0

    def _back_to_text(self, request: HttpRequest, version: Version, message: str) -> HttpResponse:
        self.message_user(request, message, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:roadmap_version_text", args=[version.pk]))

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open the version to comments: its text is frozen from then on."""
        version = get_object_or_404(Version, pk=pk)
        if not can_publish_version(request.user, version):
            raise PermissionDenied(gettext("Only a working version can be published, by the secretariat."))
        form = PublicationForm(request.POST or None)
        status = 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    services.publish_for_consultation(version=version, by=request.user, **form.cleaned_data)
                except (DraftingError, TransitionError) as error:
                    status = explain(form, error)
                else:
                    message = gettext("The version is published: its text is frozen.")
                    self.message_user(request, message, messages.SUCCESS)
                    return HttpResponseRedirect(reverse("admin:roadmap_version_change", args=[pk]))
        title = gettext("Publish for consultation")
        return self._page(
            request, "version_publish", version, status, title=title, form=form, media=form.media
        )

    def next_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make the next working version from this one, after a confirmation."""
        version = get_object_or_404(Version, pk=pk)
        if not can_start_version(request.user):
            raise PermissionDenied
        form, status = Form(request.POST or None), 200
        if request.method == "POST":
            try:
                fresh = services.create_next_version(from_version=version, by=request.user)
            except DraftingError as error:
                form, status = Form({}), 409
                form.add_error(None, str(error))
            else:
                return self._back_to_text(
                    request, fresh, gettext("Version %(number)s is ready.") % {"number": fresh.number}
                )
        return self._page(
            request, "version_next", version, status, title=gettext("Make the next version"), form=form
        )


class AnsweredFilter(admin.SimpleListFilter):
    """Whether the secretariat has decided or replied."""

    title = _("answer of the secretariat")
    parameter_name = "reponse"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the two choices."""
        return [("non", _("Without answer")), ("oui", _("Answered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        """Keep the comments of the choice."""
        unanswered = Comment.objects.unanswered().values("pk")
        if self.value() == "non":
            return queryset.filter(pk__in=unanswered)
        return queryset.exclude(pk__in=unanswered) if self.value() == "oui" else queryset


class VersionFilter(admin.SimpleListFilter):
    """Of which version."""

    title = _("version")
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the published versions."""
        return [
            (str(version.pk), str(version.number)) for version in Version.objects.exclude(published_at=None)
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        """Keep the comments of the choice."""
        return queryset.filter(block__version=row_number(self.value() or "")) if self.value() else queryset


@admin.register(Comment)
class CommentAdmin(PortalAdmin):
    """The queue of comments. Nothing of what people wrote is edited: it is decided, with a reason, and answered."""

    list_display = (
        "excerpt",
        "passage",
        "kind",
        "organisation",
        "author",
        "status",
        "answered",
        "created_at",
    )
    list_filter = (
        AnsweredFilter,
        "status",
        "kind",
        VersionFilter,
        ("organisation", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("block__version", "organisation", "author")
    search_fields = ("body", "author__last_name", "organisation__name")
    ordering = ("-id",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        """List the comments; their replies are read with them."""
        official = Comment.objects.filter(parent=OuterRef("pk"), organisation=None)
        return super().get_queryset(request).filter(parent=None).annotate(official=Exists(official))

    @admin.display(description=_("comment"))
    def excerpt(self, comment: Comment) -> str:
        """Give the beginning of the text."""
        return comment.body if len(comment.body) <= 80 else f"{comment.body[:79]}…"

    @admin.display(description=_("passage"), ordering="block__position")
    def passage(self, comment: Comment) -> str:
        """Say on what it is."""
        return f"v{comment.block.version.number} § {comment.block.label}"

    @admin.display(description=_("answered"), boolean=True)
    def answered(self, comment: Comment) -> bool:
        """Whether the secretariat has decided or replied."""
        return comment.status != CommentStatus.OPEN or bool(comment.official)  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Comments are written under their paragraph."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        """No comment is lost."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A comment in its place: decide on it, answer it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        comments = Comment.objects.top_level().with_replies().select_related("block__version")
        comment = get_object_or_404(comments, pk=row_number(object_id))
        decision = DecisionForm(request.POST if "decide" in request.POST else None, comment=comment)
        answer = AnswerForm(request.POST if "answer" in request.POST else None)
        status = 200
        if decision.is_bound or answer.is_bound:
            status = (
                self._decide(request, comment, decision)
                if decision.is_bound
                else self._answer(request, comment, answer)
            )
            if not status:
                return HttpResponseRedirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Comment on paragraph %(label)s") % {"label": comment.block.label},
            "comment": comment,
            "decision": decision if can_decide_comment(request.user, comment) else None,
            "answer": answer if can_answer_comment(request.user) else None,
            "changes": [(log, CommentStatus(log.to_state).label) for log in history(comment)],
        }
        return TemplateResponse(request, "admin/roadmap/comment_change.html", context, status=status)

    def _decide(self, request: HttpRequest, comment: Comment, form: DecisionForm) -> int:
        """Return the status of the page that says what is wrong, or 0."""
        if not form.is_valid():
            return 422
        try:
            services.decide_comment(
                comment=comment,
                status=form.cleaned_data["status"],
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
                by=request.user,
            )
        except (DraftingError, TransitionError) as error:
            return explain(form, error)
        self.message_user(
            request, gettext("The decision is saved and mailed to the author."), messages.SUCCESS
        )
        return 0

    def _answer(self, request: HttpRequest, comment: Comment, form: AnswerForm) -> int:
        """Return the status of the page that says what is wrong, or 0."""
        if not form.is_valid():
            return 422
        try:
            services.add_comment(
                block=comment.block,
                author=request.user,
                organisation=None,
                parent=comment,
                body=form.cleaned_data["body"],
            )
        except DraftingError as error:
            return explain(form, error)
        self.message_user(request, gettext("The answer is published."), messages.SUCCESS)
        return 0
