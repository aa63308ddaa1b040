-- One appointment, another one every time.
dofile(os.getenv("BENCH_COMMON"))
local most = tonumber(os.getenv("BENCH_APPOINTMENTS"))
local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for k = 3, 0, -1 do
      local at = math.floor(bits / 64 ^ k) % 64 + 1
      out[#out + 1] = letters:sub(at, at)
    end
    if not b then out[#out - 1] = "=" end
    if not c then out[#out] = "=" end
  end
  return table.concat(out)
end

-- "Appointment:" is twelve bytes long, so only the number has to be encoded anew.
local kind = base64("Appointment:")

function request()
  return post('{"id":"' .. kind .. base64(tostring(math.random(1, most))) .. '"}')
end
