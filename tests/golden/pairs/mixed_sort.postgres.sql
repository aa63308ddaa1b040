SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(string_agg('{"cursor":"' || translate(encode(convert_to('["1143a4a6",' || to_json(x1.service_code)::text || ',' || (x1.starts_at)::text || ',' || (x1.appointment_id)::text || ']', 'UTF8'), 'base64'), E'\n', '') || '","node":{"type":' || to_json(x1.service_code)::text || ',"startsAt":"' || to_char(to_timestamp(x1.starts_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}}', ',') FILTER (WHERE x1.n <= 1), '') || '],"pageInfo":{"hasPreviousPage":' || CASE WHEN EXISTS (SELECT 1
FROM appointment t2
WHERE t2.held_until = 0 AND NOT ((t2.service_code <= $5::text AND (t2.service_code < $5::text OR (t2.service_code = $5::text AND (t2.starts_at > $6::bigint OR (t2.starts_at = $6::bigint AND t2.appointment_id > $7::bigint))))))) THEN 'true' ELSE 'false' END || ',"hasNextPage":' || CASE WHEN coalesce(max(x1.m), 0) > 1 THEN 'true' ELSE 'false' END || '}}' AS answer, count(*) FILTER (WHERE x1.n <= 1) AS row_count
FROM (SELECT s4.*, row_number() OVER () AS n, count(*) OVER () AS m
FROM (SELECT t3.service_code AS service_code, t3.starts_at AS starts_at, t3.appointment_id AS appointment_id
FROM appointment t3
WHERE t3.held_until = 0 AND (t3.service_code <= $5::text AND (t3.service_code < $5::text OR (t3.service_code = $5::text AND (t3.starts_at > $6::bigint OR (t3.starts_at = $6::bigint AND t3.appointment_id > $7::bigint)))))
ORDER BY t3.service_code DESC, t3.starts_at, t3.appointment_id
LIMIT 2) s4) x1) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
