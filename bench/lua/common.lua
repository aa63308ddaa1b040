-- What every script shares: a request made by hand (wrk.format is slower), and a judge of every answer.
-- The harness says the rest in the environment. Must not know: what is asked.

local env = os.getenv
local before = "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
  .. "Accept: application/json\r\n" .. (env("BENCH_HEADERS") or "") .. "Content-Length: "
local opening = '{"operationName":"' .. env("BENCH_REQUEST") .. '","query":' .. env("BENCH_DOCUMENT")
  .. ',"variables":'
local head = env("BENCH_HEAD")
local every = tonumber(env("BENCH_SEARCH_EVERY"))

asked, answered, bad, sample = 0, 0, 0, ""
math.randomseed(tonumber(env("BENCH_SEED")))

function post(variables)
  asked = asked + 1
  local body = opening .. variables .. "}"
  return before .. #body .. "\r\n\r\n" .. body
end

-- Errors stand before or after the data. A good answer has neither: it begins as it must and ends with the
-- data's braces. Searching the whole of every large answer would cost the server's own time on a small machine.
local function good(status, body)
  if status ~= 200 then return false end
  local start = body:sub(1, 2 * #head):gsub("%s", "")
  if start:sub(1, #head) ~= head or not body:find("}}}%s*$", -8) then return false end
  if #body > 2048 and answered % every ~= 0 then return true end
  return not (body:find('"errors":[{', 1, true) or body:find('"errors": [{', 1, true))
end

function response(status, _, body)
  answered = answered + 1
  if good(status, body) then return end
  bad = bad + 1
  if sample ~= "" then return end
  local long = #body > 800
  sample = status .. " " .. (long and body:sub(1, 400) .. " … " .. body:sub(-400) or body)
end

local threads = {}
function setup(thread) table.insert(threads, thread) end

function done(summary, latency)
  local thread = threads[1]
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    "BENCH %d %d %d %d %d %d %d %s\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    thread:get("asked"), thread:get("bad"), broken, thread:get("sample"):gsub("\n", " ")))
end
