"""Addresses of the roadmap's approval (in the roadmap namespace)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
