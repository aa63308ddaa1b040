-- The variables of a booking; with a fresh idempotency key where the server knows such a thing.
local key = os.getenv("BENCH_KEY") or ""

function booking(therapist, start, duration)
  local fresh = key ~= "" and string.format(',"idempotencyKey":"%s%d"', key, asked) or ""
  return string.format(
    '{"input":{"therapistId":"%d","startsAt":"%s","durationSeconds":%d,"service":"one-off"%s}}',
    therapist, os.date("!%Y-%m-%dT%H:%M:%SZ", start), duration, fresh)
end
