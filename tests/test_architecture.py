"""The house stands as docs/architecture.md says: who imports whom, who writes a state, who may see a page."""

import ast
from functools import cache

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.helpers.source import (
    APPS,
    PARTS,
    imports_of,
    module_of,
    name_of,
    python_files,
    templates,
    tree_of,
)

LONGEST_FILE = 500
# Import downwards only; `tasks` calls services, and nothing imports it.
LAYERS = {
    "enums": 0,
    "models": 1,
    "permissions": 2,
    "emails": 2,
    "services": 3,
    "forms": 4,
    "views": 5,
    "admin": 5,
    "admin_views": 5,
    "api": 5,
    "urls": 6,
}
TASKS_LAYER = 7
# Where a state is written outside core.workflow, and why.
STATE_WRITERS = {
    "core/workflow.py": "the one door",
}


def room_of(module: str) -> str:
    """Return the app, or the part of an app, that a module belongs to."""
    app, _dot, inner = module.partition(".")
    part = inner.partition(".")[0]
    return f"{app}.{part}" if part in PARTS.get(app, ()) else app


def layer_named(module: str) -> int | None:
    """Return the layer that a module's name stands for, if it is one of the house's names."""
    inner = module.removeprefix(room_of(module)).strip(".")
    name = inner.partition(".")[0]
    return TASKS_LAYER if name == "tasks" else LAYERS.get(name)


FILES = {module_of(path): path for path in python_files()}


@cache
def layer_of(module: str, seen: tuple[str, ...] = ()) -> int:
    """Return a module's layer; one of another name is as high as the highest of its room that it imports."""
    named = layer_named(module)
    if named is not None or module in seen or module not in FILES:
        return named or 0
    inner = {target for _line, target in imports_of(FILES[module]) if room_of(target) == room_of(module)}
    return max((layer_of(target, (*seen, module)) for target in inner if target != module), default=0)


def test_apps_import_leftwards_only():
    wrong = [
        f"{name_of(path)}:{line} imports {target}"
        for path in python_files()
        for line, target in imports_of(path)
        if APPS.index(target.partition(".")[0]) > APPS.index(module_of(path).partition(".")[0])
    ]
    assert not wrong, "\n".join(wrong)


# Where Django looks: these name what is in the parts.
DJANGO_LISTS = ("roadmap.models", "workshops.models", "roadmap.apps", "workshops.apps")


def test_parts_of_an_app_import_one_way_below_the_views():
    rank = {f"{app}.{part}": number for app in PARTS for number, part in enumerate(PARTS[app])}
    wrong = [
        f"{name_of(path)}:{line} imports {target}"
        for path in python_files()
        for line, target in imports_of(path)
        if layer_of(module_of(path)) < LAYERS["views"]
        and module_of(path) not in DJANGO_LISTS
        # What is in no part of an app that has some is below them all.
        and module_of(path).partition(".")[0] == target.partition(".")[0]
        and rank.get(room_of(module_of(path)), -1) < rank.get(room_of(target), -1)
    ]
    assert not wrong, "\n".join(wrong)


def test_layers_import_downwards_only():
    wrong = []
    for path in python_files():
        module = module_of(path)
        own = layer_named(module)
        if own is None:
            continue
        for line, target in imports_of(path):
            if room_of(target) == room_of(module) and target != module and layer_of(target) > own:
                wrong.append(f"{name_of(path)}:{line} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_no_file_is_two_nouns_long():
    wrong = []
    for path in [*python_files(), *templates()]:
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > LONGEST_FILE:
            wrong.append(f"{name_of(path)}: {lines} lines, {LONGEST_FILE} at most")
    assert not wrong, "\n".join(wrong)


def state_fields() -> set[str]:
    """Return the names of the fields that a workflow owns."""
    from django.apps import apps

    workflows = [getattr(model, "WORKFLOW", None) for model in apps.get_models()]
    return {workflow.field for workflow in workflows if hasattr(workflow, "field")}


def writes_of(tree: ast.Module, fields: set[str]) -> list[int]:
    """Return the lines that write one of these fields of an existing row."""
    lines = []
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        lines += [
            target.lineno for target in targets if isinstance(target, ast.Attribute) and target.attr in fields
        ]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "update":
                lines += [node.lineno for keyword in node.keywords if keyword.arg in fields]
            if node.func.attr in ("update_or_create", "bulk_update"):
                lines += [
                    node.lineno
                    for part in ast.walk(node)
                    if isinstance(part, ast.Constant) and part.value in fields
                ]
    return lines


def test_states_are_written_by_the_workflow_alone():
    fields = state_fields()
    assert fields, "no model has a WORKFLOW"
    wrong = [
        f"{name_of(path)}:{line}"
        for path in python_files()
        if name_of(path) not in STATE_WRITERS
        for line in writes_of(tree_of(path), fields)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_search_for_writes_finds_them():
    source = (
        "a.state = 1\nq.update(state=2)\nq.update_or_create(id=1, defaults={'state': 3})\nM.create(state=4)"
    )
    assert sorted(set(writes_of(ast.parse(source), {"state"}))) == [1, 2, 3]


# --- who may see a page ---


def url_patterns(resolver=None, prefix=""):
    """Yield (name, pattern) for each address, with its namespaces."""
    resolver = resolver or get_resolver()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            namespace = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from url_patterns(entry, namespace)
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}", entry


def public_names():
    """Return the names of the pages that answer without login."""
    return {name for name, pattern in url_patterns() if not getattr(pattern.callback, "login_required", True)}


# A page becomes public by a line here, never by accident.
PUBLIC = {
    # the public's pages
    *("home", "showcase:company_list", "showcase:company_detail", "showcase:company_export"),
    *(
        "roadmap:roadmap_home",
        "roadmap:version_detail",
        "roadmap:version_text",
        "roadmap:approval_detail",
        "roadmap:approval_record_json",
    ),
    *("actions:action_list", "actions:action_detail"),
    *(
        "workshops:workshop_list",
        "workshops:workshop_detail",
        "workshops:workshop_calendar",
        "workshops:workshop_feed",
        "workshops:document_detail",
        "workshops:minutes_detail",
        "workshops:minutes_pdf",
        "workshops:attendance_sign_by_link",
    ),
    *("members:body_list", "members:body_detail"),
    *("legal-notice", "accessibility", "ecodesign", "privacy", "sitemap", "contact"),
    # opened by the secret in a mail's link
    "workshops:invitation_answer",
    "workshops:invitation_calendar",
    "workshops:invitation_document",
    *("workshops:minutes_by_link", "workshops:minutes_pdf_by_link", "workshops:correction_add_by_link"),
    "portal_invitation_accept",
    *("calendar_feed", "members:unsubscribe"),
    # to log in and out
    *("account_login", "account_logout", "account_signup", "account_inactive", "admin:login"),
    *("mfa_login_webauthn", "mfa_authenticate"),
    *("proconnect_login", "proconnect_callback", "proconnect_logged_out"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    # machines; the style guide is not served in production
    *("health", "readiness", "robots", "sitemap-xml", "styleguide"),
}


def test_public_pages_are_those_listed():
    found = public_names()
    assert found - PUBLIC == set(), "public without being listed"
    assert PUBLIC - found == set(), "listed and not public"


def test_marked_pages_are_public():
    wrong = [
        name
        for name, pattern in url_patterns()
        if hasattr(pattern.callback, "public_parameters")
        and getattr(pattern.callback, "login_required", True)
    ]
    assert not wrong, f"anonymous_page_cache without login_not_required: {wrong}"


@pytest.mark.django_db
def test_every_other_page_asks_to_log_in(client):
    from django.urls import NoReverseMatch, reverse

    asked = 0
    for name in sorted({name for name, _pattern in url_patterns()} - public_names()):
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue  # has arguments: its own app's tests try it by each role
        response = client.get(url)
        assert response.status_code == 302, f"{name} answered {response.status_code}"
        assert "/connexion/" in response["Location"] or "/admin/login/" in response["Location"], name
        asked += 1
    assert asked > 5
