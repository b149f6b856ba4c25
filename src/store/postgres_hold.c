/*
 * Accounts are locked by whoever acts as them, and by what ends ways into them: two people's transactions may want the
 * same two in another order. Nobody waits out of order: what is not free at once makes the transaction begin again, and
 * lock in order whatever it found that it needs. Several jobs in one transaction hold what each of them locked until
 * their common end; there, too, only what comes in order is waited for, and else each job is done alone.
 */
#include "store/postgres.h"

#include <stdlib.h>

static bool is_held(const pg_holds *h, uuid id)
{
    for (size_t i = 0; i < h->n; i++)
        if (uuid_eq(h->ids[i], id))
            return true;
    return false;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(uuid));
}

store_turn pg_hold_turn(const txn *t, uuid id)
{
    const pg_connection *c = t->connection;
    const pg_holds *h = &c->holds;
    if (!t->writes || (!uuid_none(id) && is_held(h, id)))
        return STORE_HELD;
    bool first = uuid_none(h->highest), in_order = !uuid_none(id) && by_bytes(&id, &h->highest) > 0;
    return !h->closed && (first || in_order) ? STORE_WAIT : STORE_TRY;
}

void pg_held(txn *t, uuid id)
{
    pg_holds *h = &((pg_connection *)t->connection)->holds;
    if (by_bytes(&id, &h->highest) > 0)
        h->highest = id;
    if (h->n < PG_HOLDS && !is_held(h, id))
        h->ids[h->n++] = id;
}

void pg_hold_no_more(txn *t)
{
    ((pg_connection *)t->connection)->holds.closed = true;
}

static bool remember(store_job *job, uuid id)
{
    for (size_t i = 0; i < job->hold_first_count; i++)
        if (uuid_eq(job->hold_first[i], id))
            return true;
    if (job->hold_first_count == STORE_HOLD_FIRST_MAX)
        return false;
    job->hold_first[job->hold_first_count++] = id;
    return true;
}

err pg_hold_first(txn *t, uuid id)
{
    pg_connection *c = t->connection;
    c->broken = ERR_UNAVAILABLE;
    if (c->together) /* the others' are not its own: done alone, it finds its own */
        return c->broken;
    c->transient = remember(t->job, id);
    for (size_t i = 0; i < c->holds.n; i++)
        c->transient &= remember(t->job, c->holds.ids[i]);
    return c->broken;
}

err pg_hold_again(txn *t)
{
    store_job *job = t->job;
    err (*hold)(txn * t, uuid id) = t->store->hold;
    if (!hold)
        return OK;
    qsort(job->hold_first, job->hold_first_count, sizeof *job->hold_first, by_bytes);
    for (size_t i = 0; i < job->hold_first_count; i++)
        TRY(hold(t, job->hold_first[i]));
    return OK;
}

void pg_hold_part(pg_connection *c)
{
    pg_holds *h = &c->holds;
    if (h->part_count < PG_PARTS)
        h->parts[h->part_count] = h->n;
    h->part_count++;
}

/* With the savepoint go its locks; `highest` stays, which costs an order at most. */
void pg_hold_part_end(pg_connection *c, bool undone)
{
    pg_holds *h = &c->holds;
    h->part_count--;
    if (undone)
        h->n = h->part_count < PG_PARTS ? h->parts[h->part_count] : 0;
}
