"""Addresses of the administration site that name no row: not found, whatever stands in them."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_what_names_no_row_is_an_answer_and_no_failure(people, client_for, model):
    client: Client = client_for("administrator")
    for nobody in ("abc", "0", "-1", "9" * 30, "\0", "٣"):
        for page in ("change", "delete", "history"):
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=[nobody])
            assert client.get(url).status_code in (302, 403, 404), url
