"""Addresses of the members app: the council's bodies, the directory, a person's own choices."""

from django.urls import URLPattern, path

from members import views

app_name = "members"

urlpatterns: list[URLPattern] = [
    path("conseil/", views.body_list, name="body_list"),
    path("conseil/<slug:slug>/", views.body_detail, name="body_detail"),
    path("espace/annuaire/", views.directory_list, name="directory_list"),
    path("espace/preferences/", views.preference_edit, name="preference_edit"),
    path("espace/agenda/renouveler/", views.feed_renew, name="feed_renew"),
    path("desabonnement/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
