"""Addresses of the showcase app."""

from django.urls import path

from showcase import views

app_name = "showcase"

urlpatterns = [
    path("", views.company_list, name="company_list"),
    path("export.csv", views.company_export, name="company_export"),
    path("<slug:slug>/", views.company_detail, name="company_detail"),
    path("<slug:slug>/confirmer/", views.company_confirm, name="company_confirm"),
]
