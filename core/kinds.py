"""The names, in words, of the kinds that apps write as codes: of e-mails (`workshop-invitation`), of ledger entries."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_names: dict[str, str | Promise] = {}


def name_kinds(names: Mapping[str, str | Promise]) -> None:
    """Say in words what kinds are; a name stands for the kinds that its code begins, too (`…-reminder-7d`)."""
    _names.update(names)


def kind_label(kind: str) -> str:
    """Return a kind's name in the reader's language; the code itself when nobody named it."""
    code = max((code for code in _names if kind == code or kind.startswith(f"{code}-")), key=len, default="")
    if not code:
        return kind
    delay = re.fullmatch(r"-(\d+)([dh])", kind.removeprefix(code))
    if not delay:
        return str(_names[code])
    number = int(delay[1])
    if delay[2] == "d":
        before = ngettext("%(count)s day before", "%(count)s days before", number) % {"count": number}
    else:
        before = ngettext("%(count)s hour before", "%(count)s hours before", number) % {"count": number}
    return _("%(kind)s (%(before)s)") % {"kind": _names[code], "before": before}
