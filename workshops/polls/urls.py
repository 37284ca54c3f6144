"""Addresses of the date polls, in the workshops' namespace."""

from django.urls import URLPattern, path

from workshops.polls import views

urlpatterns: list[URLPattern] = [
    path("ateliers/<slug:slug>/dates/", views.poll_answer, name="poll_answer"),
]
