"""All that the portal holds about a person, to show and to hand over. It joins all apps, so it lives here.

`HELD` names every relation of a model to a person; a test fails when a new one is neither there nor in NOT_PERSONAL.
Secrets (password, tokens, keys) are said to exist, never given.
"""

import json
from datetime import date, datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import database_now
from core.kinds import kind_label
from core.models import TransitionLog
from core.templatetags.text import date_long, datetime_long
from members.history import identities
from members.models import User
from outbox.models import ACCOUNT_KINDS, OutboxEmail
from workshops.enums import LOGGED as LOGGED_OF_WORKSHOPS
from workshops.enums import AnswerSource

# Rows of each kind that the page shows; the file has them all.
SHOWN = 20

# Relations to a person that say nothing about one.
NOT_PERSONAL: dict[str, str] = {}


class Held(NamedTuple):
    """A kind of data: its key in the file, its title, the relations it covers (of one model), the fields given."""

    key: str
    title: str | Promise
    relations: tuple[str, ...]
    fields: tuple[str, ...]
    # The fields of the person, the address and the instant, for rows that may know the person by an address alone.
    by_address: tuple[str, str, str] | None = None
    # A path to the person through other rows ("app.Model.path"), where the model has no relation of its own.
    via: str = ""

    @property
    def model(self) -> type[Model]:
        """Return the model whose rows these are."""
        return apps.get_model((*self.relations, self.via)[0].rpartition(".")[0])

    def rows(self, person: User) -> "QuerySet[Any, dict[str, Any]]":
        """Return the person's rows as dictionaries, in order."""
        wanted = Q()
        for relation in (*self.relations, self.via) if self.via else self.relations:
            name = relation.rpartition(".")[2]
            wanted |= _target(person) if name == "target" else Q(**{name: person.pk})
        if self.by_address:
            wanted |= _held_by_address(person, *self.by_address)
        # `distinct` would compare JSON: the ids are enough.
        ids = self.model._default_manager.filter(wanted).values("pk")
        rows = self.model._default_manager.filter(pk__in=ids).order_by("pk")
        return rows.values(*self.fields)

    def labels(self) -> list[str]:
        """Return the fields' titles."""
        return [_label(self.model, name) for name in self.fields]


def _held_by_address(person: User, owner: str, address: str, instant: str) -> Q:
    """Match what nobody else owns and was written to an address while it was this person's: addresses are reused."""
    matched = Q(**{f"{address}__iexact": person.email, f"{instant}__isnull": True})
    for tenure in identities(person)[1]:
        during = {f"{address}__iexact": tenure.address, f"{instant}__gte": tenure.since}
        matched |= Q(**during, **({f"{instant}__lt": tenure.until} if tenure.until else {}))
    return Q(**{owner: None}) & matched


def _target(person: User) -> Q:
    return Q(content_type=ContentType.objects.get_for_model(User), object_id=person.pk)


HELD = (
    Held(
        "account",
        gettext_lazy("My account"),
        ("members.User.id",),
        (
            *("email", "first_name", "last_name", "job_title", "phone", "language"),
            *("shows_email", "shows_phone", "shows_job_title"),
            *("is_active", "is_staff", "is_superuser", "date_joined", "last_login", "inactivity_warned_at"),
        ),
    ),
    Held("groups", gettext_lazy("My groups"), ("members.User_groups.user",), ("group__name",)),
    Held(
        "rights",
        gettext_lazy("My own rights on the administration site"),
        ("members.User_user_permissions.user",),
        ("permission__name",),
    ),
    Held(
        "mandates",
        gettext_lazy("My mandates"),
        ("members.Mandate.person",),
        ("organisation__name", "body__name_fr", "role", "starts_on", "ends_on"),
    ),
    Held(
        "portal_invitations",
        gettext_lazy("Invitations to the portal, received or sent"),
        ("members.PortalInvitation.person", "members.PortalInvitation.invited_by"),
        ("state", "created_at", "expires_at", "accepted_at"),
    ),
    Held(
        "workshop_invitations",
        gettext_lazy("Invitations to workshops, and my answers"),
        ("workshops.Invitation.person",),
        (
            *("workshop__title_fr", "workshop__starts_at", "organisation__name", "name", "email"),
            *("sent_at", "answer", "answered_at", "answer_source", "represented_by"),
            *("proxy_organisation__name", "needs", "comment", "waiting_since", "promoted_at"),
            *("host_sheet_sent_at", "withdrawn_at"),
        ),
        ("person", "email", "sent_at"),
    ),
    Held(
        "representations",
        gettext_lazy("Colleagues whom I represent at workshops"),
        ("workshops.Invitation.representative",),
        ("workshop__title_fr", "workshop__starts_at", "organisation__name", "name", "answered_at"),
    ),
    Held(
        "attendances",
        gettext_lazy("Workshops I was at"),
        ("workshops.Attendance.person",),
        ("workshop__title_fr", "name", "organisation__name", "arrived_at", "source", "cancelled_at"),
    ),
    Held(
        "arrivals_recorded",
        gettext_lazy("Arrivals at workshops that I recorded"),
        ("workshops.Attendance.recorded_by",),
        ("workshop__title_fr", "arrived_at", "source"),
    ),
    Held(
        "calendar_replies",
        gettext_lazy("Mails from me, or from my calendar, to the address for answers"),
        ("workshops.CalendarReply.person",),
        (
            *("received_at", "sender", "sender_name", "subject", "text", "state", "cause"),
            *("attendee", "partstat", "comment"),
        ),
        ("person", "sender", "received_at"),
    ),
    Held(
        "answers_recorded",
        gettext_lazy("Answers to workshops that I recorded"),
        ("workshops.Invitation.answered_by",),
        ("workshop__title_fr", "answer", "answered_at", "answer_source"),
    ),
    Held(
        "poll_replies",
        gettext_lazy("My replies to date polls"),
        (),
        ("invitation__workshop__title_fr", "sent_at", "answered_at", "source", "comment"),
        ("invitation__person", "invitation__email", "sent_at"),
        "workshops.PollReply.invitation__person",
    ),
    Held(
        "poll_answers",
        gettext_lazy("Dates that suit me or not"),
        (),
        ("option__poll__workshop__title_fr", "option__starts_at", "option__venue__name", "choice"),
        ("reply__invitation__person", "reply__invitation__email", "reply__sent_at"),
        "workshops.PollAnswer.reply__invitation__person",
    ),
    Held(
        "poll_replies_recorded",
        gettext_lazy("Replies to date polls that I recorded"),
        ("workshops.PollReply.recorded_by",),
        ("invitation__workshop__title_fr", "answered_at", "source"),
    ),
    Held(
        "minutes_lists",
        gettext_lazy("Minutes that name me"),
        ("workshops.PresenceLine.person",),
        ("minutes__workshop__title_fr", "standing", "name", "organisation_name", "note"),
    ),
    Held(
        "minutes_corrections",
        gettext_lazy("Corrections of minutes that I asked for"),
        ("workshops.Correction.author",),
        (
            *("section__minutes__workshop__title_fr", "section__title_fr", "language", "original"),
            *("proposed", "comment", "state", "status_reason", "created_at"),
        ),
        via="workshops.Correction.invitation__person",
    ),
    Held(
        "decisions",
        gettext_lazy("Decisions that I carry out"),
        ("workshops.Decision.person",),
        ("minutes__workshop__title_fr", "number", "text_fr", "due_on", "state", "closed_at"),
    ),
    Held(
        "action_tasks",
        gettext_lazy("Tasks of actions, mine or marked as done by me"),
        ("roadmap.ActionTask.owner", "roadmap.ActionTask.done_by"),
        ("action__title_fr", "title", "due_on", "done_at"),
    ),
    Held(
        "workshops_organised",
        gettext_lazy("Workshops that I organise"),
        ("workshops.Workshop.organiser",),
        ("title_fr", "starts_at", "state"),
    ),
    Held(
        "comments",
        gettext_lazy("My comments on the roadmap"),
        ("roadmap.Comment.author",),
        (
            *("block__version__number", "block__label", "organisation__name", "kind", "body"),
            *("status", "status_reason", "created_at"),
        ),
    ),
    Held(
        "ballots",
        gettext_lazy("Ballots that I cast"),
        ("roadmap.Ballot.cast_by",),
        (
            *("voter__approval__version__number", "voter__organisation_name", "choice", "explanation"),
            *("cast_at", "text_sha256", "ledger_entry__number"),
        ),
    ),
    Held(
        "votes_opened",
        gettext_lazy("Votes that I opened"),
        ("roadmap.Approval.opened_by",),
        ("version__number", "opens_at", "closes_at"),
    ),
    Held(
        "actions",
        gettext_lazy("Actions that I pilot"),
        ("roadmap.Action.pilot",),
        ("number", "title_fr", "status"),
    ),
    Held(
        "mails",
        gettext_lazy("E-mails sent to me"),
        ("outbox.OutboxEmail.recipient",),
        ("to", "kind", "subject", "created_at", "state", "sent_at", "text"),
        ("recipient", "to", "created_at"),
    ),
    Held(
        "refused_mails",
        gettext_lazy("Kinds of mail that I refuse"),
        ("members.MailRefusal.person",),
        ("kind", "refused_at"),
    ),
    Held(
        "calendar",
        gettext_lazy("My calendar’s secret address"),
        ("members.CalendarFeed.person",),
        ("renewed_at",),
    ),
    Held(
        "sessions",
        gettext_lazy("My sessions"),
        ("usersessions.UserSession.user",),
        ("created_at", "last_seen_at", "ip", "user_agent"),
    ),
    Held(
        "addresses",
        gettext_lazy("My login addresses"),
        ("account.EmailAddress.user",),
        ("email", "verified", "primary"),
    ),
    Held(
        "second_factors",
        gettext_lazy("My passkeys and second factors"),
        ("mfa.Authenticator.user",),
        ("type", "created_at", "last_used_at"),
    ),
    Held(
        "identities",
        gettext_lazy("Identities linked to my account"),
        ("socialaccount.SocialAccount.user",),
        ("provider", "uid", "date_joined", "last_login", "extra_data"),
    ),
    Held(
        "register_changes",
        gettext_lazy("Changes of the register about me"),
        ("members.Change.person",),
        ("register", "verb", "values", "reason", "at"),
    ),
    Held(
        "register_changes_made",
        gettext_lazy("Changes of the register that I made"),
        ("members.Change.by",),
        ("register", "object_id", "verb", "reason", "at"),
    ),
    Held(
        "imports",
        gettext_lazy("Files that I am importing"),
        ("members.RegisterImport.by",),
        ("name", "at"),
    ),
    Held(
        "states",
        gettext_lazy("Changes of state of my account, or made by me"),
        ("core.TransitionLog.target", "core.TransitionLog.by"),
        ("content_type__model", "object_id", "field", "from_state", "to_state", "reason", "at"),
    ),
    Held(
        "administration",
        gettext_lazy("What I did on the administration site"),
        ("admin.LogEntry.user",),
        ("action_time", "object_repr", "action_flag", "change_message"),
    ),
    Held(
        "erasure_requests",
        gettext_lazy("My requests to be erased"),
        ("members.ErasureRequest.person",),
        ("created_at", "message", "state", "handled_at", "refusal"),
    ),
)


def _data(held: Held, person: User, most: int | None = None) -> list[dict[str, Any]]:
    rows = list(held.rows(person)[:most])
    for row in rows:
        # A link that opens an account is no data about a person, and would open it to whoever finds the file.
        if "text" in row and str(row.get("kind", "")).startswith(ACCOUNT_KINDS):
            row["text"] = ""
    return rows


def export(person: User) -> dict[str, Any]:
    """Return everything held about a person, ready for JSON."""
    return {
        "format": "personal-data/1",
        "person": person.pk,
        "exported_at": database_now(),
        **{held.key: _data(held, person) for held in HELD},
    }


class Table(NamedTuple):
    """A kind of data as the page shows it."""

    key: str
    title: str | Promise
    labels: list[str]
    rows: list[list[tuple[str, str]]]
    total: int


def tables(person: User) -> list[Table]:
    """Return what is held, in the reader's words, without the kinds of which there is nothing."""
    found = []
    for held in HELD:
        rows = _data(held, person, SHOWN + 1)
        if rows:
            count = len(rows) if len(rows) <= SHOWN else held.rows(person).count()
            labels = held.labels()
            cells = [
                [
                    (label, _text(held.model, name, row[name]))
                    for label, name in zip(labels, held.fields, strict=True)
                ]
                for row in (_in_words(held.model, row) for row in rows[:SHOWN])
            ]
            found.append(Table(held.key, held.title, labels, cells, count))
    return found


def _field(model: type[Model], path: str) -> Any:
    """Return the field at the end of a path (`organisation__name`)."""
    field: Any = None
    for part in path.split("__"):
        field = (field.related_model if field else model)._meta.get_field(part)
    return field


# What logs call by a name that no field has.
LOGGED: dict[str, str | Promise] = {
    **LOGGED_OF_WORKSHOPS,
    "poll": gettext_lazy("date poll"),
    "poll_deadline": gettext_lazy("date poll"),
    "text": gettext_lazy("text"),
}


def _in_words(model: type[Model], row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what its own fields hold as codes, a mail's kind or a change of state, said in words."""
    if model is OutboxEmail:
        return row | {"kind": kind_label(row["kind"])}
    if model is not TransitionLog:
        return row
    subject = next(one for one in apps.get_models() if one._meta.model_name == row["content_type__model"])
    try:
        field: Any = subject._meta.get_field(row["field"])
        name, labels = field.verbose_name, dict(getattr(field, "flatchoices", ()))
    except FieldDoesNotExist:
        name, labels = LOGGED.get(row["field"], row["field"]), {}
    states = {end: _state(row[end], labels) for end in ("from_state", "to_state")}
    reason = dict(AnswerSource.choices).get(row["reason"], row["reason"])
    return row | states | {"content_type__model": subject._meta.verbose_name, "field": name, "reason": reason}


def _state(value: str, labels: dict[str, str]) -> Any:
    """Return a logged value as its field's choice, or as an instant where it is one."""
    try:
        return labels.get(value) or parse_datetime(value) or value
    except ValueError:
        return value


# Columns whose own names say too little, or are a library's.
LABELS: dict[str, str | Promise] = {
    "block__label": gettext_lazy("Passage"),
    "block__version__number": gettext_lazy("Version"),
    "content_type__model": gettext_lazy("Object"),
    "created_at": gettext_lazy("Written"),
    "from_state": gettext_lazy("Before"),
    "to_state": gettext_lazy("After"),
    "extra_data": gettext_lazy("Received data"),
    "group__name": gettext_lazy("Group"),
    "ip": gettext_lazy("Network address"),
    "last_seen_at": gettext_lazy("Last seen"),
    "last_used_at": gettext_lazy("Last used"),
    "ledger_entry__number": gettext_lazy("Ledger entry"),
    "object_id": gettext_lazy("Number"),
    "minutes__workshop__title_fr": gettext_lazy("Workshop"),
    "section__minutes__workshop__title_fr": gettext_lazy("Workshop"),
    "section__title_fr": gettext_lazy("Section"),
    "action__title_fr": gettext_lazy("Flagship action"),
    "permission__name": gettext_lazy("Right"),
    "text_sha256": gettext_lazy("SHA-256 of the text"),
    "uid": gettext_lazy("Identifier"),
    "user_agent": gettext_lazy("Browser"),
    "invitation__workshop__title_fr": gettext_lazy("Workshop"),
    "option__poll__workshop__title_fr": gettext_lazy("Workshop"),
    "version__number": gettext_lazy("Version"),
    "voter__approval__version__number": gettext_lazy("Version"),
    "workshop__title_fr": gettext_lazy("Workshop"),
}


def _label(model: type[Model], path: str) -> str:
    if path in LABELS:
        return str(LABELS[path])
    # Of « organisation, name » the first says more; of « workshop, start » the last.
    first, _dots, last = path.partition("__")
    return capfirst(str(_field(model, first if last.startswith("name") else path).verbose_name))


def _text(model: type[Model], path: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return datetime_long(value)
    if isinstance(value, date):
        return date_long(value)
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False)
    else:
        choices = dict(getattr(_field(model, path), "flatchoices", ()) or ())
        text = str(choices.get(value, value))
    return text if len(text) <= 300 else f"{text[:300]}…"
