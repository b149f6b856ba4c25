#include "http/answer.h"
#include "http/app.h"
#include "routes.h"

static err say(request *r, int status, str word)
{
    json_writer w = answer_json(r, status);
    json_open(&w, STR_NONE, '{');
    json_str(&w, S("status"), word);
    json_close(&w, '}');
    return OK;
}

err api_healthz(request *r, txn *t)
{
    (void)t; /* alive, whatever the database does */
    return say(r, 200, S("alive"));
}

err api_readyz(request *r, txn *t)
{
    (void)t;
    migration_state state;
    if (store_migration_state(r->app->store, &state) != OK || state.have != state.want)
        return say(r, 503, S("not ready"));
    return say(r, 200, S("ready"));
}

err api_openapi(request *r, txn *t)
{
    (void)t;
    return answer_bytes(r, 200, S("application/json"), openapi_json);
}
