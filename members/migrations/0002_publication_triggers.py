"""Apart from the first migration: core's depends on the user, and these triggers on core's functions."""

from django.db import migrations

from core import triggers
from core.enums import Counter
from members import triggers as people_triggers


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("core", "0001_initial")]

    operations = [
        triggers.publishes(
            "members_organisation",
            "members_organisation_sectors",
            "members_sector",
            "members_commune",
            "members_axis",
            "members_body",
            "members_seat",
            "members_mandate",
        ),
        *people_triggers.operations(Counter.PUBLIC.value),
    ]
