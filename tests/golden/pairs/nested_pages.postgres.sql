SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(string_agg('{"node":{"specialismName":' || to_json(x1.name)::text || ',"therapists":'
|| (SELECT '{"pageInfo":{"hasNextPage":' || CASE WHEN coalesce(max(x2.m), 0) > 1 THEN 'true' ELSE 'false' END || '},"edges":['
|| coalesce(string_agg('{"node":{"lastName":' || to_json(x2.last_name)::text || ',"appointments":'
|| (SELECT '{"totalCount":'
|| ((SELECT count(*)
FROM appointment t4
WHERE t4.therapist_id = x2.therapist_id AND t4.held_until = 0))::text || ',"edges":['
|| coalesce(string_agg('{"node":{"startsAt":"' || to_char(to_timestamp(x3.starts_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '","service":'
|| (SELECT '{"name":' || to_json(t5.name)::text || '}'
FROM service t5
WHERE t5.code = x3.service_code) || '}}', ','), '') || ']}'
FROM (SELECT t6.starts_at AS starts_at, t6.service_code AS service_code
FROM appointment t6
WHERE t6.therapist_id = x2.therapist_id AND t6.held_until = 0
ORDER BY t6.starts_at DESC, t6.appointment_id DESC
LIMIT 1) x3) || '}}', ',') FILTER (WHERE x2.n <= 1), '') || ']}'
FROM (SELECT s9.*, row_number() OVER () AS n, count(*) OVER () AS m
FROM (SELECT t7.last_name AS last_name, l8.therapist_id AS therapist_id
FROM therapist_specialism l8 , LATERAL (SELECT *
FROM therapist t7
WHERE t7.therapist_id = l8.therapist_id OFFSET 0) t7
WHERE l8.specialism_id = x1.specialism_id AND TRUE
ORDER BY t7.last_name, l8.therapist_id
LIMIT 2) s9) x2) || '}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t10.name AS name, t10.specialism_id AS specialism_id
FROM specialism t10
WHERE TRUE
ORDER BY t10.specialism_id
LIMIT 2) x1) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
