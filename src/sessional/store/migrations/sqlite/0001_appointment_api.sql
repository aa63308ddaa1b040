-- The appointment API on SQLite. STRICT tables, so that a column holds what it says; AUTOINCREMENT,
-- so that an id is never given twice.

CREATE TABLE account (
    account_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL,
    disabled_at   INTEGER,
    CONSTRAINT account_username_unique UNIQUE (username)
) STRICT;

CREATE TABLE specialism (
    specialism_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    search_name   TEXT NOT NULL,
    CONSTRAINT specialism_name_unique UNIQUE (name)
) STRICT;

CREATE TABLE service (
    service_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    code             TEXT NOT NULL,
    name             TEXT NOT NULL,
    search_name      TEXT NOT NULL,
    duration_seconds INTEGER NOT NULL,
    CONSTRAINT service_code_unique UNIQUE (code),
    CONSTRAINT service_duration CHECK (duration_seconds BETWEEN 1 AND 86400)
) STRICT;

CREATE TABLE therapist (
    therapist_id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name   TEXT NOT NULL,
    last_name    TEXT NOT NULL,
    search_name  TEXT NOT NULL,
    time_zone    TEXT NOT NULL
) STRICT;
CREATE INDEX therapist_first_name ON therapist (first_name, therapist_id);
CREATE INDEX therapist_last_name ON therapist (last_name, therapist_id);

CREATE TABLE therapist_specialism (
    therapist_id  INTEGER NOT NULL REFERENCES therapist,
    specialism_id INTEGER NOT NULL REFERENCES specialism,
    PRIMARY KEY (therapist_id, specialism_id)
) STRICT;
CREATE INDEX therapist_specialism_by_specialism ON therapist_specialism (specialism_id, therapist_id);

-- Instants are whole seconds since 1970; a session covers [starts_at, ends_at).
CREATE TABLE appointment (
    appointment_id INTEGER PRIMARY KEY AUTOINCREMENT,
    therapist_id   INTEGER NOT NULL REFERENCES therapist,
    service_code   TEXT NOT NULL REFERENCES service (code),
    starts_at      INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    CONSTRAINT appointment_span CHECK (starts_at >= 0 AND ends_at > starts_at AND ends_at - starts_at <= 86400 AND ends_at <= 253402300799)
) STRICT;
CREATE INDEX appointment_by_start ON appointment (starts_at, appointment_id);
CREATE INDEX appointment_by_therapist ON appointment (therapist_id, appointment_id);
CREATE INDEX appointment_by_diary ON appointment (therapist_id, starts_at, ends_at);
CREATE INDEX appointment_by_service ON appointment (service_code, appointment_id);
CREATE INDEX appointment_by_duration ON appointment (ends_at - starts_at, appointment_id);

-- The guarantee: no therapist is ever booked twice. Everything else may be wrong; this holds.
-- Sessions of one diary never overlap, so only the last that starts before the new one's end can.
CREATE TRIGGER appointment_overlap_insert BEFORE INSERT ON appointment
WHEN (SELECT ends_at FROM appointment
      WHERE therapist_id = NEW.therapist_id AND starts_at < NEW.ends_at
      ORDER BY starts_at DESC LIMIT 1) > NEW.starts_at
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;

-- A moved session may overlap itself, so every other one near it is looked at.
CREATE TRIGGER appointment_overlap_update BEFORE UPDATE OF appointment_id, therapist_id, starts_at, ends_at ON appointment
WHEN EXISTS (SELECT 1 FROM appointment
             WHERE therapist_id = NEW.therapist_id AND appointment_id <> OLD.appointment_id
               AND starts_at < NEW.ends_at AND starts_at > NEW.starts_at - 86400 AND ends_at > NEW.starts_at)
BEGIN
    SELECT RAISE(ABORT, 'appointment_overlap');
END;

-- No reference and no second index: a key is written with every booking, read by its own key alone,
-- and the old ones are looked for once an hour.
CREATE TABLE idempotency_key (
    account_id     INTEGER NOT NULL,
    key            TEXT NOT NULL,
    input_hash     TEXT NOT NULL,
    therapist_id   INTEGER NOT NULL,
    appointment_id INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    CONSTRAINT idempotency_key_unique PRIMARY KEY (account_id, key)
) STRICT;

INSERT INTO service (code, name, search_name, duration_seconds) VALUES
    ('one-off', 'Single session', 'single session', 3000),
    ('consultation', 'Consultation', 'consultation', 3000);
