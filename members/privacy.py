"""The wish to be erased: asked by the person, answered by the secretariat. The erasing itself joins all apps
(industrie_positive.erasure)."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from core import workflow
from members.enums import ErasureState
from members.invitations import ERASED_DOMAIN
from members.models import ErasureRequest, Mandate, User
from outbox.services import queue_email, render_email

REQUESTED = "erasure-requested"
REFUSED = "erasure-refused"
DONE = "erasure-done"
TEMPLATES = {REQUESTED: "members/erasure_requested", REFUSED: "members/erasure_refused"}


class ErasureError(Exception):
    """The erasure is not possible now. The message is for the reader."""


def open_request(person: User) -> ErasureRequest | None:
    """Return the person's request that waits for an answer, if any."""
    return ErasureRequest.objects.filter(person=person, state=ErasureState.OPEN).first()


def obstacles(person: User) -> list[str]:
    """Say why a person cannot be erased now: their mandates are ended first, each by its own act in the register."""
    reasons = []
    standing = Mandate.objects.standing().filter(person=person)
    for mandate in standing.select_related("organisation", "body").order_by("id"):
        reasons.append(
            _("A mandate is in force or to come: %(role)s for %(organisation)s.")
            % {"role": mandate.get_role_display(), "organisation": mandate.organisation.name}
        )
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if person.is_superuser and not others.exists():
        reasons.append(_("This is the last administrator’s account."))
    if ErasureRequest.objects.filter(person=person, state=ErasureState.DONE).exists():
        reasons.append(_("This person has been erased."))
    return reasons


def request_erasure(*, person: User, message: str, by: Any) -> ErasureRequest:
    """Write a request and tell the secretariat by mail, which names nobody.

    Raises ErasureError when one is open, or the person has been erased.
    """
    with transaction.atomic():
        fresh = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if fresh.email.endswith(ERASED_DOMAIN):
            raise ErasureError(_("This person has been erased."))
        try:
            with transaction.atomic():
                request = ErasureRequest.objects.create(person=person, message=message)
        except IntegrityError as error:
            raise ErasureError(_("A request is open already.")) from error
        workflow.record(request, field="state", source="", target=ErasureState.OPEN, by=by)
        _mail(REQUESTED, request, to=settings.SECRETARIAT_EMAIL, language="fr", recipient=None)
    return request


def withdraw_erasure(*, request: ErasureRequest, by: Any) -> ErasureRequest:
    """Take a request back. Raises TransitionError when it has been handled."""
    return workflow.transition(request, ErasureState.WITHDRAWN, by=by, handled_at=Now())


def refuse_erasure(*, request: ErasureRequest, by: Any, reason: str) -> ErasureRequest:
    """Refuse a request and mail the reason to the person. Raises TransitionError when it has been handled."""
    with transaction.atomic():
        fresh = workflow.transition(request, ErasureState.REFUSED, by=by, handled_at=Now(), refusal=reason)
        person = fresh.person
        _mail(REFUSED, fresh, to=person.email, language=person.language, recipient=person)
    return fresh


def _mail(kind: str, request: ErasureRequest, *, to: str, language: str, recipient: User | None) -> None:
    context = {"request": request, "person": recipient}
    subject, text, html = render_email(TEMPLATES[kind], context, language=language)
    queue_email(
        key=f"erasure:{request.pk}",
        kind=kind,
        to=to,
        subject=subject,
        text=text,
        html=html,
        language=language,
        recipient=recipient,
    )
