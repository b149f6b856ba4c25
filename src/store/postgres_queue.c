/*
 * What waits to be written on PostgreSQL. Transactions of one organization lock the same row of seats: on connections
 * of their own they would only wait for one another, a commit at a time. So jobs stand in lanes; a lane is served by
 * one connection at a time, which takes all its small jobs together and commits them once.
 */
#include "store/postgres.h"

#include "base/log.h"

#include <stdlib.h>

enum {
    BULK_SHARE = 4,  /* at most a fourth of the connections work on bulk jobs */
    WAITS_SHARE = 2, /* and half of them on jobs that wait for rows, whoever has those */
};

static void add(pg_queue *q, store_job *job, bool first)
{
    if (!q->first)
        q->last = &q->first;
    if (first && q->first) {
        job->next = q->first;
        q->first = job;
        return;
    }
    job->next = NULL;
    *q->last = job;
    q->last = &job->next;
}

static store_job *take_one(pg_store *s, pg_queue *q)
{
    store_job *job = q->first;
    if (job) {
        q->first = job->next;
        s->waiting--;
    }
    return job;
}

static bool is_below(size_t running, size_t connections, size_t share)
{
    return running < (connections >= share ? connections / share : 1);
}

static bool bulk_may(const pg_store *s, const pg_lane *lane)
{
    return lane->bulk.first && is_below(s->bulk_running, s->connections, BULK_SHARE);
}

static bool single_may(const pg_store *s, const pg_lane *lane)
{
    const store_job *job = lane->single.first;
    return job && (!job->waits || is_below(s->waits_running, s->connections, WAITS_SHARE));
}

static void make_ready(pg_store *s, pg_lane *lane)
{
    if (lane->busy || lane->ready || (!lane->single.first && !lane->bulk.first))
        return;
    if (!s->ready)
        s->ready_last = &s->ready;
    lane->ready = true;
    lane->next = NULL;
    *s->ready_last = lane;
    s->ready_last = &lane->next;
    s->ready_count++;
}

void pg_queue_add(pg_store *s, store_job *job, bool first)
{
    pg_lane *lane = &s->lanes[engine_lane(job, &s->lane_key, PG_LANES)];
    add(job->bulk ? &lane->bulk : &lane->single, job, first);
    s->waiting++;
    make_ready(s, lane);
}

/* Of those that have waited longest, the first with something that may run now; taken off. */
static pg_lane *take_lane(pg_store *s)
{
    for (pg_lane **at = &s->ready; *at; at = &(*at)->next) {
        pg_lane *lane = *at;
        if (!single_may(s, lane) && !bulk_may(s, lane))
            continue;
        *at = lane->next;
        if (s->ready_last == &lane->next)
            s->ready_last = at;
        s->ready_count--;
        lane->ready = false;
        return lane;
    }
    return NULL;
}

/* A job that was tried before goes by itself: what became of it then is asked first, and what it locks it waits for. */
static void take_singles(pg_store *s, pg_group *g)
{
    g->apart = g->lane->single.first->attempts > 0;
    g->waits = g->lane->single.first->waits;
    do
        g->jobs[g->n++] = take_one(s, &g->lane->single);
    while (g->n < PG_GROUP_MAX && g->lane->single.first && (g->lane->single.first->attempts > 0) == g->apart &&
           g->lane->single.first->waits == g->waits);
}

bool pg_queue_take(pg_store *s, pg_group *g)
{
    *g = (pg_group){.lane = take_lane(s)};
    if (!g->lane)
        return false;
    g->bulk = bulk_may(s, g->lane) && (g->lane->bulk_is_next || !single_may(s, g->lane));
    if (g->bulk)
        g->jobs[g->n++] = take_one(s, &g->lane->bulk);
    else
        take_singles(s, g);
    g->lane->bulk_is_next = !g->bulk;
    g->lane->busy = true;
    s->bulk_running += g->bulk;
    s->waits_running += g->waits;
    s->serving++;
    return true;
}

void pg_queue_done(pg_store *s, pg_group *g)
{
    g->lane->busy = false;
    s->bulk_running -= g->bulk;
    s->waits_running -= g->waits;
    s->serving--;
    make_ready(s, g->lane);
}

/* Moves what came before that moment to the end of a list; gives its new end. */
static store_job **take_older(pg_store *s, pg_queue *q, msec than, store_job **end)
{
    while (q->first && q->first->since <= than) {
        *end = take_one(s, q);
        end = &(*end)->next;
    }
    *end = NULL;
    return end;
}

/* Takes off what has been waiting since before that moment: a list. */
static store_job *pg_queue_older(pg_store *s, msec than)
{
    store_job *list = NULL, **end = &list;
    for (size_t i = 0; i < PG_LANES; i++) {
        end = take_older(s, &s->lanes[i].single, than, end);
        end = take_older(s, &s->lanes[i].bulk, than, end);
    }
    return list;
}

/* ---- jobs that are done ---- */

void pg_finish(store_job *job, err result)
{
    bool uncertain = result == ERR_UNAVAILABLE && job->unknown;
    if (result == ERR_UNAVAILABLE && job->problem)
        *job->problem = (problem){.retry_after = PG_RETRY_AFTER, .uncertain = uncertain};
    if (uncertain)
        log_plain(LOG_WARNING,
                  "the connection was lost in the midst of a commit, and the database did not come back in time");
    free(job->hold_first.p);
    engine_done(job, result);
}

void pg_refuse_older(pg_store *s, msec than)
{
    pthread_mutex_lock(&s->lock);
    store_job *job = pg_queue_older(s, than);
    pthread_mutex_unlock(&s->lock);
    for (store_job *next; job; job = next) {
        next = job->next; /* after done(), the job is its owner's again */
        pg_finish(job, ERR_UNAVAILABLE);
    }
}
