"""`manage.py load_council`: the council's own data."""

from typing import Any

from django.core.management.base import BaseCommand

from industrie_positive.council import load_council
from members.models import Organisation


class Command(BaseCommand):
    """Adds what is missing of the council's data; run again, it changes nothing."""

    help = "Load the council's organisations, workshops, roadmap and actions. What people changed is left as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how many organisations there are."""
        load_council()
        if options["verbosity"]:
            self.stdout.write(f"The council's data is loaded: {Organisation.objects.count()} organisations.")
