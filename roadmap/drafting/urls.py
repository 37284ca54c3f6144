"""Addresses of the roadmap's drafting (in the roadmap namespace)."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from roadmap.drafting import views
from roadmap.drafting.models import LABEL_PATTERN


class LabelConverter(StringConverter):
    """A passage's printed number: 1, 1.2, 1.2.3."""

    regex = LABEL_PATTERN.replace("(", "(?:")


register_converter(LabelConverter, "label")

urlpatterns = [
    path("", views.roadmap_home, name="roadmap_home"),
    path("versions/<int:number>/", views.version_detail, name="version_detail"),
    path("versions/<int:number>/texte.txt", views.version_text, name="version_text"),
    path("versions/<int:number>/commentaires/", views.comment_list, name="comment_list"),
    path("versions/<int:number>/paragraphes/<label:label>/", views.comment_thread, name="comment_thread"),
]
