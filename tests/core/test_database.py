"""The ground: what a transactional test commits is gone for the next one, and what the migrations wrote is there."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from core.workflow import lock
from members.models import Commune
from tests.helpers import database
from tests.helpers.locks import somebody_waits
from tests.helpers.roles import People
from tests.members.factories import CommuneFactory
from tests.members.test_permissions_table import World

pytestmark = pytest.mark.django_db(transaction=True)
WRITTEN_BY_MIGRATIONS = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
}


def contents():
    """Return every row of every table that holds one, as text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            if rows := cursor.fetchall():
                found[table] = rows
    return found


def triggers():
    """Return every trigger, and whether it is on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger ORDER BY 1, 2, 3")
        return cursor.fetchall()


@pytest.mark.parametrize("turn", [1, 2])
def test_something_of_everything_is_gone_for_the_next_test(turn, settings, tmp_path):
    assert contents().keys() == WRITTEN_BY_MIGRATIONS
    settings.MEDIA_ROOT = tmp_path
    World(People())
    assert len(contents()) > 45


def test_restored_the_database_is_row_by_row_what_it_was_and_its_triggers_are_on(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    before = contents(), triggers()
    World(People())
    database.restore()
    assert (contents(), triggers()) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda: Permission.objects.all().delete(),
        lambda: ContentType.objects.all().delete(),
        lambda: ContentType.objects.create(app_label="gone", model="gone"),
        lambda: Group.objects.update(name="another"),
        lambda: Group.objects.get().permissions.clear(),
    ],
)
def test_what_the_migrations_wrote_is_put_back(change):
    before = contents()
    change()
    assert contents() != before
    database.restore()
    assert contents() == before


def test_row_that_another_connection_has_only_locked_is_awaited():
    commune = CommuneFactory()
    locked, over = Event(), Event()

    def request_under_way():
        try:
            with transaction.atomic():
                lock(commune)
                locked.set()
                for waits in (True, False, True):  # it asks, lets go, asks again
                    while somebody_waits() is not waits and not over.is_set():
                        pass
        finally:
            locked.set()
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(request_under_way)
        locked.wait()
        try:
            database.restore()
        finally:
            over.set()
        request.result(timeout=60)
    assert not Commune.objects.exists()


def test_rows_that_another_connection_has_yet_to_commit_are_awaited():
    written = Event()

    def request_under_way():
        try:
            with transaction.atomic():
                CommuneFactory()
                written.set()
                while not somebody_waits():
                    pass
        finally:
            written.set()
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(request_under_way)
        written.wait()
        database.restore()
        request.result(timeout=60)
    assert not Commune.objects.exists()
