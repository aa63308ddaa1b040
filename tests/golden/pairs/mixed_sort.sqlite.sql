SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(group_concat('{"cursor":"' || replace(rtrim(base64(CAST('["1143a4a6",' || json_quote(x1.service_code) || ',' || (x1.starts_at) || ',' || (x1.appointment_id) || ']' AS BLOB)), char(10)), char(10), '') || '","node":{"type":' || json_quote(x1.service_code) || ',"startsAt":"' || strftime('%Y-%m-%dT%H:%M:%SZ', x1.starts_at, 'unixepoch') || '"}}', ',') FILTER (WHERE x1.n <= 1), '') || '],"pageInfo":{"hasPreviousPage":' || CASE WHEN EXISTS (SELECT 1
FROM appointment t2
WHERE t2.held_until = 0 AND NOT ((t2.service_code <= ?5 AND (t2.service_code < ?5 OR (t2.service_code = ?5 AND (t2.starts_at > ?6 OR (t2.starts_at = ?6 AND t2.appointment_id > ?7))))))) THEN 'true' ELSE 'false' END || ',"hasNextPage":' || CASE WHEN coalesce(max(x1.m), 0) > 1 THEN 'true' ELSE 'false' END || '}}' AS answer, count(*) FILTER (WHERE x1.n <= 1) AS row_count
FROM (SELECT s4.*, row_number() OVER () AS n, count(*) OVER () AS m
FROM (SELECT t3.service_code AS service_code, t3.starts_at AS starts_at, t3.appointment_id AS appointment_id
FROM appointment t3
WHERE t3.held_until = 0 AND (t3.service_code <= ?5 AND (t3.service_code < ?5 OR (t3.service_code = ?5 AND (t3.starts_at > ?6 OR (t3.starts_at = ?6 AND t3.appointment_id > ?7)))))
ORDER BY t3.service_code DESC, t3.starts_at, t3.appointment_id
LIMIT 2) s4) x1) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
