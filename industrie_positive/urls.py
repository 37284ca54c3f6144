"""Addresses: French paths, the same pages under /en/."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import TemplateView

from industrie_positive import space_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.health, name="health"),
    path("readyz", views.readiness, name="readiness"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", views.sitemap, name="sitemap-xml"),
]

urlpatterns += i18n_patterns(
    path("", views.home, name="home"),
    path("vitrine/", include("showcase.urls")),
    path("feuille-de-route/", include("roadmap.urls")),
    path("actions/", include("roadmap.actions.urls")),
    path("", include("workshops.urls")),
    path("espace/", space_views.member_space, name="member-space"),
    path("espace/agenda/<slug:token>.ics", space_views.calendar_feed, name="calendar_feed"),
    path("espace/mes-donnees/", space_views.data_show, name="data_show"),
    path("espace/mes-donnees/mes-donnees.json", space_views.data_export, name="data_export"),
    path("espace/mes-donnees/effacement/", space_views.erasure_request, name="erasure_request"),
    path("espace/mes-donnees/effacement/annuler/", space_views.erasure_withdraw, name="erasure_withdraw"),
    path("", include("members.urls")),
    path("", include("members.entry_urls")),
    path("", include("members.account_urls")),
    path("mentions-legales/", views.legal_page, {"page": "legal_notice"}, name="legal-notice"),
    path("accessibilite/", views.legal_page, {"page": "legal_accessibility"}, name="accessibility"),
    path("ecoconception/", views.legal_page, {"page": "legal_ecodesign"}, name="ecodesign"),
    path("donnees-personnelles/", views.legal_page, {"page": "legal_privacy"}, name="privacy"),
    path("plan-du-site/", views.legal_page, {"page": "legal_sitemap"}, name="sitemap"),
    path("contact/", views.legal_page, {"page": "legal_contact"}, name="contact"),
    path("admin/", admin.site.urls),
    prefix_default_language=False,
)

if settings.PORTAL_MODE != "production":
    urlpatterns += [
        path(
            "styleguide/",
            login_not_required(TemplateView.as_view(template_name="styleguide.html")),
            name="styleguide",
        )
    ]
