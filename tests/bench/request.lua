-- Requests prepared beforehand, one after the other for ever: BENCH_PATH (a POST when there is a BENCH_BODY) by each of
-- BENCH_CALLERS, a file of lines "organization key" or "organization session". {org} in path and body becomes the
-- organization.
local prepared, at = {}, 0
local lanes = 0

local function headers_of(secret)
    local headers = {["Content-Type"] = "application/json"}
    if secret:sub(1, 4) == "pvk_" then
        headers["Authorization"] = "Bearer " .. secret
    else
        headers["Cookie"] = "parvis_session=" .. secret
    end
    return headers
end

local function prepare(organization, secret)
    local path, body = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODY")
    path = path:gsub("{org}", organization)
    body = body and body:gsub("{org}", organization)
    prepared[#prepared + 1] = wrk.format(body and "POST" or "GET", path, headers_of(secret), body)
end

function setup(thread)
    thread:set("lane", lanes) -- a global of that thread
    lanes = lanes + 1
end

function init()
    for line in io.lines(os.getenv("BENCH_CALLERS")) do
        prepare(line:match("(%S+) (%S+)"))
    end
    at = lane * math.floor(#prepared / 2)
end

function request()
    at = at % #prepared + 1
    return prepared[at]
end
