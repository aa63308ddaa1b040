-- The outbox: what clients are told by mail. A row is written with the change that it tells of, and
-- sent afterwards. It holds no address and no name: those are read when it is sent.
CREATE TABLE outbox (
    outbox_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id   INTEGER NOT NULL,
    kind           TEXT NOT NULL CONSTRAINT outbox_kind CHECK (kind IN ('BOOKED', 'MOVED', 'HANDED_OVER', 'CANCELLED', 'DECLINED', 'SERIES_BOOKED', 'SERIES_MOVED', 'SERIES_CANCELLED', 'CLOCKS_CHANGED', 'REMINDER')),
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
CREATE INDEX outbox_waiting ON outbox (next_at, outbox_id) WHERE status = 'WAITING';
CREATE INDEX outbox_by_session ON outbox (appointment_id, client_id, outbox_id);

-- Sessions up to this start have had their reminder written, for each time before them.
CREATE TABLE reminder_clock (
    lead_seconds   INTEGER PRIMARY KEY,
    reminded_until INTEGER NOT NULL
) STRICT;

-- When a session was given the time that it has. 0: before that was noted.
ALTER TABLE appointment ADD COLUMN placed_at INTEGER NOT NULL DEFAULT 0;
