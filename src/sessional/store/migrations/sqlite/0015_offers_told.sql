-- Clients are told by mail of what they are offered from the waitlist, and that it has run out. SQLite
-- changes no constraint of a table, so the outbox is made anew; numbers that were given are not given again.
CREATE TABLE outbox_with_offers (
    outbox_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id   INTEGER NOT NULL,
    kind           TEXT NOT NULL CONSTRAINT outbox_kind CHECK (kind IN ('BOOKED', 'MOVED', 'HANDED_OVER', 'CANCELLED', 'DECLINED', 'SERIES_BOOKED', 'SERIES_MOVED', 'SERIES_CANCELLED', 'CLOCKS_CHANGED', 'REMINDER', 'OFFERED', 'OFFER_LAPSED')),
    client_id      INTEGER NOT NULL REFERENCES client,
    appointment_id INTEGER NOT NULL,
    -- A list of [appointment_id, version, starts_at, ends_at] as they were when the row was written.
    sessions       TEXT NOT NULL,
    was_starts_at  INTEGER,
    lead_seconds   INTEGER NOT NULL DEFAULT 0,
    status         TEXT NOT NULL DEFAULT 'WAITING' CONSTRAINT outbox_status CHECK (status IN ('WAITING', 'SENT', 'DROPPED', 'DEAD')),
    created_at     INTEGER NOT NULL,
    -- When it may be taken (again): while a process has it, the end of that process's lease.
    next_at        INTEGER NOT NULL,
    attempts       INTEGER NOT NULL DEFAULT 0,
    ended_at       INTEGER,
    outcome        TEXT
) STRICT;
INSERT INTO outbox_with_offers SELECT outbox_id, therapist_id, kind, client_id, appointment_id, sessions,
    was_starts_at, lead_seconds, status, created_at, next_at, attempts, ended_at, outcome FROM outbox;
DELETE FROM sqlite_sequence WHERE name = 'outbox_with_offers';
UPDATE sqlite_sequence SET name = 'outbox_with_offers' WHERE name = 'outbox';
DROP TABLE outbox;
ALTER TABLE outbox_with_offers RENAME TO outbox;
CREATE INDEX outbox_waiting ON outbox (next_at, outbox_id) WHERE status = 'WAITING';
CREATE INDEX outbox_by_session ON outbox (appointment_id, client_id, outbox_id);
