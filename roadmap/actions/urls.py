"""Addresses of the flagship actions."""

from django.urls import path

from roadmap.actions import views

app_name = "actions"

urlpatterns = [
    path("", views.action_list, name="action_list"),
    path("<slug:slug>/", views.action_detail, name="action_detail"),
]
