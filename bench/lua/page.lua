-- A page that begins somewhere else every time.
dofile(os.getenv("BENCH_COMMON"))
local from, span = tonumber(os.getenv("BENCH_BEGIN")), tonumber(os.getenv("BENCH_SPAN"))
local length, first = tonumber(os.getenv("BENCH_PAGE_SECONDS")), os.getenv("BENCH_FIRST")

function request()
  local begin = from + math.random(0, span)
  return post(string.format('{"begin":%d,"end":%d,"first":%s}', begin, begin + length, first))
end
