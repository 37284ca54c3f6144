"""Ways in: the invitation's link, and ProConnect."""

from django.urls import URLPattern, path

from members import invitation_views
from members.proconnect import views as proconnect

urlpatterns: list[URLPattern] = [
    path("bienvenue/<slug:token>/", invitation_views.invitation_accept, name="portal_invitation_accept"),
    path("connexion/proconnect/", proconnect.proconnect_login, name="proconnect_login"),
    path("connexion/proconnect/retour/", proconnect.proconnect_callback, name="proconnect_callback"),
    path("deconnexion/proconnect/retour/", proconnect.proconnect_logged_out, name="proconnect_logged_out"),
]
