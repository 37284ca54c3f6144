"""A workshop's documents in its sheet: what comes is looked at before it is kept."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.templatetags.text import file_size
from workshops.admin_forms.rows import RankedForm
from workshops.documents import TYPES, inspect_upload
from workshops.models import Document


class StoredFile(forms.Widget):
    """A file that is kept: a link to read it. Another version is another document."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Show the name and the size, with the address that asks who reads."""
        document = value.instance
        return format_html(
            '<a href="{}">{}</a> ({})',
            document.get_absolute_url(),
            document.name,
            file_size(document.size),
        )


class DocumentForm(RankedForm):
    """A document: its file comes once; titles and audience may change."""

    class Meta:
        model = Document
        fields = ("position", "title_fr", "title_en", "audience", "file")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        file = self.fields["file"]
        if self.instance.pk:
            file.disabled, file.widget = True, StoredFile()
        else:
            # The browser's file dialogue proposes these; what comes is judged by its content.
            file.widget = forms.FileInput(attrs={"accept": ",".join(f".{kind}" for kind in (*TYPES, "jpeg"))})
            file.help_text = _("%(size)s MB at most.") % {"size": settings.WORKSHOP_DOCUMENT_MAX_MB}

    def clean_file(self) -> Any:
        """Refuse what is too large, of no kind that is taken, or not what its name says."""
        file = self.cleaned_data["file"]
        if isinstance(file, UploadedFile):
            found = inspect_upload(file, limit=settings.WORKSHOP_DOCUMENT_MAX_MB * 1_000_000)
            self.instance.name, self.instance.content_type = found.name, found.content_type
            self.instance.size = found.size
        return file
