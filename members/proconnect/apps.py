from django.apps import AppConfig


class ProConnectConfig(AppConfig):
    """An app without models, so that allauth finds the provider."""

    name = "members.proconnect"
    label = "proconnect"
