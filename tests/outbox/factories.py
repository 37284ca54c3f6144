"""Rows of the outbox for tests."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from outbox.emails import new_message_id
from outbox.enums import EmailState, ErrorClass
from outbox.models import OutboxEmail


class OutboxEmailFactory(factory.django.DjangoModelFactory[OutboxEmail]):
    """A queued e-mail, due; a trait for each other state."""

    class Meta:
        model = OutboxEmail

    key = factory.Sequence(lambda number: f"workshop:{number}")
    kind = "workshops.invitation"
    to = factory.Sequence(lambda number: f"personne-{number}@example.org")
    language = "fr"
    subject = "Atelier-conseil à l'Écusson"
    text = "Bonjour,\n\nVous êtes attendu·e.\n"
    html = "<p>Vous êtes attendu·e.</p>\n"
    message_id = factory.LazyFunction(new_message_id)
    state = EmailState.QUEUED
    # A minute ago, so that it is due by any clock.
    next_attempt_at = factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=1))

    class Params:
        retry = factory.Trait(state=EmailState.RETRY, attempts=1, error_class=ErrorClass.DEFERRED)
        inflight = factory.Trait(
            state=EmailState.INFLIGHT,
            attempts=1,
            next_attempt_at=None,
            claimed_at=factory.LazyFunction(timezone.now),
        )
        sent = factory.Trait(
            state=EmailState.SENT,
            attempts=1,
            next_attempt_at=None,
            sent_at=factory.LazyFunction(timezone.now),
        )
        failed = factory.Trait(
            state=EmailState.FAILED, attempts=1, next_attempt_at=None, error_class=ErrorClass.REFUSED
        )
        cancelled = factory.Trait(state=EmailState.CANCELLED, next_attempt_at=None)

    @classmethod
    def in_state(cls, state: str, **fields: Any) -> OutboxEmail:
        """Make one in the named state."""
        return cls(**({} if state == EmailState.QUEUED else {state: True}), **fields)
