/*
 * The writer: one thread takes all the jobs that wait, runs each in a savepoint of one transaction, commits once, and
 * then tells each its result. No delay to gather: while one group commits, the next one gathers by itself.
 */
#include "store/sqlite.h"

#include "base/log.h"

#include <time.h>

enum {
    GROUP_MAX = 256,
    WAITING_MAX = 20000,
    CHECKPOINT_FRAMES = 2000, /* 8 MB of write-ahead log */
    CHECKPOINT_INSIST = 40 * CHECKPOINT_FRAMES,
    RETRY_AFTER = 1,
};

typedef struct group {
    store_job *jobs[GROUP_MAX];
    err results[GROUP_MAX];
    size_t n;
    bool bulk;
} group;

/* ---- the queue ---- */

void sqlite_queue_add(job_queue *q, store_job *job)
{
    job->next = NULL;
    if (!q->first)
        q->last = &q->first;
    *q->last = job;
    q->last = &job->next;
}

store_job *sqlite_queue_take(job_queue *q)
{
    store_job *job = q->first;
    if (job)
        q->first = job->next;
    return job;
}

static void refuse(store_job *job)
{
    if (job->problem)
        *job->problem = (problem){.retry_after = RETRY_AFTER};
    job->done(job->context, ERR_UNAVAILABLE);
}

void sqlite_submit(store *s, store_job *job)
{
    sqlite_store *w = sqlite_of(s);
    pthread_mutex_lock(&w->lock);
    bool full = false;
    bool accepted = !w->draining && w->waiting < WAITING_MAX;
    if (accepted && job->bulk)
        full = !sqlite_bulk_add(w, job);
    else if (accepted)
        sqlite_queue_add(&w->single, job);
    if (accepted && !full) {
        w->waiting++;
        if (w->sleeping) {
            w->sleeping = false;
            pthread_cond_signal(&w->wake);
        }
    }
    pthread_mutex_unlock(&w->lock);
    if (full)
        job->done(job->context, ERR_UNAVAILABLE);
    else if (!accepted)
        refuse(job);
}

/* Bulk jobs and groups of single ones take turns while both wait, each with its time. */
static void take(sqlite_store *w, group *g)
{
    g->n = 0;
    g->bulk = sqlite_bulk_may(w, clock_monotonic()) && (w->bulk_is_next || !w->single.first);
    if (g->bulk)
        g->jobs[g->n++] = sqlite_bulk_take(w);
    else
        while (w->single.first && g->n < GROUP_MAX)
            g->jobs[g->n++] = sqlite_queue_take(&w->single);
    w->bulk_is_next = !g->bulk;
    w->others_wrote |= !g->bulk;
    w->waiting -= g->n;
}

/* ---- a group ---- */

static err run_in_savepoint(sqlite_store *w, store_job *job)
{
    sqlite_connection *c = &w->writer;
    problem unread = {0};
    msec now = clock_now();
    w->last_now = now > w->last_now ? now : w->last_now;
    txn t = {.store = w->store,
             .a = job->a,
             .problem = job->problem ? job->problem : &unread,
             .now = w->last_now,
             .writes = true,
             .env = w->store->env,
             .connection = c,
             .job = job};
    engine_begin(job);
    err e = job->run(&t, job->context);
    if (c->broken == OK && !arena_full(job->a))
        e = engine_ran(&t, e);
    if (c->broken != OK)
        return c->broken;
    return arena_full(job->a) ? ERR_UNAVAILABLE : e;
}

static err run_job(sqlite_store *w, store_job *job)
{
    sqlite_connection *c = &w->writer;
    c->broken = OK;
    int code = sqlite_control(c, CONTROL_JOB);
    if (code != SQLITE_OK)
        return sqlite_trouble(c, "savepoint", code);
    err e = run_in_savepoint(w, job);
    if (sqlite3_get_autocommit(c->db)) /* SQLite rolled all of it back; run_group sees it too */
        return ERR_UNAVAILABLE;
    if (e != OK)
        code = sqlite_control(c, CONTROL_JOB_ROLLBACK);
    if (code == SQLITE_OK)
        code = sqlite_control(c, CONTROL_JOB_RELEASE);
    if (code != SQLITE_OK) { /* the group's transaction is in a state that nobody knows: give it up */
        e = sqlite_trouble(c, "savepoint", code);
        sqlite_control(c, CONTROL_ROLLBACK);
    }
    return e;
}

static bool commit(sqlite_store *w)
{
    sqlite_connection *c = &w->writer;
    int code = sqlite_control(c, CONTROL_COMMIT);
    if (code != SQLITE_OK) {
        (void)!sqlite_trouble(c, "commit", code);
        return false;
    }
    atomic_fetch_add(&w->generation, 1); /* before anybody is told */
    sqlite_works(c);
    return true;
}

static void run_group(sqlite_store *w, group *g)
{
    sqlite_connection *c = &w->writer;
    pthread_mutex_lock(&w->turn);
    int code = sqlite_control(c, CONTROL_BEGIN_WRITE);
    bool alive = code == SQLITE_OK;
    if (!alive)
        (void)!sqlite_trouble(c, "begin", code);
    for (size_t i = 0; alive && i < g->n; i++) {
        g->results[i] = run_job(w, g->jobs[i]);
        alive = !sqlite3_get_autocommit(c->db);
    }
    alive = alive && commit(w);
    if (!sqlite3_get_autocommit(c->db))
        sqlite_control(c, CONTROL_ROLLBACK);
    pthread_mutex_unlock(&w->turn);

    for (size_t i = 0; i < g->n; i++) { /* after done(), the job is its owner's again */
        if (!alive || g->results[i] == ERR_UNAVAILABLE)
            refuse(g->jobs[i]);
        else
            engine_done(g->jobs[i], g->results[i]);
    }
}

/* Whoever waited for a bulk job to end does not wait for a checkpoint, too. */
static bool singles_are_due(sqlite_store *w)
{
    pthread_mutex_lock(&w->lock);
    bool due = !w->bulk_is_next && w->single.first;
    pthread_mutex_unlock(&w->lock);
    return due;
}

/* Between groups, when every answer is out: nobody waits for a checkpoint but those who come meanwhile. */
static void checkpoint(sqlite_store *w)
{
    if (w->wal_frames < CHECKPOINT_FRAMES || singles_are_due(w))
        return;
    pthread_mutex_lock(&w->turn);
    int mode = w->wal_frames < CHECKPOINT_INSIST ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
    int code = sqlite3_wal_checkpoint_v2(w->writer.db, NULL, mode, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        (void)!sqlite_trouble(&w->writer, "checkpoint", code); /* commits still hold: they are in the log */
    w->wal_frames = 0;
    pthread_mutex_unlock(&w->turn);
}

/* For something to do; while large work alone waits, and it is the others' time, no longer than that. */
static void sleep_a_while(sqlite_store *w)
{
    struct timespec until = {w->bulk_from / MSEC_SECOND, w->bulk_from % MSEC_SECOND * 1000000};
    w->sleeping = true;
    if (w->bulk_count)
        pthread_cond_clockwait(&w->wake, &w->lock, CLOCK_MONOTONIC, &until);
    else
        pthread_cond_wait(&w->wake, &w->lock);
}

static bool wait_for_jobs(sqlite_store *w, group *g)
{
    pthread_mutex_lock(&w->lock);
    while (!w->single.first && !sqlite_bulk_may(w, clock_monotonic()) && !w->draining)
        sleep_a_while(w);
    w->sleeping = false;
    bool some = w->waiting > 0;
    if (some)
        take(w, g);
    pthread_mutex_unlock(&w->lock);
    return some;
}

static void note_bulk(sqlite_store *w, msec began)
{
    msec now = clock_monotonic();
    pthread_mutex_lock(&w->lock);
    sqlite_bulk_done(w, now - began, now);
    pthread_mutex_unlock(&w->lock);
}

static void *writer_main(void *context)
{
    sqlite_store *w = context;
    group g;
    pthread_setname_np(pthread_self(), "writer");
    while (wait_for_jobs(w, &g)) {
        msec began = clock_monotonic();
        run_group(w, &g);
        if (g.bulk)
            note_bulk(w, began);
        checkpoint(w);
    }
    return NULL;
}

err sqlite_writer_start(sqlite_store *w)
{
    if (pthread_create(&w->thread, NULL, writer_main, w) == 0)
        return OK;
    log_plain(LOG_ERROR, "the database's writer could not be started");
    return ERR_UNAVAILABLE;
}

void sqlite_writer_stop(sqlite_store *w)
{
    pthread_mutex_lock(&w->lock);
    w->draining = true;
    w->sleeping = false;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}
