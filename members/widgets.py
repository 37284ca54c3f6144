"""Fields of the administration site that say what they are for."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.forms import Media


class _Named:
    # Select2 forgets the field's label; a small script of ours gives it back to the box it draws.
    @property
    def media(self) -> Any:
        """Bring the script along."""
        return super().media + Media(js=["js/admin-select.js"])  # type: ignore[misc]


class NamedAutocomplete(_Named, AutocompleteSelect):
    """The admin's search box for one row."""


class NamedAutocompleteMultiple(_Named, AutocompleteSelectMultiple):
    """The admin's search box for several rows."""
