SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"totalCount":'
|| ((SELECT count(*)
FROM appointment t2
WHERE t2.held_until = 0)) || ',"pageInfo":{"hasNextPage":' || CASE WHEN coalesce(max(x1.m), 0) > 2 THEN 'true' ELSE 'false' END || ',"hasPreviousPage":false,"startCursor":'
|| coalesce(max(CASE WHEN x1.n = 1 THEN '"' || replace(rtrim(base64(CAST('["f27f38e6",' || (x1.starts_at) || ',' || (x1.appointment_id) || ']' AS BLOB)), char(10)), char(10), '') || '"' END) FILTER (WHERE x1.n <= 2), 'null') || ',"endCursor":'
|| coalesce(max(CASE WHEN x1.n = CASE WHEN x1.m > 2 THEN 2 ELSE x1.m END THEN '"' || replace(rtrim(base64(CAST('["f27f38e6",' || (x1.starts_at) || ',' || (x1.appointment_id) || ']' AS BLOB)), char(10)), char(10), '') || '"' END) FILTER (WHERE x1.n <= 2), 'null') || '},"edges":['
|| coalesce(group_concat('{"cursor":"' || replace(rtrim(base64(CAST('["f27f38e6",' || (x1.starts_at) || ',' || (x1.appointment_id) || ']' AS BLOB)), char(10)), char(10), '') || '","node":{"id":"QXBwb2ludG1lbnQ6' || rtrim(base64(CAST(CAST(x1.appointment_id AS text) AS BLOB)), char(10)) || '","appointmentId":"' || (x1.appointment_id) || '","startsAt":"' || strftime('%Y-%m-%dT%H:%M:%SZ', x1.starts_at, 'unixepoch') || '","endsAt":"' || strftime('%Y-%m-%dT%H:%M:%SZ', x1.ends_at, 'unixepoch') || '"}}', ',') FILTER (WHERE x1.n <= 2), '') || ']}' AS answer, count(*) FILTER (WHERE x1.n <= 2) AS row_count
FROM (SELECT s4.*, row_number() OVER () AS n, count(*) OVER () AS m
FROM (SELECT t3.starts_at AS starts_at, t3.appointment_id AS appointment_id, t3.ends_at AS ends_at
FROM appointment t3
WHERE t3.held_until = 0
ORDER BY t3.starts_at DESC, t3.appointment_id DESC
LIMIT 3) s4) x1) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
