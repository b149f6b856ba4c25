/* The store's door: every call goes to the engine that the URI names. */
#include "store/engine.h"

#include "base/log.h"
#include "base/text.h"
#include "queries.h"

#include <pthread.h>
#include <stdlib.h>

enum { READ_RUNS_MOST = 3 };

static const store_engine *const engines[] = {&sqlite_engine, &postgres_engine, &postgres_short_engine, NULL};

static const store_engine *engine_of(str uri)
{
    for (size_t i = 0; engines[i]; i++)
        if (str_starts(uri, engines[i]->scheme))
            return engines[i];
    return NULL;
}

err store_open(str uri, store **out)
{
    *out = NULL;
    const store_engine *engine = engine_of(uri);
    if (!engine) { /* the rest of the URI may hold a password */
        log_(LOG_ERROR, "this kind of database is not known",
             LOG_TEXT("kind", str_slice(uri, 0, str_find_byte(uri, ':'))));
        return ERR_UNAVAILABLE;
    }
    store *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_UNAVAILABLE;
    *s = (store){.engine = engine, .migrations = &store_migrations};
    err e = engine->open(s, str_slice(uri, engine->scheme.n, uri.n));
    if (e != OK)
        free(s);
    else
        *out = s;
    return e;
}

str store_name(arena *a, str uri)
{
    const store_engine *engine = engine_of(uri);
    return engine ? engine->name(a, str_slice(uri, engine->scheme.n, uri.n)) : S("");
}

bool store_understands(arena *a, str uri, str *unknown)
{
    const store_engine *engine = engine_of(uri);
    *unknown = STR_NONE;
    return engine && (!engine->understands || engine->understands(a, str_slice(uri, engine->scheme.n, uri.n), unknown));
}

void store_close(store *s)
{
    if (!s)
        return;
    s->engine->close(s);
    free(s);
}

void store_set_env(store *s, const struct env *env)
{
    s->env = env;
}

void store_set_connections(store *s, size_t count)
{
    if (s->engine->set_connections)
        s->engine->set_connections(s, count);
}

void store_set_timeout(store *s, msec most)
{
    if (s->engine->set_timeout)
        s->engine->set_timeout(s, most);
}

bool store_is_shared(const store *s)
{
    return s->engine->shared;
}

err store_integrity(txn *t, str **findings, size_t *count)
{
    return t->store->engine->integrity(t, findings, count);
}

err store_migration_state(store *s, migration_state *out)
{
    return s->engine->migration_state(s, out);
}

err store_migrate(store *s)
{
    return s->engine->migrate(s);
}

void store_linger(store *s)
{
    if (s->engine->linger)
        s->engine->linger(s);
}

void store_rest(store *s)
{
    if (s->engine->rest)
        s->engine->rest(s);
}

err store_read(store *s, arena *a, problem *p, err (*run)(txn *t, void *context), void *context)
{
    bool again = true;
    err result = OK;
    for (int runs = 0; again && runs < READ_RUNS_MOST; runs++) {
        txn t;
        if (p)
            *p = (problem){0};
        TRY(store_read_begin(s, a, p, &t));
        result = run(&t, context);
        again = s->engine->read_again && s->engine->read_again(&t);
        store_read_end(&t);
    }
    return again ? ERR_UNAVAILABLE : result;
}

void store_submit(store *s, store_job *job)
{
    s->engine->submit(s, job);
}

store_turn store_hold_turn(const txn *t, store_hold what)
{
    return t->store->engine->hold_turn ? t->store->engine->hold_turn(t, what) : STORE_HELD;
}

void store_held(txn *t, store_hold what)
{
    if (t->store->engine->held)
        t->store->engine->held(t, what);
}

err store_hold_first(txn *t, store_hold what)
{
    t->job->passed = t->job->passes;
    if (t->job->passed)
        return ERR_UNAVAILABLE;
    return t->store->engine->hold_first ? t->store->engine->hold_first(t, what) : ERR_UNAVAILABLE;
}

void store_set_holder(store *s, err (*hold)(txn *t, store_hold what))
{
    s->hold = hold;
}

void store_on_commit(txn *t, void (*call)(void))
{
    t->job->on_commit = call;
}

/* ---- a write that is waited for ---- */

typedef struct waiter {
    err (*run)(txn *t, void *context);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool finished;
    err result;
} waiter;

static err waiter_run(txn *t, void *context)
{
    waiter *w = context;
    return w->run(t, w->context);
}

static void waiter_done(void *context, err result)
{
    waiter *w = context;
    pthread_mutex_lock(&w->lock);
    w->finished = true;
    w->result = result;
    pthread_cond_signal(&w->wake); /* under the lock: *w is gone as soon as the waiter can run */
    pthread_mutex_unlock(&w->lock);
}

static err submit_and_wait(store *s, store_job *job, waiter *w)
{
    job->run = waiter_run;
    job->done = waiter_done;
    job->context = w;
    store_submit(s, job);
    pthread_mutex_lock(&w->lock);
    while (!w->finished)
        pthread_cond_wait(&w->wake, &w->lock);
    pthread_mutex_unlock(&w->lock);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    return w->result;
}

err store_write(store *s, arena *a, problem *p, err (*run)(txn *t, void *context), void *context)
{
    waiter w = {.run = run, .context = context, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
    store_job job = {.a = a, .problem = p};
    return submit_and_wait(s, &job, &w);
}

err store_write_free(store *s, arena *a, problem *p, err (*run)(txn *t, void *context), void *context, bool *taken)
{
    waiter w = {.run = run, .context = context, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
    store_job job = {.a = a, .problem = p, .passes = true};
    err e = submit_and_wait(s, &job, &w);
    *taken = job.passed;
    return e;
}

/* ---- statements ---- */

/* PostgreSQL refuses this, SQLite where rows are changed: here both do, so that no test on one misses it. */
static err allowed(const txn *t, const query *q)
{
    if (t->writes || !q->writes)
        return OK;
    log_(LOG_ERROR, "a statement that changes or locks rows was used for reading", LOG_TEXT("at", str_of(q->name)));
    return ERR_INTERNAL;
}

/* The value stays out of the log: nobody knows whose it is. */
static err all_text(const txn *t, const query *q, const void *params)
{
    for (size_t i = 0; i < q->param_count; i++) {
        const column *c = &q->params[i];
        if (c->type != COLUMN_TEXT || text_is_sound(*(const str *)((const char *)params + c->offset)))
            continue;
        log_(LOG_ERROR, "a statement was given bytes that are no text", LOG_TEXT("at", str_of(q->name)),
             LOG_TEXT("parameter", str_of(c->name)));
        return t->problem ? problem_at(t->problem, ERR_INVALID_REQUEST, S(""), S("invalid-characters"), 0)
                          : ERR_INVALID_REQUEST;
    }
    return OK;
}

static err acceptable(const txn *t, const query *q, const void *params)
{
    TRY(allowed(t, q));
    return all_text(t, q, params);
}

err store_query_one(txn *t, const query *q, const void *params, void *row)
{
    TRY(acceptable(t, q, params));
    return t->store->engine->query_one(t, q, params, row);
}

err store_query_many(txn *t, const query *q, const void *params, void **rows, size_t *count)
{
    TRY(acceptable(t, q, params));
    return t->store->engine->query_many(t, q, params, rows, count);
}

err store_execute(txn *t, const query *q, const void *params, int64_t *changed)
{
    TRY(acceptable(t, q, params));
    return t->store->engine->execute(t, q, params, changed);
}

err store_savepoint(txn *t)
{
    t->parts++;
    return t->store->engine->savepoint(t);
}

err store_release(txn *t)
{
    return engine_release(t);
}

void store_rollback_to(txn *t)
{
    engine_rollback_to(t);
}

/* ---- what stays of a refusal ---- */

/*
 * The savepoints end, kept, and begin anew, so that each of them undoes what comes from here on. So does one more
 * around them, which is the write's own end where it is refused. What fails here breaks the write: its result cannot be
 * OK.
 */
void txn_keep(txn *t)
{
    if (!t->writes)
        return;
    size_t open = t->parts + !t->job->kept;
    t->job->kept = true;
    while (t->parts > 0)
        (void)!store_release(t);
    while (t->parts < open)
        (void)!store_savepoint(t);
}
