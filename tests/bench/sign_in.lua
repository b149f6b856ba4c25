-- Sign-ins with a right password, each of another account of BENCH_PEOPLE (a file of addresses)
local people, at, lanes = {}, 0, 0

function setup(thread)
    thread:set("lane", lanes) -- a global of that thread
    lanes = lanes + 1
end

function init()
    for line in io.lines(os.getenv("BENCH_PEOPLE")) do
        people[#people + 1] = string.format('{"email":"%s","password":"%s"}', line, os.getenv("BENCH_PASSWORD"))
    end
    at = lane * math.floor(#people / 2)
end

function request()
    at = at % #people + 1
    return wrk.format("POST", "/api/v1/sessions", {["Content-Type"] = "application/json"}, people[at])
end
