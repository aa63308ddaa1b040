SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(string_agg('{"node":{"startTimeUnixSeconds":' || CASE WHEN x1.starts_at BETWEEN -2147483648 AND 2147483647 THEN (x1.starts_at)::text ELSE chr(1) END || ',"startsAt":"' || to_char(to_timestamp(x1.starts_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t2.starts_at AS starts_at
FROM appointment t2
WHERE (t2.held_until = 0 AND t2.therapist_id = $5::bigint)
ORDER BY t2.appointment_id
LIMIT 100) x1) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
