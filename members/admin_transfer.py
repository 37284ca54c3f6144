"""Files in and out of the registers, in the administration site: import with its preview, export of the list shown."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin import PortalAdmin
from core.http import conflict
from members.enums import ImportKind
from members.exports import TABLES, WRITERS
from members.history import readable
from members.import_files import UnreadableFileError
from members.import_forms import ConfirmForm, FileForm
from members.imports import ImportConflictError, confirm_import, digest, keep_file, plan_import
from members.models import RegisterImport

# What a page shows of a long file.
SHOWN = 200
NEEDED = {
    ImportKind.ORGANISATIONS: ("members.add_organisation", "members.change_organisation"),
    ImportKind.PEOPLE: (
        *("members.add_user", "members.change_user"),
        *("members.add_mandate", "members.change_mandate"),
    ),
}


class TransfersRegister(PortalAdmin):
    """A list that is exported as it is filtered, and filled by files: give it `imports`, a kind of file."""

    change_list_template = "admin/members/register_list.html"
    imports: ImportKind

    def get_urls(self) -> list[URLPattern]:
        """Add the export and the import."""
        name, wrap = f"members_{self.opts.model_name}", self.admin_site.admin_view
        return [
            path("exporter/<str:format>/", wrap(self.export_view), name=f"{name}_export"),
            path("importer/", wrap(self.import_view), name=f"{name}_import"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Offer what may be done with files."""
        # The file holds every page of the list.
        filters = request.GET.copy()
        filters.pop(PAGE_VAR, None)
        context = {
            "export_urls": [
                (format.upper(), reverse(f"admin:members_{self.opts.model_name}_export", args=[format]))
                for format in WRITERS
            ],
            "import_url": reverse(f"admin:members_{self.opts.model_name}_import")
            if self._may(request)
            else "",
            "filters": filters.urlencode(),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perms(NEEDED[self.imports])

    def export_view(self, request: HttpRequest, format: str) -> HttpResponse:
        """Send the whole filtered list as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if format not in WRITERS:
            raise Http404
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise Http404(_("The list has no such filter or page.")) from error
        table = TABLES[self.opts.model_name](rows)  # type: ignore[operator,index]
        write, content_type = WRITERS[format]
        response = HttpResponse(write(table), content_type=content_type)
        name = f"{table.name}-{timezone.localdate().isoformat()}.{format}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file (GET, POST) and show what it does; write it on its sender's word."""
        if not self._may(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._import_page(request, form=FileForm())
        if "confirm" in request.POST:
            return self._write_file(request)
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._import_page(request, form=form, status=422)
        file = form.cleaned_data["file"]
        return self._show_plan(request, form, name=file.name, content=file.read())

    def _import_page(self, request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "title": _("Import: %(what)s") % {"what": self.imports.label.lower()},
            "opts": self.opts,
            "back": reverse(f"admin:members_{self.opts.model_name}_changelist"),
            "kind": self.imports,
            **context,
        }
        return render(request, "admin/members/register_import.html", page, status=status)

    def _show_plan(self, request: HttpRequest, form: FileForm, *, name: str, content: bytes) -> HttpResponse:
        try:
            plan = plan_import(self.imports, content, by=request.user)
        except UnreadableFileError as error:
            form.add_error("file", str(error))
            return self._import_page(request, form=form, status=422)
        if plan.errors:
            shown = {"errors": plan.errors[:SHOWN], "count": len(plan.errors), "name": name}
            return self._import_page(request, form=FileForm(), wrong=shown, status=422)
        kept = keep_file(kind=self.imports, name=name, content=content, by=request.user)
        initial = {"number": kept.pk, "sha256": kept.sha256, "seen": digest(plan)}
        return self._import_page(request, form=ConfirmForm(initial=initial), plan=_shown(plan, name))

    def _write_file(self, request: HttpRequest) -> HttpResponse:
        form = ConfirmForm(request.POST)
        kept = None
        if form.is_valid() or {"number", "sha256"} <= form.cleaned_data.keys():
            kept = RegisterImport.objects.filter(
                pk=form.cleaned_data["number"],
                sha256=form.cleaned_data["sha256"],
                by=request.user,  # type: ignore[misc]
                kind=self.imports,
            ).first()
        if kept is None:
            return conflict(request, _("This file was imported or replaced meanwhile."), back=request.path)
        if not form.is_valid():
            plan = plan_import(kept.kind, bytes(kept.content), by=request.user)
            return self._import_page(request, form=form, plan=_shown(plan, kept.name), status=422)
        data = form.cleaned_data
        try:
            plan = confirm_import(file=kept, seen=data["seen"], by=request.user, reason=data["reason"])
        except ImportConflictError as error:
            return conflict(request, str(error), back=request.path)
        count = len(plan.changes)
        text = ngettext("%(count)s change written.", "%(count)s changes written.", count)
        messages.success(request, text % {"count": count})
        return HttpResponseRedirect(reverse(f"admin:members_{self.opts.model_name}_changelist"))


def _shown(plan: Any, name: str) -> dict[str, Any]:
    lines = [line for line, _change in plan.changes[:SHOWN]]
    changes = readable([change for _line, change in plan.changes[:SHOWN]])
    verbs: dict[tuple[str, str], int] = {}
    for _line, change in plan.changes:
        verbs[(change.register, change.verb)] = verbs.get((change.register, change.verb), 0) + 1
    return {
        "name": name,
        "rows": plan.rows,
        "count": len(plan.changes),
        "verbs": verbs,
        "added": sum(count for (_register, verb), count in verbs.items() if verb == "added"),
        "changed": sum(count for (_register, verb), count in verbs.items() if verb == "changed"),
        "changes": list(zip(lines, changes, strict=True)),
    }
