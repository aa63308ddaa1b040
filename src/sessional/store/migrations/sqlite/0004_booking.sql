-- What a booking and its end know more of: the languages in which a therapist works, and why a session was
-- cancelled as a code.

-- A JSON list of tags such as "en" or "pt-BR".
ALTER TABLE therapist ADD COLUMN languages TEXT NOT NULL DEFAULT '[]';

ALTER TABLE appointment ADD COLUMN cancel_reason_code TEXT;
ALTER TABLE appointment_event ADD COLUMN reason_code TEXT;
