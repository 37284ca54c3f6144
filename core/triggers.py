"""SQL for rules that only a trigger can hold; migrations run it through `operations()`."""

from django.db import migrations

from core.enums import Counter

FUNCTIONS = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only table %: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION core_bump_publication() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counter text := TG_ARGV[0];
    bumped text := 'core.publication_bumped_' || counter;
BEGIN
    -- Once a transaction is enough; the setting is local to it and undone with its savepoints.
    IF current_setting(bumped, true) IS DISTINCT FROM txid_current()::text THEN
        INSERT INTO core_publication (id, version) VALUES (counter::smallint, 1)
            ON CONFLICT (id) DO UPDATE SET version = core_publication.version + 1;
        PERFORM set_config(bumped, txid_current()::text, true);
    END IF;
    RETURN NULL;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION core_refuse_change(); DROP FUNCTION core_bump_publication();"


def functions() -> migrations.RunSQL:
    """The trigger functions themselves (core's own migration)."""
    return migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS)


def append_only(table: str) -> migrations.RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on a table: its rows are a record."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
        """,
        f"DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};",
    )


def publishes(*tables: str) -> migrations.RunSQL:
    """Bump the version of all that is public when a row of these tables changes."""
    return _bumps(tables, "publishes", Counter.PUBLIC)


def tells_members(*tables: str) -> migrations.RunSQL:
    """Bump the version of what members read together, the roadmap's discussion, when a row of these tables changes."""
    return _bumps(tables, "tells_members", Counter.MEMBERS)


def _bumps(tables: tuple[str, ...], name: str, counter: Counter) -> migrations.RunSQL:
    """Bump a counter when a row of these tables changes.

    The triggers are deferred to the commit, so the one counter row is locked for an instant only, and always last:
    writers neither queue behind each other's transactions nor deadlock.
    """
    return migrations.RunSQL(
        "".join(
            f"""
            CREATE CONSTRAINT TRIGGER {table}_{name} AFTER INSERT OR UPDATE OR DELETE ON {table}
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION core_bump_publication({counter.value});
            """
            for table in tables
        ),
        "".join(f"DROP TRIGGER {table}_{name} ON {table};" for table in tables),
    )
