/* PostgreSQL as the store's engine: opening, closing, and a watcher that knows whether the database is there. */
#include "store/postgres.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    CONNECTIONS = 16,
    TIMEOUT = 10 * MSEC_SECOND,
    WATCH_MS = 250,
    GONE_AFTER_MS = 1000, /* shorter is a restart that may be waited for */
    SWEEP_EVERY = 5 * MSEC_MINUTE,
    LONGEST_WAIT = 1800,    /* for a connection; a refusal is out within two seconds */
    FATES_KEPT = MSEC_HOUR, /* far longer than any attempt at a job */
};

/* ---- the watcher ---- */

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

void pg_note_silence(pg_store *s)
{
    msec now = clock_monotonic();
    if (s->last_there == 0 || now - s->last_there <= GONE_AFTER_MS || now - s->last_answer <= GONE_AFTER_MS)
        return;
    if (!atomic_exchange(&s->down, true))
        log_plain(LOG_ERROR, "the database is gone: everything is refused until it comes back");
    pg_refuse_older(s, INT64_MAX);
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

void pg_tell_few(pg_store *s)
{
    if (!atomic_exchange(&s->told_few, true))
        log_(LOG_WARNING, "the database gives fewer connections than database_connections asks for",
             LOG_INT("writing", s->connected), LOG_INT("reading", s->readers_live), LOG_INT("wanted", s->connections));
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

static void stop_watcher(pg_store *s)
{
    pthread_mutex_lock(&s->lock);
    bool running = s->watched;
    s->watched = false;
    pthread_cond_signal(&s->stop_watching);
    pthread_mutex_unlock(&s->lock);
    if (running)
        pthread_join(s->watcher, NULL);
}

/* ---- the store ---- */

static void free_store(pg_store *s)
{
    pg_disconnect(&s->plain);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->stop_watching);
    pthread_cond_destroy(&s->returned);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->plain_lock);
    pthread_mutex_destroy(&s->readers_lock);
    pg_address_free(s);
    explicit_bzero(s->uri, strlen(s->uri)); /* it may hold a password */
    free(s->uri);
    free(s);
}

static err open_store(store *st, str rest)
{
    pg_store *s = calloc(1, sizeof *s);
    if (!s || memchr(rest.p, 0, rest.n) || asprintf(&s->uri, "postgresql:%.*s", STR_FMT(rest)) < 0) {
        log_plain(LOG_ERROR, "the database's address cannot be used");
        free(s);
        return ERR_UNAVAILABLE;
    }
    s->store = st;
    s->connections = CONNECTIONS;
    s->timeout = TIMEOUT;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->plain_lock, NULL);
    pthread_mutex_init(&s->readers_lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    pthread_cond_init(&s->stop_watching, NULL);
    pthread_cond_init(&s->returned, NULL);
    s->plain = (pg_connection){.store = s, .watches = true};
    err e = pg_address(s) ? pg_connect(&s->plain) : ERR_UNAVAILABLE;
    if (!s->options)
        log_plain(LOG_ERROR, "the database's address cannot be understood");
    if (e != OK)
        free_store(s);
    else
        st->own = s;
    return e;
}

static void close_store(store *st)
{
    pg_store *s = pg_of(st);
    pg_writers_stop(s);
    stop_watcher(s);
    pg_close_readers(s);
    free_store(s);
}

static void set_connections(store *st, size_t count)
{
    pg_of(st)->connections = count < 1 ? 1 : count > PG_CONNECTIONS_MAX ? PG_CONNECTIONS_MAX : count;
}

static void set_timeout(store *st, msec most)
{
    pg_of(st)->timeout = most;
}

#define ENGINE(scheme_text)                                                                                       \
    {                                                                                                             \
        .scheme = S_INIT(scheme_text), .shared = true, .open = open_store, .close = close_store,                  \
        .read_begin = pg_read_begin, .read_end = pg_read_end, .read_again = pg_read_again, .submit = pg_submit,   \
        .query_one = pg_query_one, .query_many = pg_query_many, .execute = pg_execute, .savepoint = pg_savepoint, \
        .release = pg_release, .rollback_to = pg_rollback_to, .hold_turn = pg_hold_turn, .held = pg_held,         \
        .hold_first = pg_hold_first, .hold_no_more = pg_hold_no_more, .integrity = pg_integrity,                  \
        .migration_state = pg_migration_state, .migrate = pg_migrate, .set_connections = set_connections,         \
        .set_timeout = set_timeout,                                                                               \
    }

const store_engine postgres_engine = ENGINE("postgresql:");
const store_engine postgres_short_engine = ENGINE("postgres:"); /* libpq takes both */
