-- Since when a client has been known, for how long those are kept who never come. NULL: not known yet, which
-- `sessional retention` makes the day of its next run.
ALTER TABLE client ADD COLUMN added_at INTEGER;
