"""Addresses of the workshops app."""

from django.urls import URLPattern, path

from workshops import views

app_name = "workshops"

urlpatterns: list[URLPattern] = [
    path("ateliers/", views.workshop_list, name="workshop_list"),
    path("ateliers/agenda.ics", views.workshop_feed, name="workshop_feed"),
    path("ateliers/<slug:slug>/", views.workshop_detail, name="workshop_detail"),
    path("ateliers/<slug:slug>/agenda.ics", views.workshop_calendar, name="workshop_calendar"),
    path("invitations/<slug:token>/", views.invitation_answer, name="invitation_answer"),
]
