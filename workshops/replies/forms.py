"""What the secretariat decides about a reply."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.templatetags.text import datetime_long
from workshops.enums import Answer
from workshops.models import CalendarReply, Invitation
from workshops.replies.services import ANSWERS, ANYBODY, candidates

ANSWER_CHOICES = [(answer.value, answer.label) for answer in (Answer.YES, Answer.EXCUSED)]


class InvitationChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Invitations by who is invited to what."""

    def label_from_instance(self, obj: Any) -> str:
        """Name the person, their organisation and address, then the workshop and its date."""
        invitation: Invitation = obj
        who = (
            f"{invitation.current_name} ({invitation.organisation or _('Guest')}, {invitation.current_email})"
        )
        starts_at = invitation.workshop.starts_at
        return f"{who} — {invitation.workshop}, {datetime_long(starts_at) if starts_at else '—'}"


class ApplyForm(forms.Form):
    """Whose answer it is, and which."""

    invitation = InvitationChoice(label=_("Invitation"), queryset=Invitation.objects.none())
    answer = forms.ChoiceField(label=_("Answer"), choices=ANSWER_CHOICES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, reply: CalendarReply, **kwargs: Any) -> None:
        found = candidates(reply)
        first = found.first()
        likely = first if first is not None and getattr(first, "rank", 0) < ANYBODY else None
        kwargs["initial"] = {"invitation": likely, "answer": ANSWERS.get(reply.partstat)}
        super().__init__(*args, **kwargs)
        self.fields["invitation"].queryset = found  # type: ignore[attr-defined]


class DiscardForm(forms.Form):
    """Why a reply is set aside."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For the log. Nobody is mailed."),
    )
