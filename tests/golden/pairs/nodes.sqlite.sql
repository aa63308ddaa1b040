SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"__typename":"Appointment","id":"QXBwb2ludG1lbnQ6' || rtrim(base64(CAST(CAST(t1.appointment_id AS text) AS BLOB)), char(10)) || '","therapist":'
|| (SELECT '{"firstName":' || json_quote(t2.first_name) || '}'
FROM therapist t2
WHERE t2.therapist_id = t1.therapist_id) || '}' AS answer, 1 AS row_count
FROM appointment t1
WHERE (t1.appointment_id = ?5 AND t1.held_until = 0)) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
;
SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"firstName":' || json_quote(t1.first_name) || ',"lastName":' || json_quote(t1.last_name) || ',"timeZone":' || json_quote(t1.time_zone) || '}' AS answer, 1 AS row_count
FROM therapist t1
WHERE t1.therapist_id = ?5) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
;
SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(group_concat('{"node":{"code":' || json_quote(x1.code) || ',"name":' || json_quote(x1.name) || ',"durationSeconds":' || (x1.duration_seconds) || '}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t2.code AS code, t2.name AS name, t2.duration_seconds AS duration_seconds
FROM service t2
WHERE TRUE
ORDER BY t2.code, t2.service_id
LIMIT 100) x1) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
;
SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"username":' || json_quote(t1.username) || ',"role":' || json_quote(t1.role) || '}' AS answer, 1 AS row_count
FROM account t1
WHERE t1.account_id = ?1) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
