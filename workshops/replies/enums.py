"""States of a mail that came in, and why one is not simply taken as an answer."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ReplyState(models.TextChoices):
    """What became of a mail that came in."""

    RECEIVED = "received", pgettext_lazy("calendar reply", "received")
    QUARANTINED = "quarantined", pgettext_lazy("calendar reply", "to be decided")
    NOTED = "noted", pgettext_lazy("calendar reply", "perhaps: to be followed")
    APPLIED = "applied", pgettext_lazy("calendar reply", "taken as an answer")
    IGNORED = "ignored", pgettext_lazy("calendar reply", "without effect")
    DISCARDED = "discarded", pgettext_lazy("calendar reply", "set aside")


_DECIDED = frozenset({ReplyState.APPLIED, ReplyState.DISCARDED})
REPLY_TRANSITIONS = {
    ReplyState.RECEIVED: frozenset(
        {ReplyState.QUARANTINED, ReplyState.NOTED, ReplyState.APPLIED, ReplyState.IGNORED}
    ),
    ReplyState.QUARANTINED: _DECIDED,
    ReplyState.NOTED: _DECIDED,
    ReplyState.APPLIED: frozenset(),
    ReplyState.IGNORED: frozenset(),
    ReplyState.DISCARDED: frozenset(),
}
# The secretariat decides about these.
UNDECIDED = (ReplyState.QUARANTINED, ReplyState.NOTED)


class ReplyCause(models.TextChoices):
    """Why a mail is quarantined, noted or without effect."""

    UNREADABLE = "unreadable", _("The message cannot be read.")
    TOO_LARGE = "too-large", _("The message is too large: only its beginning was kept.")
    REPORT = "report", _("A message of this mailbox was not delivered, or its reading is reported.")
    NO_CALENDAR = "no-calendar", _("A mail without a calendar’s answer.")
    BROKEN_CALENDAR = "broken-calendar", _("The calendar part cannot be read.")
    SEVERAL = "several", _("Several answers in one message.")
    METHOD = "method", _("The calendar asks something else than to answer (another time, for instance).")
    OCCURRENCE = "occurrence", _("The answer is about one date of a series.")
    UNKNOWN_MEETING = "unknown-meeting", _("No workshop has this calendar identifier.")
    NO_TAG = (
        "no-tag",
        _("The message came without the invitation’s own address: anybody may have written it."),
    )
    WRONG_TAG = "wrong-tag", _("The message came to another invitation’s address.")
    OTHER_ATTENDEE = "other-attendee", _("Somebody else than the person invited answers.")
    DELEGATED = "delegated", _("The invitation was passed on to somebody else.")
    PARTSTAT = "partstat", _("The answer is neither yes, no nor perhaps.")
    SEQUENCE = "sequence", _("It answers a version of the invitation that was never sent.")
    REFUSED = "refused", _("The portal no longer takes this answer.")
    FAILED = "failed", _("The portal failed to handle it.")
    TENTATIVE = "tentative", _("“Perhaps” is no answer.")
    REPEATED = "repeated", _("This answer, or a newer one of the same calendar, was already taken.")
    OLD_DATES = "old-dates", _("It answers former dates: the person is asked again.")
    MOOT = "moot", _("The invitation no longer stands.")


# What calendars answer (PARTSTAT of RFC 5545), in words.
PARTSTAT_LABELS = {
    "ACCEPTED": pgettext_lazy("calendar reply", "yes"),
    "DECLINED": pgettext_lazy("calendar reply", "no"),
    "TENTATIVE": pgettext_lazy("calendar reply", "perhaps"),
}
