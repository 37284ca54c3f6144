"""What htmx would see: a fragment that is the same as its place in the whole page."""

import re
from typing import Any

from django.test import Client

HX = {"HTTP_HX_REQUEST": "true"}


def normalised(html: str) -> str:
    """Return HTML without what may differ from one answer to the next: spaces and CSRF tokens."""
    html = re.sub(r'(name="csrfmiddlewaretoken" value=)"[^"]*"', r'\1""', html)
    html = re.sub(r">\s+", ">", re.sub(r"\s+<", "<", html))
    return re.sub(r"\s+", " ", html).strip()


def assert_fragment_in_page(client: Client, url: str, **extra: Any) -> str:
    """Assert that the fragment htmx gets at an address stands, word for word, in the whole page; return it."""
    page = client.get(url, **extra)
    fragment = client.get(url, **HX, **extra)
    assert page.status_code == fragment.status_code == 200
    assert "HX-Request" in page["Vary"] and "HX-Request" in fragment["Vary"]
    text = fragment.content.decode()
    assert "<html" not in text, f"{url}: htmx got the whole page"
    assert normalised(text) in normalised(page.content.decode()), f"{url}: the fragment differs from the page"
    return text
