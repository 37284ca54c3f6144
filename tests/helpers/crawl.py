"""Reads pages as a visitor would: their links, headings and title."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client

# Followed would be: out, to another's address, to files; what an admin page links to is the admin's.
_NOT_FOLLOWED = re.compile(r"^/(en/)?(admin/|deconnexion/)|^/(static|media)/")
PER_VIEW = 4


@dataclass
class Seen:
    """One page as read."""

    url: str
    view: str = ""
    status: int = 200
    language: str = ""
    title: str = ""
    headings: list[int] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.seen.language = values.get("lang") or ""
        elif tag == "a" and values.get("href"):
            self.seen.links.append(values["href"] or "")
        elif re.fullmatch("h[1-6]", tag):
            self.seen.headings.append(int(tag[1]))
        self.in_title = tag == "title" and not self.seen.title
        if values.get("id"):
            self.seen.ids.append(values["id"] or "")
        if "style" in values or any(name.startswith("on") for name in values):
            self.seen.faults.append(f"<{tag}> has an inline style or script")
        if tag in ("script", "style") and not values.get("src") and "json" not in (values.get("type") or ""):
            self.seen.faults.append(f"inline <{tag}>")

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.seen.title += data

    def handle_endtag(self, tag: str) -> None:
        self.in_title = False


def read(client: Client, url: str) -> Seen:
    """Get one page, following redirects."""
    response = client.get(url, follow=True)
    match = getattr(response, "resolver_match", None)
    seen = Seen(url, view=match.view_name if match else "", status=response.status_code)
    if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
        _Reader(seen).feed(response.content.decode())
    return seen


def crawl(client: Client, *starts: str) -> list[Seen]:
    """Follow the links from some addresses: every page reached, at most a few of each view and language."""
    waiting, known, pages = list(starts), set(starts), []
    counts: dict[tuple[str, str], int] = {}
    while waiting:
        url = waiting.pop(0)
        seen = read(client, url)
        key = (seen.view, seen.language)
        counts[key] = counts.get(key, 0) + 1
        if seen.status == 200 and counts[key] > PER_VIEW:
            continue
        pages.append(seen)
        for link in seen.links:
            target, anchor = urldefrag(urljoin(url, link))
            parts = urlsplit(target)
            if anchor and target == url and anchor not in seen.ids:
                seen.faults.append(f"link to #{anchor}, which is not there")
            if parts.scheme or parts.netloc or _NOT_FOLLOWED.match(parts.path) or target in known:
                continue
            known.add(target)
            waiting.append(target)
    return pages
