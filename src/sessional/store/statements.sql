-- Every statement written by hand. Each has a name and a sentence. A line that ends in "-- postgres"
-- or "-- sqlite" is for that database alone. Values are written :like_this.

-- name: account_by_name
-- What a log-in has to be compared with.
SELECT account_id, password_hash, role, disabled_at IS NOT NULL AS disabled
FROM account WHERE username = :username

-- name: account_stands
-- The guard, for transactions: the actor's account as the token describes it, if it is alive, and the
-- session not revoked; and whether a second factor stands behind it, the account's or a provider's.
SELECT account_id, therapist_id, client_id, second_factor_at IS NOT NULL
    OR EXISTS (SELECT 1 FROM log_in_session WHERE sid = :sid AND vouched_for = 1) FROM account
WHERE account_id = :account_id AND username = :username AND role = :role AND disabled_at IS NULL
  AND coalesce((SELECT revoked_at FROM log_in_session WHERE sid = :sid), 0) = 0

-- name: lock_account
-- Since when an account has a second factor, if it has. Its row is locked until the end of the transaction, so
-- that of two who use the same code one finds it used.
SELECT second_factor_at FROM account WHERE account_id = :account_id
FOR NO KEY UPDATE -- postgres

-- name: second_factor
-- The secret of a second factor, in force or not, as it is stored.
SELECT secret FROM second_factor WHERE account_id = :account_id

-- name: wait_for_second_factor
-- A secret that waits for its first code, in the place of one that did.
INSERT INTO second_factor (account_id, secret) VALUES (:account_id, :secret)
ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = 0

-- name: use_step
-- The code of a step of time is used up, with all before it. No row where it was already.
UPDATE second_factor SET last_step = :step WHERE account_id = :account_id AND last_step < :step
RETURNING account_id

-- name: begin_second_factor
-- In force from now on.
UPDATE account SET second_factor_at = :now WHERE account_id = :account_id

-- name: add_recovery_code
-- One of those that are good where the phone is lost.
INSERT INTO recovery_code (account_id, code_hash) VALUES (:account_id, :code_hash)

-- name: use_recovery_code
-- It is used up. No row where it was already, or is nobody's.
DELETE FROM recovery_code WHERE account_id = :account_id AND code_hash = :code_hash RETURNING account_id

-- name: recovery_codes_left
-- How many an account has left.
SELECT count(*) FROM recovery_code WHERE account_id = :account_id

-- name: end_second_factor
-- None is in force any more.
UPDATE account SET second_factor_at = NULL WHERE account_id = :account_id

-- name: forget_second_factor
-- The secret, whether it was in force or waited.
DELETE FROM second_factor WHERE account_id = :account_id

-- name: forget_recovery_codes
-- All of an account.
DELETE FROM recovery_code WHERE account_id = :account_id

-- name: begin_session
-- Somebody has logged in.
INSERT INTO log_in_session (sid, account_id, device, origin, refresh_hash, created_at, last_used_at, expires_at,
    vouched_for)
VALUES (:sid, :account_id, :device, :origin, :refresh_hash, :now, :now, :expires_at, :vouched_for)

-- name: known_origin
-- Whether the account has a session from there that nobody had to end.
SELECT log_in_session_id FROM log_in_session
WHERE account_id = :account_id AND origin = :origin AND expires_at > :now
  AND revoked_for IN ('', 'LOGGED_OUT') LIMIT 1

-- name: take_log_in
-- A try from a bucket; no row where it is empty.
INSERT INTO log_in_rate (bucket, free_at_ms)
VALUES (:bucket, CAST(:now_ms AS bigint) + CAST(:share_ms AS bigint))
ON CONFLICT (bucket) DO UPDATE SET free_at_ms = CAST(:share_ms AS bigint) +
    CASE WHEN log_in_rate.free_at_ms > :now_ms THEN log_in_rate.free_at_ms ELSE :now_ms END
WHERE log_in_rate.free_at_ms <= CAST(:now_ms AS bigint) + CAST(:slack_ms AS bigint)
RETURNING free_at_ms

-- name: log_in_rate_of
-- When a bucket that has just been found empty is full again.
SELECT free_at_ms FROM log_in_rate WHERE bucket = :bucket

-- name: give_back_log_in
-- A try that was none: the password was right.
UPDATE log_in_rate SET free_at_ms = free_at_ms - :share_ms WHERE bucket = :bucket

-- name: forget_log_in_rates
-- Buckets that are full.
DELETE FROM log_in_rate WHERE free_at_ms < :before_ms

-- name: rotate_session
-- One refresh token for another. No row comes back where the old one is not the one in force: of many
-- requests at once, one finds it so.
UPDATE log_in_session SET refresh_hash = :new_hash, previous_hash = refresh_hash, rotated_at_ms = :now_ms,
    last_used_at = :now, expires_at = :expires_at
WHERE sid = :sid AND account_id = :account_id AND refresh_hash = :refresh_hash AND revoked_at = 0
RETURNING log_in_session_id

-- name: touch_session
-- The same without another token, where they do not rotate.
UPDATE log_in_session SET last_used_at = :now
WHERE sid = :sid AND account_id = :account_id AND refresh_hash = :refresh_hash AND revoked_at = 0
RETURNING log_in_session_id

-- name: session_tokens
-- What became of a session whose refresh token is not the one in force.
SELECT log_in_session_id, previous_hash, rotated_at_ms, revoked_at FROM log_in_session
WHERE sid = :sid AND account_id = :account_id

-- name: revoke_session
-- One session of an account, by the name that its tokens have for it.
UPDATE log_in_session SET revoked_at = :now, revoked_for = :reason
WHERE sid = :sid AND account_id = :account_id AND revoked_at = 0 RETURNING log_in_session_id

-- name: revoke_numbered_session
-- One session of an account, by its number.
UPDATE log_in_session SET revoked_at = :now, revoked_for = :reason
WHERE log_in_session_id = :log_in_session_id AND account_id = :account_id AND revoked_at = 0
RETURNING log_in_session_id

-- name: revoke_other_sessions
-- All sessions of an account but the one that asks.
UPDATE log_in_session SET revoked_at = :now, revoked_for = :reason
WHERE account_id = :account_id AND sid <> :sid AND revoked_at = 0 RETURNING log_in_session_id

-- name: revoke_all_sessions
-- All sessions of an account, by its name: from the command line.
UPDATE log_in_session SET revoked_at = :now, revoked_for = :reason
WHERE account_id = (SELECT account_id FROM account WHERE username = :username) AND revoked_at = 0
RETURNING log_in_session_id

-- name: forget_sessions
-- Sessions of which no token can be alive any more.
DELETE FROM log_in_session WHERE expires_at < :before

-- name: api_key_of
-- Whom a key speaks for, which was not revoked and has not ended.
SELECT a.account_id, a.username, k.sid, k.root_fields, k.ends_at
FROM api_key k JOIN account a ON a.account_id = k.account_id
JOIN log_in_session s ON s.sid = k.sid
WHERE k.key_hash = :key_hash AND a.role = :role AND a.disabled_at IS NULL AND s.revoked_at = 0
  AND (k.ends_at IS NULL OR k.ends_at > :now)

-- name: live_api_keys
-- The keys of an account that work, the newest first.
SELECT k.api_key_id, k.root_fields FROM api_key k JOIN log_in_session s ON s.sid = k.sid
WHERE k.account_id = :account_id AND s.revoked_at = 0 AND (k.ends_at IS NULL OR k.ends_at > :now)
ORDER BY k.api_key_id DESC

-- name: add_api_key
-- A new key; its row of log_in_session is there.
INSERT INTO api_key (account_id, sid, key_hash, root_fields, created_at)
VALUES (:account_id, :sid, :key_hash, :root_fields, :now)

-- name: let_api_keys_end
-- A day's grace for the keys that were replaced. Those that have been already keep theirs.
UPDATE api_key SET ends_at = :ends_at WHERE account_id = :account_id AND ends_at IS NULL

-- name: end_api_keys
-- The end of all keys of an account: their sessions are revoked.
UPDATE log_in_session SET revoked_at = :now, revoked_for = :reason
WHERE account_id = :account_id AND revoked_at = 0 AND sid IN (SELECT sid FROM api_key)

-- name: api_keys
-- All keys, but not what they are.
SELECT a.username, k.created_at, k.ends_at, s.revoked_at, a.disabled_at, k.root_fields
FROM api_key k JOIN account a ON a.account_id = k.account_id JOIN log_in_session s ON s.sid = k.sid
ORDER BY a.username, k.api_key_id

-- name: open_diary
-- A therapist's diary, locked until the end of the transaction, if there is such a therapist.
SELECT therapist_id, rules_version FROM therapist WHERE therapist_id = :therapist_id
FOR NO KEY UPDATE -- postgres

-- name: service_length
-- What a booking must know of the service: how long a session lasts when nobody says, how many take
-- part, whether it needs a room, and whether any service at all wants time between sessions.
SELECT duration_seconds, capacity, needs_room,
    EXISTS (SELECT 1 FROM service b WHERE b.buffer_before_seconds > 0 OR b.buffer_after_seconds > 0)
FROM service WHERE code = :code

-- name: service_codes
-- The services that can be booked.
SELECT code FROM service ORDER BY code

-- name: busy
-- What a diary holds within a span. No session is longer than a day, so the index can be entered.
-- The type is named because PostgreSQL would take a difference from a small number for a small one.
SELECT starts_at, ends_at FROM appointment
WHERE therapist_id = :therapist_id AND starts_at < :ends_at
  AND starts_at > CAST(:starts_at AS bigint) - 86400
  AND ends_at > :starts_at AND blocks
ORDER BY starts_at

-- name: busy_entries
-- Everything that takes up a therapist's time within a span, with what the rules ask about it: of a group also
-- the places that neither a client has nor another account holds.
SELECT starts_at, ends_at, buffer_before_seconds, buffer_after_seconds, appointment_id, service_code,
    CASE WHEN capacity = 1 OR status NOT IN ('BOOKED', 'ARRIVED') THEN 0
        WHEN places_held = 0 THEN capacity - places_taken ELSE capacity - places_taken - (
            SELECT count(*) FROM appointment h
            WHERE h.place_of = a.appointment_id AND h.held_until > :now AND h.held_by <> :account_id) END,
    held_until, held_by, room_id
FROM appointment a
WHERE therapist_id = :therapist_id AND starts_at < :ends_at
  AND starts_at > CAST(:starts_at AS bigint) - 86400
  AND ends_at > :starts_at AND blocks
ORDER BY starts_at

-- name: identical
-- The session that is the same in everything, if it exists and still takes place.
SELECT appointment_id FROM appointment
WHERE therapist_id = :therapist_id AND starts_at = :starts_at AND ends_at = :ends_at
  AND service_code = :service_code AND blocks AND held_until = 0

-- name: add_appointment
-- A session into a diary. The constraint has the last word: no row comes back where it refuses. A
-- refusal would end PostgreSQL's transaction, in which the diary is still to be asked for the reason.
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, placed_at,
    capacity, buffer_before_seconds, buffer_after_seconds, cancel_notice_seconds)
SELECT CAST(:therapist_id AS bigint), code, CAST(:starts_at AS bigint), CAST(:ends_at AS bigint),
    CAST(:now AS bigint), capacity, buffer_before_seconds, buffer_after_seconds, cancel_notice_seconds
FROM service WHERE code = :service_code
ON CONFLICT DO NOTHING -- postgres
RETURNING appointment_id

-- name: drop_stale_holds
-- Holds in the way of a session that nobody needs any more: those that ran out, and the booker's own.
DELETE FROM appointment
WHERE therapist_id = :therapist_id AND held_until > 0 AND starts_at < :ends_at AND ends_at > :starts_at
  AND (held_until <= :now OR held_by = :account_id)
RETURNING appointment_id

-- name: take_hold
-- A hold of a time becomes the session that it was held for, and keeps its number.
UPDATE appointment SET status = 'BOOKED', held_until = 0, held_by = NULL, placed_at = :now,
    capacity = s.capacity,
    buffer_before_seconds = s.buffer_before_seconds, buffer_after_seconds = s.buffer_after_seconds,
    cancel_notice_seconds = s.cancel_notice_seconds
FROM service s
WHERE appointment_id = :hold_id AND therapist_id = :therapist_id AND service_code = :service_code
  AND s.code = appointment.service_code AND starts_at = :starts_at AND ends_at = :ends_at
  AND held_by = :account_id AND held_until > :now AND place_of IS NULL
RETURNING appointment_id, room_id

-- name: take_place
-- A hold of a place is used up; which session the place is in.
DELETE FROM appointment
WHERE appointment_id = :hold_id AND therapist_id = :therapist_id AND service_code = :service_code
  AND starts_at = :starts_at AND ends_at = :ends_at AND held_by = :account_id AND held_until > :now
  AND place_of IS NOT NULL
RETURNING place_of

-- name: clear_places
-- Holds of places in a session that nobody needs any more: those that ran out, and the account's own.
DELETE FROM appointment
WHERE place_of = :appointment_id AND (held_until <= :now OR held_by = :account_id)
RETURNING appointment_id

-- name: group_at
-- The session of a group that a further client can join: the same service at the same time. Nobody joins
-- what is only asked for. Its places left are those that neither a client has nor another account holds; then
-- whether a hold is to be cleared away first, and its state.
SELECT appointment_id, capacity - places_taken - CASE WHEN places_held = 0 THEN 0 ELSE (
        SELECT count(*) FROM appointment h
        WHERE h.place_of = a.appointment_id AND h.held_until > :now AND h.held_by <> :account_id) END,
    room_id, places_held > 0, status
FROM appointment a
WHERE therapist_id = :therapist_id AND service_code = :service_code AND starts_at = :starts_at
  AND ends_at = :ends_at AND status IN ('BOOKED', 'ARRIVED') AND capacity > 1

-- name: clients_known
-- Which of these clients there are, and were not erased; nobody erases them until the end of the transaction.
SELECT client_id FROM client
WHERE client_id = ANY(CAST(:client_ids AS bigint[])) -- postgres
WHERE client_id IN (SELECT value FROM json_each(:client_ids)) -- sqlite
  AND erased_at IS NULL
FOR KEY SHARE -- postgres

-- name: client_of_therapist
-- Whether a client is in a therapist's care, or was, or takes part in a session of theirs.
SELECT 1 FROM care_relationship WHERE therapist_id = :therapist_id AND client_id = :client_id
UNION ALL
SELECT 1 FROM appointment_client WHERE therapist_id = :therapist_id AND client_id = :client_id
LIMIT 1

-- name: takes_part
-- Whether a client takes part in a session.
SELECT 1 FROM appointment_client WHERE appointment_id = :appointment_id AND client_id = :client_id

-- name: client_busy
-- A client's other session within a span, if there is one.
SELECT appointment_id FROM appointment_client
WHERE client_id = :client_id AND blocks AND starts_at < :ends_at
  AND starts_at > CAST(:starts_at AS bigint) - 86400 AND ends_at > :starts_at

-- name: clients_busy
-- When any of some clients have sessions within a span.
SELECT DISTINCT starts_at, ends_at FROM appointment_client
WHERE client_id = ANY(CAST(:client_ids AS bigint[])) -- postgres
WHERE client_id IN (SELECT value FROM json_each(:client_ids)) -- sqlite
  AND blocks AND starts_at < :ends_at AND starts_at > CAST(:starts_at AS bigint) - 86400 AND ends_at > :starts_at
ORDER BY starts_at

-- name: join_appointment
-- A client takes part. The times are the session's (see the triggers).
INSERT INTO appointment_client (appointment_id, client_id) VALUES (:appointment_id, :client_id)

-- name: lock_rooms
-- Every room. Whoever gives one away waits here for all others who do, until the end of the transaction.
SELECT room_id FROM room ORDER BY room_id
FOR NO KEY UPDATE -- postgres

-- name: free_room
-- The room that a session gets within a span: the one that is asked for or else the one that it had, if it
-- is free, or else the first that is; last of all one that only a hold of the account's own keeps. A hold
-- that ran out keeps nothing, and the session itself is not in its own way.
SELECT r.room_id FROM room r
WHERE (CAST(:asked AS bigint) = 0 OR r.room_id = :asked) AND NOT EXISTS (
    SELECT 1 FROM appointment a WHERE a.room_id = r.room_id AND a.blocks AND a.starts_at < :ends_at
      AND a.starts_at > CAST(:starts_at AS bigint) - 86400 AND a.ends_at > :starts_at
      AND a.appointment_id <> :appointment_id
      AND (a.held_until = 0 OR (a.held_until > :now AND a.held_by <> :account_id))
)
ORDER BY CASE WHEN r.room_id = CAST(:had AS bigint) THEN 0 ELSE 1 END, EXISTS (
    SELECT 1 FROM appointment h WHERE h.room_id = r.room_id AND h.held_until > :now
      AND h.held_by = :account_id AND h.appointment_id <> :appointment_id
      AND h.starts_at < :ends_at AND h.starts_at > CAST(:starts_at AS bigint) - 86400 AND h.ends_at > :starts_at
), r.room_id LIMIT 1

-- name: clear_room
-- Holds that stand in the way of a room and that nobody needs any more: those that ran out, and the
-- account's own.
DELETE FROM appointment
WHERE room_id = :room_id AND held_until > 0 AND starts_at < :ends_at AND ends_at > :starts_at
  AND starts_at > CAST(:starts_at AS bigint) - 86400 AND appointment_id <> :appointment_id
  AND (held_until <= :now OR held_by = :account_id)
RETURNING appointment_id

-- name: participants
-- Who takes part in a session.
SELECT client_id FROM appointment_client WHERE appointment_id = :appointment_id

-- name: taking_part
-- How many places a session has left that no other account holds, whether a hold is to be cleared away first,
-- and whether the session is called off as soon as one of its clients leaves.
SELECT a.capacity - a.places_taken - CASE WHEN a.places_held = 0 THEN 0 ELSE (
        SELECT count(*) FROM appointment h
        WHERE h.place_of = a.appointment_id AND h.held_until > :now AND h.held_by <> :account_id) END,
    a.places_held > 0, s.cancel_when_one_leaves
FROM appointment a JOIN service s ON s.code = a.service_code WHERE a.appointment_id = :appointment_id

-- name: leave_appointment
-- A client does not take part any more.
DELETE FROM appointment_client WHERE appointment_id = :appointment_id AND client_id = :client_id

-- name: furnish
-- What a booking got beside its time: a room, or leave to break the rules.
UPDATE appointment SET room_id = :room_id, rules_overridden = :overridden
WHERE appointment_id = :appointment_id AND therapist_id = :therapist_id

-- name: remembered
-- What an idempotency key stands for already.
SELECT input_hash, therapist_id, appointment_id FROM idempotency_key
WHERE account_id = :account_id AND key = :key

-- name: remember
-- An outcome under its idempotency key.
INSERT INTO idempotency_key (account_id, key, input_hash, therapist_id, appointment_id, created_at)
VALUES (:account_id, :key, :input_hash, :therapist_id, :appointment_id, :now)

-- name: recall
-- What a change under an idempotency key came to.
SELECT input_hash, outcome FROM idempotency_key WHERE account_id = :account_id AND key = :key

-- name: keep
-- What a change came to, under its idempotency key.
INSERT INTO idempotency_key (account_id, key, input_hash, therapist_id, appointment_id, created_at, outcome)
VALUES (:account_id, :key, :input_hash, 0, 0, :now, :outcome)

-- name: bump_rules_clock
-- Some rule has changed somewhere.
UPDATE rules_clock SET version = version + 1

-- name: bump_rules_version
-- A rule of this diary has changed.
UPDATE therapist SET rules_version = (SELECT version FROM rules_clock) WHERE therapist_id = :therapist_id

-- ---- calendar ----------------------------------------------------------------------------------------

-- name: calendar_entries
-- What stands in some diaries within a span: sessions that take place or are asked for, and live holds of times
-- and of places in groups.
SELECT therapist_id, appointment_id, starts_at, ends_at, held_until, blocks FROM appointment
WHERE therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite
  AND starts_at < :ends_at AND starts_at > CAST(:starts_at AS bigint) - 86400 AND ends_at > :starts_at
  AND (held_until = 0 OR held_until > :now) AND status NOT IN ('CANCELLED', 'ENTERED_IN_ERROR')
ORDER BY therapist_id, starts_at, appointment_id

-- ---- series ------------------------------------------------------------------------------------------

-- name: add_series
-- What holds the sessions of a series together.
INSERT INTO series (therapist_id, service_code, rhythm, time_zone, starts_at)
SELECT therapist_id, CAST(:service_code AS text), CAST(:rhythm AS text),
    coalesce(CAST(:time_zone AS text), time_zone), CAST(:starts_at AS bigint)
FROM therapist WHERE therapist_id = :therapist_id
RETURNING series_id

-- name: holds_within
-- Whether there is any hold in a diary within a span.
SELECT 1 FROM appointment
WHERE therapist_id = :therapist_id AND held_until > 0 AND starts_at < :ends_at AND ends_at > :starts_at LIMIT 1

-- name: add_to_series
-- The sessions of a series, all at once. No row comes back for one that the constraint refuses.
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, series_id, placed_at,
    capacity, buffer_before_seconds, buffer_after_seconds, cancel_notice_seconds)
SELECT CAST(:therapist_id AS bigint), s.code, o.value, o.value + CAST(:length AS bigint),
    CAST(:series_id AS bigint), CAST(:now AS bigint),
    s.capacity, s.buffer_before_seconds, s.buffer_after_seconds, s.cancel_notice_seconds
FROM service s CROSS JOIN unnest(CAST(:starts AS bigint[])) AS o (value) -- postgres
FROM service s CROSS JOIN json_each(:starts) o -- sqlite
WHERE s.code = :service_code
ON CONFLICT DO NOTHING -- postgres
RETURNING appointment_id, starts_at

-- name: series_of
-- The series of a session, and when that session starts.
SELECT series_id, starts_at, therapist_id FROM appointment
WHERE appointment_id = :appointment_id AND series_id IS NOT NULL AND held_until = 0

-- name: series_ahead
-- The sessions of a series that lie ahead and can still be cancelled.
SELECT appointment_id, therapist_id FROM appointment
WHERE series_id = :series_id AND starts_at >= :begin AND status IN ('PROPOSED', 'PENDING', 'BOOKED', 'ARRIVED')
ORDER BY starts_at

-- name: series_diaries
-- The series of a session, the zone whose wall time it keeps, and whose diaries it stands in.
SELECT DISTINCT s.series_id, s.time_zone, o.therapist_id FROM appointment a
JOIN series s ON s.series_id = a.series_id JOIN appointment o ON o.series_id = s.series_id
WHERE a.appointment_id = :appointment_id AND a.held_until = 0
ORDER BY o.therapist_id

-- name: series_movable
-- The sessions of a series that lie ahead and can still be given another time.
SELECT appointment_id, therapist_id, service_code, starts_at, ends_at, status, version,
    cancel_notice_seconds, room_id, places_taken
FROM appointment
WHERE series_id = :series_id AND starts_at >= :begin AND status IN ('PROPOSED', 'PENDING', 'BOOKED')
ORDER BY starts_at

-- name: series_members_busy
-- Which of some sessions would be, at their new times, in the way of another session of a client's. Where
-- those that move with them were is in nobody's way; where they go is, to the later of two.
WITH m AS (
    SELECT * FROM json_to_recordset(CAST(:moves AS json)) -- postgres
        AS r (appointment_id bigint, starts_at bigint, ends_at bigint) -- postgres
    SELECT value ->> 'appointment_id' AS appointment_id, value ->> 'starts_at' AS starts_at, -- sqlite
        value ->> 'ends_at' AS ends_at FROM json_each(:moves) -- sqlite
)
SELECT DISTINCT m.appointment_id FROM m
JOIN appointment_client mine ON mine.appointment_id = m.appointment_id
JOIN appointment_client c ON c.client_id = mine.client_id
WHERE c.blocks AND c.starts_at < m.ends_at AND c.starts_at > m.starts_at - 86400 AND c.ends_at > m.starts_at
  AND c.appointment_id NOT IN (SELECT appointment_id FROM m)
UNION
SELECT later.appointment_id FROM m AS later
JOIN m AS sooner ON sooner.starts_at < later.ends_at AND sooner.ends_at > later.starts_at
  AND (sooner.starts_at, sooner.appointment_id) < (later.starts_at, later.appointment_id)
JOIN appointment_client mine ON mine.appointment_id = later.appointment_id
JOIN appointment_client c ON c.appointment_id = sooner.appointment_id AND c.client_id = mine.client_id

-- name: rooms_taken_but
-- Every room, with each span in which another session than these has it; NULLs where none ever does. A
-- hold that ran out, or of the account's own, gives way.
SELECT r.room_id, a.starts_at, a.ends_at FROM room r
LEFT JOIN appointment a ON a.room_id = r.room_id AND a.blocks AND a.starts_at < :ends_at
  AND a.starts_at > CAST(:starts_at AS bigint) - 86400 AND a.ends_at > :starts_at
  AND a.appointment_id <> ALL(CAST(:but AS bigint[])) -- postgres
  AND a.appointment_id NOT IN (SELECT value FROM json_each(:but)) -- sqlite
  AND (a.held_until = 0 OR (a.held_until > :now AND a.held_by <> :account_id))
ORDER BY r.room_id, a.starts_at

-- name: drop_stale_holds_at
-- As drop_stale_holds, for many spans of one diary at once.
DELETE FROM appointment
WHERE therapist_id = :therapist_id AND held_until > 0 AND (held_until <= :now OR held_by = :account_id)
  AND EXISTS (
    SELECT 1 FROM json_to_recordset(CAST(:spans AS json)) AS s (starts_at bigint, ends_at bigint) -- postgres
    WHERE appointment.starts_at < s.ends_at AND appointment.ends_at > s.starts_at -- postgres
    SELECT 1 FROM json_each(:spans) s -- sqlite
    WHERE starts_at < s.value ->> 'ends_at' AND ends_at > s.value ->> 'starts_at' -- sqlite
  )

-- name: note_first_events
-- What sessions are before their first change, for those of which nothing is noted yet.
INSERT INTO appointment_event (therapist_id, appointment_id, version, happened_at, account_id, username,
    change, reason, status, starts_at, ends_at, room_id)
SELECT a.therapist_id, a.appointment_id, a.version, CAST(:now AS bigint), CAST(:account_id AS bigint),
    CAST(:username AS text), 'BOOKED', NULL, a.status, a.starts_at, a.ends_at, a.room_id
FROM appointment a
WHERE a.appointment_id = ANY(CAST(:ids AS bigint[])) -- postgres
WHERE a.appointment_id IN (SELECT value FROM json_each(:ids)) -- sqlite
  AND NOT EXISTS (SELECT 1 FROM appointment_event e WHERE e.appointment_id = a.appointment_id)
ORDER BY a.starts_at

-- name: note_events
-- The state of sessions as it is now, and what made it so.
INSERT INTO appointment_event (therapist_id, appointment_id, version, happened_at, account_id, username,
    change, reason, status, starts_at, ends_at, room_id)
SELECT therapist_id, appointment_id, version, CAST(:now AS bigint), CAST(:account_id AS bigint),
    CAST(:username AS text), CAST(:change AS text), CAST(:reason AS text), status, starts_at, ends_at, room_id
FROM appointment
WHERE appointment_id = ANY(CAST(:ids AS bigint[])) -- postgres
WHERE appointment_id IN (SELECT value FROM json_each(:ids)) -- sqlite
ORDER BY starts_at

-- name: step_aside
-- Sessions that are about to move take up no time meanwhile, so that none stands in another's way.
UPDATE appointment SET status = 'PROPOSED'
WHERE appointment_id = ANY(CAST(:ids AS bigint[])) -- postgres
WHERE appointment_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: move_sessions
-- Sessions at other times, each in the state in which it was.
WITH m AS (
    SELECT * FROM json_to_recordset(CAST(:moves AS json)) -- postgres
        AS r (appointment_id bigint, starts_at bigint, ends_at bigint, room_id bigint, status text) -- postgres
    SELECT value ->> 'appointment_id' AS appointment_id, value ->> 'starts_at' AS starts_at, -- sqlite
        value ->> 'ends_at' AS ends_at, value ->> 'room_id' AS room_id, value ->> 'status' AS status -- sqlite
    FROM json_each(:moves) -- sqlite
)
UPDATE appointment SET starts_at = m.starts_at, ends_at = m.ends_at, room_id = m.room_id, status = m.status,
    placed_at = CASE WHEN appointment.starts_at = m.starts_at THEN placed_at ELSE :now END,
    rules_overridden = :overridden OR rules_overridden, version = version + 1
FROM m WHERE appointment.appointment_id = m.appointment_id

-- ---- the life of a session ---------------------------------------------------------------------------

-- name: session_place
-- In whose diary a session stands.
SELECT therapist_id FROM appointment WHERE appointment_id = :appointment_id AND held_until = 0

-- name: session
-- A session as a change needs it.
SELECT appointment_id, therapist_id, service_code, starts_at, ends_at, status, version,
    cancel_notice_seconds, room_id, places_taken
FROM appointment WHERE appointment_id = :appointment_id AND held_until = 0

-- name: has_history
-- Whether anything was noted about a session.
SELECT 1 FROM appointment_event WHERE appointment_id = :appointment_id LIMIT 1

-- name: note_event
-- A session's state as it is now, and what made it so; of one that is cancelled the code of the reason.
INSERT INTO appointment_event (therapist_id, appointment_id, version, happened_at, account_id, username,
    change, reason, reason_code, status, starts_at, ends_at, room_id)
SELECT therapist_id, appointment_id, version, CAST(:now AS bigint), CAST(:account_id AS bigint),
    CAST(:username AS text), CAST(:change AS text), CAST(:reason AS text), cancel_reason_code, status,
    starts_at, ends_at, room_id
FROM appointment WHERE appointment_id = :appointment_id

-- name: cancel
-- A session does not take place: who said so, why, and whether that was late.
UPDATE appointment SET status = 'CANCELLED', version = version + 1, cancelled_by = :by,
    cancel_reason = :reason, cancel_reason_code = :reason_code, cancelled_late = :late
WHERE appointment_id = :appointment_id AND therapist_id = :therapist_id

-- name: set_status
-- A session's next state.
UPDATE appointment SET status = :status, version = version + 1
WHERE appointment_id = :appointment_id AND therapist_id = :therapist_id

-- name: move_session
-- A session at another time, in the same diary or another.
UPDATE appointment SET therapist_id = :new_therapist_id, starts_at = :starts_at, ends_at = :ends_at,
    placed_at = CASE WHEN starts_at = :starts_at THEN placed_at ELSE :now END, room_id = :room_id,
    rules_overridden = :overridden OR rules_overridden, version = version + 1
WHERE appointment_id = :appointment_id AND therapist_id = :therapist_id

-- name: keys_follow
-- A booking's retry still finds the session that was handed to another therapist.
UPDATE idempotency_key SET therapist_id = :therapist_id
WHERE appointment_id = :appointment_id AND therapist_id = :old_therapist_id

-- name: members_busy
-- Another session, within a span, of a client who takes part in this one.
SELECT c.appointment_id FROM appointment_client mine JOIN appointment_client c ON c.client_id = mine.client_id
WHERE mine.appointment_id = :appointment_id AND c.appointment_id <> mine.appointment_id AND c.blocks
  AND c.starts_at < :ends_at AND c.starts_at > CAST(:starts_at AS bigint) - 86400 AND c.ends_at > :starts_at

-- name: diary_has_own_rules
-- Whether anybody has made rules for the diary.
SELECT rules_version > 0 FROM therapist WHERE therapist_id = :therapist_id

-- name: diary_has_rules
-- Whether rules of the diary, or time between sessions, have a say.
SELECT rules_version > 0 OR EXISTS (
    SELECT 1 FROM service b WHERE b.buffer_before_seconds > 0 OR b.buffer_after_seconds > 0)
FROM therapist WHERE therapist_id = :therapist_id

-- name: busy_but
-- What a diary holds within a span beside one session.
SELECT starts_at, ends_at FROM appointment
WHERE therapist_id = :therapist_id AND starts_at < :ends_at
  AND starts_at > CAST(:starts_at AS bigint) - 86400
  AND ends_at > :starts_at AND blocks AND appointment_id <> :appointment_id
ORDER BY starts_at

-- name: forget_keys
-- Idempotency keys older than promised.
DELETE FROM idempotency_key WHERE created_at < :before

-- name: book_at_once
-- Bookings of one account in one round trip and one commit: the guard, the sessions, their idempotency keys,
-- their answers by number. No row comes back where the account, the therapist or the service does not exist,
-- where the time is taken, or where rules have a say: then the diary is opened, which knows them.
-- The share of the therapist's row waits for whoever has the diary open, who may be about to give it
-- its first rules, and then looks at the row once more; it keeps no other booking waiting. Bookings that
-- leave in company pass over such a diary ({waiting}) and come again alone.
-- DO NOTHING lets bookings of one diary run side by side: two that overlap wait for one another
-- without a deadlock, all others do not wait. The constraint is named because without a name every
-- unique index is looked into beforehand as well. {answer} is made from the new row under the name b.
WITH actor AS ( -- postgres
    SELECT account_id FROM account -- postgres
    WHERE account_id = :account_id AND username = :username AND role = :role AND disabled_at IS NULL -- postgres
      AND coalesce((SELECT revoked_at FROM log_in_session WHERE sid = :sid), 0) = 0 -- postgres
), p AS MATERIALIZED ( -- postgres
    SELECT w.*, nextval('appointment_appointment_id_seq') AS appointment_id, s.code, s.capacity, -- postgres
        w.starts_at + coalesce(w.duration_seconds, s.duration_seconds) AS ends_at, s.cancel_notice_seconds -- postgres
    FROM actor, unnest(:therapist_ids::bigint[], :service_codes::text[], :starts::bigint[], -- postgres
        :durations_seconds::bigint[], :keys::text[], :input_hashes::text[], :request_ids::text[]) WITH ORDINALITY -- postgres
        AS w (therapist_id, service_code, starts_at, duration_seconds, key, input_hash, request_id, number) -- postgres
    JOIN therapist t ON t.therapist_id = w.therapist_id JOIN service s ON s.code = w.service_code -- postgres
    WHERE t.rules_version = 0 AND NOT s.needs_room AND NOT EXISTS ( -- postgres
        SELECT 1 FROM service b WHERE b.buffer_before_seconds > 0 OR b.buffer_after_seconds > 0) -- postgres
    ORDER BY w.number -- postgres
    FOR SHARE OF t {waiting} -- postgres
), b AS ( -- postgres
    INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at, placed_at, capacity, -- postgres
        cancel_notice_seconds) -- postgres
    SELECT appointment_id, therapist_id, code, starts_at, ends_at, :now, capacity, cancel_notice_seconds FROM p -- postgres
    ON CONFLICT ON CONSTRAINT appointment_overlap DO NOTHING -- postgres
    RETURNING * -- postgres
), k AS ( -- postgres
    INSERT INTO idempotency_key (account_id, key, input_hash, therapist_id, appointment_id, created_at) -- postgres
    SELECT :account_id, p.key, p.input_hash, b.therapist_id, b.appointment_id, :now -- postgres
    FROM b JOIN p USING (appointment_id) WHERE p.key IS NOT NULL -- postgres
), r AS ( -- postgres
    INSERT INTO audit_event (happened_at, account_id, username, role, action, object_type, object_id, -- postgres
        outcome, state_after, request_id) -- postgres
    SELECT :now, :account_id, CASE WHEN :role = 'CLIENT' THEN '(account ' || :account_id || ')' ELSE :username END, :role, :action, 'Appointment', b.appointment_id, 'DONE', -- postgres
        '{{"therapistId":' || b.therapist_id || ',"type":"' || b.service_code || '","startsAt":' || b.starts_at -- postgres
        || ',"endsAt":' || b.ends_at || ',"status":"' || b.status || '","clientIds":[]}}', p.request_id -- postgres
    FROM b JOIN p USING (appointment_id) -- postgres
) -- postgres
SELECT p.number, {answer} AS answer FROM b JOIN p USING (appointment_id) -- postgres

-- name: probe_write
-- Shows that the database takes writes: nothing is changed.
UPDATE account SET disabled_at = disabled_at WHERE account_id = -1

-- ---- import: what a line of a file becomes ----------------------------------------------------------

-- name: take_turns
-- One import after the other, until the end of the transaction. (On SQLite every writer is alone.)
SELECT pg_advisory_xact_lock(7236175) -- postgres
SELECT 1 -- sqlite

-- name: therapist_ids
-- The therapists that a line can refer to.
SELECT therapist_id FROM therapist

-- name: specialism_ids
-- The specialisms that a line can refer to.
SELECT name, specialism_id FROM specialism

-- name: services
-- The services as lines of a file, in the order of their ids.
SELECT code, name, duration_seconds, other_durations, buffer_before_seconds, buffer_after_seconds,
    grid_seconds, notice_seconds, horizon_days, cancel_notice_seconds, capacity, needs_approval, needs_room,
    online, cancel_when_one_leaves
FROM service ORDER BY service_id

-- name: client_ids
-- The clients that a line can refer to.
SELECT client_id FROM client

-- name: services_of_therapist
-- Which services a therapist gives; all where there is no row.
SELECT s.code FROM therapist_service l JOIN service s ON s.service_id = l.service_id
WHERE l.therapist_id = :therapist_id

-- name: working_hours_alike
-- Hours that a line may say again.
SELECT therapist_id, weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks
FROM working_hours WHERE therapist_id = :therapist_id AND weekday = :weekday AND starts_minute = :starts_minute

-- name: overrides_alike
-- The hours of that date.
SELECT therapist_id, on_date, intervals FROM date_override
WHERE therapist_id = :therapist_id AND on_date = :on_date

-- name: time_off_alike
-- Spans that a line may say again.
SELECT therapist_id, starts_at, ends_at, reason FROM time_off
WHERE therapist_id = :therapist_id AND starts_at = :starts_at

-- name: away_alike
-- Days in another zone that a line may say again.
SELECT therapist_id, time_zone, from_date, until_date FROM away
WHERE therapist_id = :therapist_id AND from_date = :from_date

-- name: closures_alike
-- Whether the practice is closed on that day.
SELECT on_date, name FROM closure WHERE on_date = :on_date

-- name: rooms_alike
-- The room of that id or name.
SELECT room_id, name FROM room WHERE room_id = :room_id OR name = :name

-- name: clients_alike
-- The client of that id.
SELECT client_id, name, email, phone, time_zone, language, staff_notes, added_at, erased_at FROM client
WHERE client_id = :client_id

-- name: care_alike
-- Whether a client is known to be cared for by a therapist.
SELECT therapist_id, client_id, from_date, until_date FROM care_relationship
WHERE therapist_id = :therapist_id AND client_id = :client_id

-- name: take_in_room
-- A room; where the line gives no id, under the next.
INSERT INTO room (room_id, name, search_name)
SELECT coalesce(:room_id, max(room_id) + 1, 1), :name, :search_name FROM room

-- name: take_in_client
-- A client under a given id.
INSERT INTO client (client_id, name, search_name, email, phone, time_zone, language, staff_notes, added_at,
    erased_at)
VALUES (:client_id, :name, :search_name, :email, :phone, :time_zone, :language, :staff_notes, :added_at,
    :erased_at)

-- name: take_in_care
-- Who is cared for by whom.
INSERT INTO care_relationship (therapist_id, client_id, from_date, until_date)
VALUES (:therapist_id, :client_id, :from_date, :until_date)

-- name: go_on_above_rooms
-- New ids lie above every id there is. (SQLite sees to it by itself.)
SELECT 1 -- sqlite
SELECT setval(pg_get_serial_sequence('room', 'room_id'), highest) FROM ( -- postgres
    SELECT max(room_id) AS highest FROM room -- postgres
) r WHERE highest > coalesce(pg_sequence_last_value(pg_get_serial_sequence('room', 'room_id')::regclass), 0) -- postgres

-- name: go_on_above_clients
-- New ids lie above every id there is. (SQLite sees to it by itself.)
SELECT 1 -- sqlite
SELECT setval(pg_get_serial_sequence('client', 'client_id'), highest) FROM ( -- postgres
    SELECT max(client_id) AS highest FROM client -- postgres
) c WHERE highest > coalesce(pg_sequence_last_value(pg_get_serial_sequence('client', 'client_id')::regclass), 0) -- postgres

-- name: series_alike
-- The series of that id.
SELECT series_id, therapist_id, service_code, rhythm, time_zone, starts_at FROM series
WHERE series_id = :series_id

-- name: take_in_series
-- A series under a given id; its sessions say that they belong to it.
INSERT INTO series (series_id, therapist_id, service_code, rhythm, time_zone, starts_at)
VALUES (:series_id, :therapist_id, :service_code, :rhythm, :time_zone, :starts_at)

-- name: go_on_above_series
-- New ids lie above every id there is. (SQLite sees to it by itself.)
SELECT 1 -- sqlite
SELECT setval(pg_get_serial_sequence('series', 'series_id'), highest) FROM ( -- postgres
    SELECT max(series_id) AS highest FROM series -- postgres
) s WHERE highest > coalesce(pg_sequence_last_value(pg_get_serial_sequence('series', 'series_id')::regclass), 0) -- postgres

-- name: waitlist_alike
-- The entry of the waitlist of that id, as an export writes it.
SELECT w.waitlist_entry_id, w.client_id, w.service_code, w.from_at, w.until_at, w.joined_at, w.turn,
    w.specialisms, w.therapist_ids, w.duration_seconds, w.from_minute, w.until_minute, w.weekdays, w.time_zone,
    w.declined, CASE WHEN w.status = 'OFFERED' AND a.appointment_id IS NULL THEN 'WAITING' ELSE w.status END,
    w.appointment_id, a.therapist_id, a.starts_at, a.ends_at,
    CASE WHEN a.appointment_id IS NOT NULL THEN w.offered_until END, a.room_id
FROM waitlist_entry w LEFT JOIN appointment a ON a.appointment_id = w.offered_id AND a.held_until > 0
WHERE w.waitlist_entry_id = :waitlist_entry_id

-- name: take_in_waitlist_entry
-- An entry of the waitlist under a given id, with the hold of what it is offered.
INSERT INTO waitlist_entry (waitlist_entry_id, client_id, service_code, from_at, until_at, joined_at, turn,
    specialisms, therapist_ids, duration_seconds, from_minute, until_minute, weekdays, time_zone, declined, status,
    appointment_id, offered_id, offered_therapist_id, offered_starts_at, offered_ends_at, offered_until)
VALUES (:waitlist_entry_id, :client_id, :service_code, :from_at, :until_at, :joined_at, :turn,
    :specialisms, :therapist_ids, :duration_seconds, :from_minute, :until_minute, :weekdays, :time_zone, :declined,
    :status, :appointment_id, :offered_id, :offered_therapist_id, :offered_starts_at, :offered_ends_at,
    :offered_until)

-- name: go_on_above_waitlist
-- New ids lie above every id there is. (SQLite sees to it by itself.)
SELECT 1 -- sqlite
SELECT setval(pg_get_serial_sequence('waitlist_entry', 'waitlist_entry_id'), highest) FROM ( -- postgres
    SELECT max(waitlist_entry_id) AS highest FROM waitlist_entry -- postgres
) w WHERE highest > coalesce(pg_sequence_last_value(pg_get_serial_sequence('waitlist_entry', 'waitlist_entry_id')::regclass), 0) -- postgres

-- name: appointment_to_refer_to
-- Whether there is a session that a line says more about.
SELECT 1 FROM appointment WHERE appointment_id = :appointment_id AND held_until = 0

-- name: room_to_refer_to
-- Whether there is a room that a line names.
SELECT 1 FROM room WHERE room_id = :room_id

-- name: series_to_refer_to
-- Whether there is a series that a line names.
SELECT 1 FROM series WHERE series_id = :series_id

-- name: details_alike
-- The details of a session, unless nobody has said any yet.
SELECT appointment_id, version, series_id, room_id, capacity, buffer_before_seconds, buffer_after_seconds,
    cancel_notice_seconds, cancelled_by, cancel_reason, cancel_reason_code, cancelled_late,
    rules_overridden
FROM appointment WHERE appointment_id = :appointment_id AND NOT (version = 1 AND series_id IS NULL
    AND room_id IS NULL AND capacity = 1 AND buffer_before_seconds = 0 AND buffer_after_seconds = 0
    AND cancel_notice_seconds = 0 AND cancelled_by IS NULL AND cancel_reason IS NULL
    AND cancel_reason_code IS NULL AND cancelled_late IS NULL
    AND NOT rules_overridden)

-- name: take_in_details
-- What a file says of a session beside its place in the diary.
UPDATE appointment SET version = :version, series_id = :series_id, room_id = :room_id, capacity = :capacity,
    buffer_before_seconds = :buffer_before_seconds, buffer_after_seconds = :buffer_after_seconds,
    cancel_notice_seconds = :cancel_notice_seconds, cancelled_by = :cancelled_by,
    cancel_reason = :cancel_reason, cancel_reason_code = :cancel_reason_code,
    cancelled_late = :cancelled_late, rules_overridden = :rules_overridden
WHERE appointment_id = :appointment_id

-- name: participants_alike
-- Whether a client takes part already.
SELECT appointment_id, client_id FROM appointment_client
WHERE appointment_id = :appointment_id AND client_id = :client_id

-- name: events_alike
-- What is on record of a session under that version.
SELECT appointment_id, therapist_id, version, happened_at, username, change, reason, reason_code, status,
    starts_at, ends_at, room_id
FROM appointment_event WHERE appointment_id = :appointment_id AND version = :version

-- name: take_in_event
-- What happened to a session. Whose account it was is known by the name, if it is one of this database.
INSERT INTO appointment_event (appointment_id, therapist_id, version, happened_at, account_id, username,
    change, reason, reason_code, status, starts_at, ends_at, room_id)
VALUES (:appointment_id, :therapist_id, :version, :happened_at,
    coalesce((SELECT account_id FROM account WHERE username = :username), 0), :username,
    :change, :reason, :reason_code, :status, :starts_at, :ends_at, :room_id)

-- name: therapist_by_id
-- A therapist as a line of a file has it, once for each specialism.
SELECT t.first_name, t.last_name, t.time_zone, s.name, t.max_per_day, t.max_per_week, t.languages
FROM therapist t
LEFT JOIN therapist_specialism l ON l.therapist_id = t.therapist_id
LEFT JOIN specialism s ON s.specialism_id = l.specialism_id
WHERE t.therapist_id = :therapist_id

-- name: account_details
-- An account as a line of a file has it.
SELECT password_hash, role, disabled_at, therapist_id, client_id FROM account WHERE username = :username

-- name: add_specialism
-- A new specialism.
INSERT INTO specialism (name, search_name) VALUES (:name, :search_name) RETURNING specialism_id

-- name: add_therapist
-- A new therapist under a given id.
INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone, max_per_day, max_per_week,
    languages)
VALUES (:therapist_id, :first_name, :last_name, :search_name, :time_zone, :max_per_day, :max_per_week, :languages)

-- name: add_therapist_specialism
-- What a therapist works with.
INSERT INTO therapist_specialism (therapist_id, specialism_id) VALUES (:therapist_id, :specialism_id)

-- name: add_account
-- A new account.
INSERT INTO account (username, password_hash, role, disabled_at, therapist_id, client_id)
VALUES (:username, :password_hash, :role, :disabled_at, :therapist_id, :client_id)
RETURNING account_id, role

-- name: any_expired_hold
-- Asked first, because not every role has the right to delete.
SELECT appointment_id FROM appointment WHERE held_until > 0
  AND held_until <= extract(epoch FROM now()) -- postgres
  AND held_until <= unixepoch() -- sqlite
LIMIT 1

-- name: drop_all_expired_holds
-- Nobody clears away a hold that ran out before somebody books there: it must not be in a file's way.
DELETE FROM appointment WHERE held_until > 0
  AND held_until <= extract(epoch FROM now()) -- postgres
  AND held_until <= unixepoch() -- sqlite

-- ---- import on SQLite: appointments one by one ------------------------------------------------------

-- name: take_in_one
-- An appointment of a file. The trigger has the last word.
INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at, status, placed_at) -- sqlite
VALUES (:appointment_id, :therapist_id, :service_code, :starts_at, :ends_at, :status, unixepoch()) -- sqlite

-- name: known_already
-- The same appointment in everything; where the line has no id, whatever its id.
SELECT appointment_id FROM appointment -- sqlite
WHERE therapist_id = :therapist_id AND starts_at = :starts_at AND ends_at = :ends_at -- sqlite
  AND service_code = :service_code AND status = :status -- sqlite
  AND appointment_id = coalesce(:appointment_id, appointment_id) -- sqlite

-- name: id_taken
-- Whatever has the id of a line.
SELECT appointment_id FROM appointment WHERE appointment_id = :appointment_id -- sqlite

-- name: in_the_way
-- The first session that a line's overlaps; one of the same file may still be without an id.
SELECT max(appointment_id, 0), starts_at, ends_at FROM appointment -- sqlite
WHERE therapist_id = :therapist_id AND starts_at < :ends_at AND ends_at > :starts_at AND blocks -- sqlite
ORDER BY starts_at LIMIT 1 -- sqlite

-- name: give_ids
-- Lines without an id stand under negative ones until here: they go on above all others.
UPDATE appointment -- sqlite
SET appointment_id = (SELECT seq FROM sqlite_sequence WHERE name = 'appointment') - appointment_id -- sqlite
WHERE appointment_id < 0 -- sqlite

-- name: note_highest_id
-- An UPDATE does not tell AUTOINCREMENT about higher ids.
UPDATE sqlite_sequence SET seq = max(seq, (SELECT max(appointment_id) FROM appointment)) -- sqlite
WHERE name = 'appointment' -- sqlite

-- ---- import on PostgreSQL: appointments as a set ----------------------------------------------------

-- name: gather
-- Where the appointments of a file are gathered until all of them have been looked at.
CREATE TEMPORARY TABLE incoming ( -- postgres
    line bigint NOT NULL, -- postgres
    therapist_id bigint NOT NULL, -- postgres
    appointment_id bigint, -- postgres
    service_code text COLLATE "C" NOT NULL, -- postgres
    starts_at bigint NOT NULL, -- postgres
    ends_at bigint NOT NULL, -- postgres
    status text COLLATE "C" NOT NULL, -- postgres
    blocks boolean GENERATED ALWAYS AS (status NOT IN ('PROPOSED', 'CANCELLED', 'ENTERED_IN_ERROR')) STORED -- postgres
) ON COMMIT DROP -- postgres

-- name: learn_about_gathered
-- The planner has to know how many there are.
ANALYZE incoming -- postgres

-- name: gathered
-- How many are left to be written.
SELECT count(*) FROM incoming -- postgres

-- name: drop_known
-- Lines that the database holds already, the same in everything.
DELETE FROM incoming i USING appointment a -- postgres
WHERE a.therapist_id = i.therapist_id AND a.starts_at = i.starts_at AND a.ends_at = i.ends_at -- postgres
  AND a.service_code = i.service_code AND a.status = i.status -- postgres
  AND a.appointment_id = coalesce(i.appointment_id, a.appointment_id) -- postgres

-- name: drop_repeated
-- Lines that an earlier line says already, the same in everything; without an id, whatever its id.
DELETE FROM incoming i USING ( -- postgres
    SELECT line, appointment_id, -- postgres
        row_number() OVER (PARTITION BY therapist_id, starts_at, ends_at, service_code, status -- postgres
            ORDER BY line) AS nth, -- postgres
        row_number() OVER (PARTITION BY therapist_id, starts_at, ends_at, service_code, status, appointment_id -- postgres
            ORDER BY line) AS nth_with_id -- postgres
    FROM incoming -- postgres
) r -- postgres
WHERE r.line = i.line -- postgres
  AND (r.nth_with_id > 1 OR (r.nth > 1 AND r.appointment_id IS NULL)) -- postgres

-- name: repeated_id
-- The first line with the id of an earlier one.
SELECT min(line) FROM ( -- postgres
    SELECT line, row_number() OVER (PARTITION BY appointment_id ORDER BY line) AS nth -- postgres
    FROM incoming WHERE appointment_id IS NOT NULL -- postgres
) r WHERE nth > 1 -- postgres

-- name: taken_id
-- The first line with the id of an appointment on record.
SELECT min(i.line) FROM incoming i JOIN appointment a ON a.appointment_id = i.appointment_id -- postgres

-- name: id_of_line
-- The id that a line gives.
SELECT appointment_id FROM incoming WHERE line = :line -- postgres

-- name: overlap_on_record
-- The first line that overlaps a session on record. Sessions there never overlap each other, so only
-- the last that begins before a line's end can be in its way.
SELECT min(i.line) FROM incoming i, LATERAL ( -- postgres
    SELECT a.ends_at FROM appointment a -- postgres
    WHERE a.therapist_id = i.therapist_id AND a.starts_at < i.ends_at AND a.blocks -- postgres
    ORDER BY a.starts_at DESC LIMIT 1 -- postgres
) last -- postgres
WHERE last.ends_at > i.starts_at AND i.blocks AND i.line < coalesce(:before, i.line + 1) -- postgres

-- name: overlap_among_lines
-- Whether lines before a certain one overlap each other: the later line of some pair that does.
SELECT min(greatest(line, other_line)) FROM ( -- postgres
    SELECT line, starts_at, lag(line) OVER diary AS other_line, lag(ends_at) OVER diary AS other_ends_at -- postgres
    FROM incoming WHERE blocks AND line < coalesce(:before, line + 1) -- postgres
    WINDOW diary AS (PARTITION BY therapist_id ORDER BY starts_at, ends_at) -- postgres
) pair WHERE starts_at < other_ends_at -- postgres

-- name: in_the_way_of_line
-- The first session, on record or in an earlier line, that a line's overlaps.
SELECT i.therapist_id, o.appointment_id, o.starts_at, o.ends_at -- postgres
FROM incoming i JOIN ( -- postgres
    SELECT 0 AS line, therapist_id, appointment_id, starts_at, ends_at FROM appointment WHERE blocks -- postgres
    UNION ALL -- postgres
    SELECT line, therapist_id, appointment_id, starts_at, ends_at FROM incoming WHERE blocks -- postgres
) o ON o.therapist_id = i.therapist_id AND o.line < i.line -- postgres
    AND o.starts_at < i.ends_at AND o.ends_at > i.starts_at -- postgres
WHERE i.line = :line -- postgres
ORDER BY o.starts_at LIMIT 1 -- postgres

-- name: hold_all_diaries
-- Nobody books until the end of the transaction; everybody may read.
LOCK TABLE appointment IN SHARE ROW EXCLUSIVE MODE -- postgres

-- name: close_all_diaries
-- Nobody books or reads until the end of the transaction.
LOCK TABLE appointment IN ACCESS EXCLUSIVE MODE -- postgres

-- name: take_in_numbered
-- The lines with ids. In their order, because pages are mostly read in it.
INSERT INTO appointment (therapist_id, appointment_id, service_code, starts_at, ends_at, status, placed_at) -- postgres
SELECT therapist_id, appointment_id, service_code, starts_at, ends_at, status, extract(epoch FROM now()) -- postgres
FROM incoming -- postgres
WHERE appointment_id IS NOT NULL ORDER BY appointment_id -- postgres

-- name: take_in_unnumbered
-- The lines without ids.
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, status, placed_at) -- postgres
SELECT therapist_id, service_code, starts_at, ends_at, status, extract(epoch FROM now()) FROM incoming -- postgres
WHERE appointment_id IS NULL ORDER BY line -- postgres

-- name: go_on_above_appointments
-- New ids lie above every id there is.
SELECT setval(pg_get_serial_sequence('appointment', 'appointment_id'), highest) FROM ( -- postgres
    SELECT max(appointment_id) AS highest FROM appointment -- postgres
) a WHERE highest > coalesce(pg_sequence_last_value(pg_get_serial_sequence('appointment', 'appointment_id')::regclass), 0) -- postgres

-- name: go_on_above_therapists
-- New ids lie above every id there is. (SQLite sees to it by itself.)
SELECT 1 -- sqlite
SELECT setval(pg_get_serial_sequence('therapist', 'therapist_id'), highest) FROM ( -- postgres
    SELECT max(therapist_id) AS highest FROM therapist -- postgres
) t WHERE highest > coalesce(pg_sequence_last_value(pg_get_serial_sequence('therapist', 'therapist_id')::regclass), 0) -- postgres

-- name: may_rebuild
-- How many appointments there are, and whether this role may drop the table's indexes and make them.
SELECT (SELECT count(*) FROM appointment), -- postgres
    relkind = 'r' AND pg_has_role(relowner, 'USAGE') AND has_schema_privilege(relnamespace, 'CREATE') -- postgres
FROM pg_class WHERE oid = 'appointment'::regclass -- postgres

-- name: rebuildable
-- The exclusion constraint and the indexes that nothing rests on: how to drop and how to make each.
SELECT format('ALTER TABLE appointment DROP CONSTRAINT %I', conname), -- postgres
    format('ALTER TABLE appointment ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) -- postgres
FROM pg_constraint WHERE conrelid = 'appointment'::regclass AND contype = 'x' -- postgres
UNION ALL -- postgres
SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid) -- postgres
FROM pg_index WHERE indrelid = 'appointment'::regclass AND NOT indisunique -- postgres
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) -- postgres

-- name: learn_about_appointments
-- The planner has to know what is there now.
ANALYZE appointment -- postgres

-- ---- export: a database as lines --------------------------------------------------------------------

-- name: export_specialisms
-- In the order of ids, so that the same database gives the same file.
SELECT name FROM specialism ORDER BY specialism_id

-- name: export_therapists
-- Therapists, once for each specialism.
SELECT t.therapist_id, t.first_name, t.last_name, t.time_zone, s.name, t.languages, t.max_per_day,
    t.max_per_week, (
    SELECT json_agg(g.code ORDER BY g.service_id)::text -- postgres
    FROM therapist_service l JOIN service g USING (service_id) WHERE l.therapist_id = t.therapist_id -- postgres
    SELECT nullif(json_group_array(code), '[]') FROM ( -- sqlite
        SELECT g.code FROM therapist_service l JOIN service g USING (service_id) -- sqlite
        WHERE l.therapist_id = t.therapist_id ORDER BY g.service_id) -- sqlite
)
FROM therapist t
LEFT JOIN therapist_specialism l ON l.therapist_id = t.therapist_id
LEFT JOIN specialism s ON s.specialism_id = l.specialism_id
ORDER BY t.therapist_id, s.specialism_id

-- name: export_working_hours
-- Weekly hours. An earlier version has kept some twice.
SELECT therapist_id, weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks
FROM working_hours
GROUP BY therapist_id, weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks
ORDER BY therapist_id, weekday, starts_minute, coalesce(valid_from, ''), ends_minute, min(working_hours_id)

-- name: export_overrides
-- Other hours on certain dates.
SELECT therapist_id, on_date, intervals FROM date_override ORDER BY therapist_id, on_date

-- name: export_time_off
-- Spans in which a therapist sees nobody. An earlier version has kept some twice.
SELECT therapist_id, starts_at, ends_at, reason FROM time_off
GROUP BY therapist_id, starts_at, ends_at, reason
ORDER BY therapist_id, starts_at, ends_at, coalesce(reason, '')

-- name: export_away
-- Days in another zone.
SELECT therapist_id, time_zone, from_date, until_date FROM away
ORDER BY therapist_id, from_date, until_date, time_zone

-- name: export_closures
-- The days on which the whole practice is closed.
SELECT on_date, name FROM closure ORDER BY on_date

-- name: export_rooms
-- Rooms.
SELECT room_id, name FROM room ORDER BY room_id

-- name: export_clients
-- Clients.
SELECT client_id, name, email, phone, time_zone, language, staff_notes, added_at, erased_at FROM client
ORDER BY client_id

-- name: export_care
-- Who is cared for by whom. Care that began and ended on the same days twice is said once.
SELECT therapist_id, client_id, from_date, until_date FROM care_relationship
GROUP BY therapist_id, client_id, from_date, until_date
ORDER BY therapist_id, client_id, from_date, coalesce(until_date, '')

-- name: export_series
-- Series.
SELECT series_id, therapist_id, service_code, rhythm, time_zone, starts_at FROM series ORDER BY series_id

-- name: export_waitlist
-- Entries of the waitlist. One whose offer has run out so long ago that its hold is gone waits again.
SELECT w.waitlist_entry_id, w.client_id, w.service_code, w.from_at, w.until_at, w.joined_at, w.turn,
    w.specialisms, w.therapist_ids, w.duration_seconds, w.from_minute, w.until_minute, w.weekdays, w.time_zone,
    w.declined, CASE WHEN w.status = 'OFFERED' AND a.appointment_id IS NULL THEN 'WAITING' ELSE w.status END,
    w.appointment_id, a.therapist_id, a.starts_at, a.ends_at,
    CASE WHEN a.appointment_id IS NOT NULL THEN w.offered_until END, a.room_id
FROM waitlist_entry w LEFT JOIN appointment a ON a.appointment_id = w.offered_id AND a.held_until > 0
ORDER BY w.waitlist_entry_id

-- name: export_details
-- What is to be said of sessions beside their place in the diary, where it is not as usual.
SELECT appointment_id, version, series_id, room_id, capacity, buffer_before_seconds, buffer_after_seconds,
    cancel_notice_seconds, cancelled_by, cancel_reason, cancel_reason_code, cancelled_late,
    rules_overridden
FROM appointment WHERE held_until = 0 AND NOT (version = 1 AND series_id IS NULL
    AND room_id IS NULL AND capacity = 1 AND buffer_before_seconds = 0 AND buffer_after_seconds = 0
    AND cancel_notice_seconds = 0 AND cancelled_by IS NULL AND cancel_reason IS NULL
    AND cancel_reason_code IS NULL AND cancelled_late IS NULL AND NOT rules_overridden)
ORDER BY appointment_id

-- name: export_participants
-- Who takes part in what. What is held for somebody is no session yet.
SELECT c.appointment_id, c.client_id FROM appointment_client c JOIN appointment a
    ON a.therapist_id = c.therapist_id AND a.appointment_id = c.appointment_id
WHERE a.held_until = 0 ORDER BY c.appointment_id, c.client_id

-- name: export_events
-- What happened to sessions, in the order in which it happened.
SELECT e.appointment_id, e.therapist_id, e.version, e.happened_at, e.username, e.change, e.reason,
    e.reason_code, e.status, e.starts_at, e.ends_at, e.room_id
FROM appointment_event e ORDER BY e.appointment_event_id

-- name: export_appointments
-- Appointments. What is held for somebody is none yet.
SELECT appointment_id, therapist_id, starts_at, ends_at - starts_at, service_code, status
FROM appointment WHERE held_until = 0 ORDER BY appointment_id

-- name: export_accounts
-- Accounts, with what they log in by.
SELECT username, password_hash, role, disabled_at, therapist_id, client_id FROM account ORDER BY account_id

-- ---- accounts, from the command line -----------------------------------------------------------------

-- name: accounts
-- Who may log in, and who of them with a second factor.
SELECT username, role, disabled_at IS NOT NULL, therapist_id, client_id, second_factor_at IS NOT NULL
FROM account ORDER BY username

-- name: disable_account
-- Shut out, from the next request on.
UPDATE account SET disabled_at = coalesce(disabled_at, :now) WHERE username = :username
RETURNING account_id, role

-- name: enable_account
-- Let in again.
UPDATE account SET disabled_at = NULL WHERE username = :username RETURNING account_id, role

-- name: set_role
-- Another role, and whose the account is from now on. Tokens that were made for the old role are refused.
UPDATE account SET role = :role, therapist_id = :therapist_id, client_id = :client_id
WHERE username = :username RETURNING account_id, role

-- name: therapist_known
-- Whether there is such a therapist.
SELECT 1 FROM therapist WHERE therapist_id = :therapist_id

-- name: client_known
-- Whether there is such a client, who was not erased.
SELECT 1 FROM client WHERE client_id = :client_id AND erased_at IS NULL

-- name: set_password_hash
-- Another password.
UPDATE account SET password_hash = :password_hash WHERE username = :username RETURNING account_id, role

-- name: replace_password_hash
-- One's own other password, if the one that was checked is still in force.
UPDATE account SET password_hash = :password_hash
WHERE account_id = :account_id AND password_hash = :known_hash RETURNING account_id

-- name: verify_second_factors
-- Accounts that nobody can log in to: the secret of their second factor is gone.
SELECT username FROM account a WHERE second_factor_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM second_factor f WHERE f.account_id = a.account_id) ORDER BY username

-- name: second_factors
-- Secrets of second factors as they are stored.
SELECT account_id, secret FROM second_factor ORDER BY account_id

-- ---- verify: every row is something that must not be -------------------------------------------------

-- name: verify_file
-- What SQLite finds wrong in its own file.
SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' -- sqlite

-- name: verify_references
-- Rows that refer to nothing, as SQLite sees it.
SELECT count(*), "table", parent FROM pragma_foreign_key_check GROUP BY "table", parent -- sqlite

-- name: verify_indexes
-- Indexes that PostgreSQL does not use because making them failed.
SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid -- postgres
WHERE NOT i.indisvalid -- postgres
  AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'appointment'::regclass) -- postgres

-- name: verify_next_ids
-- Counters that stand below an id that is taken.
SELECT kind, highest FROM ( -- postgres
    SELECT 'appointment' AS kind, max(appointment_id) AS highest, -- postgres
        pg_get_serial_sequence('appointment', 'appointment_id') AS counter FROM appointment -- postgres
    UNION ALL -- postgres
    SELECT 'therapist', max(therapist_id), pg_get_serial_sequence('therapist', 'therapist_id') -- postgres
    FROM therapist -- postgres
    UNION ALL -- postgres
    SELECT 'room', max(room_id), pg_get_serial_sequence('room', 'room_id') -- postgres
    FROM room -- postgres
    UNION ALL -- postgres
    SELECT 'client', max(client_id), pg_get_serial_sequence('client', 'client_id') -- postgres
    FROM client -- postgres
    UNION ALL -- postgres
    SELECT 'series', max(series_id), pg_get_serial_sequence('series', 'series_id') -- postgres
    FROM series -- postgres
    UNION ALL -- postgres
    SELECT 'waitlist_entry', max(waitlist_entry_id), pg_get_serial_sequence('waitlist_entry', 'waitlist_entry_id') -- postgres
    FROM waitlist_entry -- postgres
) k WHERE highest > coalesce(pg_sequence_last_value(counter::regclass), 0) -- postgres

-- name: verify_guard
-- What keeps diaries from being booked twice, if it is not there.
SELECT 'the exclusion constraint appointment_overlap' WHERE NOT EXISTS ( -- postgres
    SELECT FROM pg_constraint -- postgres
    WHERE conrelid = 'appointment'::regclass AND contype = 'x' AND conname LIKE 'appointment_overlap%' -- postgres
      AND pg_get_constraintdef(oid) LIKE -- postgres
        'EXCLUDE USING gist (therapist_id WITH =, int8range(starts_at, ends_at) WITH &&)%' -- postgres
) -- postgres
SELECT 'the trigger ' || column1 FROM (VALUES ('appointment_overlap_insert'), ('appointment_overlap_update')) -- sqlite
WHERE column1 NOT IN ( -- sqlite
    SELECT name FROM sqlite_schema -- sqlite
    WHERE type = 'trigger' AND tbl_name = 'appointment' AND sql LIKE '%RAISE(ABORT, ''appointment_overlap'')%' -- sqlite
) -- sqlite

-- name: verify_triggers
-- What keeps rooms, clients, places and the record as they should be, where it is not there or switched off.
SELECT name FROM unnest(ARRAY['appointment_client_joins', 'appointment_client_leaves', -- postgres
    'appointment_client_follows', 'appointment_client_stays', 'appointment_place_held', -- postgres
    'appointment_place_given_back', 'appointment_place_stays', 'appointment_places_lost', -- postgres
    'audit_event_waits', 'audit_event_is_kept', 'audit_event_is_not_emptied', 'audit_link_is_kept', -- postgres
    'audit_link_is_not_emptied', 'audit_start_is_a_link']) AS name -- postgres
WHERE name NOT IN (SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D') -- postgres
SELECT column1 AS name FROM (VALUES ('room_overlap_insert'), ('room_overlap_update'), -- sqlite
    ('client_overlap_insert'), ('appointment_client_joins'), ('appointment_client_leaves'), -- sqlite
    ('appointment_client_follows'), ('appointment_client_stays'), ('appointment_place_held'), -- sqlite
    ('appointment_place_given_back'), ('appointment_place_stays'), ('appointment_places_lost'), -- sqlite
    ('audit_event_waits'), ('audit_event_is_not_changed'), ('audit_event_is_not_deleted'), -- sqlite
    ('audit_link_is_not_changed'), ('audit_link_is_not_deleted'), ('audit_start_is_a_link'), -- sqlite
    ('audit_start_is_not_deleted')) -- sqlite
WHERE column1 NOT IN (SELECT name FROM sqlite_schema WHERE type = 'trigger') -- sqlite
ORDER BY name

-- name: verify_events
-- What happened to sessions that are not there.
SELECT e.appointment_event_id, e.appointment_id FROM appointment_event e
LEFT JOIN appointment a ON a.appointment_id = e.appointment_id
WHERE a.appointment_id IS NULL ORDER BY e.appointment_event_id

-- name: verify_erased
-- Clients who were erased, and of whom something is there again.
SELECT client_id FROM client WHERE erased_at IS NOT NULL
  AND (name <> 'Erased client ' || CAST(client_id AS text) OR email IS NOT NULL OR phone IS NOT NULL
    OR time_zone IS NOT NULL OR language IS NOT NULL OR staff_notes IS NOT NULL)
ORDER BY client_id

-- name: verify_overlaps
-- Sessions of one therapist that take up time and overlap, found without the guard: in the order of time, one that
-- begins before all that began earlier have ended.
SELECT a.therapist_id, a.appointment_id, (
    SELECT b.appointment_id FROM appointment b
    WHERE b.therapist_id = a.therapist_id AND b.starts_at < a.ends_at AND b.ends_at > a.starts_at
      AND b.appointment_id <> a.appointment_id AND b.blocks
    ORDER BY b.starts_at, b.appointment_id LIMIT 1
)
FROM (
    SELECT therapist_id, appointment_id, starts_at, ends_at, max(ends_at) OVER (
        PARTITION BY therapist_id ORDER BY starts_at, ends_at, appointment_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS busy_until
    FROM appointment WHERE blocks
) a
WHERE a.starts_at < a.busy_until
ORDER BY a.therapist_id, a.starts_at, a.appointment_id

-- name: verify_rooms
-- Sessions that take up one room at one time.
SELECT a.room_id, a.appointment_id, b.appointment_id FROM appointment a JOIN appointment b
    ON b.room_id = a.room_id AND b.blocks AND b.appointment_id > a.appointment_id
    AND b.starts_at < a.ends_at AND b.starts_at > a.starts_at - 86400 AND b.ends_at > a.starts_at
WHERE a.room_id IS NOT NULL AND a.blocks ORDER BY a.room_id, a.appointment_id, b.appointment_id

-- name: verify_clients
-- Clients who are in two sessions at one time.
SELECT a.client_id, a.appointment_id, b.appointment_id FROM appointment_client a JOIN appointment_client b
    ON b.client_id = a.client_id AND b.blocks AND b.appointment_id > a.appointment_id
    AND b.starts_at < a.ends_at AND b.starts_at > a.starts_at - 86400 AND b.ends_at > a.starts_at
WHERE a.blocks ORDER BY a.client_id, a.appointment_id, b.appointment_id

-- name: verify_participants
-- Where what is noted beside a client is not what the session says.
SELECT c.client_id, c.appointment_id FROM appointment_client c JOIN appointment a
    ON a.appointment_id = c.appointment_id
WHERE c.therapist_id <> a.therapist_id OR c.starts_at <> a.starts_at OR c.ends_at <> a.ends_at
   OR c.blocks <> a.blocks
ORDER BY c.appointment_id, c.client_id

-- name: verify_places
-- Sessions that count more or fewer clients than take part.
SELECT a.appointment_id, a.places_taken, coalesce(c.clients, 0) FROM appointment a LEFT JOIN (
    SELECT appointment_id, count(*) AS clients FROM appointment_client GROUP BY appointment_id
) c ON c.appointment_id = a.appointment_id
WHERE a.places_taken <> coalesce(c.clients, 0) ORDER BY a.appointment_id

-- name: verify_places_held
-- Sessions that count more or fewer held places than are held.
SELECT a.appointment_id, a.places_held, coalesce(h.holds, 0) FROM appointment a LEFT JOIN (
    SELECT place_of, count(*) AS holds FROM appointment WHERE place_of IS NOT NULL GROUP BY place_of
) h ON h.place_of = a.appointment_id
WHERE a.places_held <> coalesce(h.holds, 0) ORDER BY a.appointment_id

-- name: verify_history
-- Sessions that are not as the last line of their history has them.
SELECT e.appointment_id, e.version FROM appointment_event e JOIN appointment a
    ON a.appointment_id = e.appointment_id
WHERE e.appointment_event_id = (
    SELECT max(l.appointment_event_id) FROM appointment_event l WHERE l.appointment_id = e.appointment_id
) AND (e.version <> a.version OR e.status <> a.status OR e.therapist_id <> a.therapist_id
    OR e.starts_at <> a.starts_at OR e.ends_at <> a.ends_at)
ORDER BY e.appointment_id

-- name: verify_spans
-- Sessions that end before they begin, last longer than a day or lie outside the years there are.
SELECT appointment_id, starts_at, ends_at FROM appointment
WHERE starts_at < 0 OR ends_at <= starts_at OR ends_at - starts_at > 86400 OR ends_at > 253402300799
ORDER BY appointment_id

-- name: verify_therapists
-- Sessions of nobody.
SELECT appointment_id, therapist_id FROM appointment
WHERE therapist_id NOT IN (SELECT therapist_id FROM therapist) ORDER BY appointment_id

-- name: verify_services
-- Sessions of no service.
SELECT appointment_id, service_code FROM appointment
WHERE service_code NOT IN (SELECT code FROM service) ORDER BY appointment_id

-- name: verify_links
-- Links between therapists and specialisms with an end that is not there.
SELECT therapist_id, specialism_id FROM therapist_specialism
WHERE therapist_id NOT IN (SELECT therapist_id FROM therapist)
   OR specialism_id NOT IN (SELECT specialism_id FROM specialism)
ORDER BY therapist_id, specialism_id

-- name: verify_waiting
-- Entries of the waitlist of somebody, or for something, that is not there.
SELECT w.waitlist_entry_id, w.client_id, w.service_code FROM waitlist_entry w
WHERE w.client_id NOT IN (SELECT client_id FROM client) OR w.service_code NOT IN (SELECT code FROM service)
ORDER BY w.waitlist_entry_id

-- name: verify_accepted
-- Entries of the waitlist that came to a session that is not there.
SELECT w.waitlist_entry_id, w.appointment_id FROM waitlist_entry w
LEFT JOIN appointment a ON a.appointment_id = w.appointment_id AND a.held_until = 0
WHERE w.appointment_id IS NOT NULL AND a.appointment_id IS NULL ORDER BY w.waitlist_entry_id

-- name: verify_offers
-- Offers that can still be accepted, and that nothing holds.
SELECT w.waitlist_entry_id, w.offered_therapist_id, w.offered_id FROM waitlist_entry w
LEFT JOIN appointment a ON a.appointment_id = w.offered_id AND a.therapist_id = w.offered_therapist_id
    AND a.starts_at = w.offered_starts_at AND a.ends_at = w.offered_ends_at AND a.held_by = -1
    AND a.held_until >= w.offered_until
WHERE w.status = 'OFFERED' AND a.appointment_id IS NULL
  AND w.offered_until > extract(epoch FROM now()) -- postgres
  AND w.offered_until > unixepoch() -- sqlite
ORDER BY w.waitlist_entry_id

-- name: verify_offer_holds
-- Holds that stand for an offer, and that no entry is offered.
SELECT a.appointment_id, a.therapist_id FROM appointment a
LEFT JOIN waitlist_entry w ON w.offered_id = a.appointment_id
WHERE a.held_until > 0 AND a.held_by = -1 AND w.waitlist_entry_id IS NULL ORDER BY a.appointment_id

-- name: verify_keys
-- Idempotency keys that would be answered with nothing.
SELECT k.account_id, k.appointment_id FROM idempotency_key k
LEFT JOIN appointment a ON a.appointment_id = k.appointment_id AND a.therapist_id = k.therapist_id
WHERE a.appointment_id IS NULL AND k.outcome IS NULL ORDER BY k.account_id, k.appointment_id

-- name: verify_key_owners
-- Idempotency keys of nobody.
SELECT account_id FROM idempotency_key
WHERE account_id NOT IN (SELECT account_id FROM account) GROUP BY account_id ORDER BY account_id

-- name: verify_account_owners
-- Accounts that belong to a therapist or a client who is not there.
SELECT username FROM account
WHERE (therapist_id IS NOT NULL AND therapist_id NOT IN (SELECT therapist_id FROM therapist))
   OR (client_id IS NOT NULL AND client_id NOT IN (SELECT client_id FROM client))
ORDER BY username

-- name: sizes
-- How much there is.
SELECT (SELECT count(*) FROM appointment), (SELECT count(*) FROM therapist), (SELECT count(*) FROM account)

-- ---- rules of diaries: many therapists at a time, asked for by a JSON list of their numbers -----------

-- name: rules_of_all
-- What therapists have of rules in their own row.
SELECT therapist_id, time_zone, max_per_day, max_per_week FROM therapist

-- name: rules_of_some
-- The same of some therapists.
SELECT therapist_id, time_zone, max_per_day, max_per_week FROM therapist
WHERE therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: hours_of_all
-- Weekly hours.
SELECT therapist_id, weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks
FROM working_hours
ORDER BY therapist_id, working_hours_id

-- name: hours_of_some
-- The same of some therapists.
SELECT therapist_id, weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks
FROM working_hours
WHERE therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite
ORDER BY therapist_id, working_hours_id

-- name: overrides_of_all
-- Other hours on certain dates.
SELECT therapist_id, on_date, intervals FROM date_override
ORDER BY therapist_id, on_date

-- name: overrides_of_some
-- The same of some therapists.
SELECT therapist_id, on_date, intervals FROM date_override
WHERE therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite
ORDER BY therapist_id, on_date

-- name: away_of_all
-- Days in another zone.
SELECT therapist_id, time_zone, from_date, until_date FROM away
ORDER BY therapist_id, from_date

-- name: away_of_some
-- The same of some therapists.
SELECT therapist_id, time_zone, from_date, until_date FROM away
WHERE therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite
ORDER BY therapist_id, from_date

-- name: time_off_of_all
-- Spans in which a therapist sees nobody.
SELECT therapist_id, starts_at, ends_at FROM time_off
ORDER BY therapist_id, starts_at

-- name: time_off_of_some
-- The same of some therapists.
SELECT therapist_id, starts_at, ends_at FROM time_off
WHERE therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite
ORDER BY therapist_id, starts_at

-- name: services_of_all
-- Which services are given; who gives all has no row.
SELECT l.therapist_id, s.code FROM therapist_service l JOIN service s ON s.service_id = l.service_id

-- name: services_of_some
-- The same of some therapists.
SELECT l.therapist_id, s.code FROM therapist_service l JOIN service s ON s.service_id = l.service_id
WHERE l.therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE l.therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: service_rules
-- What each service asks of a start.
SELECT code, duration_seconds, other_durations, buffer_before_seconds, buffer_after_seconds, grid_seconds,
    notice_seconds, horizon_days, cancel_notice_seconds, capacity, needs_approval, needs_room, online,
    cancel_when_one_leaves
FROM service

-- name: closures
-- The days on which the whole practice is closed.
SELECT on_date, name FROM closure

-- ---- setting up a practice --------------------------------------------------------------------------

-- name: new_therapist
-- A therapist under the next number.
INSERT INTO therapist (first_name, last_name, search_name, time_zone, max_per_day, max_per_week, languages)
VALUES (:first_name, :last_name, :search_name, :time_zone, :max_per_day, :max_per_week, :languages)
RETURNING therapist_id

-- name: therapist_details
-- What can be changed of a therapist's own row.
SELECT first_name, last_name, time_zone, max_per_day, max_per_week, languages
FROM therapist WHERE therapist_id = :therapist_id

-- name: change_therapist
-- A therapist's own row as it shall be.
UPDATE therapist SET first_name = :first_name, last_name = :last_name, search_name = :search_name,
    time_zone = :time_zone, max_per_day = :max_per_day, max_per_week = :max_per_week, languages = :languages
WHERE therapist_id = :therapist_id

-- name: drop_therapist_specialisms
-- A therapist specialises in nothing, until it is said anew.
DELETE FROM therapist_specialism WHERE therapist_id = :therapist_id

-- name: specialism_named
-- A specialism by its name.
SELECT specialism_id FROM specialism WHERE name = :name

-- name: new_specialism
-- A new specialism, unless another request has added it at this moment.
INSERT INTO specialism (name, search_name) VALUES (:name, :search_name) ON CONFLICT DO NOTHING

-- name: drop_therapist_services
-- A therapist gives all services, until it is said anew.
DELETE FROM therapist_service WHERE therapist_id = :therapist_id

-- name: add_therapist_service
-- A service that a therapist gives, if there is one with that code.
INSERT INTO therapist_service (therapist_id, service_id)
SELECT :therapist_id, service_id FROM service WHERE code = :code
RETURNING service_id

-- name: new_service
-- A service; no row comes back where its code is taken.
INSERT INTO service (code, name, search_name, duration_seconds, other_durations, buffer_before_seconds,
    buffer_after_seconds, grid_seconds, notice_seconds, horizon_days, cancel_notice_seconds, capacity,
    needs_approval, needs_room, online, cancel_when_one_leaves)
VALUES (:code, :name, :search_name, :duration_seconds, :other_durations, :buffer_before_seconds,
    :buffer_after_seconds, :grid_seconds, :notice_seconds, :horizon_days, :cancel_notice_seconds, :capacity,
    :needs_approval, :needs_room, :online, :cancel_when_one_leaves)
ON CONFLICT DO NOTHING
RETURNING service_id

-- name: service_details
-- A service as it can be changed, locked until the end of the transaction.
SELECT service_id, name, duration_seconds, other_durations, buffer_before_seconds, buffer_after_seconds,
    grid_seconds, notice_seconds, horizon_days, cancel_notice_seconds, capacity, needs_approval, needs_room,
    online, cancel_when_one_leaves
FROM service WHERE code = :code
FOR NO KEY UPDATE -- postgres

-- name: change_service_rules
-- A service as it shall be. Sessions that are booked keep what was agreed.
UPDATE service SET name = :name, search_name = :search_name, duration_seconds = :duration_seconds,
    other_durations = :other_durations, buffer_before_seconds = :buffer_before_seconds,
    buffer_after_seconds = :buffer_after_seconds, grid_seconds = :grid_seconds,
    notice_seconds = :notice_seconds, horizon_days = :horizon_days,
    cancel_notice_seconds = :cancel_notice_seconds, capacity = :capacity, needs_approval = :needs_approval,
    needs_room = :needs_room, online = :online, cancel_when_one_leaves = :cancel_when_one_leaves
WHERE code = :code

-- name: new_room
-- A room; no row comes back where its name is taken.
INSERT INTO room (name, search_name) VALUES (:name, :search_name) ON CONFLICT DO NOTHING RETURNING room_id

-- name: close_on
-- The practice is closed on a day. A day that is closed already takes the new name.
INSERT INTO closure (on_date, name) VALUES (:on_date, :name)
ON CONFLICT (on_date) DO UPDATE SET name = excluded.name
RETURNING closure_id

-- name: drop_closure
-- The practice is not closed on that day after all.
DELETE FROM closure WHERE closure_id = :closure_id RETURNING closure_id

-- name: drop_working_hours
-- A week without hours, until they are said anew.
DELETE FROM working_hours WHERE therapist_id = :therapist_id

-- name: add_working_hours
-- Hours of one weekday.
INSERT INTO working_hours (therapist_id, weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks)
VALUES (:therapist_id, :weekday, :starts_minute, :ends_minute, :valid_from, :valid_until, :every_weeks)

-- name: override_date
-- Other hours on one date, instead of what was said of that date before.
INSERT INTO date_override (therapist_id, on_date, intervals) VALUES (:therapist_id, :on_date, :intervals)
ON CONFLICT (therapist_id, on_date) DO UPDATE SET intervals = excluded.intervals
RETURNING date_override_id

-- name: override_by_id
-- Whose override it is, and for which date.
SELECT therapist_id, on_date FROM date_override WHERE date_override_id = :date_override_id

-- name: drop_override
-- The weekly hours stand on that date again.
DELETE FROM date_override WHERE date_override_id = :date_override_id

-- name: new_time_off
-- A span in which a therapist sees nobody.
INSERT INTO time_off (therapist_id, starts_at, ends_at, reason)
VALUES (:therapist_id, :starts_at, :ends_at, :reason)
RETURNING time_off_id

-- name: equal_time_off
-- The same time off, where a therapist has it already.
SELECT time_off_id FROM time_off
WHERE therapist_id = :therapist_id AND starts_at = :starts_at AND ends_at = :ends_at
    AND coalesce(reason, '') = coalesce(:reason, '')
ORDER BY time_off_id LIMIT 1

-- name: drop_time_off
-- The therapist has that time again.
DELETE FROM time_off WHERE time_off_id = :time_off_id RETURNING therapist_id, starts_at, ends_at

-- name: new_away
-- Days in another zone.
INSERT INTO away (therapist_id, time_zone, from_date, until_date)
VALUES (:therapist_id, :time_zone, :from_date, :until_date)
RETURNING away_id

-- name: drop_away
-- The hours of those days are read at home again.
DELETE FROM away WHERE away_id = :away_id RETURNING therapist_id

-- name: sessions_ahead
-- What is still to come, or under way, in a diary. No session is longer than a day.
SELECT appointment_id, starts_at, ends_at FROM appointment
WHERE therapist_id = :therapist_id AND starts_at > CAST(:now AS bigint) - 86400 AND ends_at > :now
  AND status IN ('PENDING', 'BOOKED', 'ARRIVED')
ORDER BY starts_at, appointment_id

-- ---- clients and holds ------------------------------------------------------------------------------

-- name: encryption_keys
-- The names of the keys that clients' data may be encrypted with.
SELECT key_name FROM encryption_key ORDER BY key_name

-- name: note_encryption_key
-- One more, before the first text is.
INSERT INTO encryption_key (key_name) VALUES (:key_name) ON CONFLICT (key_name) DO NOTHING

-- name: forget_encryption_key
-- Nothing is encrypted with it any more.
DELETE FROM encryption_key WHERE key_name = :key_name

-- name: stored_keys
-- The names of the keys that texts are encrypted with, as every one says (see keyring.py for the form).
SELECT DISTINCT CASE WHEN substr(stored, 1, 9) = 'sealed:1:' THEN substr(stored, 10, 8) ELSE 'clear' END FROM (
    SELECT email AS stored FROM client UNION ALL SELECT phone FROM client UNION ALL SELECT staff_notes FROM client
    UNION ALL SELECT secret FROM second_factor
) texts WHERE stored <> ''

-- name: clients_under_key
-- Of how many clients something is encrypted with a key; :closed_with is what such a text begins with.
SELECT count(*) FROM client WHERE substr(email, 1, 18) = :closed_with
    OR substr(phone, 1, 18) = :closed_with
    OR substr(staff_notes, 1, 18) = :closed_with

-- name: accounts_under_key
-- Accounts whose second factor is encrypted with a key.
SELECT account_id, username FROM second_factor JOIN account USING (account_id)
WHERE substr(secret, 1, 18) = :closed_with ORDER BY account_id

-- name: clients_after
-- What is encrypted of some clients, in the order of their ids, locked until the end of the transaction.
SELECT client_id, email, phone, staff_notes FROM client WHERE client_id > :after
ORDER BY client_id LIMIT CAST(:most AS bigint)
FOR NO KEY UPDATE -- postgres

-- name: reseal_client
-- The same texts of a client, encrypted anew.
UPDATE client SET email = :email, phone = :phone, staff_notes = :staff_notes WHERE client_id = :client_id

-- name: second_factors_after
-- Secrets of second factors, in the order of their accounts, locked until the end of the transaction.
SELECT account_id, secret FROM second_factor WHERE account_id > :after
ORDER BY account_id LIMIT CAST(:most AS bigint)
FOR NO KEY UPDATE -- postgres

-- name: reseal_second_factor
-- The same secret, encrypted anew.
UPDATE second_factor SET secret = :secret WHERE account_id = :account_id

-- name: new_client
-- A client's record.
INSERT INTO client (name, search_name, email, phone, time_zone, language, staff_notes, added_at)
VALUES (:name, :search_name, :email, :phone, :time_zone, :language, :staff_notes, :now) RETURNING client_id

-- name: client_details
-- What can be changed of a client's record, locked until the end of the transaction.
SELECT name, email, phone, time_zone, language, staff_notes FROM client
WHERE client_id = :client_id AND erased_at IS NULL
FOR NO KEY UPDATE -- postgres

-- name: change_client
-- A client's record as it shall be.
UPDATE client SET name = :name, search_name = :search_name, email = :email, phone = :phone,
    time_zone = :time_zone, language = :language, staff_notes = :staff_notes
WHERE client_id = :client_id

-- name: care_that_lasts
-- The care that a client is in, without an end as yet.
SELECT care_relationship_id FROM care_relationship
WHERE therapist_id = :therapist_id AND client_id = :client_id AND until_date IS NULL

-- name: begin_care
-- A client comes into a therapist's care.
INSERT INTO care_relationship (therapist_id, client_id, from_date)
VALUES (:therapist_id, :client_id, :from_date) RETURNING care_relationship_id

-- name: care_by_id
-- When some care began.
SELECT from_date FROM care_relationship WHERE care_relationship_id = :care_relationship_id

-- name: end_care
-- Care ends. Care that ended the day on which it began never was, but stays on record.
UPDATE care_relationship SET until_date = :until_date WHERE care_relationship_id = :care_relationship_id

-- name: add_request
-- A session that is asked for, with what is agreed about it now.
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, status, placed_at,
    capacity, buffer_before_seconds, buffer_after_seconds, cancel_notice_seconds)
SELECT CAST(:therapist_id AS bigint), code, CAST(:starts_at AS bigint), CAST(:ends_at AS bigint),
    CAST(:status AS text), CAST(:now AS bigint), capacity, buffer_before_seconds, buffer_after_seconds, cancel_notice_seconds
FROM service WHERE code = :service_code
RETURNING appointment_id

-- name: drop_expired_holds
-- Holds of a diary that ran out, the time that each kept, and its number or that of its group.
DELETE FROM appointment WHERE therapist_id = :therapist_id AND held_until > 0 AND held_until <= :now
RETURNING therapist_id, starts_at, ends_at, coalesce(place_of, appointment_id)

-- name: add_hold
-- A time kept for an account, with the buffers that the session will have.
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, status, held_until, held_by,
    buffer_before_seconds, buffer_after_seconds)
SELECT CAST(:therapist_id AS bigint), code, CAST(:starts_at AS bigint), CAST(:ends_at AS bigint), 'HELD',
    CAST(:held_until AS bigint), CAST(:account_id AS bigint), buffer_before_seconds, buffer_after_seconds
FROM service WHERE code = :service_code
RETURNING appointment_id

-- name: add_place_hold
-- A place in a group kept for an account. The group's row counts it (see the triggers).
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, status, held_until, held_by, place_of)
SELECT therapist_id, service_code, starts_at, ends_at, 'PROPOSED', CAST(:held_until AS bigint),
    CAST(:account_id AS bigint), appointment_id
FROM appointment WHERE appointment_id = :group_id AND therapist_id = :therapist_id
RETURNING appointment_id

-- name: release_hold
-- A hold of the account's own is given back.
DELETE FROM appointment WHERE appointment_id = :hold_id AND held_until > 0 AND held_by = :account_id
RETURNING therapist_id, starts_at, ends_at, coalesce(place_of, appointment_id)

-- name: drop_oldest_holds
-- An account's holds but for the latest ones, which it keeps.
DELETE FROM appointment WHERE appointment_id IN (
    SELECT appointment_id FROM appointment
    WHERE held_until > 0 AND held_until > :now AND held_by = :account_id
    ORDER BY held_until DESC, appointment_id DESC
    OFFSET CAST(:kept AS bigint) -- postgres
    LIMIT -1 OFFSET :kept -- sqlite
)
RETURNING therapist_id, starts_at, ends_at, coalesce(place_of, appointment_id)

-- ---- the waitlist ------------------------------------------------------------------------------------

-- name: take_waitlist
-- One change of the waitlist after the other, until the end of the transaction. Always after the diaries.
-- (On SQLite every writer is alone.)
SELECT pg_advisory_xact_lock(7236176) -- postgres
SELECT 1 -- sqlite

-- name: any_service_needs_room
-- Whether rooms matter at all.
SELECT EXISTS (SELECT 1 FROM service WHERE needs_room) -- postgres
SELECT EXISTS (SELECT 1 FROM service WHERE needs_room = 1) -- sqlite

-- name: open_entries
-- How many entries of a client wait or are offered something.
SELECT count(*) FROM waitlist_entry WHERE client_id = :client_id AND status IN ('WAITING', 'OFFERED')

-- name: join_waitlist
-- Somebody waits, after all who wait already.
INSERT INTO waitlist_entry (client_id, service_code, specialisms, therapist_ids, from_at, until_at,
    duration_seconds, from_minute, until_minute, weekdays, time_zone, joined_at, turn)
SELECT CAST(:client_id AS bigint), CAST(:service_code AS text), CAST(:specialisms AS text),
    CAST(:therapist_ids AS text), CAST(:from_at AS bigint), CAST(:until_at AS bigint),
    CAST(:duration_seconds AS bigint), CAST(:from_minute AS bigint), CAST(:until_minute AS bigint),
    CAST(:weekdays AS text), CAST(:time_zone AS text), CAST(:now AS bigint), coalesce(max(turn), 0) + 1
FROM waitlist_entry
RETURNING waitlist_entry_id

-- name: waitlist_entry
-- An entry as a change needs it.
SELECT waitlist_entry_id, client_id, service_code, status, declined, offered_id, offered_until,
    offered_therapist_id, offered_starts_at, offered_ends_at, appointment_id
FROM waitlist_entry WHERE waitlist_entry_id = :waitlist_entry_id

-- name: anyone_waiting
-- Whether somebody waits for a time within a span. Asked first, because mostly nobody does.
SELECT 1 FROM waitlist_entry
WHERE status = 'WAITING' AND from_at < :ends_at AND until_at > :starts_at LIMIT 1

-- name: awaited
-- The first and the last instant that anybody waits for.
SELECT min(from_at), max(until_at) FROM waitlist_entry WHERE status = 'WAITING' AND until_at > :now

-- name: waiting
-- Who waits for a time within a span, in turn.
SELECT waitlist_entry_id, client_id, service_code, from_at, until_at, specialisms, therapist_ids,
    duration_seconds, from_minute, until_minute, weekdays, time_zone, declined
FROM waitlist_entry
WHERE status = 'WAITING' AND from_at < :ends_at AND until_at > :starts_at
ORDER BY turn, waitlist_entry_id

-- name: offers_run_out
-- In whose diaries an offer has run out, or a hold within eight days of a time that somebody waits for (it counts
-- towards a week), and 0 where somebody has waited in vain to the end.
SELECT offered_therapist_id FROM waitlist_entry WHERE offered_until <= :now
UNION
SELECT therapist_id FROM appointment a
WHERE a.held_until > 0 AND a.held_until <= :now AND a.ends_at > :now AND EXISTS (
    SELECT 1 FROM waitlist_entry w
    WHERE w.status = 'WAITING' AND w.from_at < a.ends_at + 691200 AND w.until_at > a.starts_at - 691200)
UNION ALL
SELECT 0 WHERE EXISTS (SELECT 1 FROM waitlist_entry WHERE status = 'WAITING' AND until_at <= :now)

-- name: offers_run_out_in
-- The entries whose offers in some diaries have run out, or were of a place in a group that is not there any more.
SELECT waitlist_entry_id, client_id, service_code, status, declined, offered_id, offered_until,
    offered_therapist_id, offered_starts_at, offered_ends_at, appointment_id
FROM waitlist_entry w
WHERE (offered_until <= :now OR status = 'OFFERED' AND NOT EXISTS (
    SELECT 1 FROM appointment a WHERE a.therapist_id = w.offered_therapist_id AND a.appointment_id = w.offered_id))
  AND offered_therapist_id = ANY(CAST(:therapist_ids AS bigint[])) -- postgres
  AND offered_therapist_id IN (SELECT value FROM json_each(:therapist_ids)) -- sqlite
ORDER BY turn

-- name: waited_in_vain
-- Who waits still for what is past.
SELECT waitlist_entry_id FROM waitlist_entry WHERE status = 'WAITING' AND until_at <= :now

-- name: end_waiting
-- What somebody has waited for is past.
UPDATE waitlist_entry SET status = 'ENDED' WHERE status = 'WAITING' AND until_at <= :now

-- name: specialisms_of_some
-- What some therapists specialise in, by name.
SELECT l.therapist_id, s.name FROM therapist_specialism l JOIN specialism s ON s.specialism_id = l.specialism_id
WHERE l.therapist_id = ANY(CAST(:therapist_ids AS bigint[])) -- postgres
WHERE l.therapist_id IN (SELECT value FROM json_each(:therapist_ids)) -- sqlite

-- name: sessions_of_clients
-- When some clients have sessions within a span, or are offered some.
SELECT client_id, starts_at, ends_at FROM appointment_client
WHERE client_id = ANY(CAST(:client_ids AS bigint[])) -- postgres
WHERE client_id IN (SELECT value FROM json_each(:client_ids)) -- sqlite
  AND blocks AND starts_at < :ends_at AND starts_at > CAST(:starts_at AS bigint) - 86400 AND ends_at > :starts_at
UNION ALL
SELECT client_id, offered_starts_at, offered_ends_at FROM waitlist_entry
WHERE client_id = ANY(CAST(:client_ids AS bigint[])) -- postgres
WHERE client_id IN (SELECT value FROM json_each(:client_ids)) -- sqlite
  AND status = 'OFFERED' AND offered_starts_at < :ends_at AND offered_ends_at > :starts_at

-- name: add_offer
-- A time kept for whoever it is offered to, with its room and the buffers that the session will have. No
-- row comes back where somebody was faster.
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, status, held_until, held_by, room_id,
    buffer_before_seconds, buffer_after_seconds)
SELECT CAST(:therapist_id AS bigint), code, CAST(:starts_at AS bigint), CAST(:ends_at AS bigint), 'HELD',
    CAST(:held_until AS bigint), CAST(:held_by AS bigint), CAST(:room_id AS bigint),
    buffer_before_seconds, buffer_after_seconds
FROM service WHERE code = :service_code
ON CONFLICT DO NOTHING -- postgres
RETURNING appointment_id

-- name: note_offer
-- What an entry is offered, and until when.
UPDATE waitlist_entry SET status = 'OFFERED', offered_id = :offered_id, offered_until = :offered_until,
    offered_therapist_id = :therapist_id, offered_starts_at = :starts_at, offered_ends_at = :ends_at
WHERE waitlist_entry_id = :waitlist_entry_id AND status = 'WAITING'
RETURNING waitlist_entry_id

-- name: drop_offer
-- What was offered is free again. Answers its number, or that of the group in which it was a place.
DELETE FROM appointment
WHERE appointment_id = :offered_id AND therapist_id = :therapist_id AND held_until > 0 AND held_by = :held_by
RETURNING coalesce(place_of, appointment_id)

-- name: wait_on
-- An entry waits again, in its old place, and is not offered the same once more.
UPDATE waitlist_entry SET status = 'WAITING', declined = :declined, offered_id = NULL, offered_until = NULL,
    offered_therapist_id = NULL, offered_starts_at = NULL, offered_ends_at = NULL
WHERE waitlist_entry_id = :waitlist_entry_id

-- name: leave_waitlist
-- An entry is not offered anything any more.
UPDATE waitlist_entry SET status = 'LEFT' WHERE waitlist_entry_id = :waitlist_entry_id

-- name: take_offer
-- What was offered becomes the session, or the request for it where the service needs approval, and keeps
-- its number.
UPDATE appointment SET status = CASE WHEN s.needs_approval THEN 'PENDING' ELSE 'BOOKED' END,
    held_until = 0, held_by = NULL, placed_at = :now,
    capacity = s.capacity,
    buffer_before_seconds = s.buffer_before_seconds, buffer_after_seconds = s.buffer_after_seconds,
    cancel_notice_seconds = s.cancel_notice_seconds
FROM service s
WHERE appointment_id = :offered_id AND therapist_id = :therapist_id AND s.code = appointment.service_code
  AND held_until > :now AND held_by = :held_by AND place_of IS NULL
RETURNING appointment_id, status, appointment.capacity

-- name: note_accepted
-- An entry has come to its session.
UPDATE waitlist_entry SET status = 'ACCEPTED', appointment_id = :appointment_id, offered_id = NULL,
    offered_until = NULL, offered_therapist_id = NULL, offered_starts_at = NULL, offered_ends_at = NULL
WHERE waitlist_entry_id = :waitlist_entry_id

-- ---- finding free times ------------------------------------------------------------------------------

-- name: diaries_to_search
-- The clock of rules, and the therapists that a search is about, in one look. Whatever is asked for by
-- nobody is 1 in "all_…", or an empty name. Whose account it is for was asked before.
SELECT c.version, (
    SELECT array_agg(t.therapist_id) FROM therapist t -- postgres
    SELECT json_group_array(t.therapist_id) FROM therapist t -- sqlite
    WHERE (CAST(:all_specialisms AS bigint) = 1 OR t.therapist_id IN (
        SELECT l.therapist_id FROM therapist_specialism l
        JOIN specialism s ON s.specialism_id = l.specialism_id
        WHERE s.name = ANY(CAST(:specialisms AS text[])) -- postgres
        WHERE s.name IN (SELECT value FROM json_each(:specialisms)) -- sqlite
    ))
      AND (CAST(:all_therapists AS bigint) = 1
        OR t.therapist_id = ANY(CAST(:therapist_ids AS bigint[]))) -- postgres
        OR t.therapist_id IN (SELECT value FROM json_each(:therapist_ids))) -- sqlite
      AND (CAST(:all_languages AS bigint) = 1 OR EXISTS (
        SELECT 1 FROM json_array_elements_text(CAST(t.languages AS json)) AS l (tag) -- postgres
        WHERE l.tag = ANY(CAST(:languages AS text[])) -- postgres
        SELECT 1 FROM json_each(t.languages) l WHERE l.value IN (SELECT value FROM json_each(:languages)) -- sqlite
    ))
      AND (CAST(:part_of_name AS text) = ''
        OR strpos(t.search_name, CAST(:part_of_name AS text)) > 0) -- postgres
        OR instr(t.search_name, :part_of_name) > 0) -- sqlite
)
FROM rules_clock c

-- name: diaries_changed
-- Whose rules have changed since the clock of rules showed this.
SELECT therapist_id FROM therapist WHERE rules_version > :version

-- name: service_numbers
-- The numbers of the services.
SELECT service_id, code FROM service

-- name: busy_of_many
-- What takes up time in many diaries, in each within its own span: as busy_entries, after whose it is.
-- Neither a session nor a buffer is longer than a day, so the index can be entered.
SELECT a.therapist_id, a.starts_at, a.ends_at, a.buffer_before_seconds, a.buffer_after_seconds,
    a.appointment_id, a.service_code,
    CASE WHEN a.capacity = 1 OR a.status NOT IN ('BOOKED', 'ARRIVED') THEN 0
        WHEN a.places_held = 0 THEN a.capacity - a.places_taken ELSE a.capacity - a.places_taken - (
            SELECT count(*) FROM appointment h
            WHERE h.place_of = a.appointment_id AND h.held_until > :now AND h.held_by <> :account_id) END,
    a.held_until, a.held_by, a.room_id
FROM unnest(CAST(:ids AS bigint[]), CAST(:froms AS bigint[]), CAST(:untils AS bigint[])) -- postgres
    AS s (therapist_id, since, until) -- postgres
CROSS JOIN LATERAL ( -- postgres
    SELECT * FROM appointment b WHERE b.therapist_id = s.therapist_id AND b.blocks -- postgres
      AND b.starts_at > s.since - 172800 AND b.starts_at < s.until + 86400 OFFSET 0 -- postgres
) a -- postgres
WHERE a.starts_at - a.buffer_before_seconds < s.until AND a.ends_at + a.buffer_after_seconds > s.since -- postgres
FROM json_each(:spans) s CROSS JOIN appointment a -- sqlite
WHERE a.therapist_id = s.value ->> 0 AND a.blocks -- sqlite
  AND a.starts_at > (s.value ->> 1) - 172800 AND a.starts_at < (s.value ->> 2) + 86400 -- sqlite
  AND a.starts_at - a.buffer_before_seconds < s.value ->> 2 -- sqlite
  AND a.ends_at + a.buffer_after_seconds > s.value ->> 1 -- sqlite

-- name: windows_not_full
-- The windows, of many diaries, in which some point of the grid lies within no session. A group has the
-- same windows. What is counted are sessions that nobody joins, no holds: those may be nobody's obstacle.
-- Everything that is asked of the sessions stands in appointment_by_diary.
SELECT d.therapist_id, w.place - 1 -- postgres
FROM unnest(CAST(:of_groups AS bigint[]), CAST(:numbers AS bigint[])) AS d (of_group, therapist_id) -- postgres
JOIN unnest(CAST(:groups AS bigint[]), CAST(:since AS bigint[]), CAST(:until AS bigint[]), -- postgres
    CAST(:shifts AS bigint[]), CAST(:points AS bigint[])) WITH ORDINALITY -- postgres
    AS w (of_group, since, until, shift, points, place) ON w.of_group = d.of_group -- postgres
WITH w (place, of_group, since, until, shift, points) AS MATERIALIZED ( -- sqlite
    SELECT key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(:windows) -- sqlite
), d (of_group, therapist_id) AS MATERIALIZED ( -- sqlite
    SELECT value ->> 0, value ->> 1 FROM json_each(:diaries) -- sqlite
) -- sqlite
SELECT d.therapist_id, w.place FROM d CROSS JOIN w ON w.of_group = d.of_group -- sqlite
WHERE w.points > (
    SELECT coalesce(sum(CAST((least(a.ends_at, w.until) + w.shift) / CAST(:grid AS bigint) -- postgres
        - (a.starts_at + w.shift) / CAST(:grid AS bigint) AS integer)), 0) -- postgres
    SELECT coalesce(sum((min(a.ends_at, w.until) + w.shift) / :grid - (a.starts_at + w.shift) / :grid), 0) -- sqlite
    FROM appointment a WHERE a.therapist_id = d.therapist_id AND a.starts_at >= w.since
      AND a.starts_at < w.until AND a.blocks AND a.held_until = 0 AND a.capacity = 1
)

-- name: rooms_taken
-- Every room, with each span in which it is taken between two instants, whose diary that is, and whether
-- it is only held, by the account itself; NULLs where it never is. A hold that ran out takes nothing.
SELECT r.room_id, a.starts_at, a.ends_at, a.therapist_id, a.held_until > 0 AND a.held_by = :account_id
FROM room r
LEFT JOIN appointment a ON a.room_id = r.room_id AND a.blocks AND a.starts_at < :ends_at
  AND a.starts_at > CAST(:starts_at AS bigint) - 86400 AND a.ends_at > :starts_at
  AND (a.held_until = 0 OR a.held_until > :now)
ORDER BY r.room_id, a.starts_at

-- ---- the outbox --------------------------------------------------------------------------------------

-- name: queue_notices
-- What the clients of some sessions are told, one row for each client who has an address. Sessions that
-- are over are nobody's news. Whose client_ids are not asked for is 1 in "all_clients". Each session is a
-- list of its number, version and times, and of the zone whose wall time it keeps where that is told.
INSERT INTO outbox (therapist_id, kind, client_id, appointment_id, sessions, was_starts_at, created_at, next_at)
SELECT min(a.therapist_id), CAST(:kind AS text), m.client_id, min(a.appointment_id),
    json_agg(CASE WHEN CAST(:kept_zone AS text) IS NULL -- postgres
        THEN json_build_array(a.appointment_id, a.version, a.starts_at, a.ends_at) -- postgres
        ELSE json_build_array(a.appointment_id, a.version, a.starts_at, a.ends_at, CAST(:kept_zone AS text)) -- postgres
        END ORDER BY a.starts_at)::text, -- postgres
    json_group_array(json(CASE WHEN :kept_zone IS NULL -- sqlite
        THEN json_array(a.appointment_id, a.version, a.starts_at, a.ends_at) -- sqlite
        ELSE json_array(a.appointment_id, a.version, a.starts_at, a.ends_at, :kept_zone) -- sqlite
        END) ORDER BY a.starts_at), -- sqlite
    CAST(:was_starts_at AS bigint), CAST(:now AS bigint), CAST(:now AS bigint)
FROM appointment a JOIN appointment_client m ON m.appointment_id = a.appointment_id
JOIN client c ON c.client_id = m.client_id
WHERE a.starts_at > CAST(:now AS bigint) AND c.email IS NOT NULL AND c.email <> ''
  AND a.appointment_id = ANY(CAST(:appointment_ids AS bigint[])) -- postgres
  AND a.appointment_id IN (SELECT value FROM json_each(:appointment_ids)) -- sqlite
  AND (CAST(:all_clients AS bigint) = 1
    OR m.client_id = ANY(CAST(:client_ids AS bigint[]))) -- postgres
    OR m.client_id IN (SELECT value FROM json_each(:client_ids))) -- sqlite
GROUP BY m.client_id

-- name: queue_offers
-- What some entries of the waitlist are offered, or were until now, one row for each whose client has an address.
INSERT INTO outbox (therapist_id, kind, client_id, appointment_id, sessions, created_at, next_at)
SELECT w.offered_therapist_id, CAST(:kind AS text), w.client_id, w.offered_id,
    json_build_array(json_build_array(w.offered_id, 1, w.offered_starts_at, w.offered_ends_at))::text, -- postgres
    json_array(json_array(w.offered_id, 1, w.offered_starts_at, w.offered_ends_at)), -- sqlite
    CAST(:now AS bigint), CAST(:now AS bigint)
FROM waitlist_entry w JOIN client c ON c.client_id = w.client_id
WHERE w.offered_starts_at > CAST(:now AS bigint) AND c.email IS NOT NULL AND c.email <> ''
  AND w.waitlist_entry_id = ANY(CAST(:entry_ids AS bigint[])) -- postgres
  AND w.waitlist_entry_id IN (SELECT value FROM json_each(:entry_ids)) -- sqlite
ORDER BY w.turn

-- name: notices_waiting
-- Whether there is anything to send.
SELECT 1 FROM outbox WHERE status = 'WAITING' AND next_at <= :now LIMIT 1

-- name: claim_notices
-- Notices for one process to send, which nobody else takes until the lease is over.
UPDATE outbox SET next_at = :lease_until, attempts = attempts + 1
WHERE outbox_id IN (
    SELECT outbox_id FROM outbox WHERE status = 'WAITING' AND next_at <= :now
    ORDER BY next_at, outbox_id LIMIT CAST(:most AS bigint)
    FOR UPDATE SKIP LOCKED -- postgres
)
RETURNING outbox_id, attempts

-- name: letter
-- Everything that a notice says and is addressed to, and how its session stands now.
SELECT o.kind, o.sessions, o.was_starts_at, o.lead_seconds, o.created_at,
    c.email, c.name, coalesce(c.time_zone, t.time_zone), t.first_name, t.last_name, t.time_zone,
    a.starts_at, a.status, EXISTS (
        SELECT 1 FROM appointment_client m
        WHERE m.appointment_id = o.appointment_id AND m.client_id = o.client_id),
    EXISTS (
        SELECT 1 FROM outbox later WHERE later.appointment_id = o.appointment_id
          AND later.client_id = o.client_id AND later.outbox_id > o.outbox_id AND later.kind <> 'REMINDER'),
    w.offered_until
FROM outbox o JOIN client c ON c.client_id = o.client_id
JOIN therapist t ON t.therapist_id = o.therapist_id
LEFT JOIN appointment a ON a.appointment_id = o.appointment_id
LEFT JOIN waitlist_entry w ON w.offered_id = o.appointment_id AND w.client_id = o.client_id
WHERE o.outbox_id = :outbox_id

-- name: end_notice
-- What became of a notice, unless another process has taken it since.
UPDATE outbox SET status = :status, ended_at = :now, outcome = :outcome
WHERE outbox_id = :outbox_id AND attempts = :attempts AND status = 'WAITING'

-- name: delay_notice
-- A notice that could not be sent, and when it is tried again.
UPDATE outbox SET next_at = :next_at, outcome = :outcome
WHERE outbox_id = :outbox_id AND attempts = :attempts AND status = 'WAITING'

-- name: open_reminder_clock
-- How far reminders have been written, for nobody else to go on from until the end of the transaction.
SELECT reminded_until FROM reminder_clock WHERE lead_seconds = :lead_seconds
FOR UPDATE -- postgres

-- name: set_reminder_clock
-- Reminders have been written as far as this.
INSERT INTO reminder_clock (lead_seconds, reminded_until) VALUES (:lead_seconds, :reminded_until)
ON CONFLICT (lead_seconds) DO UPDATE SET reminded_until = excluded.reminded_until

-- name: queue_reminders
-- A reminder for each client of each session that starts within a span, and was given that time before
-- its reminder was due.
INSERT INTO outbox (therapist_id, kind, client_id, appointment_id, sessions, lead_seconds, created_at, next_at)
SELECT a.therapist_id, 'REMINDER', m.client_id, a.appointment_id,
    json_build_array(json_build_array(a.appointment_id, a.version, a.starts_at, a.ends_at))::text, -- postgres
    json_array(json_array(a.appointment_id, a.version, a.starts_at, a.ends_at)), -- sqlite
    CAST(:lead_seconds AS bigint), CAST(:now AS bigint), CAST(:now AS bigint)
FROM appointment a JOIN appointment_client m ON m.appointment_id = a.appointment_id
JOIN client c ON c.client_id = m.client_id
WHERE a.starts_at >= :starts_at AND a.starts_at < :ends_at AND a.status = 'BOOKED'
  AND a.placed_at <= a.starts_at - CAST(:lead_seconds AS bigint)
  AND c.email IS NOT NULL AND c.email <> ''

-- name: forget_notices
-- Notices that were sent, or had no need to be, longer ago than is remembered.
DELETE FROM outbox WHERE status IN ('SENT', 'DROPPED') AND ended_at < :before

-- name: notices_open
-- Notices that wait or were given up, for whoever looks after the service.
SELECT outbox_id, kind, client_id, appointment_id, status, attempts, next_at, ended_at, outcome
FROM outbox WHERE status IN ('WAITING', 'DEAD') ORDER BY outbox_id

-- name: retry_notice
-- A notice that was given up is tried again, as often as a new one.
UPDATE outbox SET status = 'WAITING', attempts = 0, next_at = :now, ended_at = NULL
WHERE outbox_id = :outbox_id AND status = 'DEAD'
RETURNING outbox_id

-- name: retry_notices
-- All notices that were given up are tried again.
UPDATE outbox SET status = 'WAITING', attempts = 0, next_at = :now, ended_at = NULL
WHERE status = 'DEAD'
RETURNING outbox_id

-- ---- the rules of time zones -------------------------------------------------------------------------

-- name: zones_in_use
-- The zones in which somebody's wall time is kept.
SELECT time_zone FROM therapist UNION SELECT time_zone FROM away UNION SELECT time_zone FROM series

-- name: zone_rules
-- What the rules of zones were noted to be, and since when, in order.
SELECT time_zone, noted_at, tzif FROM zone_rules ORDER BY noted_at, zone_rules_id

-- name: note_zone_rules
-- From now on a zone has these rules, unless that is what stands there already.
INSERT INTO zone_rules (time_zone, noted_at, tzif)
SELECT CAST(:time_zone AS text), CAST(:now AS bigint), CAST(:tzif AS text)
WHERE coalesce((
    SELECT tzif FROM zone_rules WHERE time_zone = :time_zone
    ORDER BY noted_at DESC, zone_rules_id DESC LIMIT 1
), '') <> CAST(:tzif AS text)
RETURNING zone_rules_id

-- name: note_first_zone_rules
-- The rules of a zone that nobody has used before.
INSERT INTO zone_rules (time_zone, noted_at, tzif)
SELECT CAST(:time_zone AS text), CAST(:now AS bigint), CAST(:tzif AS text)
WHERE NOT EXISTS (SELECT 1 FROM zone_rules WHERE time_zone = :time_zone)

-- name: sessions_placed_earlier
-- What lies ahead and was given its time before the rules of some zone last changed, with the zone whose
-- wall time its series keeps.
SELECT a.appointment_id, a.therapist_id, a.starts_at, a.ends_at, a.status, a.room_id, a.placed_at, s.time_zone
FROM appointment a LEFT JOIN series s ON s.series_id = a.series_id
WHERE a.starts_at > :now AND a.status IN ('PROPOSED', 'PENDING', 'BOOKED') AND a.placed_at < (
    SELECT max(z.noted_at) FROM zone_rules z
    WHERE EXISTS (SELECT 1 FROM zone_rules e WHERE e.time_zone = z.time_zone AND e.noted_at < z.noted_at)
)
ORDER BY a.starts_at, a.appointment_id

-- name: members_of_sessions
-- Who takes part in some sessions.
SELECT appointment_id, client_id FROM appointment_client
WHERE appointment_id = ANY(CAST(:ids AS bigint[])) -- postgres
WHERE appointment_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: in_the_way_of_moves
-- What would share a therapist, a room or a client with sessions at their new times and does not move
-- itself. A hold that ran out is in nobody's way.
WITH m AS (
    SELECT * FROM json_to_recordset(CAST(:moves AS json)) -- postgres
        AS r (appointment_id bigint, therapist_id bigint, room_id bigint, starts_at bigint, ends_at bigint) -- postgres
    SELECT value ->> 'appointment_id' AS appointment_id, value ->> 'therapist_id' AS therapist_id, -- sqlite
        value ->> 'room_id' AS room_id, value ->> 'starts_at' AS starts_at, -- sqlite
        value ->> 'ends_at' AS ends_at FROM json_each(:moves) -- sqlite
), met AS (
    SELECT m.appointment_id AS moved_id, m.starts_at AS since, m.ends_at AS until, o.appointment_id
    FROM m JOIN appointment o ON o.therapist_id = m.therapist_id
    WHERE o.starts_at < m.ends_at AND o.starts_at > m.starts_at - 86400
    UNION
    SELECT m.appointment_id, m.starts_at, m.ends_at, o.appointment_id
    FROM m JOIN appointment o ON o.room_id = m.room_id
    WHERE o.blocks AND o.starts_at < m.ends_at AND o.starts_at > m.starts_at - 86400
    UNION
    SELECT m.appointment_id, m.starts_at, m.ends_at, c.appointment_id
    FROM m JOIN appointment_client mine ON mine.appointment_id = m.appointment_id
    JOIN appointment_client c ON c.client_id = mine.client_id
    WHERE c.starts_at < m.ends_at AND c.starts_at > m.starts_at - 86400
)
SELECT met.moved_id, o.appointment_id, o.starts_at, o.ends_at, o.held_until > 0
FROM met JOIN appointment o ON o.appointment_id = met.appointment_id
WHERE o.blocks AND o.ends_at > met.since AND o.starts_at < met.until
  AND (o.held_until = 0 OR o.held_until > :now) AND o.appointment_id NOT IN (SELECT appointment_id FROM m)
ORDER BY met.moved_id, o.starts_at

-- ---- the record: who did what to which object --------------------------------------------------------

-- name: audit_note
-- Entries of the record, from a JSON list of objects.
INSERT INTO audit_event (happened_at, account_id, username, role, action, object_type, object_id, outcome,
    code, state_before, state_after, request_id)
SELECT happened_at, account_id, username, role, action, object_type, object_id, outcome, -- postgres
    code, state_before, state_after, request_id -- postgres
FROM json_to_recordset(CAST(:entries AS json)) AS e (happened_at bigint, account_id bigint, username text, -- postgres
    role text, action text, object_type text, object_id bigint, outcome text, code text, -- postgres
    state_before text, state_after text, request_id text) -- postgres
SELECT value ->> 'happened_at', value ->> 'account_id', value ->> 'username', value ->> 'role', -- sqlite
    value ->> 'action', value ->> 'object_type', value ->> 'object_id', value ->> 'outcome', -- sqlite
    value ->> 'code', value ->> 'state_before', value ->> 'state_after', value ->> 'request_id' -- sqlite
FROM json_each(:entries) -- sqlite

-- name: audit_command
-- The entry of what the operator does at the command line, at the database's own time.
INSERT INTO audit_event (happened_at, account_id, username, role, action, object_type, object_id, outcome,
    state_after, request_id)
SELECT CAST(extract(epoch FROM now()) AS bigint), -- postgres
SELECT unixepoch(), -- sqlite
    0, '(command line)', 'OPERATOR', CAST(:action AS text), CAST(:object_type AS text),
    CAST(:object_id AS bigint), 'DONE', CAST(:state_after AS text), ''

-- name: audit_booking
-- The entry of a booking, from the session as it is now.
INSERT INTO audit_event (happened_at, account_id, username, role, action, object_type, object_id, outcome,
    state_after, request_id)
SELECT CAST(:now AS bigint), CAST(:account_id AS bigint),
    CASE WHEN CAST(:role AS text) = 'CLIENT' THEN '(account ' || CAST(:account_id AS bigint) || ')'
    ELSE CAST(:username AS text) END, CAST(:role AS text),
    CAST(:action AS text), 'Appointment', appointment_id,
    CASE WHEN rules_overridden THEN 'OVERRIDDEN' ELSE 'DONE' END,
    '{"therapistId":' || therapist_id || ',"type":"' || service_code || '","startsAt":' || starts_at
    || ',"endsAt":' || ends_at || ',"status":"' || status || '","clientIds":['
    || coalesce((SELECT string_agg(client_id::text, ',' ORDER BY client_id) -- postgres
    || coalesce((SELECT group_concat(client_id ORDER BY client_id) -- sqlite
        FROM appointment_client c WHERE c.appointment_id = a.appointment_id), '') || ']}',
    CAST(:request_id AS text)
FROM appointment a WHERE appointment_id = :appointment_id AND therapist_id = :therapist_id

-- name: audit_appointments
-- Sessions and holds as the record sees them.
SELECT appointment_id, therapist_id, service_code, starts_at, ends_at,
    CASE WHEN place_of IS NULL THEN status ELSE 'HELD' END, version, room_id, rules_overridden,
    cancelled_by, cancelled_late, cancel_reason, held_until,
    (SELECT json_agg(client_id ORDER BY client_id)::text -- postgres
    (SELECT json_group_array(client_id ORDER BY client_id) -- sqlite
        FROM appointment_client c WHERE c.appointment_id = a.appointment_id)
FROM appointment a
WHERE appointment_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE appointment_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_clients
-- Clients as the record sees them.
SELECT client_id, name, email, phone, time_zone, language, staff_notes
FROM client
WHERE client_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE client_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_care
-- Who is cared for by whom, as the record sees it.
SELECT care_relationship_id, therapist_id, client_id, from_date, until_date
FROM care_relationship
WHERE care_relationship_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE care_relationship_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_waitlist
-- Who waits for a time, as the record sees it.
SELECT waitlist_entry_id, client_id, service_code, from_at, until_at, status, offered_id, offered_until,
    appointment_id
FROM waitlist_entry
WHERE waitlist_entry_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE waitlist_entry_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_therapists
-- Therapists as the record sees them, with their weekly hours and services.
SELECT therapist_id, first_name, last_name, time_zone, languages, max_per_day, max_per_week,
    (SELECT json_agg(json_build_array(weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks) -- postgres
    (SELECT json_group_array(json_array(weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks) -- sqlite
        ORDER BY working_hours_id)::text FROM working_hours h WHERE h.therapist_id = t.therapist_id), -- postgres
        ORDER BY working_hours_id) FROM working_hours h WHERE h.therapist_id = t.therapist_id), -- sqlite
    (SELECT json_agg(service_id ORDER BY service_id)::text -- postgres
    (SELECT json_group_array(service_id ORDER BY service_id) -- sqlite
        FROM therapist_service s WHERE s.therapist_id = t.therapist_id),
    (SELECT json_agg(specialism_id ORDER BY specialism_id)::text -- postgres
    (SELECT json_group_array(specialism_id ORDER BY specialism_id) -- sqlite
        FROM therapist_specialism s WHERE s.therapist_id = t.therapist_id)
FROM therapist t
WHERE therapist_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE therapist_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_overrides
-- Other hours on dates as the record sees them.
SELECT date_override_id, therapist_id, on_date, intervals
FROM date_override
WHERE date_override_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE date_override_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_time_off
-- Time off as the record sees it.
SELECT time_off_id, therapist_id, starts_at, ends_at, reason
FROM time_off
WHERE time_off_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE time_off_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_away
-- Stays in other zones as the record sees them.
SELECT away_id, therapist_id, time_zone, from_date, until_date
FROM away
WHERE away_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE away_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_closures
-- Closures as the record sees them.
SELECT closure_id, on_date, name
FROM closure
WHERE closure_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE closure_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_rooms
-- Rooms as the record sees them.
SELECT room_id, name
FROM room
WHERE room_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE room_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_services
-- Services as the record sees them.
SELECT service_id, code, name, duration_seconds, other_durations, buffer_before_seconds, buffer_after_seconds,
    grid_seconds, notice_seconds, horizon_days, cancel_notice_seconds, capacity, needs_approval, needs_room,
    online, cancel_when_one_leaves
FROM service
WHERE service_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE service_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: audit_series
-- The sessions of the series that a session belongs to.
SELECT appointment_id FROM appointment
WHERE series_id = (SELECT series_id FROM appointment WHERE appointment_id = :appointment_id)

-- name: audit_service_of_code
-- The number of a service.
SELECT service_id FROM service WHERE code = :service

-- name: audit_anything_waits
-- Whether an event is not in the chain yet.
SELECT audit_event_id FROM audit_waiting LIMIT 1

-- name: audit_take_turns
-- One links events at a time: whether it is us. (On SQLite every writer is alone.)
SELECT pg_try_advisory_xact_lock(7236177) -- postgres
SELECT TRUE -- sqlite

-- name: audit_waiting_events
-- The oldest events that are not in the chain yet.
SELECT audit_event_id, happened_at, account_id, username, role, action, object_type, object_id, outcome, code,
    state_before, state_after, request_id
FROM audit_event WHERE audit_event_id IN (
    SELECT audit_event_id FROM audit_waiting ORDER BY audit_event_id LIMIT :most)
ORDER BY audit_event_id

-- name: audit_last_link
-- The end of the chain: its last link, or what the first one will follow.
SELECT position, hash FROM audit_link UNION ALL SELECT position, hash FROM audit_start
ORDER BY position DESC LIMIT 1

-- name: audit_add_links
-- The chain goes on, from a JSON list of [position, event, hash].
INSERT INTO audit_link (position, audit_event_id, hash)
SELECT (value ->> 0)::bigint, (value ->> 1)::bigint, value ->> 2 -- postgres
FROM json_array_elements(CAST(:links AS json)) -- postgres
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:links) -- sqlite

-- name: audit_wait_no_more
-- These are in the chain now.
DELETE FROM audit_waiting
WHERE audit_event_id = ANY(ARRAY(SELECT json_array_elements_text(CAST(:ids AS json))::bigint)) -- postgres
WHERE audit_event_id IN (SELECT value FROM json_each(:ids)) -- sqlite

-- name: verify_chain_start
-- What the first link of the chain follows.
SELECT position, hash FROM audit_start

-- name: verify_chain
-- The chain with the events that it covers, from its beginning.
SELECT l.position, l.hash, l.audit_event_id, e.happened_at, e.account_id, e.username, e.role, e.action,
    e.object_type, e.object_id, e.outcome, e.code, e.state_before, e.state_after, e.request_id
FROM audit_link l LEFT JOIN audit_event e ON e.audit_event_id = l.audit_event_id
ORDER BY l.position

-- name: verify_unlinked
-- Events that stayed outside of the chain while others came after them.
SELECT e.audit_event_id FROM audit_event e
WHERE NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.audit_event_id = e.audit_event_id)
  AND e.happened_at < (SELECT max(happened_at) FROM audit_event) - 60
ORDER BY e.audit_event_id

-- ---- all that is held about a client: handed out, and erased ------------------------------------------

-- name: private_client
-- A client's record.
SELECT client_id, name, email, phone, time_zone, language, staff_notes, added_at, erased_at
FROM client WHERE client_id = :client_id

-- name: private_accounts
-- The accounts that are the client's.
SELECT account_id, username, disabled_at FROM account WHERE client_id = :client_id ORDER BY account_id

-- name: private_log_ins
-- From which devices the client has logged in.
SELECT s.account_id, s.device, s.created_at, s.last_used_at, s.expires_at, nullif(s.revoked_at, 0)
FROM log_in_session s JOIN account a ON a.account_id = s.account_id
WHERE a.client_id = :client_id ORDER BY s.log_in_session_id

-- name: private_care
-- Who has cared for the client.
SELECT c.care_relationship_id, c.therapist_id, t.first_name, t.last_name, c.from_date, c.until_date
FROM care_relationship c JOIN therapist t ON t.therapist_id = c.therapist_id
WHERE c.client_id = :client_id ORDER BY c.care_relationship_id

-- name: private_sessions
-- The sessions that the client takes part in. What was said of one with others is not the client's alone.
SELECT a.appointment_id, a.therapist_id, t.first_name, t.last_name, a.service_code, a.starts_at, a.ends_at,
    a.status, a.series_id, a.cancelled_by, CASE WHEN a.capacity = 1 THEN a.cancel_reason END,
    CASE WHEN a.capacity = 1 THEN a.cancel_reason_code END, a.cancelled_late, a.places_taken - 1
FROM appointment_client c JOIN appointment a ON a.appointment_id = c.appointment_id
JOIN therapist t ON t.therapist_id = a.therapist_id
WHERE c.client_id = :client_id ORDER BY a.starts_at, a.appointment_id

-- name: private_history
-- What became of those sessions, and what the client has done to others, such as groups that the client left.
-- Of a session with others: not under which name another client has changed it, and not why.
SELECT e.appointment_id, e.happened_at,
    CASE WHEN a.capacity = 1 OR u.client_id = :client_id OR u.role <> 'CLIENT' THEN e.username END, e.change,
    CASE WHEN a.capacity = 1 OR u.client_id = :client_id THEN e.reason END,
    CASE WHEN a.capacity = 1 OR u.client_id = :client_id THEN e.reason_code END,
    e.status, e.starts_at, e.ends_at
FROM appointment_event e JOIN appointment a ON a.appointment_id = e.appointment_id
LEFT JOIN account u ON u.account_id = e.account_id
WHERE e.appointment_id IN (SELECT appointment_id FROM appointment_client WHERE client_id = :client_id)
  OR u.client_id = :client_id
ORDER BY e.appointment_event_id

-- name: private_holds
-- Times that are kept for the client's accounts while a form is open.
SELECT a.appointment_id, a.therapist_id, a.service_code, a.starts_at, a.ends_at, a.held_until
FROM appointment a JOIN account u ON u.account_id = a.held_by
WHERE a.held_until > 0 AND u.client_id = :client_id ORDER BY a.appointment_id

-- name: private_waitlist
-- What the client has waited for.
SELECT waitlist_entry_id, service_code, from_at, until_at, duration_seconds, from_minute, until_minute,
    weekdays, time_zone, specialisms, therapist_ids, status, joined_at, offered_therapist_id, offered_starts_at,
    offered_ends_at, offered_until, declined, appointment_id
FROM waitlist_entry WHERE client_id = :client_id ORDER BY waitlist_entry_id

-- name: private_notices
-- What the client has been told, or will be.
SELECT outbox_id, kind, appointment_id, status, created_at, ended_at
FROM outbox WHERE client_id = :client_id ORDER BY outbox_id

-- name: private_record
-- What is on record about the client: the record of the person, of accounts, sessions, care and waiting,
-- whatever names the client, such as reading and groups that were left, and what the client's own accounts
-- have done. What another client has done to a session of both is told without who it was.
SELECT e.audit_event_id, e.happened_at,
    CASE WHEN e.role <> 'CLIENT' OR e.account_id IN (SELECT account_id FROM account WHERE client_id = :client_id)
    THEN e.username END,
    e.role, e.action, e.object_type, e.object_id, e.outcome, e.state_before, e.state_after
FROM audit_event e
WHERE (e.object_type = 'Client' AND e.object_id = :client_id)
  OR (e.object_type IN ('Appointment', 'Hold') AND e.object_id IN (
    SELECT appointment_id FROM appointment_client WHERE client_id = :client_id))
  OR (e.object_type = 'CareRelationship' AND e.object_id IN (
    SELECT care_relationship_id FROM care_relationship WHERE client_id = :client_id))
  OR (e.object_type = 'WaitlistEntry' AND e.object_id IN (
    SELECT waitlist_entry_id FROM waitlist_entry WHERE client_id = :client_id))
  OR e.account_id IN (SELECT account_id FROM account WHERE client_id = :client_id)
  OR (e.object_type = 'Account' AND e.object_id IN (SELECT account_id FROM account WHERE client_id = :client_id))
  OR (e.state_before LIKE '%"clientIds":[%' AND EXISTS (
    SELECT 1 FROM json_array_elements_text(CAST(e.state_before AS json) -> 'clientIds') l -- postgres
    WHERE l.value = CAST(CAST(:client_id AS bigint) AS text))) -- postgres
    SELECT 1 FROM json_each(e.state_before, '$.clientIds') l WHERE l.value = :client_id)) -- sqlite
  OR (e.state_after LIKE '%"clientIds":[%' AND EXISTS (
    SELECT 1 FROM json_array_elements_text(CAST(e.state_after AS json) -> 'clientIds') l -- postgres
    WHERE l.value = CAST(CAST(:client_id AS bigint) AS text))) -- postgres
    SELECT 1 FROM json_each(e.state_after, '$.clientIds') l WHERE l.value = :client_id)) -- sqlite
ORDER BY e.audit_event_id

-- name: diaries_ahead_of
-- The diaries in which a client has something ahead: a session, an offer of the waitlist, a hold.
SELECT DISTINCT a.therapist_id
FROM appointment_client c JOIN appointment a ON a.appointment_id = c.appointment_id
WHERE c.client_id = :client_id AND a.starts_at > :now
  AND a.status IN ('PROPOSED', 'PENDING', 'BOOKED', 'ARRIVED')
UNION SELECT offered_therapist_id FROM waitlist_entry
WHERE client_id = :client_id AND status = 'OFFERED'
UNION SELECT h.therapist_id FROM appointment h JOIN account u ON u.account_id = h.held_by
WHERE h.held_until > 0 AND u.client_id = :client_id
ORDER BY 1

-- name: lock_client
-- A client's record. Nobody books for the client until the end of the transaction.
SELECT erased_at FROM client WHERE client_id = :client_id
FOR UPDATE -- postgres

-- name: sessions_ahead_of
-- A client's sessions that lie ahead, and how many take part.
SELECT a.appointment_id, a.therapist_id, a.places_taken
FROM appointment_client c JOIN appointment a ON a.appointment_id = c.appointment_id
WHERE c.client_id = :client_id AND a.starts_at > :now
  AND a.status IN ('PROPOSED', 'PENDING', 'BOOKED', 'ARRIVED')
ORDER BY a.starts_at, a.appointment_id

-- name: sessions_of
-- All sessions of a client.
SELECT appointment_id FROM appointment_client WHERE client_id = :client_id

-- name: waiting_of
-- A client's entries of the waitlist that still wait.
SELECT waitlist_entry_id FROM waitlist_entry
WHERE client_id = :client_id AND status IN ('WAITING', 'OFFERED') ORDER BY waitlist_entry_id

-- name: blur_waiting
-- When, and for what, somebody would have had time is not told any more.
UPDATE waitlist_entry SET time_zone = NULL, from_minute = NULL, until_minute = NULL, weekdays = '[]',
    specialisms = '[]', therapist_ids = '[]', declined = '[]'
WHERE client_id = :client_id

-- name: drop_notices
-- Nothing is sent to the client any more, and nothing says what was.
DELETE FROM outbox WHERE client_id = :client_id

-- name: clear_reasons
-- Why sessions were cancelled is not told any more.
UPDATE appointment SET cancel_reason = NULL
WHERE cancel_reason IS NOT NULL
  AND appointment_id IN (SELECT appointment_id FROM appointment_client WHERE client_id = :client_id)

-- name: clear_event_reasons
-- The same for the history of those sessions, for what the client has said of others, and for why the client
-- was taken out of a group: who that was is on record alone.
UPDATE appointment_event SET reason = NULL
WHERE reason IS NOT NULL AND (
  appointment_id IN (SELECT appointment_id FROM appointment_client WHERE client_id = :client_id)
  OR account_id IN (SELECT account_id FROM account WHERE client_id = :client_id)
  OR (change = 'LEFT' AND EXISTS (
    SELECT 1 FROM audit_event e
    WHERE e.object_type = 'Appointment' AND e.object_id = appointment_event.appointment_id
      AND e.state_before LIKE '%"clientIds":[%' AND EXISTS (
        SELECT 1 FROM json_array_elements_text(CAST(e.state_before AS json) -> 'clientIds') l -- postgres
        WHERE l.value = CAST(CAST(:client_id AS bigint) AS text))))) -- postgres
        SELECT 1 FROM json_each(e.state_before, '$.clientIds') l WHERE l.value = :client_id)))) -- sqlite

-- name: clear_event_names
-- Under which name the client has changed sessions is not told any more.
UPDATE appointment_event SET username = :name
WHERE account_id IN (SELECT account_id FROM account WHERE client_id = :client_id)

-- name: end_all_care
-- Care that lasts ends today, or on the day on which it would have begun.
UPDATE care_relationship SET until_date =
    CASE WHEN from_date > CAST(:today AS text) THEN from_date ELSE CAST(:today AS text) END
WHERE client_id = :client_id AND (until_date IS NULL OR until_date > CAST(:today AS text))

-- name: drop_keys_of
-- The idempotency keys of a client's accounts.
DELETE FROM idempotency_key
WHERE account_id IN (SELECT account_id FROM account WHERE client_id = :client_id)

-- name: forget_inputs_of
-- What others have sent about the client is not kept either, not even as a hash that a guess could be held
-- against. Their keys stay, so that a late retry is refused and does not bring the client back.
UPDATE idempotency_key SET input_hash = ''
WHERE outcome LIKE '%{"$ref":["Client",' || CAST(CAST(:client_id AS bigint) AS text) || ']}%'
  OR EXISTS (SELECT 1 FROM appointment_client m WHERE m.client_id = :client_id
      AND outcome LIKE '%{"$ref":["Appointment",' || CAST(m.appointment_id AS text) || ']}%')
  OR EXISTS (SELECT 1 FROM waitlist_entry w WHERE w.client_id = :client_id
      AND outcome LIKE '%{"$ref":["WaitlistEntry",' || CAST(w.waitlist_entry_id AS text) || ']}%')

-- name: drop_holds_of
-- Times that are kept for the client's accounts are given back.
DELETE FROM appointment
WHERE held_until > 0 AND held_by IN (SELECT account_id FROM account WHERE client_id = :client_id)
RETURNING therapist_id, starts_at, ends_at, coalesce(place_of, appointment_id)

-- name: drop_accounts_of
-- The accounts of a client, and their sessions with them: they are shut out from the next request on.
DELETE FROM account WHERE client_id = :client_id RETURNING account_id

-- name: erase_client
-- What is left of a client's record: a number.
UPDATE client SET name = :name, search_name = :search_name, email = NULL, phone = NULL, time_zone = NULL,
    language = NULL, staff_notes = NULL, erased_at = :now
WHERE client_id = :client_id

-- ---- retention ---------------------------------------------------------------------------------------

-- name: clients_long_gone
-- Clients after a number whose last session ended, or who last joined the waitlist, before an instant, who wait
-- for none, and were not erased; also those who never did either and have been known since before.
SELECT c.client_id FROM client c
WHERE c.client_id > :after AND c.erased_at IS NULL
  AND (c.added_at < :before
    OR EXISTS (SELECT 1 FROM appointment_client m WHERE m.client_id = c.client_id)
    OR EXISTS (SELECT 1 FROM waitlist_entry w WHERE w.client_id = c.client_id))
  AND NOT EXISTS (SELECT 1 FROM appointment_client m WHERE m.client_id = c.client_id AND m.ends_at >= :before)
  AND NOT EXISTS (SELECT 1 FROM waitlist_entry w WHERE w.client_id = c.client_id
    AND (w.status IN ('WAITING', 'OFFERED') OR w.joined_at >= :before))
ORDER BY c.client_id LIMIT CAST(:most AS bigint)

-- name: know_clients_from_now
-- Of whom nobody said since when they have been known.
UPDATE client SET added_at = :now WHERE added_at IS NULL AND erased_at IS NULL

-- name: audit_prunable
-- Where the record begins, and the last position of which no entry before or at it is younger.
SELECT position, coalesce(
    (SELECT l.position FROM audit_link l JOIN audit_event e ON e.audit_event_id = l.audit_event_id
     WHERE e.happened_at >= :before ORDER BY l.position LIMIT 1) - 1,
    (SELECT max(position) FROM audit_link), position)
FROM audit_start

-- name: audit_begin_at
-- The record begins behind this link.
UPDATE audit_start SET position = :position,
    hash = (SELECT hash FROM audit_link WHERE position = CAST(:position AS bigint))

-- name: audit_prune_events
-- Entries before the record's beginning.
DELETE FROM audit_event WHERE audit_event_id IN (
    SELECT audit_event_id FROM audit_link WHERE position <= CAST(:position AS bigint))

-- name: audit_prune_links
-- Their links.
DELETE FROM audit_link WHERE position <= CAST(:position AS bigint)
