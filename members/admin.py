"""The secretariat's register: people, organisations, bodies, seats, mandates, and the lists they are described with."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.forms import BaseInlineFormSet, CheckboxSelectMultiple, ModelForm, Textarea
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.admin import PortalAdmin, PortalTabularInline, in_language
from core.http import conflict
from members import admin_accounts  # noqa: F401
from members.admin_invitations import InvitesPeople
from members.admin_mandates import (
    body_composition,
    mandate_end,
    mandate_replace,
    may_act,
    person_move,
    standing,
)
from members.admin_records import RecordedAdmin, RecordedForm
from members.admin_transfer import TransfersRegister
from members.emails import send_address_changed
from members.enums import ImportKind
from members.invitations import was_opened
from members.models import Axis, Body, Commune, Mandate, Organisation, Seat, Sector, User
from members.models.organisations import SEATED_ALREADY
from outbox.services import SendingError, forget_recipient


class InForceFilter(admin.SimpleListFilter):
    """Whether a mandate is in force today."""

    title = _("in force")
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer today's mandates, or the ended ones."""
        return [("today", _("Today")), ("ended", _("Ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what was chosen."""
        if self.value() == "today":
            return queryset.current()  # type: ignore[attr-defined]
        if self.value() == "ended":
            return queryset.filter(ends_on__lte=timezone.localdate())
        return queryset


class SeatFormSet(BaseInlineFormSet[Seat, Organisation, ModelForm[Seat]]):
    """An organisation's seats, judged together: row by row, Django leaves their organisation out."""

    def clean(self) -> None:
        """Refuse two on one body that share a day."""
        super().clean()
        kept: list[Seat] = []
        for form in self.forms:
            if form.errors or form.cleaned_data.get(DELETION_FIELD_NAME) or not form.instance.body_id:
                continue
            if any(form.instance.meets(other) for other in kept):
                form.add_error("starts_on", SEATED_ALREADY)
            kept.append(form.instance)


class SeatInline(PortalTabularInline):
    """Where an organisation sits."""

    model = Seat
    formset = SeatFormSet


class PersonForm(RecordedForm):
    """A person's sheet."""

    def clean_is_active(self) -> bool:
        """Close no account of somebody who has a mandate: a voice must not hang on it unseen; reopen none by a tick."""
        active: bool = self.cleaned_data["is_active"]
        if active and self.instance.pk and not self.initial.get("is_active"):
            raise ValidationError(
                _(
                    "Only an invitation reopens a closed account: in the list of people, select the person "
                    "and choose “Invite to the portal…”."
                )
            )
        if not active and self.initial.get("is_active"):
            held = (
                Mandate.objects.standing().filter(person=self.instance).select_related("organisation", "body")
            )
            if reasons := [
                _("End this mandate, or replace the person, first: %(role)s for %(organisation)s.")
                % {"role": mandate.get_role_display(), "organisation": mandate.organisation}
                for mandate in held
            ]:
                raise ValidationError(reasons)
        return active


@admin.register(User)
class PersonAdmin(TransfersRegister, RecordedAdmin, InvitesPeople):
    """People. Accounts are made without password; who may enter this site is the administrators' decision.

    Nobody sets a password for somebody else: it would let them act, and vote, in that person's name.
    """

    form = PersonForm
    list_display = ("full_name", "email", "speaks_for", "language", "is_active", "is_staff")
    list_display_links = ("full_name", "email")
    list_filter = ("is_active", "is_staff", "mandates__body", "mandates__role", "language")
    search_fields = ("last_name", "first_name", "email", "mandates__organisation__name")
    search_help_text = _("Search by name, e-mail address or organisation.")
    ordering = ("last_name", "first_name", "id")
    show_full_result_count = False
    readonly_fields = ("last_login", "date_joined")
    imports = ImportKind.PEOPLE

    def get_urls(self) -> list[URLPattern]:
        """Add the move to another organisation."""
        move = self.admin_site.admin_view(person_move)
        return [path("<int:pk>/deplacer/", move, name="members_user_move"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the person's mandates below the form."""
        person = kwargs.get("obj")
        rows = (
            Mandate.objects.filter(person=person)
            .select_related("organisation", "body")
            .order_by("-starts_on")
        )
        context |= {"standing": standing(rows) if person else [], "may_act": may_act(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Bring the mandates along: the list asks the same number of questions for one person or thirty."""
        mandates = Mandate.objects.current().select_related("organisation").order_by("id")
        return super().get_queryset(request).prefetch_related(Prefetch("mandates", mandates, to_attr="held"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Show the rights on this site to administrators alone: a field that is not shown cannot be posted."""
        fieldsets: list[Any] = [
            (None, {"fields": ("email", "first_name", "last_name", "job_title", "language", "is_active")}),
        ]
        if request.user.is_superuser:
            fieldsets.append((_("Rights on this site"), {"fields": ("is_staff", "is_superuser", "groups")}))
        if obj:
            fieldsets.append((_("Account"), {"fields": ("last_login", "date_joined")}))
        return self.with_reason(request, obj, fieldsets)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Keep an opened account's address from the secretariat: whoever reads its mail can log in, and vote."""
        fixed = () if obj is None or request.user.is_superuser or not was_opened(obj) else ("email",)
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep staff's accounts out of the secretariat's reach: changing an address would take the account."""
        return super().has_change_permission(request, obj) and self._within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Delete neither staff, for the secretariat, nor oneself."""
        return (
            super().has_delete_permission(request, obj)
            and self._within_reach(request, obj)
            and obj != request.user
        )

    @staticmethod
    def _within_reach(request: HttpRequest, obj: User | None) -> bool:
        return obj is None or bool(request.user.is_superuser) or not (obj.is_staff or obj.is_superuser)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Tick the groups: there are few."""
        if db_field.name == "groups":
            kwargs["widget"] = CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        """Give a new account no password: it opens nothing until its holder sets one.

        When an opened account's address changes, its former address is told, in the same transaction.
        """
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        former = form.initial.get("email", "") if change and "email" in form.changed_data else ""
        if former and was_opened(obj):
            send_address_changed(obj, former=former)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Forget what was mailed to the person too."""
        forget_recipient(recipient=obj, address=obj.email)
        super().delete_model(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Ask for a minute while a message to the person is on its way."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except SendingError:
            return conflict(
                request,
                str(_("A message to this person is being sent: try again in a minute.")),
                back=request.path,
            )

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, person: User) -> str:
        """Give the whole name."""
        return person.get_full_name() or person.email

    @admin.display(description=_("speaks for"))
    def speaks_for(self, person: User) -> str:
        """List the organisations of today's mandates."""
        held: list[Mandate] = person.held  # type: ignore[attr-defined]
        return ", ".join(dict.fromkeys(mandate.organisation.name for mandate in held))


@admin.register(Organisation)
class OrganisationAdmin(TransfersRegister, RecordedAdmin):
    """Organisations, with their seats and the people who speak for them."""

    list_display = ("name", "kind", "commune", "siren")
    list_filter = ("kind", "seats__body", "sectors", "commune")
    list_select_related = ("commune",)
    search_fields = ("name", "sort_name", "siren", "siret")
    search_help_text = _("Search by name, without accents if you like, SIREN or SIRET.")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("commune", "sectors")
    fields = (
        *("name", "slug", "kind", "siren", "siret", "naf_rev2", "naf_2025", "sectors"),
        *("address", "commune", "latitude", "longitude", "website"),
    )
    inlines = (SeatInline,)
    imports = ImportKind.ORGANISATIONS

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the people who speak, will speak and spoke for it below the form."""
        organisation = kwargs.get("obj")
        rows = Mandate.objects.filter(organisation=organisation).select_related("person", "body")
        rows = rows.order_by("body", "-starts_on", "pk")
        context |= {"standing": standing(rows) if organisation else [], "may_act": may_act(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> tuple[str, ...]:
        """Keep the slug once given: it is the public page's address."""
        return ("slug",) if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Take a website typed without its scheme as https."""
        if db_field.name == "website":
            kwargs["assume_scheme"] = "https"
        if db_field.name == "address":
            kwargs["widget"] = Textarea(attrs={"rows": 3, "class": "vLargeTextField"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        """Make the slug from the name, the first time only."""
        return {} if obj else self.prepopulated_fields


@admin.register(Mandate)
class MandateAdmin(TransfersRegister, RecordedAdmin):
    """Who sits for whom, where, with what role, from when to when.

    Ending, replacing and moving are actions of their own; the form below corrects what was entered wrong.
    """

    list_display = ("person", "organisation", "body", "role", "starts_on", "ends_on")
    list_filter = (InForceFilter, "body", "role")
    list_select_related = ("person", "organisation", "body")
    search_fields = ("person__last_name", "person__first_name", "person__email", "organisation__name")
    search_help_text = _("Search by person or organisation.")
    autocomplete_fields = ("person", "organisation")
    fields = ("person", "organisation", "body", "role", "starts_on", "ends_on")
    imports = ImportKind.PEOPLE

    def get_urls(self) -> list[URLPattern]:
        """Add the actions."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/terminer/", wrap(mandate_end), name="members_mandate_end"),
            path("<int:pk>/remplacer/", wrap(mandate_replace), name="members_mandate_replace"),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Mandate | None = None) -> tuple[str, ...]:
        """Keep who sits for whom, where: another person or organisation is another mandate."""
        return ("person", "organisation", "body") if obj else ()


@admin.register(Seat)
class SeatAdmin(RecordedAdmin):
    """Which organisations sit on which body."""

    list_display = ("organisation", "body", "starts_on", "ends_on")
    list_filter = ("body",)
    list_select_related = ("organisation", "body")
    search_fields = ("organisation__name",)
    autocomplete_fields = ("organisation",)
    fields = ("body", "organisation", "starts_on", "ends_on")


@admin.register(Body)
class BodyAdmin(RecordedAdmin):
    """Think tank, council, expert committee: rules rely on their slugs."""

    list_display = (in_language("name", _("name")), "slug", "starts_on", "ends_on", "composition")
    search_fields = ("name_fr", "name_en")
    fields = ("slug", "name_fr", "name_en", "description_fr", "description_en", "starts_on", "ends_on")

    def get_urls(self) -> list[URLPattern]:
        """Add who sat on it on a day."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return body_composition(request, pk, self)

        wrapped = self.admin_site.admin_view(view)
        return [path("<int:pk>/composition/", wrapped, name="members_body_composition"), *super().get_urls()]

    @admin.display(description=_("composition"))
    def composition(self, body: Body) -> SafeString:
        """Lead to who sits, and sat, on it."""
        url = reverse("admin:members_body_composition", args=[body.pk])
        return format_html('<a href="{}">{} <span hidden>{}</span></a>', url, _("Who sits on it"), body)

    def get_readonly_fields(self, request: HttpRequest, obj: Body | None = None) -> tuple[str, ...]:
        """Keep the slug, which rules rely on."""
        return ("slug",) if obj else ()


@admin.register(Sector)
class SectorAdmin(PortalAdmin):
    """Branches of activity."""

    list_display = ("name_fr", "name_en", "slug", "is_priority", "position")
    list_filter = ("is_priority",)
    search_fields = ("name_fr", "name_en")


@admin.register(Commune)
class CommuneAdmin(PortalAdmin):
    """The Métropole's communes."""

    list_display = ("name", "slug")
    search_fields = ("name", "slug")


@admin.register(Axis)
class AxisAdmin(PortalAdmin):
    """The three strategic axes, in both wordings."""

    list_display = ("number", "name_fr", "name_en")
    list_display_links = ("number", "name_fr")
    search_fields = ("name_fr", "name_en")
