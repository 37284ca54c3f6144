"""Forms of the drafting: a comment; the secretariat's: passage, publication, decision, answer, change request."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.widgets import CountedTextField, InstantField
from core.workflow import TransitionError
from members.models import Axis, Organisation
from roadmap.drafting.enums import BlockKind, ChangeRequestState, CommentKind, CommentStatus
from roadmap.drafting.models import COMMENT_MAX_LENGTH, TEXT_FIELDS, Block, Comment, Version
from roadmap.drafting.permissions import can_answer_comment, can_comment_on_version, commenting_organisations
from workshops.models import Decision

SECRETARIAT = "secretariat"


def speakers(user: Any, version: Version, parent: Comment | None) -> dict[str, Organisation | None]:
    """Return in whose name the person may write here: organisations of theirs, the secretariat (None) in a reply."""
    found: dict[str, Organisation | None] = {}
    if can_comment_on_version(user, version):
        found = {str(organisation.pk): organisation for organisation in commenting_organisations(user)}
    if parent and can_answer_comment(user):
        found[SECRETARIAT] = None
    return found


class CommentForm(forms.Form):
    """A comment on a paragraph, or a reply; whose voice is asked only where there is a choice."""

    kind = forms.ChoiceField(
        label=_("Kind of comment"), choices=CommentKind.choices, initial=CommentKind.REMARK
    )
    organisation = forms.ChoiceField(label=_("In the name of"))
    body = CountedTextField(
        label=_("Your comment"),
        max_length=COMMENT_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write your comment first.")},
    )

    def __init__(
        self,
        *args: Any,
        label: str,
        voices: dict[str, Organisation | None],
        parent: Comment | None = None,
        **kwargs: Any,
    ) -> None:
        # Several threads may be open in one page: their fields' ids differ.
        kwargs["auto_id"] = f"p{label.replace('.', '-')}-%s"
        super().__init__(*args, **kwargs)
        self.parent = parent
        self._voices = voices
        if parent:
            del self.fields["kind"]
            self.fields["body"].label = _("Your reply")
        if len(voices) > 1:
            names = [(key, voice.name if voice else _("The secretariat")) for key, voice in voices.items()]
            self.fields["organisation"].choices = names  # type: ignore[attr-defined]
        else:
            del self.fields["organisation"]

    @property
    def organisation_chosen(self) -> Organisation | None:
        """Return in whose name the valid form speaks; None is the secretariat."""
        only = next(iter(self._voices))
        return self._voices[self.cleaned_data.get("organisation", only)]


# --- The secretariat's ----------------------------------------------------------------------------------------------


def _markdown_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, widget=forms.Textarea(attrs={"rows": 10}), max_length=20_000
    )


class BlockForm(forms.Form):
    """A passage of a working version, French and English side by side; `seen` marks the texts that the page showed."""

    axis = forms.ModelChoiceField(Axis.objects.all(), label=_("Strategic axis"))
    title_fr = forms.CharField(label=_("Title (French)"), max_length=200, required=False)
    title_en = forms.CharField(label=_("Title (English)"), max_length=200, required=False)
    body_fr = _markdown_field(_("Text (French, Markdown)"))
    body_en = _markdown_field(_("Text (English, Markdown)"))
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, kind: str, block: Block | None = None, **kwargs: Any) -> None:
        if block:
            texts = {name: getattr(block, name) for name in TEXT_FIELDS}
            kwargs["initial"] = texts | {"axis": block.axis, "seen": block.mark}
        super().__init__(*args, **kwargs)
        if not block:
            del self.fields["seen"]
        if kind != BlockKind.AXIS:
            del self.fields["axis"]
        self.fields["title_fr" if kind != BlockKind.PARAGRAPH else "body_fr"].required = True

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return the fields that stand side by side."""
        return [(self["title_fr"], self["title_en"]), (self["body_fr"], self["body_en"])]

    def against(self, block: Block) -> list[tuple[Any, str, str]]:
        """Return what differs between the valid form and the passage: label, the passage's words, those typed."""
        found = []
        for field in self.visible_fields():
            theirs, typed = (
                str(value or "").strip()
                for value in (getattr(block, field.name), self.cleaned_data[field.name])
            )
            if theirs != typed:
                found.append((field.label, theirs, typed))
        return found


class PublicationForm(forms.Form):
    """When a version is open to comments, in Paris time."""

    opens_at = InstantField(label=_("Opens"), required=False, help_text=_("Paris time. Blank: at once."))
    closes_at = InstantField(label=_("Closes"), help_text=_("Paris time."))


class DecisionForm(forms.Form):
    """What becomes of a comment. `seen` is the status that the person decided on: another one is a conflict."""

    status = forms.ChoiceField(label=_("Decision"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("It is mailed to the author and shown under the comment."),
        error_messages={"required": _("Give the reason: the author will receive it.")},
    )
    seen = forms.ChoiceField(choices=CommentStatus.choices, widget=forms.HiddenInput)

    def __init__(self, *args: Any, comment: Comment, **kwargs: Any) -> None:
        kwargs["initial"] = {"seen": comment.status}
        super().__init__(*args, **kwargs)
        others = [
            choice
            for choice in CommentStatus.choices
            if choice[0] not in (CommentStatus.OPEN, comment.status)
        ]
        self.fields["status"].choices = [("", "—"), *others]  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """The secretariat's answer to a comment."""

    body = CountedTextField(
        label=_("Answer"),
        max_length=COMMENT_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write your answer first.")},
    )


class RequestForm(forms.Form):
    """What to change, and where."""

    text = forms.CharField(label=_("Change asked"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    label = forms.CharField(
        label=_("Passage"),
        max_length=20,
        required=False,
        help_text=_("Its number in the working version (1, 1.2 or 1.2.3); blank: the whole text."),
    )

    def __init__(self, data: Any = None, *, decision: Decision) -> None:
        super().__init__(data, initial={"text": decision.text_fr}, prefix="request")


class SettleRequestForm(forms.Form):
    """What became of it, and why."""

    state = forms.ChoiceField(
        label=_("What became of it"),
        choices=[
            (state.value, state.label) for state in (ChangeRequestState.TAKEN, ChangeRequestState.DECLINED)
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


# --- What a service refuses -----------------------------------------------------------------------------------------


def explain(form: forms.Form, error: Exception) -> int:
    """Put a refusal at its field, and return the answer's status: 409 when the object moved meanwhile, else 422."""
    if isinstance(error, ValidationError):
        named = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for field, texts in named.items():
            for text in texts:
                form.add_error(field if field in form.fields else None, text)
        return 422
    field, code = getattr(error, "field", ""), getattr(error, "code", "")
    form.add_error(field if field in form.fields else None, ValidationError(str(error), code=code))
    moved = isinstance(error, TransitionError) or code in ("stale", "published", "gone")
    return 409 if moved else 422
