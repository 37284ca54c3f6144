"""One kept connection to the mail server, and what its answers mean."""

import contextlib
import smtplib
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from django.core.exceptions import ValidationError
from django.core.mail import get_connection

from outbox.cleaning import clean_line
from outbox.enums import EmailState, ErrorClass
from outbox.mime import build_message
from outbox.models import OutboxEmail

# The server wants a login it does not get: our configuration, not the recipient's fault.
_LOGIN_WANTED = {530, 534, 535, 538}
_OK = 250


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    state: EmailState
    error: ErrorClass | None = None
    code: int | None = None
    detail: str = ""
    # The server itself is out of reach: another message would fare no better now.
    server_down: bool = False


class Transport:
    """Sends messages over one connection, opened at the first and again after it broke. A context manager."""

    def __init__(self) -> None:
        self._connection = get_connection(fail_silently=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    def send(self, email: OutboxEmail) -> Outcome:
        """Try to send one message and tell what became of it; raises nothing."""
        try:
            message = build_message(email)
        except ValidationError as error:
            return Outcome(EmailState.FAILED, ErrorClass.BAD_ADDRESS, detail=" ".join(error.messages))
        except Exception as error:
            return Outcome(EmailState.FAILED, ErrorClass.INVALID_MESSAGE, detail=type(error).__name__)
        try:
            self._open()
        except Exception as error:
            self._drop()
            return _unreachable(error)
        try:
            self._connection.send_messages([message])
        except Exception as error:
            outcome = classify(error)
            if outcome.code is None:
                # Interrupted somewhere in the dialogue: the next message would get the answers to this one.
                self._drop()
            return outcome
        return Outcome(EmailState.SENT)

    def _open(self) -> None:
        """Open the connection, or make sure that a kept one still lives: servers close them as they like."""
        kept = getattr(self._connection, "connection", None)
        if kept is not None:
            try:
                alive = kept.noop()[0] == _OK
            except (smtplib.SMTPException, OSError):
                alive = False
            if not alive:
                self._drop()
        self._connection.open()

    def _drop(self) -> None:
        """Close the connection; what the server says to that no longer matters."""
        # Django's backend forgets the connection even when its farewell fails.
        with contextlib.suppress(Exception):
            self._connection.close()


def _unreachable(error: Exception) -> Outcome:
    """Whatever fails before the server hears of a message is temporary: somebody will mend the configuration."""
    code, detail = _answer(error)
    return Outcome(EmailState.RETRY, ErrorClass.UNREACHABLE, code, detail, server_down=True)


def classify(error: Exception) -> Outcome:
    """Tell what a failed attempt means: 5xx is final, everything else is worth another try."""
    code, detail = _answer(error)
    if code in _LOGIN_WANTED:
        return _unreachable(error)
    if code is not None and 500 <= code < 600:
        return Outcome(EmailState.FAILED, ErrorClass.REFUSED, code, detail)
    if code is not None and code > 0:
        return Outcome(EmailState.RETRY, ErrorClass.DEFERRED, code, detail)
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return Outcome(EmailState.RETRY, ErrorClass.TIMEOUT, detail=detail)
    if isinstance(error, smtplib.SMTPServerDisconnected | OSError):
        return Outcome(EmailState.RETRY, ErrorClass.DISCONNECTED, detail=detail)
    return Outcome(EmailState.RETRY, ErrorClass.UNEXPECTED, detail=detail)


def _answer(error: Exception) -> tuple[int | None, str]:
    """Return the server's code, when it gave one, and its words (or the exception's name)."""
    words: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        # A row has one recipient.
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return None, type(error).__name__
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    return (code if code > 0 else None), clean_line(text)
