"""SQL for the vote's rules that no constraint can hold; the app's migration runs it."""

from django.db import migrations

from core.triggers import append_only

_CREATE = """
CREATE FUNCTION roadmap_approval_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.version_id, NEW.text_sha256, NEW.opens_at, NEW.closes_at, NEW.electorate_size,
        NEW.casting_organisation_id)
       IS DISTINCT FROM
       (OLD.id, OLD.version_id, OLD.text_sha256, OLD.opens_at, OLD.closes_at, OLD.electorate_size,
        OLD.casting_organisation_id) THEN
        RAISE EXCEPTION 'approval %: what its opening froze does not change', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.closed_at IS NOT NULL AND (NEW.closed_at, NEW.outcome, NEW.record, NEW.record_sha256)
       IS DISTINCT FROM (OLD.closed_at, OLD.outcome, OLD.record, OLD.record_sha256) THEN
        RAISE EXCEPTION 'approval %: its record is written once', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER roadmap_approval_keep BEFORE UPDATE ON roadmap_approval
    FOR EACH ROW EXECUTE FUNCTION roadmap_approval_keep();
CREATE TRIGGER roadmap_approval_stays BEFORE DELETE ON roadmap_approval
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER roadmap_approval_no_truncate BEFORE TRUNCATE ON roadmap_approval
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();

CREATE FUNCTION roadmap_voter_frozen_electorate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM roadmap_voter WHERE approval_id = NEW.approval_id)
       >= (SELECT electorate_size FROM roadmap_approval WHERE id = NEW.approval_id) THEN
        RAISE EXCEPTION 'approval %: its electorate is complete', NEW.approval_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER roadmap_voter_frozen_electorate BEFORE INSERT ON roadmap_voter
    FOR EACH ROW EXECUTE FUNCTION roadmap_voter_frozen_electorate();

CREATE FUNCTION roadmap_ballot_admissible() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    vote roadmap_approval%ROWTYPE;
BEGIN
    SELECT a.* INTO vote FROM roadmap_approval a JOIN roadmap_voter v ON v.approval_id = a.id
        WHERE v.id = NEW.voter_id;
    IF NEW.cast_at < vote.opens_at OR NEW.cast_at >= vote.closes_at OR NEW.cast_at > clock_timestamp()
       OR vote.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'approval %: not open', vote.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.text_sha256 <> vote.text_sha256 THEN
        RAISE EXCEPTION 'approval %: a ballot on another text', vote.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER roadmap_ballot_admissible BEFORE INSERT ON roadmap_ballot
    FOR EACH ROW EXECUTE FUNCTION roadmap_ballot_admissible();
"""

_DROP = """
DROP TRIGGER roadmap_ballot_admissible ON roadmap_ballot;
DROP TRIGGER roadmap_voter_frozen_electorate ON roadmap_voter;
DROP TRIGGER roadmap_approval_no_truncate ON roadmap_approval;
DROP TRIGGER roadmap_approval_stays ON roadmap_approval;
DROP TRIGGER roadmap_approval_keep ON roadmap_approval;
DROP FUNCTION roadmap_ballot_admissible();
DROP FUNCTION roadmap_voter_frozen_electorate();
DROP FUNCTION roadmap_approval_keep();
"""


def operations() -> list[migrations.RunSQL]:
    """Return the operations: ballots and voters append-only, an approval's frozen fields, its one record."""
    return [append_only("roadmap_ballot"), append_only("roadmap_voter"), migrations.RunSQL(_CREATE, _DROP)]
