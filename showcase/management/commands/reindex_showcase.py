"""Write the search index again: after an import that went round the models, or a new version of the index."""

from typing import Any

from django.core.management.base import BaseCommand

from showcase.models import CompanyPage
from showcase.services import index_pages


class Command(BaseCommand):
    """`manage.py reindex_showcase`: safe at any time, gives the same index when nothing changed."""

    help = "Write the showcase's search index again, for all pages."

    def handle(self, *args: Any, **options: Any) -> None:
        """Index every page, each in its own statement: the showcase stays searchable meanwhile."""
        self.stdout.write(f"{index_pages(CompanyPage.objects.all())} pages indexed")
