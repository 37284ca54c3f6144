"""Addresses of the workshops app."""

from django.urls import URLPattern, path

from workshops import document_views, views
from workshops.attendance import views as attendance_views
from workshops.minutes.urls import urlpatterns as minutes_urls
from workshops.polls.urls import urlpatterns as poll_urls

app_name = "workshops"

urlpatterns: list[URLPattern] = [
    path("ateliers/", views.workshop_list, name="workshop_list"),
    path("ateliers/agenda.ics", views.workshop_feed, name="workshop_feed"),
    *poll_urls,
    *minutes_urls,
    path("ateliers/<slug:slug>/", views.workshop_detail, name="workshop_detail"),
    path("ateliers/<slug:slug>/agenda.ics", views.workshop_calendar, name="workshop_calendar"),
    path("ateliers/<slug:slug>/presence/", attendance_views.attendance_sign, name="attendance_sign"),
    path("ateliers/<slug:slug>/documents/<int:pk>/", document_views.document_detail, name="document_detail"),
    path(
        "invitations/<slug:token>/documents/<int:pk>/",
        document_views.invitation_document,
        name="invitation_document",
    ),
    path("invitations/<slug:token>/", views.invitation_answer, name="invitation_answer"),
    path(
        "invitations/<slug:token>/presence/",
        attendance_views.attendance_sign_by_link,
        name="attendance_sign_by_link",
    ),
    path("invitations/<slug:token>/agenda.ics", views.invitation_calendar, name="invitation_calendar"),
]
