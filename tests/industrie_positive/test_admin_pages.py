"""The administration site, page by page: each registered model and each process page, in a browser with axe.

A new admin is walked by itself: `World` holds a row of it, and the table of permissions its process pages.
"""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from tests.helpers.browser import SIZES, accessibility_faults, log_in, overflows
from tests.helpers.roles import ROLES
from tests.members.test_permissions_table import STANDARD, World, rows

# A search that finds nothing.
NOTHING = "?q=zzzzzzzz"


def registers(pages: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Yield the pages of every model, and whether the dark theme is worth a look: once for each kind, or a form."""
    yield reverse("admin:index"), True
    yield reverse("admin:app_list", args=["members"]), True
    for number, (model, model_admin) in enumerate(admin.site._registry.items()):
        row = model._default_manager.order_by("pk").first()
        for page in pages:
            args = [] if page in ("changelist", "add") else [row.pk]
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
            yield url, number == 0 or page == "change"
            if page == "changelist" and model_admin.search_fields and number < 2:
                yield url + NOTHING, False


def processes(world: World, role: str, client: Client) -> Iterator[tuple[str, bool]]:
    """Yield the pages of the admin's own processes: what the table of permissions opens to a role, but files."""
    place = ROLES.index(role)
    for row in rows():
        opens = row.method == "GET" and row.name.startswith("admin:") and row.answers[place] == "200"
        if opens and client.get(world.url(row))["Content-Type"].startswith("text/html"):
            yield world.url(row), True


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("role", "part"),
    [("administrator", "registers"), ("secretariat", "registers"), ("secretariat", "processes")],
)
def test_every_page_is_accessible(transactional_db, page, live_server, client_for, people, role, part):
    world = World(people)
    log_in(page, live_server, people[role])
    if part == "processes":
        walk = processes(world, role, client_for(role))
    else:
        walk = registers(STANDARD if role == "administrator" else ("changelist", "change"))
    wrong, seen = [], 0
    for url, in_the_dark in walk:
        page.set_viewport_size(SIZES["large"])
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        response = page.goto(url)
        if response.status == 403:
            continue
        assert response.ok, f"{url}: {response.status}"
        seen += 1
        wrong += accessibility_faults(page)
        if in_the_dark:
            wrong += [f"dark: {fault}" for fault in dark_faults(page)]
        if overflows(page):
            wrong.append(f"{url} scrolls sideways at {SIZES['large']['width']} px")
        page.set_viewport_size(SIZES["small"])
        if overflows(page):
            wrong.append(f"{url} scrolls sideways at {SIZES['small']['width']} px")
    assert seen >= 20
    assert not wrong, "\n".join(wrong)


def dark_faults(page):
    """Return what is hard to read in the dark theme, once its colours have come."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    return accessibility_faults(page, runOnly=["color-contrast"])


def test_a_row_can_be_added_below_a_form_and_its_fields_have_names(
    transactional_db, page, live_server, people
):
    log_in(page, live_server, people["secretariat"])
    page.goto(reverse("admin:members_organisation_change", args=[people.organisation.pk]))
    lines = page.locator("tr.form-row:not(.empty-form)")
    before = lines.count()
    page.click(".add-row a")
    expect(lines).to_have_count(before + 1)
    assert accessibility_faults(page) == []
