-- One appointment by its number, as one JSON text. $1 the number.
SELECT '{"data":{"node":{"appointmentId":"' || appointment_id::text
  || '","startTimeUnixSeconds":' || starts_at::text
  || ',"durationSeconds":' || (ends_at - starts_at)::text
  || ',"type":' || to_json(service_code)::text
  || ',"therapistId":' || therapist_id::text || '}}}'
FROM appointment WHERE appointment_id = $1
