-- Roles on PostgreSQL: whose an account is. A therapist's account belongs to a therapist, a client's to
-- a client, and no other to anybody. No reference: accounts are kept whole beside diaries that may be
-- distributed. `verify` looks for accounts of nobody.

ALTER TABLE account
    ADD COLUMN therapist_id bigint,
    ADD COLUMN client_id bigint,
    ADD CONSTRAINT account_of_therapist CHECK ((role = 'THERAPIST') = (therapist_id IS NOT NULL)),
    ADD CONSTRAINT account_of_client CHECK ((role = 'CLIENT') = (client_id IS NOT NULL));

-- Whom a therapist has seen.
CREATE INDEX appointment_client_by_therapist ON appointment_client (therapist_id, client_id);
