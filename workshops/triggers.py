"""SQL that only a trigger can hold, run by the migration.

What a workshop occupies follows from its venue; what a row names beside its workshop is of the same workshop.
"""

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


# What a row names, and the row of the same workshop that it must be.
_BELONGING = """
CREATE FUNCTION workshops_guard_belonging() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    belongs boolean;
BEGIN
    IF TG_TABLE_NAME = 'workshops_pollanswer' THEN
        SELECT true INTO belongs FROM workshops_pollreply r JOIN workshops_invitation i ON i.id = r.invitation_id
            JOIN workshops_datepoll d ON d.workshop_id = i.workshop_id JOIN workshops_polloption o ON o.poll_id = d.id
            WHERE r.id = NEW.reply_id AND o.id = NEW.option_id;
    ELSIF TG_TABLE_NAME = 'workshops_datepoll' THEN
        SELECT true INTO belongs FROM workshops_polloption WHERE id = NEW.chosen_id AND poll_id = NEW.id;
    ELSIF TG_TABLE_NAME = 'workshops_decision' THEN
        SELECT true INTO belongs FROM workshops_minutessection
            WHERE id = NEW.section_id AND minutes_id = NEW.minutes_id;
    ELSIF TG_TABLE_NAME = 'workshops_correction' THEN
        SELECT true INTO belongs FROM workshops_minutessection s JOIN workshops_minutes m ON m.id = s.minutes_id
            JOIN workshops_invitation i ON i.workshop_id = m.workshop_id
            WHERE s.id = NEW.section_id AND i.id = NEW.invitation_id;
    ELSIF TG_TABLE_NAME = 'workshops_attendance' THEN
        SELECT true INTO belongs FROM workshops_invitation
            WHERE id = NEW.invitation_id AND workshop_id = NEW.workshop_id;
    END IF;
    IF belongs IS NULL THEN
        RAISE EXCEPTION '% %: what it names is of another workshop', TG_TABLE_NAME, NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pollanswer_of_one_poll BEFORE INSERT OR UPDATE OF reply_id, option_id ON workshops_pollanswer
    FOR EACH ROW EXECUTE FUNCTION workshops_guard_belonging('pollanswer_of_one_poll');
CREATE TRIGGER datepoll_chosen_of_it BEFORE INSERT OR UPDATE OF chosen_id ON workshops_datepoll
    FOR EACH ROW WHEN (NEW.chosen_id IS NOT NULL)
    EXECUTE FUNCTION workshops_guard_belonging('datepoll_chosen_of_it');
CREATE TRIGGER decision_section_of_minutes BEFORE INSERT OR UPDATE OF section_id, minutes_id ON workshops_decision
    FOR EACH ROW WHEN (NEW.section_id IS NOT NULL)
    EXECUTE FUNCTION workshops_guard_belonging('decision_section_of_minutes');
CREATE TRIGGER correction_of_guest BEFORE INSERT OR UPDATE OF section_id, invitation_id ON workshops_correction
    FOR EACH ROW WHEN (NEW.invitation_id IS NOT NULL)
    EXECUTE FUNCTION workshops_guard_belonging('correction_of_guest');
CREATE TRIGGER attendance_of_invited BEFORE INSERT OR UPDATE OF invitation_id, workshop_id ON workshops_attendance
    FOR EACH ROW WHEN (NEW.invitation_id IS NOT NULL)
    EXECUTE FUNCTION workshops_guard_belonging('attendance_of_invited');

CREATE FUNCTION workshops_keep_parent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: it never becomes another one''s', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
"""
_PARENTS = {
    "workshops_invitation": "workshop_id",
    "workshops_datepoll": "workshop_id",
    "workshops_polloption": "poll_id",
    "workshops_pollreply": "invitation_id",
    "workshops_minutessection": "minutes_id",
}
_PARENT = """
CREATE TRIGGER {table}_parent BEFORE UPDATE OF {column} ON {table}
    FOR EACH ROW WHEN (OLD.{column} <> NEW.{column}) EXECUTE FUNCTION workshops_keep_parent();
"""


def belonging() -> migrations.RunSQL:
    """Refuse a row that names something of another workshop, and to give what is named to another one."""
    return migrations.RunSQL(
        _BELONGING
        + "".join(_PARENT.format(table=table, column=column) for table, column in _PARENTS.items()),
        "DROP FUNCTION workshops_guard_belonging() CASCADE; DROP FUNCTION workshops_keep_parent() CASCADE;",
    )
