"""Reads settings from the environment, loudly: a missing or malformed value stops the start with one clear line."""

import os
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from outbox.mailbox import Mailbox

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """Return a variable's text; raise ImproperlyConfigured when it has neither value nor default."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set {name} in the environment (see .env.example).")
    return default


def boolean(name: str, default: bool) -> bool:
    """Return a variable as yes or no; raise ImproperlyConfigured on any other word."""
    value = os.environ.get(name, str(default)).strip().lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of: 1, 0, true, false, yes, no, on, off.")


def integer(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Return a variable as a whole number of at least `minimum`, or raise ImproperlyConfigured."""
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdecimal() or int(value) < minimum:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {minimum}.")
    if maximum is not None and int(value) > maximum:
        raise ImproperlyConfigured(f"{name} must be a whole number of at most {maximum}.")
    return int(value)


def integers(name: str, default: str) -> list[int]:
    """Return a comma-separated variable of whole numbers, or raise ImproperlyConfigured."""
    found = words(name, default)
    if not all(word.isdecimal() for word in found):
        raise ImproperlyConfigured(f"{name} must be whole numbers separated by commas, such as {default}.")
    return [int(word) for word in found]


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list, without blanks."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def together(*names: str) -> list[str]:
    """Return variables that need each other: all of them, or all empty; raise ImproperlyConfigured otherwise."""
    values = [os.environ.get(name, "").strip() for name in names]
    if any(values) and not all(values):
        missing = [name for name, value in zip(names, values, strict=True) if not value]
        raise ImproperlyConfigured(f"{', '.join(names)} go together: {', '.join(missing)} is missing.")
    return values


def https_address(name: str, value: str) -> str:
    """Return an address without its last slash; raise ImproperlyConfigured unless it is empty or https://…"""
    parts = urlsplit(value)
    if value and (parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment):
        raise ImproperlyConfigured(f"{name} must look like https://name/path.")
    return value.rstrip("/")


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """Return a variable that must be one of `allowed` (the first is the default)."""
    value = text(name, allowed[0])
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(allowed)}.")
    return value


def database(name: str = "DATABASE_URL") -> dict[str, object]:
    """Parse postgres://user:password@host:port/name?host=/socket&sslmode=… into Django's DATABASES entry."""
    parts = urlsplit(text(name))
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/name.")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
    }


@dataclass(frozen=True)
class MailServer:
    """Where mail goes: an SMTP server, plain, STARTTLS (`?tls`) or TLS (`smtps://`)."""

    host: str
    port: int
    user: str
    password: str
    starttls: bool
    tls: bool


def mail_server(name: str = "EMAIL_URL", default: str | None = None) -> MailServer:
    """Parse smtp://user:password@host:port[?tls] or smtps://…; raise ImproperlyConfigured otherwise.

    An option with a typo is refused: passwords and links would otherwise be sent in clear.
    """
    parts = urlsplit(text(name, default))
    options = set(parse_qs(parts.query, keep_blank_values=True))
    tls = parts.scheme == "smtps"
    starttls = "tls" in options and not tls
    try:
        port = parts.port or (465 if tls else 587 if starttls else 25)
    except ValueError:
        port = 0
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or not port or options - {"tls"}:
        raise ImproperlyConfigured(
            f"{name} must look like smtp://user:password@host:587?tls or smtps://host:465."
        )
    return MailServer(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=starttls,
        tls=tls,
    )


def imap_mailbox(name: str) -> Mailbox | None:
    """Parse imaps://user:password@host/INBOX?done=Folder, or imap://…?tls; None when the variable is empty.

    Raises ImproperlyConfigured on anything else: an option with a typo would otherwise be a mailbox read in clear.
    """
    value = text(name, "")
    if not value:
        return None
    parts = urlsplit(value)
    options = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    starttls = "tls" in options
    options.pop("tls", None)
    folder, done = unquote(parts.path.strip("/")) or "INBOX", options.pop("done", "Portal-read")
    try:
        port = parts.port or (993 if parts.scheme == "imaps" else 143)
    except ValueError:
        port = 0
    right = (
        parts.scheme in {"imap", "imaps"} and parts.hostname and parts.username and parts.password and port
    )
    if not right or options or not all(box.isascii() and box.isprintable() and box for box in (folder, done)):
        raise ImproperlyConfigured(
            f"{name} must look like imaps://user:password@host/INBOX?done=Folder or imap://…?tls "
            "(special characters percent-encoded, folders in plain letters)."
        )
    if folder.lower() == done.lower():
        raise ImproperlyConfigured(f"{name}: what was read is filed away in another folder than {folder}.")
    return Mailbox(
        host=str(parts.hostname),
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "imaps",
        starttls=starttls and parts.scheme == "imap",
        folder=folder,
        done=done,
    )
