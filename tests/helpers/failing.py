"""For tests of what goes on after a failure."""

from typing import Any

import pytest


def fails_first(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Make a function fail when it is called for the first time, and work from then on."""
    real, calls = getattr(owner, name), []

    def act(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise RuntimeError
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, act)
