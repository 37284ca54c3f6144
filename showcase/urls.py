"""Addresses of the showcase app."""

from django.urls import URLPattern, path

app_name = "showcase"

urlpatterns: list[URLPattern] = []
