"""The council's own data, read from page to page as each kind of visitor: nothing broken, nothing out of place."""

import pytest
from django.core.management import call_command

from tests.helpers.browser import SIZES, accessibility_faults, log_in, overflows
from tests.helpers.crawl import crawl


@pytest.fixture
def council(db):
    """Give the portal its real data."""
    call_command("load_council", verbosity=0)


@pytest.mark.parametrize("role", ["anonymous", "observer", "member", "pilot", "secretariat"])
def test_every_link_leads_to_a_sound_page(council, client_for, role):
    pages = crawl(client_for(role), "/", "/en/")
    wrong = []
    for page in pages:
        faults = list(page.faults)
        if page.status != 200:
            faults.append(f"answers {page.status}")
        elif page.language:
            if page.language != ("en" if page.url.startswith("/en/") else "fr"):
                faults.append(f"says that it is in {page.language!r}")
            if page.headings.count(1) != 1 or page.headings[0] != 1:
                faults.append(f"headings {page.headings}")
            if any(
                after > before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False)
            ):
                faults.append(f"a gap between headings: {page.headings}")
            if not page.title.strip().partition("—")[0].strip():
                faults.append(f"title {page.title!r}")
            if len(page.ids) != len(set(page.ids)):
                faults.append("an id twice")
        wrong += [f"{page.url}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong)
    assert len({page.view for page in pages if page.language == "fr"}) >= 8, "the crawl reached few pages"
    for language in ("fr", "en"):
        titles = {page.title for page in pages if page.language == language}
        assert len(titles) >= 8, f"few different titles in {language}: {titles}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ["anonymous", "member"])
@pytest.mark.parametrize(
    ("size", "scheme", "starts"), [("small", "dark", ["/"]), ("large", "light", ["/", "/en/"])]
)
def test_every_kind_of_page_is_accessible_in_a_browser(
    transactional_db, page, live_server, client_for, people, role, size, scheme, starts
):
    call_command("load_council", verbosity=0)
    addresses: dict[tuple[str, str], str] = {}
    for seen in crawl(client_for(role), *starts):
        if seen.status == 200 and seen.language and (len(starts) > 1 or seen.language == "fr"):
            addresses.setdefault((seen.view, seen.language), seen.url)
    assert len(addresses) >= 8 * len(starts)
    if role != "anonymous":
        log_in(page, live_server, people[role])
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    wrong = []
    for url in addresses.values():
        page.goto(url)
        wrong += accessibility_faults(page)
        if overflows(page):
            wrong.append(f"{url} scrolls sideways at {SIZES[size]['width']} px")
    assert not wrong, "\n".join(wrong)
