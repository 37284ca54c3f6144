"""States of an e-mail, the changes allowed between them, and the classes of failure."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.workflow import Workflow


class EmailState(models.TextChoices):
    """Where an e-mail stands between the change that caused it and the mail server's acceptance."""

    QUEUED = "queued", pgettext_lazy("e-mail", "queued")
    INFLIGHT = "inflight", pgettext_lazy("e-mail", "being sent")
    SENT = "sent", pgettext_lazy("e-mail", "sent")
    RETRY = "retry", pgettext_lazy("e-mail", "to be retried")
    FAILED = "failed", pgettext_lazy("e-mail", "failed")
    CANCELLED = "cancelled", pgettext_lazy("e-mail", "cancelled")


# Waiting for a worker: these have a next attempt, and no worker holds them.
WAITING = (EmailState.QUEUED, EmailState.RETRY)

TRANSITIONS = Workflow(
    field="state",
    transitions={
        EmailState.QUEUED: frozenset({EmailState.INFLIGHT, EmailState.CANCELLED}),
        EmailState.INFLIGHT: frozenset(
            {EmailState.SENT, EmailState.RETRY, EmailState.FAILED, EmailState.CANCELLED}
        ),
        # RETRY → SENT: the sweeper gave up on a slow worker whose message was accepted after all.
        EmailState.RETRY: frozenset(
            {EmailState.INFLIGHT, EmailState.SENT, EmailState.QUEUED, EmailState.CANCELLED}
        ),
        # Out of the three last states only by somebody's explicit resending.
        EmailState.SENT: frozenset({EmailState.QUEUED}),
        EmailState.FAILED: frozenset({EmailState.QUEUED}),
        EmailState.CANCELLED: frozenset({EmailState.QUEUED}),
    },
)
RESENDABLE = tuple(
    state
    for state in EmailState
    if state != EmailState.QUEUED and TRANSITIONS.allows(state, EmailState.QUEUED)
)


class ErrorClass(models.TextChoices):
    """Why an e-mail did not leave, as the secretariat needs to know it."""

    BAD_ADDRESS = "bad_address", _("the address is not valid")
    REFUSED = "refused", _("refused by the mail server")
    DEFERRED = "deferred", _("put off by the mail server")
    TIMEOUT = "timeout", _("the mail server did not answer in time")
    DISCONNECTED = "disconnected", _("the connection broke")
    UNREACHABLE = "unreachable", _("the mail server cannot be reached")
    INVALID_MESSAGE = "invalid_message", _("the message cannot be written")
    WORKER_LOST = "worker_lost", _("the worker stopped while sending")
    UNEXPECTED = "unexpected", _("unexpected error")


class CalendarMethod(models.TextChoices):
    """What a calendar part asks of the recipient's calendar (RFC 5546)."""

    REQUEST = "REQUEST", _("invitation")
    CANCEL = "CANCEL", _("cancellation")
    PUBLISH = "PUBLISH", _("information")
