"""Addresses of the roadmap's approval (in the roadmap namespace)."""

from django.urls import path

from roadmap.approval import views

urlpatterns = [
    path("<int:pk>/", views.approval_detail, name="approval_detail"),
    path("<int:pk>/bulletin/", views.ballot_cast, name="ballot_cast"),
    path("<int:pk>/proces-verbal.json", views.approval_record_json, name="approval_record_json"),
]
