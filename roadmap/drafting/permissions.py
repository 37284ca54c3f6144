"""Who may do what with the roadmap's text, in business words."""

from typing import Any

from members.models import Organisation
from members.permissions import can_enter_space, council_mandates, is_council_member, is_secretariat
from roadmap.drafting.models import Comment, Version

# What the secretariat's group needs in the admin.
SECRETARIAT_PERMISSIONS = [
    "roadmap.view_version",
    "roadmap.add_version",
    "roadmap.change_version",
    "roadmap.view_block",
    "roadmap.view_consultation",
    "roadmap.view_comment",
    "roadmap.change_comment",
    "roadmap.view_changerequest",
    "roadmap.change_changerequest",
]


def can_edit_version(user: Any, version: Version) -> bool:
    """May write the text of a working version: the secretariat."""
    return is_secretariat(user) and version.is_working and user.has_perm("roadmap.change_version")


def can_publish_version(user: Any, version: Version) -> bool:
    """May open a working version to comments: whoever may write it."""
    return can_edit_version(user, version)


def can_start_version(user: Any) -> bool:
    """May make the next version from another one."""
    return is_secretariat(user) and user.has_perm("roadmap.add_version")


def can_handle_change_requests(user: Any) -> bool:
    """May make a change request of a decision, and say what became of it: the secretariat."""
    return is_secretariat(user) and bool(user.has_perm("roadmap.change_changerequest"))


def can_read_comments(user: Any, version: Version) -> bool:
    """Comments are the members' and the secretariat's, also once the version is adopted and its text public."""
    return not version.is_working and can_enter_space(user)


def can_comment_on_version(user: Any, version: Version) -> bool:
    """May comment on its paragraphs: whoever has a mandate on the council today, observers and experts too.

    Whether the consultation is open is another question, that the database's clock answers when the comment is written.
    """
    return not version.is_working and is_council_member(user)


def can_answer_comment(user: Any) -> bool:
    """May answer comments in the name of the secretariat, at any time."""
    return is_secretariat(user)


def can_decide_comment(user: Any, comment: Comment) -> bool:
    """May accept or reject a comment, with a reason. A reply is not decided."""
    return is_secretariat(user) and comment.parent_id is None and user.has_perm("roadmap.change_comment")


def commenting_organisations(user: Any) -> list[Organisation]:
    """Return the organisations that the person may speak for in a consultation, each once."""
    return list(
        {mandate.organisation_id: mandate.organisation for mandate in council_mandates(user)}.values()
    )
