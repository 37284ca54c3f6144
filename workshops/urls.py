"""Addresses of the workshops app."""

from django.urls import URLPattern, path

app_name = "workshops"

urlpatterns: list[URLPattern] = []
