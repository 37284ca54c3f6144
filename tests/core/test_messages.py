"""The catalogue's tool: what it finds in the code, what it takes, what it refuses."""

import io
import json
import os
import subprocess
import sys

import pytest

from scripts import messages


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Give a small project with a catalogue of its own."""
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "CATALOGUE", tmp_path / "locale" / "fr" / "LC_MESSAGES" / "django.po")
    (tmp_path / "core").mkdir()
    (tmp_path / "templates").mkdir()
    return tmp_path


def give(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(data)))
    return messages.main(["set"])


TEMPLATE = """{% load i18n %}{% translate "Log in" %}{% translate 'It\\'s 5%' context "note" as x %}
{% comment %}{% translate "hidden" %}{% endcomment %}{{ a|default:_("None yet") }}
{% include "b" with c=_("Given") %}{% verbatim %}{% translate "raw" %}{% endverbatim %}{% translate variable %}
{% blocktranslate trimmed count n=items|length context "list" %}
  {{ n }} action
  here
{% plural %}
  {{ n }} actions, 5%
{% endblocktranslate %}"""


def test_templates_are_read_as_django_reads_them():
    assert [
        (msgid, plural, context) for _line, msgid, plural, context in messages.template_messages(TEMPLATE)
    ] == [
        ("Log in", None, None),
        ("It's 5%%", None, "note"),
        ("None yet", None, None),
        ("Given", None, None),
        ("%(n)s action here", "%(n)s actions, 5%%", "list"),
    ]


def test_python_is_read_in_every_form():
    source = b"""
_("a" "b"); gettext_lazy("c"); ngettext("%(n)s d", "%(n)s ds", n); pgettext_lazy("ctx", "e")
npgettext("ctx", "f", "fs", n); _(variable); other("g")
"""
    assert [row[1:] for row in messages.python_messages(source)] == [
        ("ab", None, None),
        ("c", None, None),
        ("%(n)s d", "%(n)s ds", None),
        ("e", None, "ctx"),
        ("f", "fs", "ctx"),
    ]


def test_set_then_nothing_is_missing(project, monkeypatch, capsys):
    (project / "core" / "a.py").write_text(
        '_("Attention: %(name)s!"); ngettext("%(n)s day", "%(n)s days", 2)'
    )
    (project / "templates" / "a.html").write_text('{% translate "May" context "month" %}')
    assert messages.main(["check"]) == 1
    capsys.readouterr()
    assert messages.main(["missing"]) == 0
    rows = json.loads(capsys.readouterr().out)
    for row in rows:
        row["french"] = {
            "Attention: %(name)s!": "Attention: %(name)s!",
            "%(n)s day": ["un jour", "%(n)s jours"],
            "May": "mai",
        }[row["msgid"]]
    assert give(monkeypatch, rows) == 0
    assert messages.main(["check"]) == 0
    catalogue = messages.read_catalogue()
    assert catalogue.find("Attention: %(name)s!").msgstr == "Attention\u00a0: %(name)s\u202f!"
    assert catalogue.find("May", msgctxt="month").msgstr == "mai"


def test_compiled_catalogue_is_read_by_gettext(project, monkeypatch):
    import gettext

    give(
        monkeypatch,
        [{"msgid": "day", "plural": "days", "french": ["jour", "jours"]}, {"msgid": "a", "french": "b"}],
    )
    compiled = messages.CATALOGUE.with_suffix(".mo")
    with compiled.open("rb") as file:
        french = gettext.GNUTranslations(file)
    assert french.gettext("a") == "b"
    assert [french.ngettext("day", "days", n) for n in (0, 1, 2)] == ["jour", "jour", "jours"]
    assert messages.compile_catalogue() is False
    messages.CATALOGUE.write_text(messages.CATALOGUE.read_text() + "\n")
    # A file system tells instants apart by milliseconds, or by seconds: all this may be one to it.
    later = compiled.stat().st_mtime_ns + 1_000_000_000
    os.utime(messages.CATALOGUE, ns=(later, later))
    assert messages.compile_catalogue() is True


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("Hello %(name)s", "Bonjour %(nom)s"),
        ("Hello %(name)s", "Bonjour"),
        ("Hello {name}", "Bonjour {nom}"),
        ("%(n)s of 5%%", "%(n)s de 5 % des"),
        ("%s and %s", "rien"),
    ],
)
def test_set_refuses_other_placeholders_and_keeps_the_rest(project, monkeypatch, capsys, english, french):
    assert give(monkeypatch, {english: french, "Good": "Bon"}) == 1
    assert "not taken" in capsys.readouterr().err
    catalogue = messages.read_catalogue()
    assert catalogue.find(english) is None
    assert catalogue.find("Good").msgstr == "Bon"


@pytest.mark.parametrize("data", ["text", [1], [{"french": "x"}], {"a": 1}, {"a": ["b", 2]}])
def test_set_refuses_another_shape_in_one_line(project, monkeypatch, capsys, data):
    assert give(monkeypatch, data) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_plural_of_the_code_needs_both_forms(project, monkeypatch):
    (project / "core" / "a.py").write_text('ngettext("%(n)s day", "%(n)s days", 2)')
    assert give(monkeypatch, {"%(n)s day": "%(n)s jour"}) == 1


def test_check_names_obsolete_fuzzy_and_spaces(project, monkeypatch, capsys):
    give(monkeypatch, {"Old": "Vieux"})
    path = messages.CATALOGUE
    path.write_text(path.read_text() + '\n#, fuzzy\nmsgid "New"\nmsgstr "Neuf !"\n')
    assert messages.main(["check"]) == 1
    found = capsys.readouterr().out
    for word in ("obsolete: 'Old'", "fuzzy: 'New'", "spaces: 'New'"):
        assert word in found
    messages.main(["prune"])
    assert len(messages.read_catalogue()) == 0


def test_check_names_straight_apostrophes_but_for_djangos_own_phrases(project, monkeypatch, capsys):
    (project / "core" / "a.py").write_text("_(\"the council's\"); _('it’s'); _('due')")
    (project / "core" / "admin_phrases.py").write_text('_("you don\'t")')
    french = {"the council's": "du conseil", "it’s": "c’est", "due": "l'échéance", "you don't": "non"}
    assert give(monkeypatch, french) == 0
    assert messages.main(["check"]) == 1
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in (said.out + said.err).splitlines() if "straight" in line] == [
        "a straight apostrophe in the French",
        "a straight apostrophe, write ’",
    ]


def test_code_that_cannot_be_read_is_named(project, capsys):
    (project / "core" / "bad.py").write_text('_("unclosed')
    assert messages.main(["check"]) == 1
    assert "core/bad.py" in capsys.readouterr().err


def test_writers_at_once_lose_nothing(tmp_path):
    code = (
        "import sys, io, json; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from scripts import messages;"
        "messages.ROOT = Path(sys.argv[2]); messages.CATALOGUE = messages.ROOT / 'locale/fr/LC_MESSAGES/django.po';"
        "sys.stdin = io.StringIO(json.dumps({f'{sys.argv[3]} {n}': 'x' for n in range(20)})); messages.main(['set'])"
    )
    root = str(messages.ROOT)
    writers = [
        subprocess.Popen([sys.executable, "-c", code, root, str(tmp_path), str(number)])
        for number in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    assert (tmp_path / "locale/fr/LC_MESSAGES/django.po").read_text().count('msgstr "x"') == 80
