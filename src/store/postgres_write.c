/*
 * Writing on PostgreSQL: a transaction is run, committed, and run again from its beginning when the database asks for
 * that or the connection breaks. Who runs it: postgres_threads.c.
 *
 * When it breaks in the midst of COMMIT, nobody knows whether the transaction stands. So every attempt that changes
 * something also inserts a row with an id of its own (table transaction_fate). Before the next attempt that row is
 * inserted in its place, in a transaction of its own: if the lost one is still at it, the unique index makes us wait;
 * if it stands, the index refuses, and the job is done with the answers it was given; if not, it never will.
 */
#include "store/postgres.h"

#include "base/log.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    ATTEMPTS_MAX = 8,
    PUT_OFF = 0x80,            /* added to the number of an attempt: we inserted its row for it */
    AGAIN_FOR_MS = 6000,       /* after a serialization failure or a deadlock (which takes a second to be found) */
    BULK_AGAIN_FOR_MS = 15000, /* the same for large work */
    RECONNECT_FOR_MS = 1800,   /* since the job came: the refusal is out within two seconds */
    BULK_DOUBLINGS = 4,
};

/* ---- one attempt ---- */

static uuid fate_of(store_job *job, int at)
{
    if (uuid_none(job->fate))
        job->fate = uuid_new(clock_now());
    uuid own = job->fate;
    own.b[sizeof own.b - 1] ^= (uint8_t)at;
    return own;
}

/* Until when it may wait: no longer than whoever asked does. */
static err be_patient(pg_connection *c, const store_job *job)
{
    char text[24];
    msec left = c->store->timeout - (clock_monotonic() - job->since), most = c->store->timeout * 4 / 5;
    left = left < most ? left : most;
    snprintf(text, sizeof text, "%lld", (long long)(left > PG_BRIEFLY_MS ? left : PG_BRIEFLY_MS));
    str ms = str_of(text);
    c->patient = true;
    return pg_send(c, &pg_own[PG_PATIENCE], &ms);
}

/* Gives the time. */
static err begin(pg_connection *c, const store_job *job, msec *now)
{
    PGresult *r;
    pg_fresh(c);
    TRY(pg_send(c, &pg_own[PG_BEGIN_WRITE], NULL));
    if (job->waits)
        TRY(be_patient(c, job));
    TRY(pg_ask(c, &pg_own[PG_CLOCK], NULL, &r));
    *now = pg_number(r);
    PQclear(r);
    return OK;
}

static err run(pg_connection *c, store_job *job, msec now)
{
    problem unread = {0};
    if (job->attempts > 0 && job->problem)
        *job->problem = (problem){0};
    txn t = {.store = c->store->store,
             .a = job->a,
             .problem = job->problem ? job->problem : &unread,
             .now = pg_now(c->store, now),
             .writes = true,
             .env = c->store->store->env,
             .connection = c,
             .job = job};
    engine_begin(job);
    err e = pg_hold_again(&t);
    if (e == OK)
        e = job->run(&t, job->context);
    if (c->broken == OK && !arena_full(job->a))
        e = engine_ran(&t, e);
    if (c->broken != OK)
        return c->broken;
    return arena_full(job->a) ? ERR_UNAVAILABLE : e;
}

/* The rows that tell, should COMMIT's answer be lost, that the changes of these jobs stand. */
static err send_fates(pg_connection *c, store_job *const *jobs, size_t n)
{
    uuid fates[PG_GROUP_MAX];
    for (size_t i = 0; i < n; i++)
        fates[i] = fate_of(jobs[i], jobs[i]->attempts);
    str all = {(const char *)fates, n * sizeof *fates};
    return pg_send(c, &pg_own[PG_FATES], &all);
}

static err commit(pg_connection *c, store_job *const *jobs, size_t n)
{
    violation v;
    PGresult *r;
    if (c->changes)
        TRY(send_fates(c, jobs, n));
    c->ending = c->changes; /* from here on it may arrive, whatever we are told */
    TRY(pg_send(c, &pg_own[PG_COMMIT], NULL));
    TRY(pg_collect(c, &r, &v));
    bool stands = str_eq(str_of(PQcmdStatus(r)), S("COMMIT"));
    PQclear(r);
    c->ending = false;
    return stands ? OK : ERR_INTERNAL; /* ROLLBACK: a statement failed, and its rule took it for success */
}

/* Undoes what was done. What was sent hopefully may turn out to have failed. */
static void roll_back(pg_connection *c)
{
    violation v;
    if (c->lost)
        return;
    (void)!pg_collect(c, NULL, &v);
    if (c->lost)
        return;
    err why = c->broken;
    c->broken = OK;
    err e = pg_ask(c, &pg_own[PG_ROLLBACK], NULL, NULL);
    if (e == OK)
        c->broken = why;
    else
        (void)!pg_lose(c, "rollback");
}

static err attempt(pg_connection *c, store_job *job, bool careful)
{
    msec now;
    err e = begin(c, job, &now);
    c->careful = careful;
    if (e == OK)
        e = run(c, job, now);
    if (e == OK)
        e = commit(c, &job, 1);
    if (e != OK)
        roll_back(c);
    return e;
}

/* ---- what became of a lost COMMIT ---- */

/* ERR_CONFLICT: one of the rows is there already; *stands: it is the attempt's own. */
static err insert_fate(pg_connection *c, store_job *job, bool *stands)
{
    violation v;
    int at = job->unknown - 1;
    uuid ours = fate_of(job, at | PUT_OFF), theirs = fate_of(job, at);
    pg_fresh(c);
    TRY(pg_send(c, &pg_own[PG_BEGIN_WRITE], NULL));
    TRY(be_patient(c, job));
    TRY(pg_send(c, &pg_own[PG_FATE], &ours));
    TRY(pg_collect(c, NULL, &v));
    TRY(pg_send(c, &pg_own[PG_FATE], &theirs));
    err e = pg_collect(c, NULL, &v);
    *stands = e == ERR_CONFLICT;
    TRY(e);
    return pg_ask(c, &pg_own[PG_COMMIT], NULL, NULL);
}

/*
 * OK: it is known whether the attempt stands. This COMMIT may be lost in its turn: then a second row tells the next who
 * asks that it was we who inserted the first.
 */
static err settle(pg_connection *c, store_job *job, bool *stands)
{
    err e = insert_fate(c, job, stands);
    c->conflicted = false;
    if (e != OK)
        roll_back(c);
    if (e != OK && e != ERR_CONFLICT)
        return e;
    if (!*stands)
        job->unknown = 0;
    return OK;
}

/* ---- again ---- */

/* Whatever is large and comes back at once meets whom it lost to again: they have as much to do still. */
static void wait_a_little(const store_job *job)
{
    uint32_t chance;
    random_bytes(&chance, sizeof chance);
    int doublings = (job->attempts < 5 ? job->attempts : 5) + (job->bulk ? BULK_DOUBLINGS : 0);
    uint32_t most = 2000U << doublings; /* µs: 4 … 64 ms; what is large, 64 ms … 1 s */
    uint32_t wait = most / 4 + chance % most;
    nanosleep(&(struct timespec){.tv_sec = wait / 1000000, .tv_nsec = (long)(wait % 1000000) * 1000}, NULL);
}

/* What waits for its turn at a row does as long as whoever asked: its runs are few, and the last one waits. */
static msec patience_of(const pg_connection *c, const store_job *job)
{
    if (job->bulk)
        return BULK_AGAIN_FOR_MS;
    return (c->busy || c->holds.taken) && c->store->timeout > AGAIN_FOR_MS ? c->store->timeout : AGAIN_FOR_MS;
}

static bool may_try_again(const store_job *job, msec patience)
{
    return job->attempts < ATTEMPTS_MAX && clock_monotonic() - job->since < patience;
}

static void note_success(pg_connection *c, err e)
{
    if (e == OK && c->changes && atomic_exchange(&c->store->complained, false))
        log_plain(LOG_INFO, "the database works again");
}

/* It goes on in the lane of the row that it found taken, where whoever has it is waited for. */
static void put_in_lane(pg_store *s, store_job *job)
{
    pthread_mutex_lock(&s->lock);
    pg_queue_add(s, job, false);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

/* False: the connection is lost, and the job still has to be done by another. */
static bool work(pg_connection *c, store_job *job)
{
    bool careful = false;
    for (;;) {
        bool stands = false;
        err e = job->unknown ? settle(c, job, &stands) : OK;
        if (e == OK && !stands)
            e = attempt(c, job, careful);
        if (e != OK && c->transient)
            pg_hold_remember(c, job);
        bool again = e != OK && c->conflicted && !careful;
        if (e != OK && c->lost && c->ending)
            job->unknown = job->attempts + 1;
        job->attempts++;
        if (c->lost && e != OK)
            return false;
        if (!again && (e == OK || !c->transient || !may_try_again(job, patience_of(c, job)))) {
            note_success(c, e);
            pg_finish(job, e);
            return true;
        }
        if (!again && pg_hold_lane(c, job)) {
            put_in_lane(c->store, job);
            return true;
        }
        careful |= again;
        if (!again)
            wait_a_little(job);
    }
}

/* ---- several in one transaction ---- */

/* Each after the other; a refusal is one's own as long as it changed nothing, else nobody's work can be kept. */
static err run_all(pg_connection *c, pg_group *g, msec now)
{
    bool changes = false;
    for (size_t i = 0; i < g->n; i++) {
        c->changes = false;
        g->results[i] = run(c, g->jobs[i], now);
        if (c->broken != OK || (g->results[i] != OK && c->changes))
            return ERR_UNAVAILABLE;
        changes |= c->changes;
    }
    c->changes = changes;
    return OK;
}

static err attempt_together(pg_connection *c, pg_group *g)
{
    msec now;
    store_job *kept[PG_GROUP_MAX];
    size_t n = 0;
    err e = begin(c, g->jobs[0], &now);
    c->careful = false;
    pg_memo_begin(c);
    if (e == OK)
        e = run_all(c, g, now);
    for (size_t i = 0; e == OK && i < g->n; i++)
        if (g->results[i] == OK)
            kept[n++] = g->jobs[i];
    if (e == OK)
        e = commit(c, kept, n);
    if (e != OK)
        roll_back(c);
    return e;
}

static bool is_late(const pg_store *s, const store_job *job)
{
    return !job->unknown && clock_monotonic() - job->since > s->timeout;
}

bool pg_work(pg_connection *c, pg_group *g)
{
    bool several = g->n > 1 && !g->apart;
    bool together = several && attempt_together(c, g) == OK;
    for (size_t i = 0; several && !together && i < g->n; i++) {
        if (c->lost && c->ending && g->results[i] == OK) /* what was refused is asked again */
            g->jobs[i]->unknown = 1;
        g->jobs[i]->attempts = 1;
    }
    if (several && c->lost)
        return false;
    if (together)
        note_success(c, OK);
    for (; g->done < g->n; g->done++)
        if (together)
            pg_finish(g->jobs[g->done], g->results[g->done]);
        else if (is_late(c->store, g->jobs[g->done])) /* each would wait for the same lock, one after the other */
            pg_finish(g->jobs[g->done], ERR_UNAVAILABLE);
        else if (!work(c, g->jobs[g->done]))
            return false;
    return true;
}

void pg_put_back(pg_store *s, store_job *job)
{
    pthread_mutex_lock(&s->lock);
    bool again = may_try_again(job, s->there ? AGAIN_FOR_MS : RECONNECT_FOR_MS) && !s->down;
    if (again) {
        pg_queue_add(s, job, true);
        pthread_cond_signal(&s->wake);
    }
    pthread_mutex_unlock(&s->lock);
    if (!again)
        pg_finish(job, ERR_UNAVAILABLE);
}
