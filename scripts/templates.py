#!/usr/bin/env python
"""Compile every template of the project: exit 1 on a broken tag, an unknown filter, a missing parent or include."""

import os
import sys
from pathlib import Path
from typing import Any

import django
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = (".html", ".txt", ".xml")  # Typst's own (.typ) are not Django's


def faults(folder: Path) -> list[str]:
    """Return one line for each template of the folder that does not compile, or names one that is not there."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES):
        name = str(path.relative_to(folder))
        try:
            nodes = get_template(name).template.nodelist  # type: ignore[attr-defined]
            for node in nodes.get_nodes_by_type((ExtendsNode, IncludeNode)):
                other: Any = node.parent_name if isinstance(node, ExtendsNode) else node.template
                if isinstance(other.var, str):
                    get_template(other.var)
        except TemplateDoesNotExist as error:
            found.append(f"{name}: there is no template {error}")
        except (TemplateSyntaxError, UnicodeDecodeError) as error:
            found.append(f"{name}: {error}")
    return found


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "industrie_positive.settings")
    django.setup()
    wrong = faults(ROOT / "templates")
    sys.exit("\n".join(wrong) or 0)
