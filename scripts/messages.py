#!/usr/bin/env python
"""The French catalogue, without a system gettext.

English is the source: the msgid in code and templates is what English readers see, so only
`locale/fr/LC_MESSAGES/django.po` exists. Do not edit it by hand: several people write at once.

    scripts/messages.py missing              what the code says and French lacks, as JSON ready to be filled in
    scripts/messages.py set < filled.json    take translations, write the catalogue, compile it
    scripts/messages.py extract              every message of the code, as JSON, with where it stands
    scripts/messages.py check                exit 1 on a text missing or obsolete, a wrong space or apostrophe
    scripts/messages.py prune                drop the entries that the code no longer uses
    scripts/messages.py compile              write the .mo (nothing to do when it is up to date)

`set` reads either an object, for plain messages:

    {"Log in": "Se connecter", "Hello %(name)s": "Bonjour %(name)s"}

or a list, which also takes plurals and contexts (the output of `missing`, with "french" filled in, is one):

    [{"msgid": "%(n)s action", "plural": "%(n)s actions", "french": ["%(n)s action", "%(n)s actions"]},
     {"context": "month", "msgid": "May", "french": "mai"}]

The no-break spaces before : ; ! ? and inside « » are put in for you, and placeholders, addresses and 14:30 left alone.
An item whose placeholders differ from the English is refused (exit 1); the good items beside it are kept.
In a template "%" is written "%%" in the msgid, as Django does it: take msgids from `missing`.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
APPS = ("core", "outbox", "members", "showcase", "workshops", "roadmap", "network", "industrie_positive")
TEMPLATES = "templates"
TEMPLATE_SUFFIXES = {".html", ".txt", ".xml", ".svg", ".typ"}
DJANGO_PHRASES = "core/admin_phrases.py"
CATALOGUE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"

PYTHON_KEYWORDS: dict[str, Any] = {
    name + suffix: spec
    for suffix in ("", "_lazy", "_noop")
    for name, spec in {
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
}
PYTHON_KEYWORDS["_"] = None

Key = tuple[str | None, str]  # (context, msgid)
Found = tuple[int | None, str, str | None, str | None]  # (line, msgid, plural, context)


@dataclass
class Message:
    """One message of the code: its English text, and the places that use it."""

    msgid: str
    plural: str | None = None
    context: str | None = None
    where: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """What the catalogue knows it by."""
        return self.context, self.msgid

    def as_json(self) -> dict[str, Any]:
        """Return the form in which `set` takes it back."""
        row: dict[str, Any] = {"msgid": self.msgid}
        if self.context is not None:
            row = {"context": self.context, **row}
        if self.plural is not None:
            row["plural"] = self.plural
        row["french"] = ["", ""] if self.plural is not None else ""
        row["where"] = self.where
        return row


class Unreadable(Exception):
    """A source file that cannot be read for messages."""


# --- extraction ---


def python_messages(source: bytes) -> Iterator[Found]:
    """Yield (line, msgid, plural, context) for each gettext call of a Python file."""
    from io import BytesIO

    from babel.messages.extract import extract

    for line, message, _comments, context in extract("python", BytesIO(source), keywords=PYTHON_KEYWORDS):
        msgid, plural = (message[0], message[1]) if isinstance(message, tuple) else (message, None)
        if msgid:
            yield line, msgid, plural, context


_LITERAL = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CONSTANT = re.compile(rf"_\(\s*({_LITERAL})\s*\)")
_QUOTED = re.compile(rf"^({_LITERAL})(?:\|.*)?$", re.DOTALL)


def _unquoted(literal: str) -> str:
    quote = literal[0]
    return literal[1:-1].replace("\\" + quote, quote).replace("\\\\", "\\")


def _context_of(bits: list[str]) -> str | None:
    for name, value in zip(bits, bits[1:], strict=False):
        if name == "context" and (match := _QUOTED.match(value)):
            return _unquoted(match[1])
    return None


def template_messages(source: str) -> Iterator[Found]:
    """Yield (line, msgid, plural, context) for each message of a Django template."""
    from django.template.base import Lexer, TokenType
    from django.utils.translation import trim_whitespace

    tokens = iter(Lexer(source).tokenize())
    for token in tokens:
        if token.token_type in (TokenType.VAR, TokenType.BLOCK):
            for constant in _CONSTANT.findall(token.contents):
                yield token.lineno, _unquoted(constant).replace("%", "%%"), None, None
        if token.token_type != TokenType.BLOCK:
            continue
        bits = token.split_contents()
        if bits[0] == "comment":
            while not (token.token_type == TokenType.BLOCK and token.contents == "endcomment"):
                token = next(tokens)
        elif bits[0] in ("translate", "trans") and len(bits) > 1 and (match := _QUOTED.match(bits[1])):
            yield token.lineno, _unquoted(match[1]).replace("%", "%%"), None, _context_of(bits)
        elif bits[0] in ("blocktranslate", "blocktrans"):
            line, parts = token.lineno, [""]
            for token in tokens:
                if token.token_type == TokenType.TEXT:
                    parts[-1] += token.contents.replace("%", "%%")
                elif token.token_type == TokenType.VAR:
                    parts[-1] += f"%({token.contents})s"
                elif token.token_type == TokenType.BLOCK and token.contents.strip() == "plural":
                    parts.append("")
                else:
                    break
            if "trimmed" in bits:
                parts = [trim_whitespace(part) for part in parts]
            yield line, parts[0], parts[1] if len(parts) > 1 else None, _context_of(bits)


def source_files() -> Iterator[Path]:
    """Yield our Python files and templates, and nobody else's."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path
    for path in sorted((ROOT / TEMPLATES).rglob("*")):
        if path.suffix in TEMPLATE_SUFFIXES and path.is_file():
            yield path


def extracted() -> dict[Key, Message]:
    """Return every message of the code; raises Unreadable when a file cannot be parsed."""
    messages: dict[Key, Message] = {}
    for path in source_files():
        name = path.relative_to(ROOT).as_posix()
        try:
            source = path.read_bytes()
            rows = python_messages(source) if path.suffix == ".py" else template_messages(source.decode())
            for line, msgid, plural, context in rows:
                message = messages.setdefault((context, msgid), Message(msgid, context=context))
                message.where.append(f"{name}:{line}")
                if plural is not None and message.plural not in (None, plural):
                    raise Unreadable(f"{name}:{line}: {msgid!r} has another plural in {message.where[0]}")
                message.plural = plural if plural is not None else message.plural
        except Unreadable:
            raise
        except FileNotFoundError:
            continue  # removed since it was listed
        except Exception as error:
            raise Unreadable(f"{name}: {error}") from error
    return messages


# --- the catalogue ---


@contextmanager
def locked() -> Iterator[None]:
    """Hold the catalogue for oneself: its folder is locked, because the file itself is replaced."""
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(CATALOGUE.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_catalogue() -> Any:
    """Return the polib catalogue, new when there is none."""
    import polib

    if CATALOGUE.exists():
        return polib.pofile(str(CATALOGUE), wrapwidth=110)
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Project-Id-Version": "industrie-positive",
        "Language": "fr",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n > 1);",
    }
    return catalogue


def write_catalogue(catalogue: Any) -> None:
    """Replace the .po in one step, sorted so that two people's additions seldom meet; write the .mo after it."""
    catalogue.sort(key=lambda entry: (entry.msgid.casefold(), entry.msgid, entry.msgctxt or ""))
    draft = CATALOGUE.with_suffix(".po.new")
    draft.write_text(str(catalogue).rstrip("\n") + "\n", encoding="utf-8")
    draft.replace(CATALOGUE)
    compile_catalogue()


def compile_catalogue() -> bool:
    """Write the .mo unless it is that of this very .po; return whether it was written."""
    target = CATALOGUE.with_suffix(".mo")
    if not CATALOGUE.exists():
        return False
    stamp = CATALOGUE.stat().st_mtime_ns
    if target.exists() and target.stat().st_mtime_ns == stamp:
        return False
    draft = target.with_suffix(f".mo.{os.getpid()}")
    read_catalogue().save_as_mofile(str(draft))
    os.utime(
        draft, ns=(stamp, stamp)
    )  # "up to date" is "of the same instant", whatever order a checkout wrote them in
    draft.replace(target)
    return True


def french_forms(entry: Any) -> list[str]:
    """Return the French texts of an entry: one, or one for each plural form."""
    if entry.msgid_plural:
        return [entry.msgstr_plural.get(form, "") for form in (0, 1)]
    return [entry.msgstr]


# --- faults ---

_PLACEHOLDER = re.compile(
    r"%\(([^()\s]+)\)([-+#0]*\d*(?:\.\d+)?[a-zA-Z])|%(%|[sdfrixX](?!\w))|\{([^{}\s]*)\}"
)


def placeholders(text: str) -> set[str]:
    """Return the placeholders of a text; a "%%" is the reader's percent sign, not one."""
    return {match[0] for match in _PLACEHOLDER.finditer(text) if match[0] != "%%"}


def placeholder_fault(english: list[str], french: list[str]) -> str:
    """Return what is wrong with the placeholders of a translation, or nothing.

    Each French form must use those of an English form; a singular may leave the number out ("one action").
    """
    allowed = set().union(*map(placeholders, english))
    needed = set.intersection(*map(placeholders, english))
    for form in french:
        found = placeholders(form)
        if found - allowed:
            return f"unknown placeholder {', '.join(sorted(found - allowed))}"
        if needed - found and not (len(french) > 1 and form is french[0] and len(needed - found) == 1):
            return f"lost placeholder {', '.join(sorted(needed - found))}"
        formatted = "%(" in english[0] or "%%" in english[0]
        if formatted and re.search(r"%(?!\(|[sd]\b)", form.replace("%%", "")):
            return 'a lone "%": write "%%"'
    return ""


def faults(catalogue: Any, messages: dict[Key, Message]) -> list[str]:
    """Return everything that `check` complains of."""
    from core.typography import spaces

    found: list[str] = []
    entries = {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}
    for key, message in messages.items():
        entry = entries.get(key)
        if entry is None or not all(french_forms(entry)):
            found.append(f"missing: {message.msgid!r} ({message.where[0]})")
        elif (entry.msgid_plural or None) != message.plural:
            found.append(f"plural differs from the code: {message.msgid!r} ({message.where[0]})")
    for key, entry in entries.items():
        if key not in messages:
            found.append(f"obsolete: {entry.msgid!r}")
        if entry.fuzzy:
            found.append(f"fuzzy: {entry.msgid!r}")
        english = [entry.msgid] + ([entry.msgid_plural] if entry.msgid_plural else [])
        french = [form for form in french_forms(entry) if form]
        if fault := placeholder_fault(english, french):
            found.append(f"{fault}: {entry.msgid!r}")
        if any(form != spaces(form) for form in french):
            found.append(f"spaces: {entry.msgid!r}")
        if any("'" in form for form in french):
            found.append(f"a straight apostrophe in the French: {entry.msgid!r}")
    for message in messages.values():
        # Django's own phrases are as Django writes them.
        ours = any(not place.startswith(DJANGO_PHRASES) for place in message.where)
        if ours and "'" in message.msgid + (message.plural or ""):
            found.append(f"a straight apostrophe, write ’: {message.msgid!r} ({message.where[0]})")
    return found


# --- commands ---


def rows_to_set(data: Any) -> list[dict[str, Any]]:
    """Return the rows of what `set` was given, in one shape; raises ValueError on any other."""
    if isinstance(data, dict):
        data = [{"msgid": msgid, "french": french} for msgid, french in data.items()]
    if not isinstance(data, list):
        raise ValueError("an object {English: French} or a list of objects is expected")
    rows = []
    for row in data:
        if not isinstance(row, dict) or not isinstance(row.get("msgid"), str) or not row["msgid"]:
            raise ValueError(f"an object with a msgid is expected, not {row!r}")
        french = row.get("french", row.get("msgstr"))
        forms = [french] if isinstance(french, str) else french
        if not isinstance(forms, list) or not all(isinstance(form, str) for form in forms):
            raise ValueError(f"{row['msgid']!r}: french must be a text or a list of texts")
        if any(forms):
            rows.append(
                {"key": (row.get("context"), row["msgid"]), "plural": row.get("plural"), "forms": forms}
            )
    return rows


def command_set() -> int:
    """Merge the translations on standard input."""
    import polib

    from core.typography import spaces

    try:
        rows = rows_to_set(json.load(sys.stdin))
        messages = extracted()
    except ValueError as error:
        print(f"not taken: {error}", file=sys.stderr)
        return 1
    except Unreadable as error:  # somebody is in the middle of a line: what is set can still be kept
        print(f"the code cannot be read now, so msgids are not compared with it: {error}", file=sys.stderr)
        messages = {}
    refused = 0
    with locked():
        catalogue = read_catalogue()
        entries = {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}
        for row in rows:
            (context, msgid), forms = row["key"], [spaces(form) for form in row["forms"]]
            message = messages.get(row["key"])
            plural = row["plural"] or (message.plural if message else None)
            english = [msgid] + ([plural] if plural else [])
            fault = placeholder_fault(english, forms)
            if len(forms) != len(english):
                fault = f"{len(english)} French form(s) expected"
            if fault:
                refused += 1
                print(f"not taken, {fault}: {msgid!r}", file=sys.stderr)
                continue
            if messages and message is None:
                print(f"taken, but the code does not use it (yet): {msgid!r}", file=sys.stderr)
            entry = entries.get(row["key"])
            if entry is None:
                entry = entries[row["key"]] = polib.POEntry(msgid=msgid, msgctxt=context)
                catalogue.append(entry)
            entry.msgid_plural = plural or ""
            entry.msgstr = "" if plural else forms[0]
            entry.msgstr_plural = dict(enumerate(forms)) if plural else {}
            entry.flags = ["python-format"] if "%(" in "".join(english) else []
        write_catalogue(catalogue)
    return 1 if refused else 0


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print a JSON list, one row a line."""
    print("[" + ",\n ".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]")


def command_missing() -> int:
    """Print what French lacks."""
    messages = extracted()
    entries = {(entry.msgctxt, entry.msgid): entry for entry in read_catalogue() if not entry.obsolete}
    rows = []
    for key, message in messages.items():
        entry = entries.get(key)
        if entry is None or not all(french_forms(entry)) or (entry.msgid_plural or None) != message.plural:
            rows.append(message.as_json())
    print_rows(rows)
    return 0


def command_extract() -> int:
    """Print every message of the code."""
    print_rows([message.as_json() for message in extracted().values()])
    return 0


def command_check() -> int:
    """Print the faults; 1 when there is one."""
    found = faults(read_catalogue(), extracted())
    for fault in found:
        print(fault)
    return 1 if found else 0


def command_prune() -> int:
    """Drop what the code no longer uses."""
    messages = extracted()
    with locked():
        catalogue = read_catalogue()
        for entry in [entry for entry in catalogue if (entry.msgctxt, entry.msgid) not in messages]:
            print(f"dropped: {entry.msgid!r}")
            catalogue.remove(entry)
        write_catalogue(catalogue)
    return 0


def command_compile() -> int:
    """Write the .mo if need be."""
    with locked():
        compile_catalogue()
    return 0


COMMANDS = {
    "extract": command_extract,
    "set": command_set,
    "missing": command_missing,
    "compile": command_compile,
    "check": command_check,
    "prune": command_prune,
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 1 when something needs a person."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=sorted(COMMANDS))
    command = COMMANDS[parser.parse_args(arguments).command]
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    try:
        return command()
    except Unreadable as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
