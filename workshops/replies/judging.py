"""Says what a mail is: the answer to one invitation, or something that the portal must not take for one.

An answer counts when three things agree: the meeting's UID, the person who answers, and the invitation's own address,
which only that person's calendar knows. A sender's address proves nothing, and a UID is in the public feed.
"""

from dataclasses import dataclass

from outbox.inbound import InboundMail
from outbox.itip import CalendarAnswer
from workshops.models import Invitation, Workshop
from workshops.replies.enums import ReplyCause

TENTATIVE = "TENTATIVE"
PARTSTATS = ("ACCEPTED", "DECLINED", TENTATIVE)


@dataclass(frozen=True)
class Judgement:
    """What a mail is. Without `cause`, `answer` is `invitation`'s; with one, both are hints for whoever decides."""

    cause: ReplyCause | None = None
    answer: CalendarAnswer | None = None
    invitation: Invitation | None = None


def judge(mail: InboundMail, *, is_cut: bool) -> Judgement:
    """Return what a mail is; changes nothing."""
    answer = mail.answers[0] if len(mail.answers) == 1 else None
    if cause := _strange_mail(mail, is_cut=is_cut):
        return Judgement(cause, answer)
    assert answer is not None  # noqa: S101  (a mail without exactly one is strange)
    rows = Invitation.objects.select_related("workshop", "person")
    invited = list(rows.filter(workshop__uid=answer.uid, reply_tag__in=mail.tags))
    invitation = invited[0] if len(invited) == 1 else None
    return Judgement(_strange_answer(mail, answer, invitation), answer, invitation)


def _strange_mail(mail: InboundMail, *, is_cut: bool) -> ReplyCause | None:
    if is_cut:
        return ReplyCause.TOO_LARGE
    if mail.is_report:
        return ReplyCause.REPORT
    if not mail.answers:
        return ReplyCause.BROKEN_CALENDAR if mail.broken_calendar else ReplyCause.NO_CALENDAR
    if len(mail.answers) > 1 or mail.broken_calendar:
        return ReplyCause.SEVERAL
    return None


def _strange_answer(
    mail: InboundMail, answer: CalendarAnswer, invitation: Invitation | None
) -> ReplyCause | None:
    if answer.method != "REPLY":
        return ReplyCause.METHOD
    if answer.is_occurrence:
        return ReplyCause.OCCURRENCE
    if not Workshop.objects.filter(uid=answer.uid).exists():
        return ReplyCause.UNKNOWN_MEETING
    if invitation is None:
        return ReplyCause.WRONG_TAG if mail.tags else ReplyCause.NO_TAG
    if len(answer.respondents) != 1:
        delegated = any(respondent.delegation for respondent in answer.respondents)
        return ReplyCause.DELEGATED if delegated else ReplyCause.SEVERAL
    (respondent,) = answer.respondents
    if respondent.delegation or respondent.partstat == "DELEGATED":
        return ReplyCause.DELEGATED
    if respondent.email not in (invitation.email.lower(), invitation.current_email.lower()):
        return ReplyCause.OTHER_ATTENDEE
    return None if respondent.partstat in PARTSTATS else ReplyCause.PARTSTAT
