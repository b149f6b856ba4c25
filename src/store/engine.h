/*
 * What an engine is. store.c gives every call of store.h to the engine that the URI names; SQLite's stands in
 * sqlite*.c, PostgreSQL's in postgres*.c.
 */
#ifndef PARVIS_STORE_ENGINE_H
#define PARVIS_STORE_ENGINE_H

#include "base/hash.h"
#include "store/migration.h"

/** Every function keeps the promise that store.h makes for the call of the same name. */
typedef struct store_engine {
    str scheme;  /* "sqlite:" */
    bool shared; /* see store_is_shared */
    err (*open)(store *s, str rest);
    str (*name)(arena *a, str rest);
    bool (*understands)(arena *a, str rest, str *unknown); /* NULL: whatever is written */
    void (*close)(store *s);
    err (*read_begin)(txn *t);
    void (*read_end)(txn *t);
    void (*linger)(store *s); /* NULL, both: nothing to gain for this engine */
    void (*rest)(store *s);
    bool (*read_again)(const txn *t); /* NULL: never */
    void (*submit)(store *s, store_job *job);
    err (*query_one)(txn *t, const query *q, const void *params, void *row);
    err (*query_many)(txn *t, const query *q, const void *params, void **rows, size_t *count);
    err (*execute)(txn *t, const query *q, const void *params, int64_t *changed);
    err (*savepoint)(txn *t);
    err (*release)(txn *t);
    void (*rollback_to)(txn *t);
    store_turn (*hold_turn)(const txn *t, store_hold what); /* NULL, all three: nobody writes beside */
    void (*held)(txn *t, store_hold what);
    err (*hold_first)(txn *t, store_hold what);
    err (*integrity)(txn *t, str **findings, size_t *count);
    err (*migration_state)(store *s, migration_state *out);
    err (*migrate)(store *s);
    void (*set_connections)(store *s, size_t count); /* NULL: not for this engine */
    void (*set_timeout)(store *s, msec most);        /* the same */
} store_engine;

/** Before each run of a job. */
static inline void engine_begin(store_job *job)
{
    job->on_commit = NULL;
    job->kept = false;
    job->passed = false;
    job->refusal = OK;
}

/**
 * After a run that came to `result`, before its end: a refusal that keeps what was written (txn_keep) undoes the rest
 * and gives OK, for the engine commits it as any other; engine_done then tells the refusal.
 */
err engine_ran(txn *t, err result);

/** The end of a job whose commit is durable, or that was refused. */
static inline void engine_done(store_job *job, err result)
{
    if (result == OK && job->on_commit)
        job->on_commit();
    job->done(job->context, result == OK ? job->refusal : result);
}

/** Where jobs of this lane wait; `key` is the process's own: nobody outside knows which lanes meet. */
static inline size_t engine_lane(const store_job *job, const hash_key *key, size_t lanes)
{
    return hash_under(key, (str){(const char *)&job->lane, sizeof job->lane}) % lanes;
}

extern const store_engine sqlite_engine, postgres_engine, postgres_short_engine;

/**
 * One run of a reading transaction, and its end, for store_read and for the tests of the engines: whoever uses these by
 * themselves reads nothing again after a lost connection.
 */
err store_read_begin(store *s, arena *a, problem *p, txn *t);
void store_read_end(txn *t);

/**
 * Room in t->a for one more row of q beside `count`. It grows by half: the arena can always hold half of what it holds
 * already (see arena_alloc). *size starts at 0.
 */
static inline char *engine_room(txn *t, const query *q, char *rows, size_t count, size_t *size)
{
    enum { ROWS_FIRST = 32 };
    if (count < *size)
        return rows;
    *size = *size ? *size + *size / 2 : ROWS_FIRST;
    char *grown = (char *)arena_alloc(t->a, *size * q->row_size);
    if (count)
        memcpy(grown, rows, count * q->row_size);
    return grown;
}

struct store {
    const store_engine *engine;
    void *own; /* the engine's state */
    const struct env *env;
    const migration_set *migrations;
    err (*hold)(txn *t, store_hold what); /* store_set_holder; NULL: none */
};

/** The innermost savepoint is kept, or undone. */
static inline err engine_release(txn *t)
{
    t->parts--;
    return t->store->engine->release(t);
}
static inline void engine_rollback_to(txn *t)
{
    t->parts--;
    t->store->engine->rollback_to(t);
}

#endif
