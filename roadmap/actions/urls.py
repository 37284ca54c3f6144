"""Addresses of the flagship actions."""

from django.urls import URLPattern

app_name = "actions"

urlpatterns: list[URLPattern] = []
