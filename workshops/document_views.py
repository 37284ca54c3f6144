"""A workshop's documents, for whoever may read them."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import secret_page
from members.permissions import is_secretariat
from workshops.models import Document, Invitation, Workshop
from workshops.permissions import can_read_document

# Short: a document may become private again, and its address stays the same.
PUBLIC_SECONDS = 300


@login_not_required
@require_safe
def document_detail(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """A document of a workshop that the reader sees: a public one to all, any other to invited people."""
    workshop = get_object_or_404(Workshop.objects.visible_to(request.user), slug=slug)
    document = get_object_or_404(workshop.documents, pk=pk)
    if not can_read_document(request.user, document):
        raise Http404(_("There is no such document."))
    everybody = document.is_public and Workshop.objects.public().filter(pk=workshop.pk).exists()
    return _file(document, everybody=everybody)


@login_not_required
@require_safe
def invitation_document(request: HttpRequest, token: str, pk: int) -> HttpResponseBase:
    """A document for whoever holds the link of an invitation: guests have no account."""
    invitation = get_object_or_404(Invitation.objects.sent().select_related("workshop"), token=token)
    return secret_page(_file(get_object_or_404(invitation.workshop.documents, pk=pk), everybody=False))


def documents_for(user: Any, workshop: Workshop, invitation: Invitation | None) -> list[tuple[Document, str]]:
    """Return the documents that a workshop's page shows to its reader, with their addresses."""
    rows = workshop.documents.all()
    if invitation is None and not is_secretariat(user):
        rows = rows.public()
    return [(row, reverse("workshops:document_detail", args=[workshop.slug, row.pk])) for row in rows]


def invited_documents(invitation: Invitation) -> list[tuple[Document, str]]:
    """Return the documents that an invitation's page shows, with addresses that its link opens."""
    if invitation.withdrawn_at:
        return []
    rows = invitation.workshop.documents.all()
    return [(row, reverse("workshops:invitation_document", args=[invitation.token, row.pk])) for row in rows]


def _file(document: Document, *, everybody: bool) -> HttpResponseBase:
    """Hand the file over as a download that no browser runs."""
    try:
        content = document.file.open("rb")
    except FileNotFoundError as error:
        raise Http404(_("There is no such document.")) from error
    response = FileResponse(
        content, as_attachment=True, filename=document.name, content_type=document.content_type
    )
    response["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}" if everybody else "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "all" if everybody else "noindex"
    return response
