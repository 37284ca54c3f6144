"""What happens to the roadmap's text: its canonical form, its versions, the consultation and the comments.

Locks are always taken in this order: version, passage, consultation, comment, e-mails.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core.clock import database_now
from core.templatetags.text import datetime_long, french_number
from core.workflow import history, lock, record, transition
from members.models import Axis, Organisation
from members.permissions import can_enter_space
from roadmap.drafting import emails
from roadmap.drafting.enums import BlockKind, CommentKind, TextChange, VersionStatus
from roadmap.drafting.models import (
    COMMENT_MAX_LENGTH,
    TEXT_FIELDS,
    Block,
    ChangeRequest,
    Comment,
    Consultation,
    Version,
)
from roadmap.drafting.permissions import (
    can_answer_comment,
    can_decide_comment,
    can_handle_change_requests,
    commenting_organisations,
)
from workshops.models import Decision

CANONICAL_HEADER = "Roadmap text, format 1"
HEAD_FIELDS = ("title_fr", "title_en", "introduction_fr", "introduction_en", "is_demo")
CHILD_KIND: dict[str | None, BlockKind] = {
    None: BlockKind.AXIS,
    BlockKind.AXIS: BlockKind.CHAPTER,
    BlockKind.CHAPTER: BlockKind.PARAGRAPH,
}
# "Now", as somebody typed it in a form, is some minutes old when it arrives: for consultations and votes.
OPENING_TOLERANCE = timedelta(minutes=10)


class DraftingError(Exception):
    """A rule refuses the change. The message is for the reader; `field` names the form's field, `code` the rule."""

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.field, self.code = field, code


# --- The canonical text ---------------------------------------------------------------------------------------------


def canonical_text(version: Version) -> str:
    """Return the one text of a version, in both languages, from which its SHA-256 is taken.

    The format is in docs/canonical-text.md. Reads the blocks; to freeze a text, lock the version before.
    """
    return "\n".join(_canonical_lines(version)) + "\n"


def text_sha256(version: Version) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical text's UTF-8 bytes."""
    return hashlib.sha256(canonical_text(version).encode()).hexdigest()


def _canonical_lines(version: Version) -> Iterator[str]:
    yield CANONICAL_HEADER
    yield f"version {version.number}"
    yield from _quoted("title fr", version.title_fr)
    yield from _quoted("title en", version.title_en)
    yield from _quoted("introduction fr", version.introduction_fr)
    yield from _quoted("introduction en", version.introduction_en)
    for block in version.blocks.select_related("axis").order_by("position"):
        axis = f" of strategic axis {block.axis.number}" if block.axis else ""
        yield f"{BlockKind(block.kind).value} {block.label}{axis}"
        yield from _quoted("title fr", block.title_fr)
        yield from _quoted("title en", block.title_en)
        yield from _quoted("text fr", block.body_fr)
        yield from _quoted("text en", block.body_en)


def _quoted(name: str, text: str) -> Iterator[str]:
    """Give a field: what people wrote always stands behind "| ", so that no text can look like another field."""
    yield name
    if text:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        yield from (f"| {line}" for line in lines)


# --- Versions and their text ----------------------------------------------------------------------------------------


def create_next_version(*, from_version: Version, by: Any) -> Version:
    """Make the next working version from another, text and lineage copied, and log who did.

    Raises DraftingError while another working version exists: one text is worked on at a time.
    """
    with transaction.atomic():
        # Two people asking at once queue for the rows; the one behind then reads what the other made.
        list(Version.objects.select_for_update(of=("self",), no_key=True).order_by("number"))
        versions = list(Version.objects.order_by("number"))
        if working := [version for version in versions if version.is_working]:
            raise DraftingError(
                _("Version %(number)s is still being worked on.") % {"number": working[0].number},
                code="working",
            )
        target = Version.objects.create(
            number=versions[-1].number + 1,
            title_fr=from_version.title_fr,
            title_en=from_version.title_en,
            introduction_fr=from_version.introduction_fr,
            introduction_en=from_version.introduction_en,
            is_demo=from_version.is_demo,
        )
        _copy_blocks(from_version, target)
        record(
            target, field="status", source="", target=target.status, by=by, reason=f"v{from_version.number}"
        )
    return target


def _copy_blocks(source: Version, target: Version) -> None:
    copies: dict[int, Block] = {}
    for block in source.blocks.order_by("position"):
        parent = copies[block.parent_id] if block.parent_id else None
        copies[block.pk] = copy = Block(version=target, parent=parent)
        for name in ("kind", "axis_id", "position", "label", "lineage", *TEXT_FIELDS):
            setattr(copy, name, getattr(block, name))
    # A level at a time: children need the numbers that the database gives to their parents.
    for kind in BlockKind:
        Block.objects.bulk_create([copy for copy in copies.values() if copy.kind == kind])


def edit_version(*, version: Version, by: Any) -> Version:
    """Save a working version's titles and introduction, and log who did. Raises DraftingError when it is published."""
    with transaction.atomic():
        fresh = _lock_working(version)
        if any(getattr(fresh, name) != getattr(version, name) for name in HEAD_FIELDS):
            version.save(update_fields=HEAD_FIELDS)
            _log_text(version, TextChange.HEAD, by)
    return version


def add_block(
    *, version: Version, parent: Block | None, by: Any, axis: Axis | None = None, **texts: str
) -> Block:
    """Add a passage at the end of its parent's (an axis without parent), renumber, and log who did.

    Raises DraftingError when the version is published, the parent is gone or has no children, ValidationError at the
    fields.
    """
    kind = CHILD_KIND.get(parent.kind if parent else None)
    if kind is None:
        raise DraftingError(_("A paragraph has nothing below it."), code="tree")
    with transaction.atomic():
        _lock_working(version)
        parent = _lock_block(parent) if parent else None
        last = version.blocks.aggregate(last=Max("position"))["last"] or 0
        # Provisional number, at the end of all: renumbering gives the real one.
        block = Block(
            version=version,
            kind=kind,
            parent=parent,
            axis=axis,
            position=last + 1,
            label=str(9000 + last % 999),
        )
        for name, text in texts.items():
            setattr(block, name, text)
        block.full_clean(exclude=["label"])
        block.save()
        renumber(version)
        block.refresh_from_db()
        _log_text(version, TextChange.ADDED, by, block)
    return block


def edit_block(
    *, block: Block, by: Any, seen: str | None = None, axis: Axis | None = None, **texts: str
) -> Block:
    """Change a passage's texts (and an axis' strategic axis), log who did, and return it.

    `seen` is the mark of the passage that the person wrote over (`block`'s unless told): when somebody else has
    changed it since, nothing is written. Raises DraftingError ("stale"; "published"; "gone"), ValidationError at the
    fields.
    """
    with transaction.atomic():
        _lock_working(block.version)
        fresh = _lock_block(block)
        current = fresh.mark
        for name, text in texts.items():
            setattr(fresh, name, text)
        if axis is not None:
            fresh.axis = axis
        if fresh.mark == current:
            return fresh
        if current != (block.mark if seen is None else seen):
            raise DraftingError(
                _("Somebody else has just saved this passage: what is different in yours is shown below."),
                code="stale",
            )
        fresh.full_clean()
        fresh.save(update_fields=[*texts, "axis"])
        _log_text(block.version, TextChange.EDITED, by, fresh)
    return fresh


def move_block(*, block: Block, step: int, by: Any) -> None:
    """Move a passage, with all below it, one place up (-1) or down (1) among its siblings, renumber, log who did.

    At the end of the row nothing moves. Raises DraftingError when the version is published or the passage gone.
    """
    with transaction.atomic():
        _lock_working(block.version)
        block = _lock_block(block)
        siblings = list(
            Block.objects.filter(version=block.version, parent=block.parent_id).order_by("position")
        )
        index = siblings.index(block)
        if 0 <= index + step < len(siblings):
            other = siblings[index + step]
            siblings[index].position, other.position = other.position, siblings[index].position
            Block.objects.bulk_update([siblings[index], other], ["position"])
            renumber(block.version)
            _log_text(block.version, TextChange.MOVED, by, block)


def delete_block(*, block: Block, by: Any) -> None:
    """Delete a passage and all below it, renumber, log who did. Raises DraftingError (published, passage gone)."""
    with transaction.atomic():
        version = _lock_working(block.version)
        block = _lock_block(block)
        children = Block.objects.filter(parent=block)
        Block.objects.filter(parent__in=children).delete()
        children.delete()
        _log_text(version, TextChange.DELETED, by, block)
        block.delete()
        renumber(version)


def renumber(version: Version) -> None:
    """Give a working version's passages their positions and numbers again, by the order among siblings."""
    children: dict[int | None, list[Block]] = defaultdict(list)
    for block in version.blocks.order_by("position", "pk"):
        children[block.parent_id].append(block)
    ordered: list[Block] = []

    def walk(parent: int | None, prefix: str) -> None:
        for number, block in enumerate(children[parent], 1):
            ordered.append(block)
            block.position, block.label = len(ordered), f"{prefix}{number}"
            walk(block.pk, f"{block.label}.")

    walk(None, "")
    Block.objects.bulk_update(ordered, ["position", "label"], batch_size=500)


def _log_text(version: Version, change: TextChange, by: Any, block: Block | None = None) -> None:
    """Log what was done to the text; a passage is told by the number and the French title that it had then."""
    passage = f"{block.label} {block.title_fr}".strip() if block else ""
    record(version, field="text", source="", target=change, by=by, reason=passage)


def _lock_working(version: Version) -> Version:
    fresh = lock(version)
    if not fresh.is_working:
        raise DraftingError(_("This version is published: its text no longer changes."), code="published")
    return fresh


def _lock_block(block: Block) -> Block:
    try:
        return lock(block)
    except Block.DoesNotExist:
        raise DraftingError(_("This passage has just been deleted."), code="gone") from None


# --- Consultation ---------------------------------------------------------------------------------------------------


def publish_for_consultation(
    *, version: Version, opens_at: datetime | None, closes_at: datetime, by: Any
) -> Consultation:
    """Freeze a working version and open it to the members' comments between two instants (None: from now on).

    Raises DraftingError at the field (inverted or past instants, a version without text) and TransitionError.
    """
    with transaction.atomic():
        lock(version)
        now = database_now()
        opens_at = opens_at or now
        if opens_at < now - OPENING_TOLERANCE:
            raise DraftingError(_("The opening is in the past."), field="opens_at", code="past")
        if closes_at <= now:
            raise DraftingError(_("The closing is in the past."), field="closes_at", code="past")
        if closes_at <= opens_at:
            raise DraftingError(
                _("A consultation closes after it opens."), field="closes_at", code="inverted"
            )
        if not version.blocks.filter(kind=BlockKind.PARAGRAPH).exists():
            raise DraftingError(_("This version has no paragraph to comment on."), code="empty")
        fresh = transition(version, VersionStatus.CONSULTATION, by=by, published_at=now)
        return Consultation.objects.create(version=fresh, opens_at=opens_at, closes_at=closes_at)


def open_consultations(user: Any) -> list[Consultation]:
    """Return the consultations that a member can take part in now, the next to close first."""
    if not can_enter_space(user):
        return []
    return list(Consultation.objects.open().select_related("version").order_by("closes_at"))


# --- Comments -------------------------------------------------------------------------------------------------------


def add_comment(
    *,
    block: Block,
    author: Any,
    organisation: Organisation | None,
    body: str,
    kind: str = CommentKind.REMARK,
    parent: Comment | None = None,
) -> Comment:
    """Write a member's comment or reply for an organisation of theirs, or (no organisation) the secretariat's reply.

    A member's is refused outside the consultation's two instants, judged by the database's clock behind a lock on its
    row. Raises DraftingError (closed: code "closed"; empty or too long: field "body"; a reply to a reply) and
    PermissionDenied (no mandate for that organisation today; the secretariat's voice by somebody else).
    """
    body = _checked_body(body)
    if parent and (parent.block_id != block.pk or parent.parent_id is not None):
        raise DraftingError(
            _("A reply answers a comment on the same paragraph."), field="parent", code="parent"
        )
    with transaction.atomic():
        if organisation is None:
            if not parent or not can_answer_comment(author):
                raise PermissionDenied(_("Only the secretariat answers in its own name."))
        elif organisation not in commenting_organisations(author):
            raise PermissionDenied(_("You have no mandate on the council for this organisation today."))
        else:
            _require_open_consultation(block)
        return Comment.objects.create(
            block=block, author=author, organisation=organisation, body=body, kind=kind, parent=parent
        )


def _checked_body(body: str) -> str:
    body = body.strip()
    if not body:
        raise DraftingError(_("Write your comment first."), field="body", code="empty")
    if len(body) > COMMENT_MAX_LENGTH:
        raise DraftingError(
            _("Your text has %(length)s characters; %(limit)s at most are possible.")
            % {"length": french_number(len(body)), "limit": french_number(COMMENT_MAX_LENGTH)},
            field="body",
            code="too_long",
        )
    return body


def _require_open_consultation(block: Block) -> None:
    """Raise DraftingError unless the consultation is open; until the transaction ends nobody moves its instants."""
    consultation = (
        Consultation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("version")
        .filter(version=block.version_id)
        .first()
    )
    if consultation is None or consultation.version.status != VersionStatus.CONSULTATION:
        raise DraftingError(_("This version is not open to comments."), code="closed")
    now = database_now()
    if now < consultation.opens_at:
        message = _("The consultation opens on %(date)s.") % {"date": datetime_long(consultation.opens_at)}
        raise DraftingError(message, code="closed")
    if now >= consultation.closes_at:
        message = _("The consultation closed on %(date)s.") % {"date": datetime_long(consultation.closes_at)}
        raise DraftingError(message, code="closed")


def decide_comment(
    *, comment: Comment, status: str, reason: str, by: Any, seen: str | None = None
) -> Comment:
    """Accept or reject a comment, in whole or part, or set it aside; log it and mail the reason to its author.

    `seen` is the status that the person decided on (`comment`'s unless told): when somebody else has decided
    meanwhile, raises DraftingError "stale" rather than undo them. Also raises PermissionDenied, DraftingError (no
    reason: field "reason") and TransitionError.
    """
    if not can_decide_comment(by, comment):
        raise PermissionDenied(_("Only the secretariat decides on comments."))
    reason = reason.strip()
    if not reason:
        raise DraftingError(_("Give the reason: the author will receive it."), field="reason", code="reason")
    with transaction.atomic():
        current = lock(comment)
        if current.status != (seen or comment.status):
            message = _("Somebody has decided meanwhile: %(status)s.") % {
                "status": current.get_status_display()
            }
            raise DraftingError(message, code="stale")
        fresh = transition(comment, status, by=by, reason=reason, status_reason=reason)
        emails.send_decision(fresh, sequence=history(fresh).count())
    return fresh


# --- Change requests ------------------------------------------------------------------------------------------------


def create_change_request(*, decision: Decision, text: str, label: str, by: Any) -> ChangeRequest:
    """Ask for a change of the roadmap in the name of a decision; return the request.

    Raises PermissionDenied, and ValidationError (nothing asked, no such passage in the working version, asked already).
    """
    if not can_handle_change_requests(by):
        raise PermissionDenied
    blocks = Block.objects.filter(version__status=VersionStatus.WORKING, label=label)
    if label and not blocks.exists():
        raise ValidationError({"label": _("The working version has no passage of this number.")})
    asked = ChangeRequest(decision=decision, text=text.strip(), label=label)
    asked.full_clean()
    try:
        with transaction.atomic():
            asked.save()
    except IntegrityError as error:
        raise ValidationError(_("This decision asks for a change of this passage already.")) from error
    return asked


def settle_change_request(*, asked: ChangeRequest, state: str, reason: str, by: Any) -> ChangeRequest:
    """Say what became of a change request, with the reason; return it.

    Raises PermissionDenied, ValidationError without a reason, TransitionError when it was answered already.
    """
    if not can_handle_change_requests(by):
        raise PermissionDenied
    reason = reason.strip()[:2000]
    if not reason:
        raise ValidationError(_("Give the reason."), code="reason")
    return transition(asked, state, by=by, reason=reason, status_reason=reason)
