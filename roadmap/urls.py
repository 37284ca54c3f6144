"""Addresses of the roadmap: its text and its votes (actions have their own root)."""

from django.urls import include, path

app_name = "roadmap"

urlpatterns = [
    path("", include("roadmap.drafting.urls")),
    path("votes/", include("roadmap.approval.urls")),
]
