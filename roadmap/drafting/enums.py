"""Closed lists of the drafting, and its transition tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class VersionStatus(models.TextChoices):
    """A version's life (product.md's words)."""

    WORKING = "working", _("Working version")
    CONSULTATION = "consultation", _("Draft submitted for opinion")
    VOTE = "vote", _("Draft submitted to the vote")
    ADOPTED = "adopted", _("Adopted version")
    NOT_ADOPTED = "not-adopted", _("Not adopted")


VERSION_TRANSITIONS: dict[str, frozenset[str]] = {
    VersionStatus.WORKING: frozenset({VersionStatus.CONSULTATION, VersionStatus.VOTE}),
    VersionStatus.CONSULTATION: frozenset({VersionStatus.VOTE, VersionStatus.NOT_ADOPTED}),
    VersionStatus.VOTE: frozenset({VersionStatus.ADOPTED, VersionStatus.NOT_ADOPTED}),
    VersionStatus.ADOPTED: frozenset(),
    VersionStatus.NOT_ADOPTED: frozenset(),
}


class BlockKind(models.TextChoices):
    """The tree: axis → chapter → paragraph."""

    AXIS = "axis", _("Axis")
    CHAPTER = "chapter", _("Chapter")
    PARAGRAPH = "paragraph", _("Paragraph")


class TextChange(models.TextChoices):
    """What somebody did to a working version's text, as its log says it."""

    HEAD = "head", _("Titles or introduction changed")
    ADDED = "added", _("Passage added")
    EDITED = "edited", _("Passage changed")
    MOVED = "moved", _("Passage moved")
    DELETED = "deleted", _("Passage deleted")


class CommentKind(models.TextChoices):
    """What a comment does."""

    REMARK = "remark", _("Remark")
    QUESTION = "question", _("Question")
    SUPPORT = "support", _("Support")
    OBJECTION = "objection", _("Objection")


class CommentStatus(models.TextChoices):
    """What the secretariat made of a comment."""

    OPEN = "open", pgettext_lazy("comment", "Open")
    ACCEPTED = "accepted", _("Accepted")
    PARTLY_ACCEPTED = "partly-accepted", _("Partly accepted")
    REJECTED = "rejected", _("Rejected")
    OUT_OF_SCOPE = "out-of-scope", _("Out of scope")


_DECIDED = frozenset(CommentStatus) - {CommentStatus.OPEN}
# A decision may be revised, with a new reason; a comment never goes back to being undecided.
COMMENT_TRANSITIONS: dict[str, frozenset[str]] = {status: _DECIDED - {status} for status in CommentStatus}


class ChangeRequestState(models.TextChoices):
    """What became of a change that a meeting asked for."""

    OPEN = "open", _("To be handled")
    TAKEN = "taken", _("Taken into the text")
    DECLINED = "declined", _("Declined")


CHANGE_REQUEST_TRANSITIONS = {
    ChangeRequestState.OPEN: frozenset({ChangeRequestState.TAKEN, ChangeRequestState.DECLINED}),
    ChangeRequestState.TAKEN: frozenset(),
    ChangeRequestState.DECLINED: frozenset(),
}
