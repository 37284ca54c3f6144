"""Verify the append-only ledger: its chain, and the rows of the apps that it vouches for."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import ledger


class Command(BaseCommand):
    """Exit 0 with the count and the head's hash when all holds, else 1 with the first bad row."""

    help = "Verify the ledger's chain and the rows it vouches for; name the first bad row."

    def handle(self, *args: Any, **options: Any) -> None:
        """Read every entry. Writes nothing. Compare the head with one published elsewhere to see a cut tail."""
        # Read first: entries that come while we read only make the chain longer than what we claim.
        number, head_hash = ledger.head()
        fault = ledger.first_fault()
        if fault:
            raise CommandError(f"The ledger does not hold. {fault}.")
        self.stdout.write(f"The ledger holds: {number} entries, head {head_hash}")
