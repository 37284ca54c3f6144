"""Files that no document names: a process killed between writing one and the commit leaves it behind."""

import re
from datetime import datetime, timedelta
from typing import Any

from core.clock import database_now
from workshops.models import Document
from workshops.models.documents import FOLDER

# Longer than any upload and its transaction.
AGE = timedelta(hours=24)
# What `random_place` makes: whatever else lies there is not ours.
_YEAR, _NAME = re.compile(r"[0-9]{4}"), re.compile(r"[0-9a-f]{32}")


def remove_leftovers() -> int:
    """Delete the stored files that no document names, once they are a day old; return how many.

    Late, repeated or concurrent runs do no harm: what is a day old belongs to a row for long, or never will.
    """
    storage, before, removed = Document._meta.get_field("file").storage, database_now() - AGE, 0
    for year in filter(_YEAR.fullmatch, _listed(storage, FOLDER)[0]):
        folder = f"{FOLDER}/{year}"
        names = filter(_NAME.fullmatch, _listed(storage, folder)[1])
        old = {place for name in names if _is_older(storage, place := f"{folder}/{name}", before)}
        # Asked last: a row that came meanwhile is seen.
        old -= set(Document.objects.filter(file__startswith=f"{folder}/").values_list("file", flat=True))
        for place in old:
            storage.delete(place)
        removed += len(old)
    return removed


def _listed(storage: Any, folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return folders, files


def _is_older(storage: Any, place: str, before: datetime) -> bool:
    try:
        return bool(storage.get_modified_time(place) < before)
    except FileNotFoundError:
        return False
