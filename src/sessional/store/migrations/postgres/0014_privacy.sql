-- Clients who were erased, and the end of old entries of the record: they are removed from its beginning,
-- after audit_start has been moved to the last of them, and in no other way.
ALTER TABLE client ADD COLUMN erased_at bigint;

CREATE FUNCTION audit_event_is_kept() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    IF TG_OP = ''DELETE'' AND EXISTS (
        SELECT 1 FROM audit_link WHERE audit_event_id = OLD.audit_event_id
          AND position <= (SELECT s.position FROM audit_start s)) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION ''the record is only ever added to'' USING ERRCODE = ''insufficient_privilege'';
END';
DROP TRIGGER audit_event_is_kept ON audit_event;
CREATE OR REPLACE TRIGGER audit_event_is_kept BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_is_kept();
CREATE OR REPLACE TRIGGER audit_event_is_not_emptied BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();

CREATE FUNCTION audit_link_is_kept() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    IF TG_OP = ''DELETE'' AND OLD.position <= (SELECT s.position FROM audit_start s) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION ''the record is only ever added to'' USING ERRCODE = ''insufficient_privilege'';
END';
DROP TRIGGER audit_link_is_kept ON audit_link;
CREATE OR REPLACE TRIGGER audit_link_is_kept BEFORE UPDATE OR DELETE ON audit_link
    FOR EACH ROW EXECUTE FUNCTION audit_link_is_kept();
CREATE OR REPLACE TRIGGER audit_link_is_not_emptied BEFORE TRUNCATE ON audit_link
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();

CREATE FUNCTION audit_start_is_a_link() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    IF TG_OP = ''UPDATE'' AND EXISTS (
        SELECT 1 FROM audit_link WHERE position = NEW.position AND hash = NEW.hash) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION ''the record begins at one of its links'' USING ERRCODE = ''insufficient_privilege'';
END';
CREATE OR REPLACE TRIGGER audit_start_is_a_link BEFORE UPDATE OR DELETE ON audit_start
    FOR EACH ROW EXECUTE FUNCTION audit_start_is_a_link();
