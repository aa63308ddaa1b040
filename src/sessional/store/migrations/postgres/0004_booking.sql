-- What a booking and its end know more of: the languages in which a therapist works, and why a session was
-- cancelled as a code.

-- A JSON list of tags such as "en" or "pt-BR".
ALTER TABLE therapist ADD COLUMN languages text COLLATE "C" NOT NULL DEFAULT '[]';

ALTER TABLE appointment ADD COLUMN cancel_reason_code text COLLATE "C";
ALTER TABLE appointment_event ADD COLUMN reason_code text COLLATE "C";
