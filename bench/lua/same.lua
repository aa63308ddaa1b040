-- The same request every time.
dofile(os.getenv("BENCH_COMMON"))

function request()
  return post("{}")
end
