SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(group_concat('{"node":{"specialismName":' || json_quote(x1.name) || ',"therapists":'
|| (SELECT '{"pageInfo":{"hasNextPage":' || CASE WHEN coalesce(max(x2.m), 0) > 1 THEN 'true' ELSE 'false' END || '},"edges":['
|| coalesce(group_concat('{"node":{"lastName":' || json_quote(x2.last_name) || ',"appointments":'
|| (SELECT '{"totalCount":'
|| ((SELECT count(*)
FROM appointment t4
WHERE t4.therapist_id = x2.therapist_id AND t4.held_until = 0)) || ',"edges":['
|| coalesce(group_concat('{"node":{"startsAt":"' || strftime('%Y-%m-%dT%H:%M:%SZ', x3.starts_at, 'unixepoch') || '","service":'
|| (SELECT '{"name":' || json_quote(t5.name) || '}'
FROM service t5
WHERE t5.code = x3.service_code) || '}}', ','), '') || ']}'
FROM (SELECT t6.starts_at AS starts_at, t6.service_code AS service_code
FROM appointment t6
WHERE t6.therapist_id = x2.therapist_id AND t6.held_until = 0
ORDER BY t6.starts_at DESC, t6.appointment_id DESC
LIMIT 1) x3) || '}}', ',') FILTER (WHERE x2.n <= 1), '') || ']}'
FROM (SELECT s9.*, row_number() OVER () AS n, count(*) OVER () AS m
FROM (SELECT t7.last_name AS last_name, l8.therapist_id AS therapist_id
FROM therapist_specialism l8 JOIN therapist t7 ON t7.therapist_id = l8.therapist_id
WHERE l8.specialism_id = x1.specialism_id AND TRUE
ORDER BY t7.last_name, l8.therapist_id
LIMIT 2) s9) x2) || '}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t10.name AS name, t10.specialism_id AS specialism_id
FROM specialism t10
WHERE TRUE
ORDER BY t10.specialism_id
LIMIT 2) x1) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
