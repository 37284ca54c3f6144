"""Addresses of the account pages: django-allauth's views under French paths, and the names that it reverses."""

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from members import account_views as ours
from members.account_views import honest_status
from members.proconnect import views as proconnect


def _public(view: ours.View) -> ours.View:
    return login_not_required(honest_status(view))


# The QR code is an image within its page; no other page may have one.
_activate_app = csp_update({"img-src": ["data:"]})(never_cache(honest_status(app.activate_totp)))

urlpatterns = [
    # --- to log in and out ---
    path("connexion/", _public(account.login), name="account_login"),
    path("connexion/cle/", _public(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("connexion/verification/", _public(factors.authenticate), name="mfa_authenticate"),
    path("deconnexion/", proconnect.logout, name="account_logout"),
    path("compte-inactif/", login_not_required(account.account_inactive), name="account_inactive"),
    # allauth reverses this name; the page answers that accounts are by invitation.
    path("inscription/", login_not_required(account.signup), name="account_signup"),
    # --- the password ---
    path("mot-de-passe/", honest_status(account.password_change), name="account_change_password"),
    path(
        "mot-de-passe/premier/",
        reauthentication_required(honest_status(account.password_set)),
        name="account_set_password",
    ),
    path("mot-de-passe/oublie/", _public(account.password_reset), name="account_reset_password"),
    path(
        "mot-de-passe/oublie/envoye/",
        login_not_required(account.password_reset_done),
        name="account_reset_password_done",
    ),
    # The key holds a dash too: the first one ends the person's part.
    re_path(
        r"^mot-de-passe/nouveau/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        _public(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "mot-de-passe/nouveau/enregistre/",
        login_not_required(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    # --- once more, before what matters ---
    path("confirmer-identite/", honest_status(account.reauthenticate), name="account_reauthenticate"),
    path("confirmer-identite/code/", honest_status(factors.reauthenticate), name="mfa_reauthenticate"),
    path(
        "confirmer-identite/cle/",
        honest_status(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    # --- second factors, passkeys ---
    path("compte/securite/", ours.SecurityView.as_view(), name="mfa_index"),
    path("compte/securite/application/", _activate_app, name="mfa_activate_totp"),
    path(
        "compte/securite/application/retirer/", honest_status(app.deactivate_totp), name="mfa_deactivate_totp"
    ),
    path(
        "compte/securite/codes/",
        never_cache(ours.RecoveryCodesView.as_view()),
        name="mfa_view_recovery_codes",
    ),
    path(
        "compte/securite/codes/nouveaux/",
        honest_status(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "compte/securite/codes/telecharger/",
        codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    # The keys are listed with the other factors.
    path("compte/securite/cles/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("compte/securite/cles/ajouter/", honest_status(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path(
        "compte/securite/cles/<int:pk>/renommer/",
        honest_status(passkeys.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
    path("compte/securite/cles/<int:pk>/retirer/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    # --- sessions ---
    path("compte/sessions/", ours.SessionsView.as_view(), name="usersessions_list"),
    path("compte/sessions/<int:pk>/fermer/", ours.end_session, name="account_session_end"),
]
