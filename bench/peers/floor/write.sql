-- One booking: a plain insert under the exclusion constraint. $1 therapist, $2 start, $3 end, $4 service.
INSERT INTO appointment (therapist_id, starts_at, ends_at, service_code) VALUES ($1, $2, $3, $4)
RETURNING '{"data":{"bookAppointment":{"appointment":{"appointmentId":"' || appointment_id::text
  || '","startsAt":"'
  || to_char(to_timestamp(starts_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"}}}}'
