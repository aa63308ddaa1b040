-- The page after a cursor: one of those in a file, or the first page where there is no file.
dofile(os.getenv("BENCH_COMMON"))
local first, cursors = os.getenv("BENCH_FIRST"), {}
local file = os.getenv("BENCH_CURSORS") or ""
if file ~= "" then
  for line in io.lines(file) do cursors[#cursors + 1] = line end
end

function request()
  local after = #cursors > 0 and '"' .. cursors[math.random(#cursors)] .. '"' or "null"
  return post('{"first":' .. first .. ',"after":' .. after .. "}")
end
