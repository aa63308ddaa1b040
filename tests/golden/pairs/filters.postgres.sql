SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"totalCount":'
|| ((SELECT count(*)
FROM appointment t2
WHERE (t2.held_until = 0 AND (t2.starts_at >= $5::bigint AND (t2.service_code = $6::text OR (EXISTS (SELECT 1
FROM therapist t3
WHERE t3.therapist_id = t2.therapist_id AND t3.search_name LIKE $7::text ESCAPE '\') AND t2.service_code = ANY($8::text[]))) AND NOT (EXISTS (SELECT 1
FROM therapist_specialism l5 JOIN specialism t4 ON t4.specialism_id = l5.specialism_id
WHERE l5.therapist_id = t2.therapist_id AND t4.name = ANY($9::text[])))))))::text || ',"edges":['
|| coalesce(string_agg('{"node":{"appointmentId":"' || (x1.appointment_id)::text || '"}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t6.appointment_id AS appointment_id
FROM appointment t6
WHERE (t6.held_until = 0 AND (t6.starts_at >= $5::bigint AND (t6.service_code = $6::text OR (EXISTS (SELECT 1
FROM therapist t7
WHERE t7.therapist_id = t6.therapist_id AND t7.search_name LIKE $7::text ESCAPE '\') AND t6.service_code = ANY($8::text[]))) AND NOT (EXISTS (SELECT 1
FROM therapist_specialism l9 JOIN specialism t8 ON t8.specialism_id = l9.specialism_id
WHERE l9.therapist_id = t6.therapist_id AND t8.name = ANY($9::text[])))))
ORDER BY t6.appointment_id
LIMIT 100) x1) p ON TRUE
WHERE g.account_id = $1::bigint AND g.username = $2::text AND g.role = $3::text AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = $4::text), 0) = 0
