"""The messages about comments: one function each, rows of the outbox."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core.kinds import name_kinds
from members.enums import MailChoice
from members.notifications import unsubscribe_url, wants
from outbox.services import queue_email, render_email
from roadmap.drafting.models import Comment

DECISION = "comment-decided"
name_kinds({DECISION: _("Decision on a comment")})


def send_decision(comment: Comment, *, sequence: int) -> None:
    """Tell the author, in their language, what became of their comment and why; `sequence` counts its decisions.

    Nobody is mailed whose account is closed, or who refuses these mails.
    """
    author = comment.author
    if not author.is_active or not wants(author, MailChoice.COMMENT_DECIDED):
        return
    unsubscribe = unsubscribe_url(author, MailChoice.COMMENT_DECIDED)
    with override(author.language):
        path = comment.get_absolute_url()
    subject, text, html = render_email(
        "roadmap/comment_decided",
        {
            "comment": comment,
            "version": comment.block.version,
            "path": path,
            "unsubscribe_url": unsubscribe,
        },
        language=author.language,
    )
    queue_email(
        key=f"comment:{comment.pk}",
        kind=DECISION,
        to=author.email,
        subject=subject,
        text=text,
        html=html,
        language=author.language,
        sequence=sequence,
        recipient=author,
        thread=f"comment:{comment.pk}",
        unsubscribe_url=unsubscribe,
    )
