"""What every e-mail of the portal shares: how its templates are rendered, and its identity."""

import re
import uuid
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils.translation import override

from core import typography
from outbox.cleaning import clean_line, clean_text

SUBJECT_LENGTH = 500


def new_message_id() -> str:
    """Return a Message-ID under the sender's domain."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{uuid.uuid4().hex}@{domain}>"


def render_email(template: str, context: Mapping[str, Any], *, language: str) -> tuple[str, str, str]:
    """Render an e-mail in a language and return its subject, text and HTML.

    `template` is "<app>/<name>" for `templates/<app>/emails/<name>.txt` and `.html`. The text starts with "Subject: …"
    and a blank line; it is not HTML-escaped, the HTML is. Both see SITE_URL, LANGUAGE_CODE and, in the HTML, `subject`.
    They extend outbox/emails/base.txt and base.html; give `unsubscribe_url` when the message has one.
    Raises TemplateDoesNotExist, or ValueError when the text has no subject.
    """
    app, _, name = template.removesuffix(".txt").removesuffix(".html").partition("/")
    path = f"{app}/emails/{name.removeprefix('emails/')}"
    shared = {"unsubscribe_url": "", **context, "SITE_URL": settings.SITE_URL, "LANGUAGE_CODE": language}
    with override(language):
        # The engine would escape the text too; the HTML goes through its normal, escaping way.
        text_template = get_template(f"{path}.txt").template  # type: ignore[attr-defined]
        whole = clean_text(text_template.render(Context(shared, autoescape=False))).lstrip()
        head, _, body = whole.partition("\n\n")
        label, colon, subject = head.partition(":")
        subject = clean_line(subject)[:SUBJECT_LENGTH]
        if label != "Subject" or not colon or not subject:
            raise ValueError(f"{path}.txt must start with “Subject: …” and a blank line.")
        title = typography.french(subject) if language == "fr" else subject
        html = get_template(f"{path}.html").render({**shared, "subject": title})
    return subject, re.sub(r"\n{3,}", "\n\n", body).strip() + "\n", clean_text(html).strip() + "\n"
