-- Durable invitations, BENCH_ROWS a request, each to an address of its own that begins with BENCH_MARK, by the keys of
-- BENCH_CALLERS in turn (request.lua tells of the file).
local lanes, count, at = 0, 0, 0
local rows = tonumber(os.getenv("BENCH_ROWS"))
local mark = os.getenv("BENCH_MARK")
local callers = {}

function setup(thread)
    thread:set("lane", lanes) -- a global of that thread
    lanes = lanes + 1
end

local function add(organization, key)
    callers[#callers + 1] = {
        path = "/api/v1/organizations/" .. organization .. "/invitations",
        headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key},
    }
end

function init()
    for line in io.lines(os.getenv("BENCH_CALLERS")) do
        add(line:match("(%S+) (%S+)"))
    end
end

function request()
    local out = {}
    for i = 1, rows do
        count = count + 1
        out[i] = string.format('{"email":"%s.%d.%d@example.org","role":"member"}', mark, lane, count)
    end
    at = at % #callers + 1
    return wrk.format("POST", callers[at].path, callers[at].headers, '{"invitations":[' .. table.concat(out, ",") .. "]}")
end
