-- What the rules of each time zone in use were, and since when: without them, nobody could tell at which
-- wall time a session was placed before the time-zone database changed. Rows are only ever added.
CREATE TABLE zone_rules (
    zone_rules_id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_zone     TEXT NOT NULL,
    noted_at      INTEGER NOT NULL,
    -- The compiled rules (TZif, RFC 9636) as base64.
    tzif          TEXT NOT NULL
) STRICT;
CREATE INDEX zone_rules_by_zone ON zone_rules (time_zone, noted_at, zone_rules_id);
