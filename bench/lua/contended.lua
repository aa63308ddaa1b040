-- The next free quarter of an hour in one and the same diary, so that bookings meet there.
dofile(os.getenv("BENCH_COMMON"))
dofile(os.getenv("BENCH_BOOKING"))
local therapist, from = tonumber(os.getenv("BENCH_BASE")), tonumber(os.getenv("BENCH_FROM"))
local most = tonumber(os.getenv("BENCH_MOST"))

function request()
  if asked >= most then error("no free quarters left") end
  return post(booking(therapist, from + asked * 900, 900))
end
