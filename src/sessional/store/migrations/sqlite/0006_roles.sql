-- Roles on SQLite: whose an account is. A therapist's account belongs to a therapist, a client's to a
-- client, and no other to anybody.

ALTER TABLE account ADD COLUMN therapist_id INTEGER CONSTRAINT account_of_therapist
    CHECK ((role = 'THERAPIST') = (therapist_id IS NOT NULL));
ALTER TABLE account ADD COLUMN client_id INTEGER CONSTRAINT account_of_client
    CHECK ((role = 'CLIENT') = (client_id IS NOT NULL));

-- Whom a therapist has seen.
CREATE INDEX appointment_client_by_therapist ON appointment_client (therapist_id, client_id);
