-- Posts of about 500 bytes, one after the other, from the file that POSTS names; the key, if KEY has one.
local posts, at = {}, 0
for line in io.lines(os.getenv("POSTS")) do posts[#posts + 1] = line end
local headers = { ["Content-Type"] = "application/json" }
if os.getenv("KEY") then headers["Authorization"] = "Bearer " .. os.getenv("KEY") end

function request()
  at = at % #posts + 1
  return wrk.format("POST", nil, headers, posts[at])
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %.0f %.0f %d %d\n", summary.requests, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
