-- Keys of machines. Of a key only its hash is kept. `sid` is the row of log_in_session that plays the
-- part of the key's log-in: revoked there, it is refused by the guard of every statement. `root_fields`
-- are the names of the only fields at the root of an operation that the key may ask for, as JSON; null
-- where it may ask for all that its role does.
CREATE TABLE api_key (
    api_key_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id  INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
    sid         TEXT NOT NULL,
    key_hash    TEXT NOT NULL,
    root_fields TEXT,
    created_at  INTEGER NOT NULL,
    ends_at     INTEGER,
    CONSTRAINT api_key_sid_unique UNIQUE (sid),
    CONSTRAINT api_key_hash_unique UNIQUE (key_hash)
) STRICT;
CREATE INDEX api_key_by_account ON api_key (account_id, api_key_id);
