"""Addresses of the roadmap's drafting (in the roadmap namespace)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
