"""The test database between transactional tests: as the migrations left it, quicker than by Django's flush.

Django truncates every table and then fires `post_migrate`, which writes content types, permissions and groups anew:
0.2 s for each test. Here only the tables that hold rows are emptied, row by row, and what the migrations wrote is put
back only where a test changed it. A function of the test database does it in one go:

1. it waits until nobody writes or locks rows any more, so that what a request still under way commits goes too. It asks
   for all locks at once and lets go of them when they do not come, so that it never deadlocks with such a request;
2. it empties the tables that hold rows, their own triggers off (append-only tables refuse, frozen rows too, and the
   publication's counter would be written again); foreign keys stay on, and are checked before the end;
3. it compares what the migrations wrote with a copy, and writes it again where it differs.
"""

from typing import Any

from django.db import connection

SCHEMA = "as_migrated"
MIGRATIONS = "django_migrations"

RESTORE = """
CREATE FUNCTION {schema}.restore() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text;
    holds boolean;
    changed boolean := false;
    filled text[] := '{{}}';
BEGIN
    PERFORM set_config('lock_timeout', '50ms', true);
    FOR attempt IN 1..1200 LOOP
        BEGIN
            LOCK TABLE {all} IN EXCLUSIVE MODE;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF attempt = 1200 THEN
                RAISE EXCEPTION 'a test left a transaction open in another connection';
            END IF;
        END;
    END LOOP;
    FOREACH name IN ARRAY ARRAY[{empty}]::text[] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO holds;
        IF holds THEN filled := filled || name; END IF;
    END LOOP;
    FOREACH name IN ARRAY ARRAY[{written}]::text[] LOOP
        EXECUTE format('SELECT EXISTS ((TABLE %1$I EXCEPT TABLE {schema}.%1$I)
            UNION ALL (TABLE {schema}.%1$I EXCEPT TABLE %1$I))', name) INTO holds;
        changed := changed OR holds;
    END LOOP;
    IF changed THEN filled := filled || ARRAY[{written}]::text[]; END IF;
    FOREACH name IN ARRAY filled LOOP
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', name);
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    IF changed THEN
        FOREACH name IN ARRAY ARRAY[{written}]::text[] LOOP
            EXECUTE format('INSERT INTO %1$I TABLE {schema}.%1$I', name);
        END LOOP;
    END IF;
    SET CONSTRAINTS ALL IMMEDIATE;
    FOREACH name IN ARRAY filled LOOP
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', name);
    END LOOP;
    RETURN changed;
END $$
"""


def remember() -> None:
    """Keep a copy of what the migrations wrote, and make the function that brings the database back to it."""
    tables = [name for name in connection.introspection.table_names() if name != MIGRATIONS]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")  # a database kept by --reuse-db
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        written = [name for name in tables if _holds_rows(cursor, name)]
        for name in written:
            cursor.execute(f'CREATE TABLE {SCHEMA}."{name}" AS TABLE public."{name}"')
        function = RESTORE.format(
            schema=SCHEMA,
            all=", ".join(f'"{name}"' for name in tables),
            empty=", ".join(f"'{name}'" for name in tables if name not in written),
            written=", ".join(f"'{name}'" for name in written),
        )
        cursor.execute(function)


def restore() -> None:
    """Bring the database back to what the migrations left; takes the place of Django's flush."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {SCHEMA}.restore()")
        if cursor.fetchone() == (True,):
            from django.contrib.contenttypes.models import ContentType

            ContentType.objects.clear_cache()


def _holds_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f'SELECT EXISTS (SELECT FROM public."{table}")')
    return bool(cursor.fetchone()[0])
