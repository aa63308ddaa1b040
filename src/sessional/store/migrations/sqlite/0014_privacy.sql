-- Clients who were erased, and the end of old entries of the record: they are removed from its beginning,
-- after audit_start has been moved to the last of them, and in no other way.
ALTER TABLE client ADD COLUMN erased_at INTEGER;

DROP TRIGGER audit_event_is_not_deleted;
CREATE TRIGGER audit_event_is_not_deleted BEFORE DELETE ON audit_event
WHEN NOT EXISTS (SELECT 1 FROM audit_link WHERE audit_event_id = OLD.audit_event_id
                 AND position <= (SELECT position FROM audit_start))
BEGIN
    SELECT RAISE(ABORT, 'the record is only ever added to');
END;
DROP TRIGGER audit_link_is_not_deleted;
CREATE TRIGGER audit_link_is_not_deleted BEFORE DELETE ON audit_link
WHEN OLD.position > (SELECT position FROM audit_start)
BEGIN
    SELECT RAISE(ABORT, 'the record is only ever added to');
END;
CREATE TRIGGER audit_start_is_a_link BEFORE UPDATE ON audit_start
WHEN NOT EXISTS (SELECT 1 FROM audit_link WHERE position = NEW.position AND hash = NEW.hash)
BEGIN
    SELECT RAISE(ABORT, 'the record begins at one of its links');
END;
CREATE TRIGGER audit_start_is_not_deleted BEFORE DELETE ON audit_start
BEGIN
    SELECT RAISE(ABORT, 'the record begins at one of its links');
END;
