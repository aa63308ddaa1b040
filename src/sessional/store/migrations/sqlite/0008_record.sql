-- The record on SQLite: what was done, by whom, to what. Rows are only ever added.

CREATE TABLE audit_event (
    audit_event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    happened_at    INTEGER NOT NULL,
    account_id     INTEGER NOT NULL,
    username       TEXT NOT NULL,
    role           TEXT NOT NULL,
    action         TEXT NOT NULL,
    object_type    TEXT,
    object_id      INTEGER,
    outcome        TEXT NOT NULL CONSTRAINT audit_outcome CHECK (outcome IN ('DONE', 'OVERRIDDEN', 'READ', 'REFUSED')),
    code           TEXT,
    state_before   TEXT,
    state_after    TEXT,
    request_id     TEXT NOT NULL
) STRICT;
CREATE INDEX audit_event_by_object ON audit_event (object_id, object_type);

-- The chain: each link's hash covers its event and the hash of the link before it.
CREATE TABLE audit_link (
    position       INTEGER PRIMARY KEY,
    audit_event_id INTEGER NOT NULL CONSTRAINT audit_link_event UNIQUE,
    hash           TEXT NOT NULL
) STRICT;

-- What the first link follows: no hash at first, the last one removed once old entries were.
CREATE TABLE audit_start (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    position INTEGER NOT NULL,
    hash     TEXT NOT NULL
) STRICT;
INSERT INTO audit_start VALUES (1, 0, '');

-- Events that are not in the chain yet.
CREATE TABLE audit_waiting (
    audit_event_id INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER audit_event_waits AFTER INSERT ON audit_event
BEGIN
    INSERT INTO audit_waiting VALUES (NEW.audit_event_id);
END;
CREATE TRIGGER audit_event_is_not_changed BEFORE UPDATE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'the record is only ever added to');
END;
CREATE TRIGGER audit_event_is_not_deleted BEFORE DELETE ON audit_event
BEGIN
    SELECT RAISE(ABORT, 'the record is only ever added to');
END;
CREATE TRIGGER audit_link_is_not_changed BEFORE UPDATE ON audit_link
BEGIN
    SELECT RAISE(ABORT, 'the record is only ever added to');
END;
CREATE TRIGGER audit_link_is_not_deleted BEFORE DELETE ON audit_link
BEGIN
    SELECT RAISE(ABORT, 'the record is only ever added to');
END;
