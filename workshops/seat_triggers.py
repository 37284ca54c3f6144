"""SQL for the rule that no constraint can hold: never more people confirmed than seats."""

from django.db import migrations

# Deferred to the commit: one transaction frees a seat and gives it away. The workshop's row is locked, as the services
# do, so that two transactions never count past each other.
_CREATE = """
CREATE FUNCTION workshops_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
    seats integer;
    confirmed integer;
BEGIN
    held := CASE TG_TABLE_NAME WHEN 'workshops_workshop' THEN NEW.id
                               ELSE (to_jsonb(NEW) ->> 'workshop_id')::bigint END;
    SELECT capacity INTO seats FROM workshops_workshop WHERE id = held FOR NO KEY UPDATE;
    IF seats IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT count(*) INTO confirmed FROM workshops_invitation
        WHERE workshop_id = held AND withdrawn_at IS NULL
          AND (answer = 'yes' OR (answer = 'represented' AND representative_id IS NULL
                                  AND proxy_organisation_id IS NULL));
    IF confirmed > seats THEN
        RAISE EXCEPTION 'workshop %: % people confirmed for % seats', held, confirmed, seats
            USING ERRCODE = 'check_violation', CONSTRAINT = 'workshop_seats';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER workshop_seats
    AFTER INSERT OR UPDATE OF answer, withdrawn_at, representative_id, proxy_organisation_id, workshop_id
    ON workshops_invitation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.answer IN ('yes', 'represented')) EXECUTE FUNCTION workshops_seats();
CREATE CONSTRAINT TRIGGER workshop_seats AFTER UPDATE OF capacity ON workshops_workshop
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION workshops_seats();
"""
_DROP = """
DROP TRIGGER workshop_seats ON workshops_workshop;
DROP TRIGGER workshop_seats ON workshops_invitation;
DROP FUNCTION workshops_seats();
"""


def operations() -> list[migrations.RunSQL]:
    """Return the operation: a deferred constraint on a workshop's seats."""
    return [migrations.RunSQL(_CREATE, _DROP)]
