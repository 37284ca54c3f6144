"""SQL that only a trigger can hold, run by a migration: what is public about people, and who may be given a mandate."""

from django.db import migrations

# A closing (FOR NO KEY UPDATE) and a new mandate (FOR SHARE) of one person wait for each other.
_OPEN_ACCOUNT = """
CREATE FUNCTION members_mandate_open_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    open boolean;
BEGIN
    SELECT is_active INTO open FROM members_user WHERE id = NEW.person_id FOR SHARE;
    IF NOT open AND (NEW.ends_on IS NULL OR NEW.ends_on > (clock_timestamp() AT TIME ZONE 'Europe/Paris')::date) THEN
        RAISE EXCEPTION 'person % has a closed account: no mandate in force or to come', NEW.person_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mandate_open_account';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_mandate_begins BEFORE INSERT ON members_mandate
    FOR EACH ROW EXECUTE FUNCTION members_mandate_open_account();
CREATE TRIGGER members_mandate_goes_on BEFORE UPDATE ON members_mandate
    FOR EACH ROW WHEN (
        (OLD.person_id, OLD.organisation_id, OLD.body_id, OLD.role)
            IS DISTINCT FROM (NEW.person_id, NEW.organisation_id, NEW.body_id, NEW.role)
        OR COALESCE(NEW.ends_on, 'infinity'::date) > COALESCE(OLD.ends_on, 'infinity'::date)
    ) EXECUTE FUNCTION members_mandate_open_account();
"""

# Who chairs a body is public, by name; logins and preferences change the same row and are not.
_PUBLIC_NAMES = """
CREATE CONSTRAINT TRIGGER members_user_publishes AFTER UPDATE ON members_user
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.first_name, OLD.last_name, OLD.is_active)
        IS DISTINCT FROM (NEW.first_name, NEW.last_name, NEW.is_active))
    EXECUTE FUNCTION core_bump_publication({counter});
"""


def operations(counter: int) -> list[migrations.RunSQL]:
    """A mandate in force or to come needs an open account; a person's public name bumps a publication counter."""
    return [
        migrations.RunSQL(
            _OPEN_ACCOUNT,
            "DROP TRIGGER members_mandate_begins ON members_mandate;"
            "DROP TRIGGER members_mandate_goes_on ON members_mandate;"
            "DROP FUNCTION members_mandate_open_account();",
        ),
        migrations.RunSQL(
            _PUBLIC_NAMES.format(counter=counter), "DROP TRIGGER members_user_publishes ON members_user;"
        ),
    ]
