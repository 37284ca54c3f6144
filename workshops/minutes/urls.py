"""Addresses of the minutes, in the workshops' name space."""

from django.urls import URLPattern, path

from workshops.minutes import link_views, views

urlpatterns: list[URLPattern] = [
    path("ateliers/<slug:slug>/compte-rendu/", views.minutes_detail, name="minutes_detail"),
    path("ateliers/<slug:slug>/compte-rendu.pdf", views.minutes_pdf, name="minutes_pdf"),
    path(
        "ateliers/<slug:slug>/compte-rendu/corriger/<int:position>/",
        views.correction_add,
        name="correction_add",
    ),
    path("invitations/<slug:token>/compte-rendu/", link_views.minutes_by_link, name="minutes_by_link"),
    path(
        "invitations/<slug:token>/compte-rendu.pdf",
        link_views.minutes_pdf_by_link,
        name="minutes_pdf_by_link",
    ),
    path(
        "invitations/<slug:token>/compte-rendu/corriger/<int:position>/",
        link_views.correction_add_by_link,
        name="correction_add_by_link",
    ),
    path("espace/decisions/<int:pk>/", views.decision_detail, name="decision_detail"),
]
