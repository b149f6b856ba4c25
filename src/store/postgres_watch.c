/* A thread that knows whether PostgreSQL is there, on a connection of its own. */
#include "store/postgres.h"

#include "base/log.h"

#include <time.h>

enum {
    WATCH_MS = 250,
    SWEEP_EVERY = 5 * MSEC_MINUTE,
    LONGEST_WAIT = 1800,    /* for a connection; a refusal is out within two seconds */
    FATES_KEPT = MSEC_HOUR, /* far longer than any attempt at a job */
};

/* The smallest id of a moment: what was made before is smaller. */
static uuid first_id_of(msec t)
{
    uuid id = UUID_NONE;
    for (int i = 0; i < 6; i++)
        id.b[i] = (uint8_t)(t >> (40 - 8 * i));
    return id;
}

static void sweep_fates(pg_store *s, msec *swept)
{
    msec now = clock_monotonic();
    if (now - *swept < SWEEP_EVERY)
        return;
    *swept = now;
    uuid before = first_id_of(clock_now() - FATES_KEPT);
    (void)!pg_ask(&s->plain, &pg_own[PG_FATES_SWEEP], &before, NULL); /* what is left is swept the next time */
}

static bool look(pg_store *s, msec *swept, bool *connected)
{
    int64_t have;
    PGresult *r;
    pthread_mutex_lock(&s->plain_lock);
    pg_fresh(&s->plain);
    bool there = pg_connect(&s->plain) == OK && pg_version(&s->plain, &have) == OK;
    if (there && pg_ask(&s->plain, &pg_own[PG_CLOCK], NULL, &r) == OK) {
        pg_note_clock(s, pg_number(r));
        PQclear(r);
        s->have = have;
        if (have > 0)
            sweep_fates(s, swept);
    }
    *connected = s->plain.pg && !s->plain.lost;
    pthread_mutex_unlock(&s->plain_lock);
    return there;
}

static bool wait_a_tick(pg_store *s)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WATCH_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&s->lock);
    if (s->watched)
        pthread_cond_timedwait(&s->stop_watching, &s->lock, &until);
    bool more = s->watched;
    pthread_mutex_unlock(&s->lock);
    return more;
}

/*
 * The watcher found no connection. Others may have taken the last one that the database gives; and without a watcher
 * everything would be refused.
 */
static void make_room(pg_store *s)
{
    if (s->readers_live > 1) {
        s->writer_waits = !pg_spare_reader(s);
    } else if (s->connected > 1) {
        pthread_mutex_lock(&s->lock);
        s->reader_waits = true;
        pthread_cond_broadcast(&s->wake);
        pthread_mutex_unlock(&s->lock);
    } else if (s->down) {
        (void)pg_spare_reader(s);
    }
}

/* A watcher who got no connection, where others took all that are given, knows from their answers that it is there. */
static void judge(pg_store *s, bool seen)
{
    msec now = clock_monotonic();
    bool there = seen || now - s->last_answer <= WATCH_MS;
    s->there = there;
    if (there) {
        s->last_there = now;
        if (atomic_exchange(&s->down, false)) {
            s->complained = false;
            log_plain(LOG_INFO, "the database is there again");
        }
    }
    pg_note_silence(s);
    /* Where it answers but takes no connection, nothing moves; where all wait for a lock, too little does. */
    pg_refuse_older(s, now - (s->connected == 0 ? LONGEST_WAIT : s->timeout));
}

static void *watcher_main(void *context)
{
    pg_store *s = context;
    msec swept = clock_monotonic();
    while (wait_a_tick(s)) {
        bool connected, there = look(s, &swept, &connected);
        judge(s, there);
        if (!connected)
            make_room(s);
    }
    return NULL;
}

void pg_watch(pg_store *s)
{
    if (s->watched)
        return;
    s->last_there = clock_monotonic();
    s->there = true;
    s->watched = pthread_create(&s->watcher, NULL, watcher_main, s) == 0;
    if (!s->watched)
        log_plain(LOG_ERROR, "a thread for the database could not be started");
}

void pg_watch_stop(pg_store *s)
{
    pthread_mutex_lock(&s->lock);
    bool running = s->watched;
    s->watched = false;
    pthread_cond_signal(&s->stop_watching);
    pthread_mutex_unlock(&s->lock);
    if (running)
        pthread_join(s->watcher, NULL);
}
