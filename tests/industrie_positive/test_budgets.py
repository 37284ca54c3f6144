"""The budgets that /ecoconception/ publishes: weight, requests and EcoIndex of a first visit."""

from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from tests.helpers.browser import PATIENCE
from tests.showcase.factories import CompanyPageFactory

PAGES = ["/", "/en/", "/vitrine/", "/en/vitrine/"]
MOST_BYTES, MOST_REQUESTS, LEAST_ECOINDEX = 60_000, 6, 85

# norms.md: the quantiles of EcoIndex.
DOM = [
    0,
    47,
    75,
    159,
    233,
    298,
    358,
    417,
    476,
    537,
    603,
    674,
    753,
    843,
    949,
    1076,
    1237,
    1459,
    1801,
    2479,
    594601,
]
REQUESTS = [0, 2, 15, 25, 34, 42, 49, 56, 63, 70, 78, 86, 95, 105, 117, 130, 147, 170, 205, 281, 3920]
SIZE = [
    *(0, 1.37, 144.7, 319.53, 479.46, 631.97, 783.38, 937.91, 1098.62, 1265.47, 1448.32, 1648.27, 1876.08),
    *(2142.06, 2465.37, 2866.31, 3401.59, 4155.73, 5400.08, 8037.54, 223212.26),
]


def quantile(table: list[float], value: float) -> float:
    for i in range(1, len(table)):
        if value < table[i]:
            return i - 1 + (value - table[i - 1]) / (table[i] - table[i - 1])
    return len(table) - 1


def ecoindex(dom: float, requests: float, kilobytes: float) -> float:
    return (
        100 - 5 * (3 * quantile(DOM, dom) + 2 * quantile(REQUESTS, requests) + quantile(SIZE, kilobytes)) / 6
    )


@pytest.mark.parametrize(
    ("measures", "index"), [((100, 100, 100), 72.02), ((298, 15, 144.7), 82.5), ((400, 20, 300), 76.65)]
)
def test_formula_gives_the_norms_examples(measures, index):
    assert ecoindex(*measures) == pytest.approx(index, abs=0.01)


def served_size(url: str) -> int:
    """Return a static file's size as production serves it: compressed by Brotli when that is smaller."""
    path = finders.find(urlsplit(url).path.removeprefix(settings.STATIC_URL))
    assert path, url
    raw = Path(path).read_bytes()
    return min(len(raw), len(brotli.compress(raw)))


@pytest.fixture
def full_portal(transactional_db):
    """Give the portal its real data, and more companies than a page of the list holds."""
    call_command("load_council", verbosity=0)
    for _ in range(30):
        CompanyPageFactory(tagline_fr="Usinage de précision pour l’aéronautique et la santé")


def first_visit(browser, live_server, client, path: str) -> tuple[int, int, int]:
    """Return the bytes, requests and elements of a page in a browser that holds nothing yet."""
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce", locale="fr-FR")
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    asked: set[str] = set()
    # A set: Chromium takes the favicon, which is the header's mark, from what it has just received.
    tab.on("request", lambda request: asked.add(request.url))
    tab.goto(path, wait_until="networkidle")
    elements = tab.evaluate("document.getElementsByTagName('*').length")
    context.close()
    static = [url for url in asked if urlsplit(url).path.startswith(settings.STATIC_URL)]
    assert len(asked) == len(static) + 1, asked
    response = client.get(path, headers={"Accept-Encoding": "br"})
    assert response["Content-Encoding"] == "br"
    return len(response.content) + sum(map(served_size, static)), len(asked), elements


@pytest.fixture
def volume_portal(transactional_db):
    """Give the portal what a decade may bring: hundreds of companies in every commune, dozens of all the rest."""
    call_command("load_council", verbosity=0)
    call_command("load_volume", organisations=250, workshops=60, actions=60, verbosity=0)


# A page in the middle has the most numbers of pages to choose from.
ON_VOLUME = {
    "/": 85,
    "/vitrine/": 85,
    "/vitrine/?page=5": 85,
    "/vitrine/?q=precision": 85,
    "/vitrine/?tout=commune": 80,
    "/vitrine/entreprise-100/": 80,
    "/actions/": 80,
    "/actions/?page=2": 80,
    "/ateliers/": 80,
    "/ateliers/?page=2": 80,
    "/feuille-de-route/": 80,
}


def test_budgets_hold_on_a_volume_of_data(volume_portal, browser, live_server, client):
    for path, least in ON_VOLUME.items():
        weight, requests, elements = first_visit(browser, live_server, client, path)
        index = ecoindex(elements, requests, weight / 1000)
        print(f"{path}: {weight} bytes, {requests} requests, {elements} elements, EcoIndex {index:.1f}")
        assert weight <= MOST_BYTES, path
        assert requests <= MOST_REQUESTS, path
        assert index > least, path


def test_first_visits_keep_the_budgets(full_portal, browser, live_server, client):
    for path in PAGES:
        weight, requests, elements = first_visit(browser, live_server, client, path)
        index = ecoindex(elements, requests, weight / 1000)
        print(f"{path}: {weight} bytes, {requests} requests, {elements} elements, EcoIndex {index:.1f}")
        assert weight <= MOST_BYTES, path
        assert requests <= MOST_REQUESTS, path
        assert index > LEAST_ECOINDEX, path
