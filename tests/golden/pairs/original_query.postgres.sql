SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(string_agg('{"node":{"therapists":'
|| (SELECT '{"firstName":' || to_json(t2.first_name)::text || ',"lastName":' || to_json(t2.last_name)::text || ',"specialisms":'
|| (SELECT '{"edges":['
|| coalesce(string_agg('{"node":{"specialismName":' || to_json(x3.name)::text || '}}', ','), '') || ']}'
FROM (SELECT t4.name AS name
FROM therapist_specialism l5 , LATERAL (SELECT *
FROM specialism t4
WHERE t4.specialism_id = l5.specialism_id OFFSET 0) t4
WHERE l5.therapist_id = t2.therapist_id AND TRUE
ORDER BY l5.specialism_id
LIMIT 100) x3) || '}'
FROM therapist t2
WHERE t2.therapist_id = x1.therapist_id) || ',"startTimeUnixSeconds":' || CASE WHEN x1.starts_at BETWEEN -2147483648 AND 2147483647 THEN (x1.starts_at)::text ELSE chr(1) END || ',"durationSeconds":' || ((x1.ends_at - x1.starts_at))::text || ',"type":' || to_json(x1.service_code)::text || '}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t6.therapist_id AS therapist_id, t6.starts_at AS starts_at, t6.ends_at AS ends_at, t6.service_code AS service_code
FROM appointment t6
WHERE (t6.held_until = 0 AND ((t6.starts_at >= $5::bigint AND t6.starts_at <= $6::bigint) AND t6.service_code = $7::text AND EXISTS (SELECT 1
FROM therapist_specialism l8 JOIN specialism t7 ON t7.specialism_id = l8.specialism_id
WHERE l8.therapist_id = t6.therapist_id AND t7.name = ANY($8::text[]))))
ORDER BY t6.appointment_id
LIMIT 100) x1) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
