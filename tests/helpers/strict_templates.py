"""Undefined template variables fail, in our own templates; Django's, allauth's and crispy's lean on empty ones."""

import sys
from typing import Any

from django.conf import settings
from django.template.base import FilterExpression, Node


class UndefinedVariable(Exception):
    """A template of ours reads a variable that nobody gave it."""


_OURS = str(settings.BASE_DIR / "templates")
# Overrides of other people's templates, which follow their ways.
_TOLERATED = tuple(f"{_OURS}/{folder}/" for folder in ("portal", "admin"))


def _node_that_renders(depth: int) -> Any:
    frame: Any = sys._getframe(depth)
    for _step in range(25):
        if frame is None:
            return None
        owner = frame.f_locals.get("self")
        if isinstance(owner, Node) and hasattr(owner, "origin"):
            return owner
        frame = frame.f_back
    return None


class StrictVariables(str):
    """Stands for `string_if_invalid`: Django asks for its truth exactly when a variable is undefined.

    Being empty and false it changes nothing else: filters apply to "" as they do in production.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        expression = sys._getframe(1).f_locals.get("self")
        if isinstance(expression, FilterExpression):
            filters = {getattr(function, "__name__", "") for function, _arguments in expression.filters}
            if not filters & {"default", "default_if_none"}:
                self._complain(str(expression.token))
        return False

    def __contains__(self, item: object) -> bool:
        # {% blocktranslate %} asks whether "%s" is in it, when one of its variables is undefined.
        names = sys._getframe(1).f_locals
        if item == "%s" and "key" in names:
            self._complain(str(names["key"]))
        return super().__contains__(item)  # type: ignore[operator]

    @staticmethod
    def _complain(expression: str) -> None:
        node = _node_that_renders(3)
        name = str(getattr(getattr(node, "origin", None), "name", ""))
        if name.startswith(_OURS) and not name.startswith(_TOLERATED):
            line = getattr(getattr(node, "token", None), "lineno", "?")
            raise UndefinedVariable(f"{{{{ {expression} }}}} in {name.removeprefix(_OURS)[1:]}, line {line}")
