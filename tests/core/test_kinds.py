"""What apps write as codes has a name in words, in both languages."""

import ast
import re

import pytest
from django.utils.translation import override

from core.kinds import kind_label
from core.models import LedgerEntry
from outbox.models import OutboxEmail
from tests.helpers.source import python_files
from tests.members.test_permissions_table import World

CODE = re.compile(r"[a-z]+(-[a-z]+)+")


def codes() -> set[str]:
    """Return the constants of the modules of e-mails that look like kinds."""
    found = set()
    for path in python_files():
        if path.name == "emails.py":
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    value = node.value.value
                    found |= {value} if isinstance(value, str) and CODE.fullmatch(value) else set()
    return found


def test_every_kind_of_email_has_a_name():
    kinds = codes()
    assert "workshop-invitation" in kinds
    unnamed = sorted(kind for kind in kinds if kind_label(kind) == kind)
    assert not unnamed, f"say what they are beside them, with core.kinds.name_kinds: {unnamed}"


def test_every_kind_that_is_written_has_a_name(people):
    World(people)
    OutboxEmail.objects.filter(kind="test").delete()
    kinds = {
        *OutboxEmail.objects.values_list("kind", flat=True),
        *LedgerEntry.objects.values_list("kind", flat=True),
    }
    assert {"ballot.cast", "ballot-receipt", "account-invitation"} <= kinds
    assert not [kind for kind in kinds if kind_label(kind) == kind]


@pytest.mark.parametrize(
    ("kind", "french", "english"),
    [
        ("workshop-invitation", "Invitation à un atelier", "Invitation to a workshop"),
        (
            "workshop-reminder-silent-7d",
            "Relance des personnes sans réponse (7 jours avant)",
            "Reminder to the silent (7 days before)",
        ),
        ("workshop-reminder-attending-1h", "Rappel aux participants (1 heure avant)", None),
        ("account-password-changed", "Sécurité d’un compte", "Security of an account"),
        ("unheard-of", "unheard-of", "unheard-of"),
    ],
)
def test_kind_is_said_in_the_readers_language(kind, french, english):
    assert kind_label(kind) == french
    with override("en"):
        assert english is None or kind_label(kind) == english
