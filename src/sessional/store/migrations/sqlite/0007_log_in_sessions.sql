-- Who is logged in where. Of a refresh token only the hash of its number is kept; the token cannot be
-- made from it. Rows of sessions that were revoked stay until no token of theirs can be alive.
-- `origin` is a hash too: whether a log-in comes from where the account has logged in before.
CREATE TABLE log_in_session (
    log_in_session_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sid               TEXT NOT NULL,
    account_id        INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
    device            TEXT NOT NULL,
    origin            TEXT NOT NULL,
    refresh_hash      TEXT NOT NULL,
    previous_hash     TEXT NOT NULL DEFAULT '',
    rotated_at_ms     INTEGER NOT NULL DEFAULT 0,
    created_at        INTEGER NOT NULL,
    last_used_at      INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    revoked_at        INTEGER NOT NULL DEFAULT 0,
    revoked_for       TEXT NOT NULL DEFAULT '',
    CONSTRAINT log_in_session_sid_unique UNIQUE (sid)
) STRICT;
CREATE INDEX log_in_session_by_account ON log_in_session (account_id, log_in_session_id);
CREATE INDEX log_in_session_by_end ON log_in_session (expires_at);

-- How many log-ins may still fail: for each account and each address, the moment at which as many may
-- fail as ever (GCRA's theoretical arrival time). Buckets have hashes for names.
CREATE TABLE log_in_rate (
    bucket     TEXT NOT NULL PRIMARY KEY,
    free_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX log_in_rate_by_end ON log_in_rate (free_at_ms);
