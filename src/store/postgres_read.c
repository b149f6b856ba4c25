/*
 * Reading on PostgreSQL: a thread borrows a connection for its transaction. BEGIN travels with the first statement and
 * nobody waits for the end, so that a transaction of one statement is one round trip.
 */
#include "store/postgres.h"

#include <stdlib.h>
#include <time.h>

enum { PATIENCE_MS = 2000 };

static pg_connection *borrowed_by_me(pg_store *s)
{
    for (pg_connection *c = s->readers; c; c = c->next)
        if (c->lent && pthread_equal(c->borrower, pthread_self()))
            return c;
    return NULL;
}

/* One that is connected, or one that may be; NULL when all are lent. */
static pg_connection *free_one(pg_store *s)
{
    pg_connection *found = NULL;
    for (pg_connection *c = s->readers; c; c = c->next)
        if (!c->lent && (!found || (!found->pg && c->pg)))
            found = c;
    if ((found && found->pg) || s->reader_count >= s->connections)
        return found;
    pg_connection *c = found ? found : calloc(1, sizeof *c);
    if (c && !found) {
        c->store = s;
        c->next = s->readers;
        s->readers = c;
        s->reader_count++;
    }
    return c;
}

static pg_connection *borrow(pg_store *s)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / MSEC_SECOND;
    pthread_mutex_lock(&s->readers_lock);
    pg_connection *c = borrowed_by_me(s);
    while (!c && !s->down) {
        c = free_one(s);
        if (!c && pthread_cond_timedwait(&s->returned, &s->readers_lock, &until) != 0)
            break;
    }
    if (c && !c->lent) {
        c->lent = true;
        c->borrower = pthread_self();
    }
    pthread_mutex_unlock(&s->readers_lock);
    return c;
}

static void give_back(pg_connection *c)
{
    pg_store *s = c->store;
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
        pg_disconnect(c);
}

static err begin(pg_connection *c)
{
    if (c->pg && !pg_is_alive(c))
        pg_disconnect(c);
    finish_last(c);
    pg_fresh(c);
    TRY(pg_connect(c));
    return pg_send(c, &pg_own[PG_BEGIN_READ], NULL);
}

err pg_read_begin(txn *t)
{
    pg_store *s = pg_of(t->store);
    pg_connection *c = borrow(s);
    if (!c) {
        if (t->problem)
            t->problem->retry_after = PG_RETRY_AFTER;
        return ERR_UNAVAILABLE;
    }
    if (c->depth == 0) {
        err e = begin(c);
        if (e != OK) {
            give_back(c);
            return e;
        }
    }
    c->depth++;
    t->connection = c;
    t->now = pg_now(s, 0);
    return OK;
}

void pg_read_end(txn *t)
{
    pg_connection *c = t->connection;
    if (--c->depth > 0)
        return;
    if (c->lost) {
        pg_disconnect(c);
    } else {
        c->broken = OK; /* what went wrong ends with its transaction */
        c->draining = pg_send(c, &pg_own[PG_ROLLBACK], NULL) == OK && pg_sync(c) == OK;
        if (!c->draining)
            pg_disconnect(c);
    }
    give_back(c);
}

void pg_close_readers(pg_store *s)
{
    for (pg_connection *c = s->readers; c;) {
        pg_connection *next = c->next;
        pg_disconnect(c);
        free(c);
        c = next;
    }
    s->readers = NULL;
    s->reader_count = 0;
}
