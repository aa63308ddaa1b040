-- The second factor of an account (TOTP, RFC 6238). In force since `second_factor_at`; NULL: there is none, or
-- one that waits for its first code. The secret is encrypted; `last_step` is the step of time whose code was used
-- last: neither that nor an earlier one is good again.
ALTER TABLE account ADD COLUMN second_factor_at bigint;
CREATE TABLE second_factor (
    account_id bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    secret     text COLLATE "C" NOT NULL,
    last_step  bigint NOT NULL DEFAULT 0
);

-- Codes for who has lost the phone, by their hashes. One that was used is gone.
CREATE TABLE recovery_code (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    code_hash  text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, code_hash)
);

-- 1: an identity provider vouched for whom the session was opened for. Second factors are the provider's then,
-- where the practice requires one.
ALTER TABLE log_in_session ADD COLUMN vouched_for bigint NOT NULL DEFAULT 0;
