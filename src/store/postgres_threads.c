/*
 * Whole transactions wait in a queue; a thread for each connection takes what may run now, and has it done. There are
 * as many connections as are wanted at a time and the database gives.
 */
#include "store/postgres.h"

#include "base/log.h"

#include <stdlib.h>
#include <time.h>

enum {
    WAITING_MAX = 20000,
    RECONNECT_MS = 100,
    FAILURES_MOST = 4,    /* longer than it takes to see that the database itself is gone */
    GROW_AFTER_MS = 1000, /* how long the database's refusal of one more connection is believed */
};

/* Under the lock: somebody who reads has no connection at all, and here is more than one. */
static bool gives_way(const pg_store *s)
{
    return s->reader_waits && s->connected > 1;
}

/* False at the end, and when this connection is to be given up. */
static bool wait_for_work(pg_store *s, pg_group *g)
{
    pthread_mutex_lock(&s->lock);
    bool some = !gives_way(s) && pg_queue_take(s, g);
    while (!some && !(s->draining && !s->waiting) && !gives_way(s)) {
        pthread_cond_wait(&s->wake, &s->lock);
        some = !gives_way(s) && pg_queue_take(s, g);
    }
    pthread_mutex_unlock(&s->lock);
    return some;
}

static void done_with(pg_store *s, pg_group *g)
{
    pthread_mutex_lock(&s->lock);
    pg_queue_done(s, g);
    if (s->waiting || s->draining) /* the lane may go on; a bulk job may have waited for its share */
        pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static bool is_over(pg_store *s)
{
    pthread_mutex_lock(&s->lock);
    bool over = s->draining && !s->waiting;
    pthread_mutex_unlock(&s->lock);
    return over;
}

/* Does what comes until the connection is lost or the end has come. */
static void serve(pg_connection *c)
{
    pg_store *s = c->store;
    for (pg_group g; wait_for_work(s, &g);) {
        bool done = pg_is_alive(c) && pg_work(c, &g);
        if (!done)
            pg_disconnect(c);
        while (g.n > g.done) /* the last first: each goes to the front */
            pg_put_back(s, g.jobs[--g.n]);
        done_with(s, &g);
        if (!done)
            return;
    }
}

/*
 * True: this thread is to end. The database is there and gives it no connection, or somebody who reads has none; and
 * others go on writing.
 */
static bool retires(pg_writer *w, int failures)
{
    pg_store *s = w->connection.store;
    pthread_mutex_lock(&s->lock);
    bool others = !s->draining && s->connected > 0;
    bool ends = others && (s->reader_waits || (failures >= FAILURES_MOST && s->there && !s->down));
    if (ends) {
        pg_disconnect(&w->connection);
        w->state = PG_WRITER_ENDED;
        s->writer_count--;
        s->grow_at = clock_monotonic() + GROW_AFTER_MS;
        s->reader_waits = false;
    }
    pthread_mutex_unlock(&s->lock);
    if (ends && s->there)
        pg_tell_few(s);
    return ends;
}

/* A connection first, a job then: no job waits in the hands of a thread that cannot do it. */
static void *writer_main(void *context)
{
    pg_writer *w = context;
    pg_connection *c = &w->connection;
    pg_store *s = c->store;
    pthread_setname_np(pthread_self(), "writer");
    for (int failures = 0; !is_over(s);) {
        bool connected = pg_connect(c) == OK;
        failures = connected || !s->there ? 0 : failures + 1;
        if (connected) {
            s->connected++;
            serve(c);
            s->connected--;
        }
        if (retires(w, failures))
            return NULL;
        if (!connected) {
            s->writer_waits = failures > 0 && s->connected == 0;
            nanosleep(&(struct timespec){.tv_nsec = RECONNECT_MS * 1000000L}, NULL);
        }
    }
    pg_disconnect(c);
    return NULL;
}

/* Under the lock. */
static void start_writer(pg_store *s, pg_writer *w)
{
    if (w->state == PG_WRITER_ENDED)
        pthread_join(w->thread, NULL);
    *w = (pg_writer){.connection = {.store = s, .writes = true}};
    if (pthread_create(&w->thread, NULL, writer_main, w) != 0) {
        log_plain(LOG_ERROR, "a thread for the database could not be started");
        return;
    }
    w->state = PG_WRITER_RUNS;
    s->writer_count++;
}

/* Under the lock: one more thread when all are busy. */
static void grow(pg_store *s)
{
    if (s->writer_count > 0 && s->writer_count - s->serving >= s->ready_count) /* some have nothing to do yet */
        return;
    if (s->writer_count >= s->connections)
        return;
    if (s->writer_count > 0 && clock_monotonic() < s->grow_at)
        return;
    if (!s->writers)
        s->writers = calloc(s->connections, sizeof *s->writers);
    for (size_t i = 0; s->writers && i < s->connections; i++)
        if (s->writers[i].state != PG_WRITER_RUNS) {
            start_writer(s, &s->writers[i]);
            return;
        }
}

void pg_submit(store *st, store_job *job)
{
    pg_store *s = pg_of(st);
    job->fate = UUID_NONE;
    job->on_commit = NULL;
    job->unknown = 0;
    job->attempts = 0;
    job->hold_first = (store_holds){0};
    job->waits = false;
    job->since = clock_monotonic();
    pthread_mutex_lock(&s->lock);
    bool accepted = !s->draining && !s->down && s->waiting < WAITING_MAX;
    if (accepted && s->writer_count == 0)
        grow(s);
    accepted = accepted && s->writer_count > 0;
    if (accepted) {
        pg_watch(s);
        if (!job->lane)
            job->lane = ++s->next_lane;
        pg_queue_add(s, job, false);
        grow(s);
        pthread_cond_signal(&s->wake);
    }
    pthread_mutex_unlock(&s->lock);
    if (!accepted)
        pg_finish(job, ERR_UNAVAILABLE);
}

void pg_writers_stop(pg_store *s)
{
    pthread_mutex_lock(&s->lock);
    s->draining = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; s->writers && i < s->connections; i++) /* nobody comes or goes any more */
        if (s->writers[i].state != PG_WRITER_NONE)
            pthread_join(s->writers[i].thread, NULL);
    pg_refuse_older(s, INT64_MAX);
    free(s->writers);
    s->writers = NULL;
    s->writer_count = 0;
}
