"""The address of a list asks what its filters ask, and nothing else: no column is read letter by letter."""

import pytest
from django.contrib import admin
from django.contrib.admin import options
from django.test import RequestFactory
from django.urls import reverse

from core.admin import PortalAdmin
from tests.members.test_permissions_table import World

PROBES = (
    "",
    "__exact",
    "__startswith",
    "__contains",
    "__icontains",
    "__regex",
    "__gt",
    "__lte",
    "__in",
    "__range",
)
SECRETS = (
    ("members_user", "password__startswith"),
    ("members_user", "phone__startswith"),
    ("members_user", "portal_invitations__token_hash__startswith"),
    ("members_user", "authenticator__data__contains"),
    ("members_portalinvitation", "token_hash__startswith"),
    ("members_portalinvitation", "person__password__startswith"),
    ("outbox_outboxemail", "text__contains"),
    ("outbox_outboxemail", "html__contains"),
    ("outbox_outboxemail", "calendar_text__contains"),
    ("outbox_outboxemail", "unsubscribe_url__startswith"),
    ("workshops_workshop", "invitations__token__startswith"),
    ("workshops_venue", "organisation__mandates__person__password__startswith"),
    ("roadmap_action", "pilot__password__startswith"),
    ("roadmap_approval", "voters__ballots__choice__exact"),
    ("roadmap_comment", "author__password__startswith"),
    ("mfa_authenticator", "data__contains"),
)


def columns(model_admin):
    """Return the columns that no filter of the list is about."""
    offered = {
        name.split("__")[0] for item in model_admin.list_filter if isinstance(name := _path(item), str)
    } | {model_admin.date_hierarchy}
    return [field for field in model_admin.opts.concrete_fields if field.name not in offered]


def _path(item):
    return item[0] if isinstance(item, tuple) else getattr(item, "parameter_name", item)


def test_every_admin_has_the_portals_look_ups():
    others = [
        model_admin
        for model_admin in admin.site._registry.values()
        if not isinstance(model_admin, PortalAdmin)
    ]
    assert not others, f"inherit from core.admin.PortalAdmin: {others}"
    assert not [
        model_admin
        for model_admin in admin.site._registry.values()
        if type(model_admin).lookup_allowed is options.BaseModelAdmin.lookup_allowed
    ]


@pytest.mark.parametrize("model_admin", admin.site._registry.values(), ids=str)
def test_no_column_is_asked_but_by_a_filter(model_admin):
    request = RequestFactory().get("/")
    for field in columns(model_admin):
        for name in {field.name, field.attname}:
            for probe in PROBES:
                assert not model_admin.lookup_allowed(f"{name}{probe}", "a", request), f"{name}{probe}"


@pytest.mark.parametrize("role", ["secretariat", "administrator"])
def test_a_probe_gets_the_same_answer_whatever_its_value(role, client_for, people):
    World(people)
    client = client_for(role)
    for name, probe in SECRETS:
        address = reverse(f"admin:{name}_changelist")
        for export in ("", "exporter/csv/") if name == "members_user" else ("",):
            answers = [client.get(address + export, {probe: value}) for value in ("", "a", "zzz", "m", '{"')]
            if role == "secretariat" and {answer.status_code for answer in answers} == {403}:
                continue
            assert {answer.status_code for answer in answers} == {400}, f"{name} {probe}"
            assert len({answer.content for answer in answers}) == 1, f"{name} {probe}"


@pytest.mark.parametrize("model_admin", admin.site._registry.values(), ids=str)
def test_every_choice_of_every_filter_answers(model_admin, client_for, people):
    World(people)
    client = client_for("administrator")
    address = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
    response = client.get(address)
    changelist = response.context["cl"]
    asked = 0
    for spec in changelist.filter_specs:
        for choice in list(spec.choices(changelist))[:4]:
            got = client.get(address + choice["query_string"])
            assert got.status_code == 200, choice["query_string"]
            asked += 1
    assert asked or not changelist.filter_specs
