/*
 * What the engines do alike: a run that reads, from its beginning to its end, and what becomes of one that wrote and
 * was refused. Neither knows which engine it is.
 */
#include "store/engine.h"

err store_read_begin(store *s, arena *a, problem *p, txn *t)
{
    *t = (txn){.store = s, .a = a, .problem = p, .env = s->env};
    return s->engine->read_begin(t);
}

void store_read_end(txn *t)
{
    if (t->connection)
        t->store->engine->read_end(t);
    t->connection = NULL;
}

err engine_ran(txn *t, err result)
{
    if (!t->job->kept || err_about(result)->status >= 500)
        return result;
    while (t->parts > 0)
        if (result == OK)
            TRY(engine_release(t));
        else
            engine_rollback_to(t);
    t->job->refusal = result;
    return OK;
}
