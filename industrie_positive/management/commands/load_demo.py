"""`manage.py load_demo`: the demo accounts of `make run`."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from industrie_positive.demo import PASSWORD, load_demo


class Command(BaseCommand):
    """Adds the demo accounts and something under way; refused in production."""

    help = "Load demo accounts and a consultation and workshop under way (PORTAL_MODE=demo only), and print them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and print one account for each role with the shared password."""
        try:
            accounts = load_demo()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Comptes de démonstration (mot de passe : {PASSWORD})")
        width = max(len(account.email) for account in accounts)
        for account in accounts:
            self.stdout.write(f"  {account.email:<{width}}  {account.role}")
