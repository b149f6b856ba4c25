/*
 * Rows that anybody's transaction may lock for long are locked in one order, and nobody who waits for one keeps others
 * from the few connections: what is not free at once makes the transaction begin again, later, in the lane of that row,
 * where one connection waits for it at a time; there it locks in order whatever it found that it needs. Whoever lost to
 * a deadlock over other rows begins with all it had, too, so that it meets the others where all of them begin.
 */
#include "store/postgres.h"

#include "base/hash.h"

#include <stdlib.h>

static int in_order(const void *a, const void *b)
{
    const store_hold *x = a, *y = b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : memcmp(&x->id, &y->id, sizeof x->id);
}

static bool is_after(store_hold what, const pg_holds *h)
{
    return !h->any || in_order(&what, &h->highest) > 0;
}

static void add(store_holds *list, store_hold what)
{
    enum { ROOM_FIRST = 16 };
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : ROOM_FIRST;
        store_hold *grown = realloc(list->p, room * sizeof *grown);
        if (!grown)
            abort();
        list->p = grown;
        list->room = room;
    }
    list->p[list->n++] = what;
}

static bool is_held(const pg_holds *h, store_hold what)
{
    if (is_after(what, h))
        return false;
    for (size_t i = 0; i < h->held.n; i++)
        if (in_order(&h->held.p[i], &what) == 0)
            return true;
    return false;
}

store_turn pg_hold_turn(const txn *t, store_hold what)
{
    pg_connection *c = t->connection;
    bool known = !uuid_none(what.id);
    if (!t->writes || (known && is_held(&c->holds, what)))
        return STORE_HELD;
    bool waits = known && t->job->waits && is_after(what, &c->holds);
    if (waits)
        c->holds.wanted = what;
    return waits ? STORE_WAIT : STORE_TRY;
}

void pg_held(txn *t, store_hold what)
{
    pg_holds *h = &((pg_connection *)t->connection)->holds;
    bool after = is_after(what, h);
    if (after || !is_held(h, what))
        add(&h->held, what);
    if (after)
        h->highest = what;
    h->any = true;
}

err pg_hold_first(txn *t, store_hold what)
{
    pg_connection *c = t->connection;
    c->holds.wanted = what;
    c->holds.taken = c->transient = !c->together; /* the others' are not its own: done alone, it finds its own */
    return c->broken = ERR_UNAVAILABLE;
}

void pg_hold_remember(const pg_connection *c, store_job *job)
{
    const pg_holds *h = &c->holds;
    for (size_t i = 0; i < h->held.n; i++)
        add(&job->hold_first, h->held.p[i]);
    if (!uuid_none(h->wanted.id))
        add(&job->hold_first, h->wanted);
}

bool pg_hold_lane(const pg_connection *c, store_job *job)
{
    const pg_holds *h = &c->holds;
    if (!h->taken && !c->busy)
        return false;
    uint64_t wanted = hash_of((str){(const char *)&h->wanted.id, sizeof h->wanted.id}) + h->wanted.kind;
    job->lane = h->taken ? wanted : c->about;
    job->waits = true;
    return true;
}

/*
 * An id that a statement inserts is a new one's, and tells nothing of who else is at it; what it must not meet twice is
 * called a key.
 */
static str telling(const query *q, const column *c, const void *params)
{
    const char *p = (const char *)params + c->offset;
    str name = str_of(c->name);
    bool is_new = str_eq(name, S("id")) && str_starts(str_of(q->postgres), S("INSERT"));
    if (c->type == COLUMN_UUID && !is_new)
        return (str){p, sizeof(uuid)};
    bool text = c->type == COLUMN_TEXT || c->type == COLUMN_BLOB;
    return text && str_ends(name, S("_key")) ? *(const str *)(const void *)p : S("");
}

uint64_t pg_about(const query *q, const void *params)
{
    uint64_t lane = hash_of(str_of(q->name));
    for (int i = 0; i < q->param_count; i++)
        lane = lane * 31 + hash_of(telling(q, &q->params[i], params));
    return lane;
}

/* Each once, in order. */
static void tidy(store_holds *list)
{
    size_t n = 0;
    if (list->n)
        qsort(list->p, list->n, sizeof *list->p, in_order);
    for (size_t i = 0; i < list->n; i++)
        if (n == 0 || in_order(&list->p[n - 1], &list->p[i]) != 0)
            list->p[n++] = list->p[i];
    list->n = n;
}

err pg_hold_again(txn *t)
{
    store_holds *list = &t->job->hold_first;
    tidy(list);
    for (size_t i = 0; t->store->hold && i < list->n; i++)
        TRY(t->store->hold(t, list->p[i]));
    return OK;
}

void pg_hold_part(pg_connection *c)
{
    pg_holds *h = &c->holds;
    if (h->part_count < PG_PARTS)
        h->parts[h->part_count] = h->held.n;
    h->part_count++;
}

/* With the savepoint go its locks; `highest` stays, which costs an order at most. */
void pg_hold_part_end(pg_connection *c, bool undone)
{
    pg_holds *h = &c->holds;
    h->part_count--;
    if (undone)
        h->held.n = h->part_count < PG_PARTS ? h->parts[h->part_count] : 0;
}

void pg_hold_none(pg_connection *c)
{
    store_holds held = c->holds.held;
    held.n = 0;
    c->holds = (pg_holds){.held = held};
}
