"""System checks: settings with which the portal must not be served. `manage.py` refuses to start on an error."""

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register

LOOPBACK = ("localhost", "127.0.0.1", "::1")
SHORTEST_SECRET_KEY = 50
# Beginnings of the keys that the development tools and Django's own template write.
KNOWN_SECRET_KEYS = ("django-insecure-", "dev-only", "for-the-tests", "changeme", "change-me", "secret")


def _is_weak(key: str) -> bool:
    return len(key) < SHORTEST_SECRET_KEY or len(set(key)) < 8 or key.lower().startswith(KNOWN_SECRET_KEYS)


@register(Tags.security)
def check_production(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Refuse in production what is only fit for a trial."""
    if settings.PORTAL_MODE != "production":
        return []
    found: list[CheckMessage] = []

    def refuse(number: int, message: str, hint: str) -> None:
        found.append(Error(message, hint=hint, id=f"core.E{number:03}"))

    if settings.DEBUG:
        refuse(1, "DEBUG is on in production.", "Error pages would show settings and data: leave it off.")
    if settings.DEMO_ACCOUNTS:
        refuse(2, "Demo accounts are on in production.", "Their password is public: unset DEMO_ACCOUNTS.")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if any(_is_weak(key) for key in keys):
        refuse(
            3,
            f"SECRET_KEY (or a fallback) is known, repetitive or shorter than {SHORTEST_SECRET_KEY} characters.",
            "Make one: openssl rand -hex 48.",
        )
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https" or not site.hostname or site.path.strip("/"):
        refuse(4, "SITE_URL is not an https:// address.", "Set SITE_URL=https://name, as people type it.")
    elif not _is_served(site.hostname):
        refuse(
            5, f"ALLOWED_HOSTS does not hold {site.hostname}, SITE_URL's name.", "Add it to ALLOWED_HOSTS."
        )
    if "*" in settings.ALLOWED_HOSTS:
        refuse(
            6, "ALLOWED_HOSTS answers any name.", "Name the hosts: links in mails must not lead elsewhere."
        )
    if not settings.STAFF_SECOND_FACTOR:
        refuse(
            9,
            "Some staff enter the administration without a second factor.",
            "That is for demo accounts: unset STAFF_SECOND_FACTOR.",
        )
    if not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or settings.EMAIL_HOST in LOOPBACK):
        refuse(
            14,
            f"Mail goes to {settings.EMAIL_HOST} without TLS.",
            "Add ?tls to EMAIL_URL or use smtps://: the password, resets and invitations would cross the network in "
            "clear. A relay without TLS runs on this machine (127.0.0.1).",
        )
    return found


def _is_served(host: str) -> bool:
    return any(
        allowed == "*" or host == allowed or (allowed.startswith(".") and f".{host}".endswith(allowed))
        for allowed in settings.ALLOWED_HOSTS
    )


@register(Tags.database)
def check_databases(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Refuse a database without the constraints and triggers that the rules rest on."""
    return [
        Error(
            f"The database {name!r} is not PostgreSQL.",
            hint="Set DATABASE_URL=postgres://…: rules are held by its constraints and triggers.",
            id="core.E007",
        )
        for name, database in settings.DATABASES.items()
        if database.get("ENGINE") != "django.db.backends.postgresql"
    ]


@register()
def check_celery(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Refuse a task being given to a second worker while the first still has it."""
    timeout: Any = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout", 0)
    limit = settings.CELERY_TASK_TIME_LIMIT
    if timeout > limit:
        return []
    return [
        Error(
            f"CELERY_VISIBILITY_TIMEOUT ({timeout} s) does not exceed the longest task ({limit} s).",
            hint=f"Set it above {limit}, or that task would run twice.",
            id="core.E008",
        )
    ]


@register()
def check_retention(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Refuse to close accounts without notice."""
    if settings.RETENTION_CLOSE_MONTHS > settings.RETENTION_WARN_MONTHS:
        return []
    return [
        Error(
            "RETENTION_CLOSE_MONTHS does not exceed RETENTION_WARN_MONTHS.",
            hint="People are warned at least a month before their account is closed.",
            id="core.E010",
        )
    ]


@register()
def check_inbound(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Refuse an address that calendars' answers cannot come to, or a mailbox that is another one's."""
    address, mailbox = settings.INBOUND_ADDRESS, settings.INBOUND_MAILBOX
    production = settings.PORTAL_MODE == "production"
    found: list[CheckMessage] = []
    if (address or mailbox) and not _takes_answers(address):
        hint = "INBOUND_ADDRESS is a bare address of its own: what comes to it is moved away once read."
        message = f"INBOUND_ADDRESS ({address or 'empty'}) cannot take the answers of calendars."
        found.append(Error(message, hint=hint, id="core.E011"))
    elif address and not mailbox and production:
        hint = "Set INBOUND_IMAP_URL, or let the mail server pipe its mail into manage.py receive_reply."
        found.append(
            Info("No mailbox is read for the answers to INBOUND_ADDRESS.", hint=hint, id="core.I012")
        )
    if mailbox and production and not (mailbox.tls or mailbox.starttls or mailbox.host in LOOPBACK):
        hint = "Use imaps:// or add ?tls: the password and people's answers would cross the network in clear."
        found.append(Error("INBOUND_IMAP_URL is read without TLS.", hint=hint, id="core.E013"))
    return found


def _takes_answers(address: str) -> bool:
    """Tell whether an address can have a plus added to it, and is neither the secretariat's nor our sender's."""
    local, _at, domain = address.rpartition("@")
    others = {
        parseaddr(other)[1].lower() for other in (settings.SECRETARIAT_EMAIL, settings.DEFAULT_FROM_EMAIL)
    }
    plain = parseaddr(address)[1] == address and address.isascii() and " " not in address
    return bool(local and domain and plain and "+" not in local and address.lower() not in others)
