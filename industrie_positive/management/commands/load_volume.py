"""`manage.py load_volume`: much plausible data, to measure by."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from industrie_positive.volume import Volume, load_volume


class Command(BaseCommand):
    """Adds organisations, members, comments, workshops and actions; refused in production."""

    help = "Add a volume of plausible data for measurements (never in production); run load_council first."

    def add_arguments(self, parser: CommandParser) -> None:
        """One number for each thing."""
        for name in ("organisations", "members", "comments", "workshops", "actions"):
            parser.add_argument(f"--{name}", type=int, default=0, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the numbers, and load."""
        if settings.PRODUCTION:
            raise CommandError("A volume of invented data is never loaded in production.")
        counts = {name: options[name] for name in Volume.__dataclass_fields__}
        if min(counts.values()) < 0:
            raise CommandError("Each number must be 0 or more.")
        load_volume(Volume(**counts))
        self.stdout.write("Added " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
