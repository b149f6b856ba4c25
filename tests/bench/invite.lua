-- one durable invitation a request, each to an address of its own; BENCH_ROWS many a request
local lane, count = 0, 0
local rows = tonumber(os.getenv("BENCH_ROWS") or "1")
local mark = os.getenv("BENCH_MARK")

function setup(thread)
    thread:set("lane", lane)
    lane = lane + 1
end

function init()
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY")
end

function request()
    local out = {}
    for i = 1, rows do
        count = count + 1
        out[i] = string.format('{"email":"%s.%d.%d@example.org","role":"member"}', mark, lane, count)
    end
    local body = '{"invitations":[' .. table.concat(out, ",") .. "]}"
    return wrk.format("POST", "/api/v1/organizations/bench/invitations", nil, body)
end

local refused = 0
function response(status)
    if status ~= 200 then
        refused = refused + 1
        if refused == 1 then
            io.stderr:write("  an answer of " .. status .. "\n")
        end
    end
end
