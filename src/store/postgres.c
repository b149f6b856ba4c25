/* PostgreSQL as the store's engine: opening, closing, and the table of what it does. */
#include "store/postgres.h"

#include "base/log.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CONNECTIONS = 16,
    TIMEOUT = 10 * MSEC_SECOND,
};

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
    random_bytes(&s->lane_key, sizeof s->lane_key);
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
    pg_watch_stop(s);
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

#define ENGINE(scheme_text)                                                                                        \
    {                                                                                                              \
        .scheme = S_INIT(scheme_text), .shared = true, .open = open_store, .name = pg_name,                        \
        .understands = pg_understands, .close = close_store, .read_begin = pg_read_begin, .read_end = pg_read_end, \
        .read_again = pg_read_again, .submit = pg_submit, .query_one = pg_query_one, .query_many = pg_query_many,  \
        .execute = pg_execute, .savepoint = pg_savepoint, .release = pg_release, .rollback_to = pg_rollback_to,    \
        .hold_turn = pg_hold_turn, .held = pg_held, .hold_first = pg_hold_first, .integrity = pg_integrity,        \
        .migration_state = pg_migration_state, .migrate = pg_migrate, .set_connections = set_connections,          \
        .set_timeout = set_timeout,                                                                                \
    }

const store_engine postgres_engine = ENGINE("postgresql:");
const store_engine postgres_short_engine = ENGINE("postgres:"); /* libpq takes both */
