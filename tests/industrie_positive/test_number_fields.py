"""Number fields show no letters back: `value="abc"` is invalid HTML there, and no browser would show it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.test import RequestFactory
from django.urls import get_resolver

from core.widgets import NumberInput

OURS = ("core", "outbox", "members", "showcase", "workshops", "roadmap", "network", "industrie_positive")


def forms_of_ours() -> Iterator[type[forms.BaseForm]]:
    """Yield every form class that our modules declare."""
    assert get_resolver().url_patterns  # all views are imported, and their forms with them
    # Of these the administration makes its own fields: the next test.
    taken = {row.form for row in admin.site._registry.values()}
    taken |= {inline.form for row in admin.site._registry.values() for inline in row.inlines}
    waiting = [forms.BaseForm]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if found.__module__.partition(".")[0] in OURS and found not in taken:
            yield found


def careless(fields: dict[str, Any]) -> list[str]:
    """Return the number fields that would write back what was typed, whatever it was."""
    widgets = {name: field.widget for name, field in fields.items()}
    widgets = {name: getattr(widget, "widget", widget) for name, widget in widgets.items()}
    return [
        name
        for name, widget in widgets.items()
        if getattr(widget, "input_type", "") == "number" and not isinstance(widget, NumberInput)
    ]


def test_every_form_s_numbers() -> None:
    found = {form.__qualname__: getattr(form, "base_fields", {}) for form in forms_of_ours()}
    assert "SeriesForm" in found
    assert not {name: wrong for name, fields in found.items() if (wrong := careless(fields))}


@pytest.mark.django_db
def test_every_number_of_the_administration(people: Any) -> None:
    request = RequestFactory().get("/admin/")
    request.user = people["administrator"]
    wrong = {}
    for model, model_admin in admin.site._registry.items():
        forms_there = [model_admin.get_form(request, change=False)]
        forms_there += [row.get_formset(request).form for row in model_admin.get_inline_instances(request)]
        for form in forms_there:
            if names := careless(form.base_fields):
                wrong[model.__name__] = names
    assert not wrong


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("12", "12"), ("-3", "-3"), ("43.6", "43.6"), (".5", ".5"), ("1e3", "1e3"),
     ("abc", None), ("12 places", None), ("١٢", None), ("1,5", None), ("+1", None), ("", None)],
)  # fmt: skip
def test_only_what_a_number_field_can_hold_is_shown(typed: str, shown: str | None) -> None:
    html = NumberInput().render("seats", typed)
    assert (f'value="{shown}"' in html) if shown else ("value" not in html)
