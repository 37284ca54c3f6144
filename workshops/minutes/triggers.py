"""SQL of the rule that approved minutes never change; the app's migration runs it.

Only the erasure of a person, which says so for its transaction (`erasing`), may put a pseudonym in the place of a name.
"""

from django.db import connection, migrations

# The table of allowed moves is MINUTES_TRANSITIONS; a test compares the two.
_LOCK = """
CREATE FUNCTION workshops_guard_minutes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'minutes %: circulated, they stay', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('draft', 'corrections'), ('corrections', 'approved'))
    THEN
        RAISE EXCEPTION 'minutes %: from % to % is not possible', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> NEW.state AND (
        EXISTS (SELECT 1 FROM workshops_decision WHERE minutes_id = NEW.id
                AND (due_on IS NULL OR (person_id IS NULL AND organisation_id IS NULL)))
        OR EXISTS (SELECT 1 FROM workshops_correction c JOIN workshops_minutessection s ON s.id = c.section_id
                   WHERE s.minutes_id = NEW.id AND c.state = 'pending'))
    THEN
        RAISE EXCEPTION 'minutes %: a decision is incomplete or a correction undecided', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'approved' THEN
        IF current_setting('workshops.erasing', true) = 'on' THEN
            OLD.chair := NEW.chair; OLD.secretary := NEW.secretary;
        END IF;
        IF OLD IS DISTINCT FROM NEW THEN
            RAISE EXCEPTION 'minutes %: approved, they never change', OLD.id USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workshops_minutes_guard BEFORE UPDATE OR DELETE ON workshops_minutes
    FOR EACH ROW EXECUTE FUNCTION workshops_guard_minutes();

-- FOR SHARE waits for whoever approves, who in turn waits for us: the text is locked whole or not at all.
CREATE FUNCTION workshops_minutes_state(which bigint) RETURNS text LANGUAGE sql AS $$
    SELECT state FROM workshops_minutes WHERE id = which FOR SHARE
$$;

CREATE FUNCTION workshops_guard_minutes_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP <> 'INSERT' AND workshops_minutes_state(OLD.minutes_id) = 'approved')
       OR (TG_OP <> 'DELETE' AND workshops_minutes_state(NEW.minutes_id) = 'approved') THEN
        IF TG_TABLE_NAME = 'workshops_decision' AND TG_OP = 'UPDATE' THEN
            OLD.state := NEW.state; OLD.closed_at := NEW.closed_at;
        ELSIF TG_TABLE_NAME = 'workshops_presenceline' AND TG_OP = 'UPDATE'
              AND current_setting('workshops.erasing', true) = 'on' THEN
            OLD.name := NEW.name; OLD.note := NEW.note;
        ELSIF TG_TABLE_NAME = 'workshops_minutesfile' AND TG_OP = 'UPDATE'
              AND current_setting('workshops.erasing', true) = 'on' THEN
            OLD.content := NEW.content; OLD.sha256 := NEW.sha256;
        END IF;
        IF TG_OP <> 'UPDATE' OR OLD IS DISTINCT FROM NEW THEN
            RAISE EXCEPTION 'the minutes are approved: % on % refused', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION workshops_guard_correction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    record workshops_minutes%ROWTYPE;
BEGIN
    SELECT m.* INTO record FROM workshops_minutes m JOIN workshops_minutessection s ON s.minutes_id = m.id
        WHERE s.id = NEW.section_id FOR SHARE OF m;
    IF record.state <> 'corrections' OR clock_timestamp() >= record.corrections_close_at THEN
        RAISE EXCEPTION 'minutes %: they take no correction', record.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workshops_correction_guard BEFORE INSERT ON workshops_correction
    FOR EACH ROW EXECUTE FUNCTION workshops_guard_correction();
"""
_PARTS = ("workshops_minutessection", "workshops_decision", "workshops_presenceline", "workshops_minutesfile")
_PART = """
CREATE TRIGGER {table}_guard BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION workshops_guard_minutes_part();
"""
_WHOLE = """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
_UNLOCK = """
DROP FUNCTION workshops_guard_minutes() CASCADE;
DROP FUNCTION workshops_guard_minutes_part() CASCADE;
DROP FUNCTION workshops_guard_correction() CASCADE;
DROP FUNCTION workshops_minutes_state(bigint);
"""


def approved_minutes_never_change() -> migrations.RunSQL:
    """Refuse to change or delete what an approval locked, an approval too early, and a correction too late."""
    tables = ("workshops_minutes", *_PARTS)
    return migrations.RunSQL(
        _LOCK
        + "".join(_PART.format(table=table) for table in _PARTS)
        + "".join(_WHOLE.format(table=table) for table in tables),
        "".join(f"DROP TRIGGER {table}_no_truncate ON {table};" for table in tables) + _UNLOCK,
    )


def erasing() -> None:
    """Say, for the rest of this transaction, that names give way to a pseudonym."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('workshops.erasing', 'on', true)")
