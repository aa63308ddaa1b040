SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"__typename":"Appointment","id":"QXBwb2ludG1lbnQ6' || encode(convert_to(CAST(t1.appointment_id AS text), 'UTF8'), 'base64') || '","therapist":'
|| (SELECT '{"firstName":' || to_json(t2.first_name)::text || '}'
FROM therapist t2
WHERE t2.therapist_id = t1.therapist_id) || '}' AS answer, 1 AS row_count
FROM appointment t1
WHERE (t1.appointment_id = $5::bigint AND t1.held_until = 0)) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
;
SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"firstName":' || to_json(t1.first_name)::text || ',"lastName":' || to_json(t1.last_name)::text || ',"timeZone":' || to_json(t1.time_zone)::text || '}' AS answer, 1 AS row_count
FROM therapist t1
WHERE t1.therapist_id = $5::bigint) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
;
SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(string_agg('{"node":{"code":' || to_json(x1.code)::text || ',"name":' || to_json(x1.name)::text || ',"durationSeconds":' || (x1.duration_seconds)::text || '}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t2.code AS code, t2.name AS name, t2.duration_seconds AS duration_seconds
FROM service t2
WHERE TRUE
ORDER BY t2.code, t2.service_id
LIMIT 100) x1) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
;
SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"username":' || to_json(t1.username)::text || ',"role":' || to_json(t1.role)::text || '}' AS answer, 1 AS row_count
FROM account t1
WHERE t1.account_id = $1::bigint) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
