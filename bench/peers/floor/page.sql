-- The nested read as one JSON text: the fastest of some twenty forms that were tried on PostgreSQL 15.
-- Every level is an ordered ARRAY; the links are walked in index order; OFFSET 0 keeps the planner from
-- hashing all specialisms anew for each therapist. $1 begin, $2 end, $3 how many.
SELECT '{"data":{"appointments":{"edges":[' || array_to_string(ARRAY(
  SELECT '{"node":{"therapists":{"firstName":' || (
      SELECT to_json(t.first_name)::text || ',"lastName":' || to_json(t.last_name)::text
        || ',"specialisms":{"edges":[' || array_to_string(ARRAY(
          SELECT '{"node":{"specialismName":' || to_json(s.name)::text || '}}'
          FROM therapist_specialism ts,
            LATERAL (SELECT s.name FROM specialism s WHERE s.specialism_id = ts.specialism_id OFFSET 0) s
          WHERE ts.therapist_id = t.therapist_id
          ORDER BY ts.specialism_id), ',')
      FROM therapist t WHERE t.therapist_id = a.therapist_id)
    || ']}},"startTimeUnixSeconds":' || a.starts_at::text
    || ',"durationSeconds":' || (a.ends_at - a.starts_at)::text
    || ',"type":' || to_json(a.service_code)::text || '}}'
  FROM (
    SELECT a.therapist_id, a.starts_at, a.ends_at, a.service_code
    FROM appointment a
    WHERE a.starts_at >= $1 AND a.starts_at <= $2
    ORDER BY a.starts_at, a.appointment_id
    LIMIT $3) a), ',') || ']}}}'
