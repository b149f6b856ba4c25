/*
 * What asks after the server itself: alive, ready, its own description. Aliveness asks no database: a restart would not
 * mend one that is gone.
 */
#include "http/answer.h"
#include "http/app.h"
#include "replies.h"
#include "routes.h"

err api_healthz(request *r, txn *t)
{
    (void)t; /* alive, whatever the database does */
    return REPLY(r, 200, status, .status = S("alive"));
}

err api_readyz(request *r, txn *t)
{
    (void)t;
    migration_state state;
    if (store_migration_state(r->app->store, &state) != OK || state.have != state.want)
        return REPLY(r, 503, status, .status = S("not ready"));
    return REPLY(r, 200, status, .status = S("ready"));
}

err api_openapi(request *r, txn *t)
{
    (void)t;
    return answer_bytes(r, 200, S("application/json"), openapi_json);
}
