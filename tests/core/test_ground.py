"""The ground itself: what the tests rely on to be loud is loud."""

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.template import Context, engines
from django.template.base import Origin, Template
from django.test import Client

from tests.helpers import html
from tests.helpers.browser import axe
from tests.helpers.npm import npm_package
from tests.helpers.queries import assert_constant_queries, queries_of
from tests.helpers.strict_templates import _OURS, UndefinedVariable

OURS = f"{_OURS}/core/page.html"
THEIRS = "/elsewhere/django/contrib/admin/templates/admin/page.html"


def written(source, name=OURS, **context):
    engine = engines["django"].engine
    return Template(source, origin=Origin(name), engine=engine).render(Context(context))


@pytest.mark.parametrize(
    "source",
    [
        "{{ nobody }}",
        "{{ known.nobody }}",
        "{{ nobody|upper }}",
        '{% include "django/forms/widgets/attrs.html" with a=nobody %}',
        "{% load i18n %}{% blocktranslate %}Hello {{ nobody }}{% endblocktranslate %}",
        "{% if known %}{{ nobody }}{% endif %}",
        "{% with a=nobody %}{% endwith %}",
    ],
)
def test_undefined_variable_fails_in_our_templates(source):
    with pytest.raises(UndefinedVariable, match="nobody.*core/page.html"):
        written(source, known="x")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ nobody|default:'x' }}", "x"),
        ("{{ nobody|default_if_none:'x' }}", ""),
        ("{% if nobody %}a{% else %}b{% endif %}", "b"),
        ("{% for x in nobody %}a{% empty %}b{% endfor %}", "b"),
        ("{{ known }}", "x"),
    ],
)
def test_what_may_be_undefined(source, expected):
    assert written(source, known="x") == expected


def test_other_peoples_templates_are_left_alone():
    assert written("a{{ nobody }}b", name=THEIRS) == "ab"


def test_network_is_refused_but_this_machine():
    with socket.socket() as sock, pytest.raises(RuntimeError, match="192.0.2.1"):
        sock.connect(("192.0.2.1", 80))
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())


@pytest.mark.django_db
def test_query_count_that_grows_is_an_error(settings):
    settings.ROOT_URLCONF = "tests.core.growing_urls"
    from core.models import Publication

    Publication.objects.all().delete()
    with pytest.raises(AssertionError, match="1 queries, then 2"):
        assert_constant_queries(lambda: None, lambda: Publication.objects.create(id=1), "/growing/")
    assert assert_constant_queries(lambda: None, lambda: None, "/growing/", at_most=2) == 2
    with pytest.raises(AssertionError, match="answered 404"):
        queries_of(Client(), "/missing/")


def test_html_faults_are_found_and_good_html_passes(tmp_path):
    page = '<!doctype html><html lang="fr"><head><title>t</title></head><body>%s</body></html>'
    (tmp_path / "good_page-01234567-1.html").write_text(page % '<search><p popover id="a">é</p></search>')
    (tmp_path / "bad_page-01234567-1.html").write_text(page % "<p><div></p>")
    found = html.faults(tmp_path)
    assert found and all(line.startswith("bad_page, line 1") for line in found)


def test_of_the_pages_that_workers_saved_under_one_name_the_longest_is_checked(tmp_path):
    for name, text in (("a-01234567-1", "short"), ("a-01234567-22", "longest"), ("a-89abcdef-1", "x")):
        (tmp_path / f"{name}.html").write_text(text)
    assert html.keep_longest(tmp_path) == 2
    assert sorted(page.read_text() for page in tmp_path.iterdir()) == ["longest", "x"]


def test_npm_package_asked_for_by_all_workers_at_once_is_fetched_once_and_again_after_a_failure(
    tmp_path, monkeypatch
):
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(
        f"""#!/bin/sh
echo "$3" >> {tmp_path}/calls
[ "$(wc -l < {tmp_path}/calls)" -gt 1 ] || exit 1
mkdir -p "$3/node_modules/tool"
echo '{{"version": "2"}}' > "$3/node_modules/tool/package.json"
"""
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}{os.pathsep}{os.environ['PATH']}")
    stale = tmp_path / "var" / "node_modules" / "tool"
    stale.mkdir(parents=True)
    (stale / "package.json").write_text('{"version": "1"}')
    line = Barrier(4)

    def ask(_number):
        line.wait(60)
        package = npm_package("tool", "2", tmp_path / "var")
        return json.loads((package / "package.json").read_text())["version"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["2"] * 4
    assert len((tmp_path / "calls").read_text().splitlines()) == 2


def test_page_in_a_real_browser(page):
    page.set_content("<h1>Bonjour</h1>")
    assert page.inner_text("h1") == "Bonjour"
    assert page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")


def test_axe_names_the_element_at_fault(page):
    page.set_content(
        '<!doctype html><html lang="fr"><title>t</title><main><h1>a</h1><input id="axe"></main></html>'
    )
    with pytest.raises(AssertionError, match="label.*#axe"):
        axe(page)
    page.set_content(
        '<!doctype html><html lang="fr"><title>t</title><main><h1>a</h1><label>b <input></label></main></html>'
    )
    axe(page)
