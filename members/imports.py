"""Files for the registers: read and shown, then written at their sender's word, exactly as they were shown.

A file waits in the database for a day, readable by its sender alone. Two imports never run at once.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from members import import_organisations, import_people
from members.enums import ImportKind
from members.import_files import UnreadableFileError, read_sheet
from members.import_organisations import OrganisationsPlan, plan_organisations
from members.import_people import PeoplePlan, plan_people
from members.models import RegisterImport

Plan = OrganisationsPlan | PeoplePlan
# How long a file waits for its sender's word.
KEPT = timedelta(days=1)
# Any number of ours, for pg_advisory_xact_lock.
_LOCK = 730_001


class ImportConflictError(Exception):
    """What would be written is no longer what was shown. The message is for the secretariat."""


def forget_old_files() -> None:
    """Delete the files whose sender never gave the word: they are lists of people."""
    RegisterImport.objects.filter(at__lt=database_now() - KEPT).delete()


def keep_file(*, kind: str, name: str, content: bytes, by: Any) -> RegisterImport:
    """Keep a file until its sender confirms it; forgets their other files of the kind, and everybody's old ones."""
    forget_old_files()
    RegisterImport.objects.filter(by=by, kind=kind).delete()
    return RegisterImport.objects.create(
        kind=kind, name=name[:120], content=content, sha256=hashlib.sha256(content).hexdigest(), by=by
    )


def plan_import(kind: str, content: bytes, *, by: Any) -> Plan:
    """Say what a file does, and what is wrong in it. Raises UnreadableFileError."""
    module = import_organisations if kind == ImportKind.ORGANISATIONS else import_people
    sheet = read_sheet(content, columns=module.COLUMNS, aliases=module.ALIASES, required=module.REQUIRED)
    if kind == ImportKind.ORGANISATIONS:
        return plan_organisations(sheet, by=by)
    return plan_people(sheet, by=by)


def digest(plan: Plan) -> str:
    """Return a digest of what a plan does: another one later means that the register changed meanwhile."""
    told = [
        [line, change.register, change.object_id, change.verb, change.values] for line, change in plan.changes
    ]
    text = json.dumps(told, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def confirm_import(*, file: RegisterImport, seen: str, by: Any, reason: str) -> Plan:
    """Write a kept file whole, with its histories, and forget it; return what was done.

    `seen` is the digest of the plan that was shown. Raises ImportConflictError when the file is gone, is not the one
    kept, has errors or does something else by now; UnreadableFileError never happens to a file that was shown.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            kept = RegisterImport.objects.select_for_update(of=("self",)).filter(pk=file.pk, by=by).first()
            if kept is None or hashlib.sha256(bytes(kept.content)).hexdigest() != file.sha256:
                raise ImportConflictError(_("This file was imported or replaced meanwhile."))
            plan = plan_import(kept.kind, bytes(kept.content), by=by)
            if plan.errors or digest(plan) != seen:
                raise ImportConflictError(
                    _("The register changed since the file was shown: look at it again before you confirm.")
                )
            plan.write(by=by, reason=reason)
            kept.delete()
    except IntegrityError as error:
        raise ImportConflictError(
            _("The register changed since the file was shown: look at it again before you confirm.")
        ) from error
    return plan


__all__ = [
    "ImportConflictError",
    "UnreadableFileError",
    "confirm_import",
    "digest",
    "forget_old_files",
    "keep_file",
    "plan_import",
]
