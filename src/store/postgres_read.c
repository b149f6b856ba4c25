/*
 * Reading on PostgreSQL: a thread borrows a connection for its transaction. BEGIN travels with the first statement and
 * nobody waits for the end, so that a transaction of one statement is one round trip.
 */
#include "store/postgres.h"

#include <stdlib.h>
#include <time.h>

enum {
    PATIENCE_MS = 1800,
    SLICE_MS = 100,    /* how soon one who waits hears that the database is gone */
    FEW_FOR_MS = 1000, /* how long the database's refusal of one more connection is believed */
    NONE_AGAIN_MS = 50,
};

static pg_connection *borrowed_by_me(pg_store *s)
{
    for (pg_connection *c = s->readers; c; c = c->next)
        if (c->lent && pthread_equal(c->borrower, pthread_self()))
            return c;
    return NULL;
}

/* One that is connected, or one that may be; NULL when there are none to spare. */
static pg_connection *free_one(pg_store *s)
{
    size_t open = 0, most = clock_monotonic() < s->readers_more_at ? s->readers_most : s->connections;
    pg_connection *found = NULL;
    for (pg_connection *c = s->readers; c; c = c->next) {
        bool connected = !c->lent && c->pg;
        open += c->lent || connected;
        if (!c->lent && (!found || (!found->pg && connected)))
            found = c;
    }
    if (found && found->pg)
        return found;
    if (open >= most)
        return NULL;
    pg_connection *c = found ? found : calloc(1, sizeof *c);
    if (c && !found) {
        c->store = s;
        c->next = s->readers;
        s->readers = c;
    }
    return c;
}

static void wait_a_slice(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += SLICE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(condition, lock, &until);
}

static pg_connection *borrow(pg_store *s, msec deadline)
{
    pthread_mutex_lock(&s->readers_lock);
    pg_connection *c = borrowed_by_me(s);
    while (!c && !s->down) {
        c = free_one(s);
        if (c || clock_monotonic() >= deadline)
            break;
        wait_a_slice(&s->returned, &s->readers_lock);
    }
    if (c && !c->lent) {
        c->lent = true;
        c->borrower = pthread_self();
    }
    pthread_mutex_unlock(&s->readers_lock);
    return c;
}

static void hang_up(pg_connection *c)
{
    pg_disconnect(c);
    if (c->counted)
        c->store->readers_live--;
    c->counted = false;
}

bool pg_spare_reader(pg_store *s)
{
    pthread_mutex_lock(&s->readers_lock);
    pg_connection *c = s->readers;
    while (c && (c->lent || !c->pg))
        c = c->next;
    if (c)
        hang_up(c);
    pthread_mutex_unlock(&s->readers_lock);
    return c != NULL;
}

static void give_back(pg_connection *c)
{
    pg_store *s = c->store;
    if (s->writer_waits && s->readers_live > 1) {
        s->writer_waits = false;
        hang_up(c);
        pg_tell_few(s);
    }
    pthread_mutex_lock(&s->readers_lock);
    c->lent = false;
    pthread_cond_signal(&s->returned);
    pthread_mutex_unlock(&s->readers_lock);
}

/* The answer to the last transaction's end is read when the next one begins. */
static void finish_last(pg_connection *c)
{
    if (!c->draining)
        return;
    violation ignored;
    c->draining = false;
    if (pg_answers(c, NULL, &ignored) != OK)
        hang_up(c);
}

static err begin(pg_connection *c)
{
    if (c->pg && !pg_is_alive(c))
        hang_up(c);
    finish_last(c);
    pg_fresh(c);
    TRY(pg_connect(c));
    if (!c->counted)
        c->store->readers_live++;
    c->counted = true;
    return pg_send(c, &pg_own[PG_BEGIN_READ], NULL);
}

/*
 * No connection could be made. True: the database is there, so that one that is open will come free, or a writer gives
 * one up.
 */
static bool make_do(pg_store *s, msec deadline)
{
    if (!s->there || s->down || clock_monotonic() >= deadline)
        return false;
    size_t live = s->readers_live > 0 ? (size_t)s->readers_live : 0;
    if (live == 0) {
        pthread_mutex_lock(&s->lock);
        s->reader_waits = true;
        pthread_cond_broadcast(&s->wake);
        pthread_mutex_unlock(&s->lock);
        nanosleep(&(struct timespec){.tv_nsec = NONE_AGAIN_MS * 1000000L}, NULL);
        return true;
    }
    pthread_mutex_lock(&s->readers_lock);
    s->readers_most = live;
    s->readers_more_at = clock_monotonic() + FEW_FOR_MS;
    pthread_mutex_unlock(&s->readers_lock);
    pg_tell_few(s);
    return true;
}

err pg_read_begin(txn *t)
{
    pg_store *s = pg_of(t->store);
    msec deadline = clock_monotonic() + PATIENCE_MS;
    pg_connection *c;
    bool again = true;
    while ((c = again ? borrow(s, deadline) : NULL)) {
        if (c->depth > 0 || begin(c) == OK)
            break;
        hang_up(c);
        give_back(c);
        again = make_do(s, deadline);
    }
    if (!c) {
        if (t->problem)
            t->problem->retry_after = PG_RETRY_AFTER;
        return ERR_UNAVAILABLE;
    }
    s->reader_waits = false;
    c->depth++;
    t->connection = c;
    t->now = pg_now(s, 0);
    return OK;
}

bool pg_read_again(const txn *t)
{
    const pg_connection *c = t->connection;
    return c && (c->lost || c->transient);
}

void pg_read_end(txn *t)
{
    pg_connection *c = t->connection;
    if (--c->depth > 0)
        return;
    if (c->lost) {
        hang_up(c);
    } else {
        c->broken = OK; /* what went wrong ends with its transaction */
        c->draining = pg_send(c, &pg_own[PG_ROLLBACK], NULL) == OK && pg_sync(c) == OK;
        if (!c->draining)
            hang_up(c);
    }
    give_back(c);
}

void pg_close_readers(pg_store *s)
{
    for (pg_connection *c = s->readers; c;) {
        pg_connection *next = c->next;
        hang_up(c);
        free(c);
        c = next;
    }
    s->readers = NULL;
}
