"""The way in by ProConnect, for pages where one logs in."""

from typing import Any

from django import template
from django.urls import reverse

from core.http import safe_next
from members.proconnect.adapter import proconnect_is_on

register = template.Library()


@register.inclusion_tag("members/includes/_proconnect.html", takes_context=True)
def proconnect_button(context: dict[str, Any]) -> dict[str, Any]:
    """Show the button, when ProConnect is on: `{% load proconnect %}{% proconnect_button %}`."""
    target = safe_next(context["request"], "")
    return {
        "on": proconnect_is_on(),
        "url": reverse("proconnect_login", query={"next": target} if target else None),
    }
