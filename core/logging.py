"""Structured logs without personal data: one JSON object a line, no query string, no token, no address."""

import json
import logging
import re
from datetime import UTC, datetime

# A path segment or word as long as our tokens (secrets.token_urlsafe(32) has 43 characters), and e-mail addresses.
TOKEN = re.compile(r"[A-Za-z0-9_\-]{32,}")
EMAIL = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
QUERY = re.compile(r"\?\S*")
# What PostgreSQL adds to a refusal is the row's own words: names, addresses, comments. It ends with its exception.
DETAIL = re.compile(
    r"DETAIL:.*?(?=\s*(?:The above exception was|During handling of the above)|\Z)", re.DOTALL
)


def scrub(text: str) -> str:
    """Remove from a log line what could identify a person or open a door."""
    return TOKEN.sub("[token]", EMAIL.sub("[email]", QUERY.sub("", DETAIL.sub("[detail]", text))))


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON; `extra={"data": {…}}` adds fields, which must be ids, counts and codes only."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage()),
        }
        status = getattr(record, "status_code", None)
        if status is not None:
            line["status"] = status
        line.update(getattr(record, "data", {}))
        if record.exc_info:
            line["traceback"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)
