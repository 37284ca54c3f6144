"""What goes stale unseen: templates that nobody uses, texts without French, functions that nobody explained."""

import ast
import re
from functools import cache

import pytest
from django.template import engines

from scripts import messages
from scripts import templates as compiling
from tests.helpers.source import ROOT, name_of, python_files, templates, tree_of

TEMPLATES = {path.relative_to(ROOT / "templates").as_posix(): path for path in templates()}
# Found by Django or a library under these names, so no line of ours names them.
BY_CONVENTION = re.compile(
    r"^(\d{3}(_csrf)?\.html|portal/.+|account/password_reset_help_text\.html|admin/\w+/(\w+/)?(change_(form|list)|submit_line)\.html)$"
)


@cache
def all_source() -> str:
    """Return our code and templates as one text."""
    files = [*python_files(), *TEMPLATES.values()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.suffix != ".png")


def overrides_a_library(name: str) -> bool:
    """Tell whether an installed app has a template of that name."""
    return any(
        (directory / name).exists()
        for directory in map(type(ROOT), engines["django"].engine.template_loaders[-1].get_dirs())
        if ROOT / "templates" not in (directory, *directory.parents)
    )


def is_used(name: str) -> bool:
    """Tell whether a template is named somewhere: in full, or where the rest is the same for all, by its own name."""
    own = name.rpartition("/")[2].partition(".")[0]
    # As outbox.emails.render_email takes it.
    mail = name.replace("/emails/", "/").partition(".")[0]
    return any(f"{quote}{text}{quote}" in all_source() for quote in "\"'" for text in (name, own, mail))


def test_templates_compile_and_name_templates_that_exist():
    found = compiling.faults(ROOT / "templates")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{% if x %}", "Unclosed tag"),
        ("{{ x|nothing }}", "Invalid filter"),
        ("{% include 'nowhere.html' %}", "nowhere.html"),
        ("{% extends 'nowhere.html' %}", "nowhere.html"),
        ("{{ x }}", ""),
    ],
)
def test_a_template_that_does_not_compile_is_named(source, fault, tmp_path, settings):
    (tmp_path / "some").mkdir()
    (tmp_path / "some/page.html").write_text(source, encoding="utf-8")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    found = compiling.faults(tmp_path)
    assert len(found) == bool(fault) and all(
        line.startswith("some/page.html: ") and fault in line for line in found
    )


def test_no_template_is_unused():
    unused = [
        name
        for name in sorted(TEMPLATES)
        if not BY_CONVENTION.match(name) and not is_used(name) and not overrides_a_library(name)
    ]
    assert not unused, "\n".join(unused)


def test_every_text_has_its_french():
    found = messages.faults(messages.read_catalogue(), messages.extracted())
    assert not found, "\n".join(found)


def test_every_public_function_and_class_says_what_it_is_for():
    wrong = []
    for path in python_files():
        tree = tree_of(path)
        if path.name not in ("__init__.py", "apps.py") and not ast.get_docstring(tree):
            wrong.append(f"{name_of(path)}: the module")
        for node in tree.body:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                wrong.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert not wrong, "\n".join(wrong)
