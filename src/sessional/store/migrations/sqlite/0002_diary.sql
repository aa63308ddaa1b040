-- The diary on SQLite: when somebody works, who the clients are, and the whole life of a session.
-- A column of texts or numbers that belong together holds a JSON list. Wall-clock rules are stored as
-- wall clock: dates as YYYY-MM-DD, times as minutes since the local midnight.

ALTER TABLE service ADD COLUMN other_durations TEXT NOT NULL DEFAULT '[]';
ALTER TABLE service ADD COLUMN buffer_before_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN buffer_after_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN grid_seconds INTEGER NOT NULL DEFAULT 900;
ALTER TABLE service ADD COLUMN notice_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN horizon_days INTEGER NOT NULL DEFAULT 366;
ALTER TABLE service ADD COLUMN cancel_notice_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN capacity INTEGER NOT NULL DEFAULT 1 CONSTRAINT service_capacity CHECK (capacity BETWEEN 1 AND 1000);
ALTER TABLE service ADD COLUMN needs_approval INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN needs_room INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN online INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN cancel_when_one_leaves INTEGER NOT NULL DEFAULT 0;

ALTER TABLE therapist ADD COLUMN max_per_day INTEGER;
ALTER TABLE therapist ADD COLUMN max_per_week INTEGER;
-- Counts changes of the rules of this diary, so that whoever remembers them knows when to look again.
ALTER TABLE therapist ADD COLUMN rules_version INTEGER NOT NULL DEFAULT 0;

-- Which services a therapist gives; all where there is no row.
CREATE TABLE therapist_service (
    therapist_id INTEGER NOT NULL REFERENCES therapist,
    service_id   INTEGER NOT NULL REFERENCES service,
    PRIMARY KEY (therapist_id, service_id)
) STRICT;

CREATE TABLE working_hours (
    working_hours_id INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id     INTEGER NOT NULL REFERENCES therapist,
    weekday          INTEGER NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    starts_minute    INTEGER NOT NULL CHECK (starts_minute BETWEEN 0 AND 1439),
    ends_minute      INTEGER NOT NULL CHECK (ends_minute BETWEEN 1 AND 2880),
    valid_from       TEXT,
    valid_until      TEXT,
    every_weeks      INTEGER NOT NULL DEFAULT 1 CHECK (every_weeks IN (1, 2)),
    CONSTRAINT working_hours_span CHECK (ends_minute > starts_minute),
    CONSTRAINT working_hours_rhythm CHECK (every_weeks = 1 OR valid_from IS NOT NULL)
) STRICT;
CREATE INDEX working_hours_by_therapist ON working_hours (therapist_id, working_hours_id);

-- Other hours on one date; "intervals" is a list of [starts_minute, ends_minute], empty: closed.
CREATE TABLE date_override (
    date_override_id INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id     INTEGER NOT NULL REFERENCES therapist,
    on_date          TEXT NOT NULL,
    intervals        TEXT NOT NULL,
    CONSTRAINT date_override_unique UNIQUE (therapist_id, on_date)
) STRICT;

-- Days on which a therapist works from another zone, half-open.
CREATE TABLE away (
    away_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id INTEGER NOT NULL REFERENCES therapist,
    time_zone    TEXT NOT NULL,
    from_date    TEXT NOT NULL,
    until_date   TEXT NOT NULL,
    CONSTRAINT away_span CHECK (until_date > from_date)
) STRICT;
CREATE INDEX away_by_therapist ON away (therapist_id, from_date);

CREATE TABLE time_off (
    time_off_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id INTEGER NOT NULL REFERENCES therapist,
    starts_at    INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    reason       TEXT,
    CONSTRAINT time_off_span CHECK (starts_at >= 0 AND ends_at > starts_at AND ends_at <= 253402300799)
) STRICT;
CREATE INDEX time_off_by_therapist ON time_off (therapist_id, starts_at);

-- Days on which the whole practice is closed.
CREATE TABLE closure (
    closure_id INTEGER PRIMARY KEY AUTOINCREMENT,
    on_date    TEXT NOT NULL,
    name       TEXT NOT NULL,
    CONSTRAINT closure_date_unique UNIQUE (on_date)
) STRICT;

-- One row: counts changes of any rule of any diary, of services and of closures.
CREATE TABLE rules_clock (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version  INTEGER NOT NULL
) STRICT;
INSERT INTO rules_clock VALUES (1, 1);

CREATE TABLE room (
    room_id     INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    search_name TEXT NOT NULL,
    CONSTRAINT room_name_unique UNIQUE (name)
) STRICT;

CREATE TABLE client (
    client_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    search_name TEXT NOT NULL,
    email       TEXT,
    phone       TEXT,
    time_zone   TEXT,
    language    TEXT,
    staff_notes TEXT
) STRICT;
CREATE INDEX client_by_name ON client (name, client_id);

-- Who is cared for by whom, and from which day to which; from_date and until_date are half-open.
CREATE TABLE care_relationship (
    care_relationship_id INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id         INTEGER NOT NULL REFERENCES therapist,
    client_id            INTEGER NOT NULL REFERENCES client,
    from_date            TEXT NOT NULL,
    until_date           TEXT
) STRICT;
CREATE INDEX care_relationship_by_therapist ON care_relationship (therapist_id, client_id);
CREATE INDEX care_relationship_by_client ON care_relationship (client_id, therapist_id);

CREATE TABLE series (
    series_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id INTEGER NOT NULL REFERENCES therapist,
    service_code TEXT NOT NULL REFERENCES service (code),
    rhythm       TEXT NOT NULL,
    time_zone    TEXT NOT NULL,
    starts_at    INTEGER NOT NULL
) STRICT;

-- A hold is a row of this table too, so that one constraint keeps holds and sessions apart: held_until
-- is the instant at which it runs out, and 0 for everything that is not a hold.
ALTER TABLE appointment ADD COLUMN status TEXT NOT NULL DEFAULT 'BOOKED' CONSTRAINT appointment_status CHECK (status IN ('HELD', 'PROPOSED', 'PENDING', 'BOOKED', 'ARRIVED', 'FULFILLED', 'CANCELLED', 'NOSHOW', 'ENTERED_IN_ERROR'));
ALTER TABLE appointment ADD COLUMN blocks INTEGER NOT NULL GENERATED ALWAYS AS (status IN ('HELD', 'PENDING', 'BOOKED', 'ARRIVED', 'FULFILLED', 'NOSHOW')) VIRTUAL;
ALTER TABLE appointment ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE appointment ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD COLUMN held_by INTEGER;
ALTER TABLE appointment ADD COLUMN room_id INTEGER REFERENCES room;
ALTER TABLE appointment ADD COLUMN series_id INTEGER REFERENCES series;
ALTER TABLE appointment ADD COLUMN capacity INTEGER NOT NULL DEFAULT 1;
ALTER TABLE appointment ADD COLUMN places_taken INTEGER NOT NULL DEFAULT 0 CONSTRAINT appointment_capacity CHECK (places_taken BETWEEN 0 AND capacity);
-- The policy in force when it was booked.
ALTER TABLE appointment ADD COLUMN buffer_before_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD COLUMN buffer_after_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD COLUMN cancel_notice_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE appointment ADD COLUMN cancelled_by TEXT;
ALTER TABLE appointment ADD COLUMN cancel_reason TEXT;
ALTER TABLE appointment ADD COLUMN cancelled_late INTEGER;
ALTER TABLE appointment ADD COLUMN rules_overridden INTEGER NOT NULL DEFAULT 0;

DROP INDEX appointment_by_diary;
CREATE INDEX appointment_by_diary ON appointment (therapist_id, starts_at, ends_at, blocks);
CREATE INDEX appointment_by_room ON appointment (room_id, starts_at) WHERE room_id IS NOT NULL;
CREATE INDEX appointment_by_series ON appointment (series_id, starts_at) WHERE series_id IS NOT NULL;
CREATE INDEX appointment_by_hold ON appointment (held_until) WHERE held_until > 0;

-- The guarantee, for all that takes up a therapist's time. Such sessions of one diary never overlap,
-- so only the last that starts before the new one's end can.
DROP TRIGGER appointment_overlap_insert;
CREATE TRIGGER appointment_overlap_insert BEFORE INSERT ON appointment
WHEN NEW.status NOT IN ('PROPOSED', 'CANCELLED', 'ENTERED_IN_ERROR')
 AND (SELECT ends_at FROM appointment
      WHERE therapist_id = NEW.therapist_id AND starts_at < NEW.ends_at AND blocks
      ORDER BY starts_at DESC LIMIT 1) > NEW.starts_at
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;

DROP TRIGGER appointment_overlap_update;
CREATE TRIGGER appointment_overlap_update BEFORE UPDATE OF appointment_id, therapist_id, starts_at, ends_at, status ON appointment
WHEN NEW.status NOT IN ('PROPOSED', 'CANCELLED', 'ENTERED_IN_ERROR')
 AND EXISTS (SELECT 1 FROM appointment
             WHERE therapist_id = NEW.therapist_id AND appointment_id <> OLD.appointment_id AND blocks
               AND starts_at < NEW.ends_at AND starts_at > NEW.starts_at - 86400 AND ends_at > NEW.starts_at)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;

-- A room is never given twice.
CREATE TRIGGER room_overlap_insert BEFORE INSERT ON appointment
WHEN NEW.room_id IS NOT NULL AND NEW.status NOT IN ('PROPOSED', 'CANCELLED', 'ENTERED_IN_ERROR')
 AND EXISTS (SELECT 1 FROM appointment WHERE room_id = NEW.room_id AND blocks
               AND starts_at < NEW.ends_at AND starts_at > NEW.starts_at - 86400 AND ends_at > NEW.starts_at)
BEGIN
    SELECT RAISE(ABORT, 'room_overlap');
END;
CREATE TRIGGER room_overlap_update BEFORE UPDATE OF room_id, starts_at, ends_at, status ON appointment
WHEN NEW.room_id IS NOT NULL AND NEW.status NOT IN ('PROPOSED', 'CANCELLED', 'ENTERED_IN_ERROR')
 AND EXISTS (SELECT 1 FROM appointment WHERE room_id = NEW.room_id AND appointment_id <> OLD.appointment_id AND blocks
               AND starts_at < NEW.ends_at AND starts_at > NEW.starts_at - 86400 AND ends_at > NEW.starts_at)
BEGIN
    SELECT RAISE(ABORT, 'room_overlap');
END;

-- Who takes part. The times and whether it takes up time are the session's, copied by triggers, so
-- that a client is never booked twice on any path.
CREATE TABLE appointment_client (
    appointment_id INTEGER NOT NULL REFERENCES appointment,
    client_id      INTEGER NOT NULL REFERENCES client,
    therapist_id   INTEGER NOT NULL DEFAULT 0,
    starts_at      INTEGER NOT NULL DEFAULT 0,
    ends_at        INTEGER NOT NULL DEFAULT 0,
    blocks         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (appointment_id, client_id)
) STRICT;
CREATE INDEX appointment_client_by_client ON appointment_client (client_id, starts_at);

CREATE TRIGGER client_overlap_insert BEFORE INSERT ON appointment_client
WHEN EXISTS (SELECT 1 FROM appointment a JOIN appointment_client c
             WHERE a.appointment_id = NEW.appointment_id AND a.blocks AND c.client_id = NEW.client_id AND c.blocks
               AND c.starts_at < a.ends_at AND c.starts_at > a.starts_at - 86400 AND c.ends_at > a.starts_at)
BEGIN
    SELECT RAISE(ABORT, 'client_overlap');
END;
CREATE TRIGGER appointment_client_joins AFTER INSERT ON appointment_client
BEGIN
    UPDATE appointment_client SET (therapist_id, starts_at, ends_at, blocks) =
        (SELECT therapist_id, starts_at, ends_at, blocks FROM appointment WHERE appointment_id = NEW.appointment_id)
    WHERE appointment_id = NEW.appointment_id AND client_id = NEW.client_id;
    UPDATE appointment SET places_taken = places_taken + 1 WHERE appointment_id = NEW.appointment_id;
END;
CREATE TRIGGER appointment_client_leaves AFTER DELETE ON appointment_client
BEGIN
    UPDATE appointment SET places_taken = places_taken - 1 WHERE appointment_id = OLD.appointment_id;
END;
CREATE TRIGGER appointment_client_follows AFTER UPDATE OF therapist_id, starts_at, ends_at, status ON appointment
BEGIN
    SELECT RAISE(ABORT, 'client_overlap')
    FROM appointment_client mine JOIN appointment_client c ON c.client_id = mine.client_id
    WHERE mine.appointment_id = NEW.appointment_id AND c.appointment_id <> NEW.appointment_id AND c.blocks
      AND NEW.status NOT IN ('PROPOSED', 'CANCELLED', 'ENTERED_IN_ERROR')
      AND c.starts_at < NEW.ends_at AND c.starts_at > NEW.starts_at - 86400 AND c.ends_at > NEW.starts_at;
    UPDATE appointment_client SET therapist_id = NEW.therapist_id, starts_at = NEW.starts_at, ends_at = NEW.ends_at,
        blocks = NEW.status NOT IN ('PROPOSED', 'CANCELLED', 'ENTERED_IN_ERROR')
    WHERE appointment_id = NEW.appointment_id;
END;

-- What happened to a session: its state after each change. Rows are only ever added.
CREATE TABLE appointment_event (
    appointment_event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id   INTEGER NOT NULL,
    appointment_id INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    happened_at    INTEGER NOT NULL,
    account_id     INTEGER NOT NULL,
    username       TEXT NOT NULL,
    change         TEXT NOT NULL,
    reason         TEXT,
    status         TEXT NOT NULL,
    starts_at      INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    room_id        INTEGER
) STRICT;
CREATE INDEX appointment_event_by_appointment ON appointment_event (appointment_id, appointment_event_id);

CREATE TABLE waitlist_entry (
    waitlist_entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id         INTEGER NOT NULL REFERENCES client,
    service_code      TEXT NOT NULL REFERENCES service (code),
    therapist_ids     TEXT NOT NULL DEFAULT '[]',
    specialisms       TEXT NOT NULL DEFAULT '[]',
    from_at           INTEGER NOT NULL,
    until_at          INTEGER NOT NULL,
    status            TEXT NOT NULL DEFAULT 'WAITING' CONSTRAINT waitlist_entry_status CHECK (status IN ('WAITING', 'OFFERED', 'ACCEPTED', 'LEFT', 'ENDED')),
    joined_at         INTEGER NOT NULL,
    turn              INTEGER NOT NULL,
    offered_id        INTEGER,
    offered_until     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX waitlist_entry_by_turn ON waitlist_entry (status, turn);
CREATE INDEX waitlist_entry_by_client ON waitlist_entry (client_id);

-- The outcome of a change that is remembered under its key: a JSON object of plain values and ids.
ALTER TABLE idempotency_key ADD COLUMN outcome TEXT;
