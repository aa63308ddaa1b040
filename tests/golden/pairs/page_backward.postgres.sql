SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"pageInfo":{"hasPreviousPage":' || CASE WHEN coalesce(max(x1.m), 0) > 2 THEN 'true' ELSE 'false' END || ',"hasNextPage":false},"edges":['
|| coalesce(string_agg('{"node":{"appointmentId":"' || (x1.appointment_id)::text || '"}}', ','
ORDER BY x1.n DESC) FILTER (WHERE x1.n <= 2), '') || ']}' AS answer, count(*) FILTER (WHERE x1.n <= 2) AS row_count
FROM (SELECT s3.*, row_number() OVER () AS n, count(*) OVER () AS m
FROM (SELECT t2.appointment_id AS appointment_id
FROM appointment t2
WHERE t2.held_until = 0
ORDER BY t2.appointment_id DESC
LIMIT 3) s3) x1) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
