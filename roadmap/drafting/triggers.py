"""SQL of the rules that a published text never changes; roadmap's migration runs it."""

from django.db import migrations

# What the application's services also refuse, kept by the database against raw SQL and mistakes of ours. The table of
# allowed moves is VERSION_TRANSITIONS; a test compares the two.
FREEZE = """
CREATE FUNCTION roadmap_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'working' AND TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'version % is published: it stays', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status <> 'working' AND (OLD.number, OLD.title_fr, OLD.title_en, OLD.introduction_fr, OLD.introduction_en)
            IS DISTINCT FROM (NEW.number, NEW.title_fr, NEW.title_en, NEW.introduction_fr, NEW.introduction_en) THEN
        RAISE EXCEPTION 'version % is published: its text never changes', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('working', 'consultation'), ('working', 'vote'),
        ('consultation', 'vote'), ('consultation', 'not-adopted'),
        ('vote', 'adopted'), ('vote', 'not-adopted')
    ) THEN
        RAISE EXCEPTION 'version %: from % to % is not possible', OLD.number, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER roadmap_version_guard BEFORE UPDATE OR DELETE ON roadmap_version
    FOR EACH ROW EXECUTE FUNCTION roadmap_guard_version();

CREATE FUNCTION roadmap_guard_block() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written bigint[] := ARRAY(SELECT DISTINCT id FROM unnest(ARRAY[
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END]) AS id WHERE id IS NOT NULL ORDER BY id);
    locked_status text;
BEGIN
    -- FOR SHARE waits for whoever is publishing, who in turn waits for us: a text is frozen whole or not at all.
    FOR locked_status IN SELECT status FROM roadmap_version WHERE id = ANY (written) ORDER BY id FOR SHARE LOOP
        IF locked_status <> 'working' THEN
            RAISE EXCEPTION 'the version is published: its text never changes' USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER roadmap_block_guard BEFORE INSERT OR UPDATE OR DELETE ON roadmap_block
    FOR EACH ROW EXECUTE FUNCTION roadmap_guard_block();
"""
THAW = """
DROP TRIGGER roadmap_block_guard ON roadmap_block;
DROP TRIGGER roadmap_version_guard ON roadmap_version;
DROP FUNCTION roadmap_guard_block();
DROP FUNCTION roadmap_guard_version();
"""


def published_text_never_changes() -> migrations.RunSQL:
    """Refuse to change or delete a published version's text, and any move that the transition table has not."""
    return migrations.RunSQL(FREEZE, THAW)
