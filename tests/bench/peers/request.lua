-- One kind of request to one server, as peers.py describes it in the environment:
--   PEER_METHOD, PEER_PATH, PEER_HEADERS ("Name: value" a line), PEER_BODY
--   PEER_MARK    when set, "{n}" in the body becomes a word that no other request has
--   PEER_BODIES  when set, a file whose lines are the bodies, each used once
-- Prints what was counted as one line of JSON. wrk counts every status above 399 by itself; looking at each answer here would
-- slow down the load, and with it whoever answers fastest.
local mark, file = os.getenv("PEER_MARK"), os.getenv("PEER_BODIES")
local template = os.getenv("PEER_BODY")
local lanes = 0

wrk.method = os.getenv("PEER_METHOD")
wrk.path = os.getenv("PEER_PATH")
wrk.body = template
for name, value in os.getenv("PEER_HEADERS"):gmatch("([^\n:]+): ([^\n]+)") do
    wrk.headers[name] = value
end

function setup(thread)
    thread:set("lane", lanes)
    lanes = lanes + 1
end

if mark then
    local count = 0
    function request()
        count = count + 1
        local word = mark .. "-" .. lane .. "-" .. count
        return wrk.format(nil, nil, nil, (template:gsub("{n}", word)))
    end
elseif file then
    local bodies, next_one = {}, 0
    for line in io.lines(file) do
        bodies[#bodies + 1] = line
    end
    function request() -- the two threads take turns; with none left the request is refused, and that is counted
        next_one = next_one + 1
        return wrk.format(nil, nil, nil, bodies[2 * next_one - lane] or "none left")
    end
end

function done(summary, latency)
    local e = summary.errors
    print(string.format(
        '{"requests":%d,"microseconds":%d,"bytes":%d,"refused":%d,"broken":%d,"late":%d,"p50":%.0f,"p99":%.0f}',
        summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write, e.timeout,
        latency:percentile(50), latency:percentile(99)))
end
