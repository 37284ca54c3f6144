"""Addresses of the minutes, in the workshops' name space."""

from django.urls import URLPattern, path

from workshops.minutes import views

urlpatterns: list[URLPattern] = [
    path("ateliers/<slug:slug>/compte-rendu/", views.minutes_detail, name="minutes_detail"),
    path("ateliers/<slug:slug>/compte-rendu.pdf", views.minutes_pdf, name="minutes_pdf"),
    path(
        "ateliers/<slug:slug>/compte-rendu/corriger/<int:position>/",
        views.correction_add,
        name="correction_add",
    ),
    path("espace/decisions/<int:pk>/", views.decision_detail, name="decision_detail"),
]
