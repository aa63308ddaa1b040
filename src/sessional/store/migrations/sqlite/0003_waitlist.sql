-- The waitlist on SQLite: who waits for what, in turn, and what they are offered. What is offered is a hold
-- in the therapist's diary, so that the one constraint keeps it apart from everything else. The table
-- was there before and nobody could write to it.

DROP TABLE waitlist_entry;
CREATE TABLE waitlist_entry (
    waitlist_entry_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id            INTEGER NOT NULL REFERENCES client,
    service_code         TEXT NOT NULL REFERENCES service (code),
    specialisms          TEXT NOT NULL DEFAULT '[]',
    therapist_ids        TEXT NOT NULL DEFAULT '[]',
    from_at              INTEGER NOT NULL,
    until_at             INTEGER NOT NULL,
    duration_seconds     INTEGER,
    from_minute          INTEGER,
    until_minute         INTEGER,
    weekdays             TEXT NOT NULL DEFAULT '[]',
    time_zone            TEXT,
    status               TEXT NOT NULL DEFAULT 'WAITING' CONSTRAINT waitlist_entry_status CHECK (status IN ('WAITING', 'OFFERED', 'ACCEPTED', 'LEFT', 'ENDED')),
    joined_at            INTEGER NOT NULL,
    turn                 INTEGER NOT NULL,
    -- [therapist, start, end] of what was offered and not taken: that is not offered to this entry again.
    declined             TEXT NOT NULL DEFAULT '[]',
    -- The offer, as long as there is one: the hold's number and its time, which outlive the hold.
    offered_id           INTEGER,
    offered_until        INTEGER,
    offered_therapist_id INTEGER,
    offered_starts_at    INTEGER,
    offered_ends_at      INTEGER,
    -- The session that an offer became.
    appointment_id       INTEGER,
    CONSTRAINT waitlist_entry_span CHECK (until_at > from_at),
    CONSTRAINT waitlist_entry_offer CHECK ((status = 'OFFERED') = (offered_id IS NOT NULL))
) STRICT;
CREATE INDEX waitlist_entry_by_turn ON waitlist_entry (status, turn);
CREATE INDEX waitlist_entry_by_client ON waitlist_entry (client_id);
-- One offer is for one entry.
CREATE UNIQUE INDEX waitlist_entry_by_offer ON waitlist_entry (offered_id) WHERE offered_id IS NOT NULL;
CREATE INDEX waitlist_entry_by_lapse ON waitlist_entry (offered_until) WHERE offered_until IS NOT NULL;
