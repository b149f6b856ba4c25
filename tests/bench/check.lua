-- permission checks with an API key
wrk.method = "POST"
wrk.path = "/api/v1/check"
wrk.body = '{"organization":"bench","permission":"invitations.create"}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY")
