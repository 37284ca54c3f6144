"""What the templates of the administration site need: names on fields that stand in a table."""

from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.admin.helpers import AdminReadonlyField
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from core.templatetags.text import date_long, datetime_long

register = template.Library()


@register.filter
def named(field: BoundField) -> SafeString:
    """Draw a field whose label is its column's title: it says it itself too."""
    if field.is_hidden:
        return field.as_widget()
    return field.as_widget(attrs={"aria-label": capfirst(str(field.label))})


@register.filter
def carried(field: BoundField) -> SafeString:
    """Carry what was typed to the next step, unseen; `as_hidden` would describe it, which HTML forbids."""
    value = field.value()
    return format_html(
        '<input type="hidden" name="{}" value="{}">', field.html_name, "" if value is None else value
    )


@register.filter
def shown(field: AdminReadonlyField) -> Any:
    """Show a field that is only read: days and instants as the house writes them, the rest as Django does."""
    value = (
        getattr(field.form.instance, field.field["name"], None)
        if isinstance(field.field["name"], str)
        else None
    )
    if isinstance(value, datetime):
        return datetime_long(value)
    return date_long(value) if isinstance(value, date) else field.contents()
