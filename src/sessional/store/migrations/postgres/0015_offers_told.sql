-- Clients are told by mail of what they are offered from the waitlist, and that it has run out.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind CHECK (kind IN ('BOOKED', 'MOVED', 'HANDED_OVER', 'CANCELLED', 'DECLINED', 'SERIES_BOOKED', 'SERIES_MOVED', 'SERIES_CANCELLED', 'CLOCKS_CHANGED', 'REMINDER', 'OFFERED', 'OFFER_LAPSED'));
