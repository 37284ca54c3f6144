"""The forms of an import: the file, then the word that writes it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from members.import_files import MAX_BYTES
from members.mandate_forms import reason_field


class FileForm(forms.Form):
    """A CSV or XLSX file."""

    file = forms.FileField(
        label=_("File (CSV or XLSX)"),
        help_text=_("5 MB and 10,000 rows at most. Nothing is written before you have seen what it does."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large before reading it."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 5 MB."))
        return file


class ConfirmForm(forms.Form):
    """The file shown, what it was shown to do, and why it is written."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**62)
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    reason = reason_field()
