SELECT p.answer, p.row_count
FROM account g
LEFT JOIN (SELECT '{"edges":['
|| coalesce(group_concat('{"node":{"startTimeUnixSeconds":' || CASE WHEN x1.starts_at BETWEEN -2147483648 AND 2147483647 THEN (x1.starts_at) ELSE char(1) END || ',"startsAt":"' || strftime('%Y-%m-%dT%H:%M:%SZ', x1.starts_at, 'unixepoch') || '"}}', ','), '') || ']}' AS answer, count(*) AS row_count
FROM (SELECT t2.starts_at AS starts_at
FROM appointment t2
WHERE (t2.held_until = 0 AND t2.therapist_id = ?5)
ORDER BY t2.appointment_id
LIMIT 100) x1) p ON TRUE
WHERE g.account_id = ?1 AND g.username = ?2 AND g.role = ?3 AND g.disabled_at IS NULL AND coalesce((SELECT s.revoked_at
FROM log_in_session s
WHERE s.sid = ?4), 0) = 0
