-- A free hour in another diary every time; over all therapists before the next hour.
dofile(os.getenv("BENCH_COMMON"))
dofile(os.getenv("BENCH_BOOKING"))
local therapists = tonumber(os.getenv("BENCH_THERAPISTS"))
local base, from = tonumber(os.getenv("BENCH_BASE")), tonumber(os.getenv("BENCH_FROM"))
local most = tonumber(os.getenv("BENCH_MOST"))

function request()
  local place = base + asked
  if place >= most then error("no free hours left") end
  return post(booking(1 + place % therapists, from + math.floor(place / therapists) * 3600, 3600))
end
