"""The portal's source as the architecture tests read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Left is imported by right, never back.
APPS = ("core", "outbox", "members", "showcase", "workshops", "roadmap", "network", "industrie_positive")
# The same inside an app that has parts; a part imports its app's own modules, and those no part below the views.
PARTS = {
    "workshops": ("polls", "replies", "attendance", "minutes"),
    "roadmap": ("drafting", "approval", "actions"),
}


def python_files(*, migrations: bool = False) -> Iterator[Path]:
    """Yield the apps' Python files."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if migrations or "migrations" not in path.parts:
                yield path


def templates() -> Iterator[Path]:
    """Yield our templates."""
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path


def name_of(path: Path) -> str:
    """Return a path as people write it."""
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    """Return a file's module name."""
    name = name_of(path).removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def our_modules() -> frozenset[str]:
    """Return the names of all our modules."""
    return frozenset(module_of(path) for path in python_files(migrations=True))


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, module of ours) for each import of a file, wherever it stands in it."""
    known = our_modules()
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in APPS:
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            if base.partition(".")[0] in APPS:
                for alias in node.names:
                    inner = f"{base}.{alias.name}"
                    yield node.lineno, inner if inner in known else base
