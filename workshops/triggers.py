"""SQL that only a trigger can hold, run by the migration: what a workshop occupies follows from its venue."""

from django.db import migrations

# A host's rooms are points of its range, its site is the whole range: one exclusion constraint refuses both cases.
OCCUPATION = """
CREATE FUNCTION workshops_occupy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place workshops_venue%ROWTYPE;
    base bigint;
BEGIN
    NEW.occupies := NULL;
    IF NEW.venue_id IS NOT NULL THEN
        -- Whoever gives the venue another host or makes it a site waits for us, and we for them.
        SELECT * INTO place FROM workshops_venue WHERE id = NEW.venue_id FOR KEY SHARE;
        base := place.organisation_id << 32;
        IF place.is_site THEN
            NEW.occupies := int8range(base, base + (1::bigint << 32));
        ELSE
            NEW.occupies := int8range(base + place.id, base + place.id, '[]');
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workshops_workshop_occupies BEFORE INSERT OR UPDATE ON workshops_workshop
    FOR EACH ROW EXECUTE FUNCTION workshops_occupy();

CREATE FUNCTION workshops_hold_venue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM workshops_venue WHERE id = NEW.id FOR UPDATE;
    RETURN NEW;
END $$;
CREATE FUNCTION workshops_reoccupy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE workshops_workshop SET occupies = NULL WHERE venue_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER workshops_venue_held BEFORE UPDATE ON workshops_venue FOR EACH ROW
    WHEN (OLD.organisation_id <> NEW.organisation_id OR OLD.is_site <> NEW.is_site)
    EXECUTE FUNCTION workshops_hold_venue();
CREATE TRIGGER workshops_venue_reoccupies AFTER UPDATE ON workshops_venue FOR EACH ROW
    WHEN (OLD.organisation_id <> NEW.organisation_id OR OLD.is_site <> NEW.is_site)
    EXECUTE FUNCTION workshops_reoccupy();
"""
DROP_OCCUPATION = """
DROP TRIGGER workshops_venue_reoccupies ON workshops_venue;
DROP TRIGGER workshops_venue_held ON workshops_venue;
DROP TRIGGER workshops_workshop_occupies ON workshops_workshop;
DROP FUNCTION workshops_reoccupy(); DROP FUNCTION workshops_hold_venue(); DROP FUNCTION workshops_occupy();
"""


def occupation() -> migrations.RunSQL:
    """Write what a workshop occupies whenever it is saved, or its venue changes hosts or becomes a site."""
    return migrations.RunSQL(OCCUPATION, DROP_OCCUPATION)
