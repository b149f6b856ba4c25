/*
 * Making a connection. The hosts of the URI are tried one after the other, the last good one first, with a deadline
 * each and in slices: libpq waits for a host that keeps silent without hearing that meanwhile everything was given up.
 */
#include "store/postgres.h"

#include "base/log.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOST_MS = 2000, IDLE_MOST = 4000, HOSTS_MAX = 16, OPTIONS_MAX = 96, HOST_SIZE = 256, PORT_SIZE = 16 };

/* ---- the address ---- */

static const char *option(const pg_store *s, const char *name)
{
    for (const PQconninfoOption *o = s->options; o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val;
    return NULL;
}

static size_t length_of_list(const char *list)
{
    size_t n = 1;
    for (const char *p = list; p && *p; p++)
        n += *p == ',';
    return n;
}

/* The element of a list at that place; a list of one element holds for all. */
static str element(const char *list, size_t at)
{
    str rest = str_of(list);
    size_t n = length_of_list(list);
    for (size_t i = 0; n > 1 && i < at; i++)
        (void)str_cut(&rest, ',');
    return str_cut(&rest, ',');
}

bool pg_address(pg_store *s)
{
    char *why = NULL;
    s->options = PQconninfoParse(s->uri, &why);
    PQfreemem(why); /* it quotes the address, which may hold a password */
    if (!s->options)
        return false;
    size_t hosts = length_of_list(option(s, "host")), addresses = length_of_list(option(s, "hostaddr"));
    s->host_count = hosts > addresses ? hosts : addresses;
    return s->host_count <= HOSTS_MAX;
}

void pg_address_free(pg_store *s)
{
    for (PQconninfoOption *o = s->options; o && o->keyword; o++)
        if (o->val && o->dispchar[0] == '*')
            explicit_bzero(o->val, strlen(o->val));
    PQconninfoFree(s->options);
    s->options = NULL;
}

/* libpq's own words, and the one of other programs' that it turns into its own. */
static bool is_parameter(const PQconninfoOption *all, str name)
{
    for (; all->keyword; all++)
        if (str_eq(str_of(all->keyword), name))
            return true;
    return str_eq(name, S("ssl"));
}

/* The first name in the query that is none of the library's: its own sentence would quote more than that. */
static str unknown_parameter(arena *a, str query)
{
    PQconninfoOption *all = PQconndefaults();
    str found = STR_NONE;
    while (all && query.p && !found.p) {
        str value = str_cut(&query, '&'), name = str_cut(&value, '=');
        found = is_parameter(all, name) ? STR_NONE : arena_str(a, name);
    }
    PQconninfoFree(all);
    return found;
}

/* The library takes any text for a port until it connects. */
static bool are_ports(const char *list)
{
    uint64_t port;
    for (str rest = str_of(list); rest.p;) {
        str one = str_cut(&rest, ',');
        if (one.n && (!str_to_u64(one, 65535, &port) || port == 0))
            return false;
    }
    return true;
}

bool pg_understands(arena *a, str rest, str *unknown)
{
    pg_store s = {.uri = (char *)arena_join(a, S("postgresql:"), rest).p};
    bool read = pg_address(&s), good = read && are_ports(option(&s, "port"));
    pg_address_free(&s);
    (void)str_cut(&rest, '?');
    if (!read)
        *unknown = unknown_parameter(a, rest);
    return good;
}

/* What says which database it is, where an address has no place of its own for it. */
static str with_options(arena *a, str name, const pg_store *s, bool whole)
{
    static const char *const names[] = {"host", "port", "hostaddr", "service", "options"};
    bool first = true;
    for (size_t i = whole ? 0 : 2; i < sizeof names / sizeof *names; i++) {
        const char *value = option(s, names[i]);
        if (!value || !*value)
            continue;
        name = arena_join(a, name, first ? S("?") : S("&"), str_of(names[i]), S("="), str_of(value));
        first = false;
    }
    return name;
}

/* Lists of hosts, and folders of sockets, stand behind the database: before it they would be read otherwise. */
str pg_name(arena *a, str rest)
{
    pg_store s = {.uri = (char *)arena_join(a, S("postgresql:"), rest).p};
    if (!pg_address(&s)) {
        pg_address_free(&s);
        return S("postgresql:");
    }
    const char *user = option(&s, "user"), *database = option(&s, "dbname");
    str host = str_of(option(&s, "host")), port = str_of(option(&s, "port")), name = S("postgresql://");
    bool whole = str_find_byte(host, ',') < host.n || str_find_byte(host, '/') < host.n || str_empty(host);
    if (!whole)
        name = arena_join(a, name, host);
    if (!whole && !str_empty(port) && !str_eq(port, S("5432")))
        name = arena_join(a, name, S(":"), port);
    name = arena_join(a, name, S("/"), str_of(database ? database : user ? user : ""));
    name = with_options(a, name, &s, whole);
    pg_address_free(&s);
    return name;
}

typedef struct target {
    const char *names[OPTIONS_MAX], *values[OPTIONS_MAX];
    size_t n;
    char host[HOST_SIZE], hostaddr[HOST_SIZE], port[PORT_SIZE];
} target;

static void put(target *to, const char *name, const char *value)
{
    if (to->n + 1 >= OPTIONS_MAX)
        return;
    to->names[to->n] = name;
    to->values[to->n++] = value;
}

static void put_element(target *to, const pg_store *s, const char *name, size_t at, char *text, size_t size)
{
    str one = element(option(s, name), at);
    snprintf(text, size, "%.*s", STR_FMT(one));
    if (one.n)
        put(to, name, text);
}

/* What stands in the URI comes after our own wishes and wins, but for what must hold. */
static void aim(target *to, const pg_store *s, size_t at)
{
    *to = (target){0};
    put(to, "target_session_attrs", "read-write");
    put(to, "application_name", "parvis");
    put(to, "tcp_user_timeout", "5000");
    put(to, "keepalives_idle", "10");
    for (const PQconninfoOption *o = s->options; o->keyword; o++) {
        str name = str_of(o->keyword);
        bool listed = str_eq(name, S("host")) || str_eq(name, S("hostaddr")) || str_eq(name, S("port"));
        if (o->val && !listed)
            put(to, o->keyword, o->val);
    }
    put_element(to, s, "host", at, to->host, sizeof to->host);
    put_element(to, s, "hostaddr", at, to->hostaddr, sizeof to->hostaddr);
    put_element(to, s, "port", at, to->port, sizeof to->port);
    put(to, "client_encoding", "UTF8");
}

/* connect_timeout of the URI, which libpq minds only where it waits itself. */
static msec patience_for(const pg_store *s)
{
    uint64_t seconds = 0;
    (void)str_to_u64(str_of(option(s, "connect_timeout")), 3600, &seconds);
    return seconds ? (msec)seconds * MSEC_SECOND : HOST_MS;
}

/* ---- one host ---- */

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static bool shake_hands(pg_connection *c, const target *to, msec deadline)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    c->pg = PQconnectStartParams(to->names, to->values, 0);
    while (PQstatus(c->pg) != CONNECTION_BAD && step != PGRES_POLLING_OK && step != PGRES_POLLING_FAILED) {
        if (!pg_wait(c, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline, NULL))
            return false;
        step = PQconnectPoll(c->pg);
    }
    return PQstatus(c->pg) == CONNECTION_OK;
}

/* Several statements in one text, before the pipeline begins. */
static bool run_plain(pg_connection *c, const char *sql, msec deadline)
{
    bool done = PQsendQuery(c->pg, sql) == 1;
    while (done) {
        int unsent = PQflush(c->pg);
        if (unsent < 0)
            return false;
        if (!PQisBusy(c->pg)) {
            PGresult *r = PQgetResult(c->pg);
            if (!r)
                return done;
            done = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
            PQclear(r);
            continue;
        }
        if (!pg_wait(c, (short)(POLLIN | (unsent ? POLLOUT : 0)), deadline, NULL) || !PQconsumeInput(c->pg))
            return false;
    }
    return false;
}

/*
 * Statements of one transaction follow each other at once: one that idles belongs to a process that stands still, or to
 * a machine that is gone, and loses its locks while those who wait for them still do. Waiting for a lock ends before
 * the statement does, so that the reason is told; who writes waits briefly, but in a row's lane (postgres_hold.c).
 * Every statement has its index, which a plan made over an empty table would not take; other engines that speak the
 * protocol do not all know these settings.
 */
static bool settle_session(pg_connection *c, msec deadline)
{
    char sql[512];
    long long most = (long long)c->store->timeout;
    long long idle = most * 2 / 5 < IDLE_MOST ? most * 2 / 5 : IDLE_MOST;
    snprintf(
        sql, sizeof sql,
        "SET statement_timeout = %lld; SET lock_timeout = %lld; SET idle_in_transaction_session_timeout = %lld;"
        "SET default_transaction_isolation = 'read committed'; SET standard_conforming_strings = on;"
        "SELECT set_config(name, 'off', false) FROM pg_catalog.pg_settings WHERE name IN ('jit', 'enable_seqscan')",
        most, c->writes ? (long long)PG_BRIEFLY_MS : most * 4 / 5, idle);
    return run_plain(c, sql, deadline);
}

/* NULL when it is connected, else why not; "" when it was given up before. */
static const char *try_host(pg_connection *c, const target *to)
{
    PGresult *answer;
    msec deadline = clock_monotonic() + patience_for(c->store);
    if (!shake_hands(c, to, deadline))
        return PQstatus(c->pg) == CONNECTION_BAD ? PQerrorMessage(c->pg) : pg_gives_up(c) ? "" : "it does not answer";
    PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
    if (!str_eq(str_of(PQparameterStatus(c->pg, "server_encoding")), S("UTF8")))
        return "its encoding is not UTF8";
    if (PQsetnonblocking(c->pg, 1) != 0 || !settle_session(c, deadline) || !PQenterPipelineMode(c->pg))
        return pg_gives_up(c) ? "" : PQerrorMessage(c->pg);
    c->lost = false;
    c->generation = c->store->generation;
    pg_fresh(c);
    if (pg_ask(c, &pg_own[PG_CLOCK], NULL, &answer) != OK)
        return pg_gives_up(c) ? "" : PQerrorMessage(c->pg);
    pg_note_clock(c->store, pg_number(answer));
    PQclear(answer);
    return NULL;
}

/* Each host's trouble is told once, until it is reached again. */
static void tell(pg_store *s, const target *to, size_t at, const char *why)
{
    uint32_t bit = UINT32_C(1) << at;
    str reason = str_of(why);
    if (!*why || (atomic_fetch_or(&s->hosts_failed, bit) & bit))
        return;
    log_(LOG_ERROR, "the database cannot be reached", LOG_TEXT("host", str_of(to->host[0] ? to->host : to->hostaddr)),
         LOG_TEXT("port", str_of(to->port)), LOG_TEXT("reason", str_cut(&reason, '\n')));
}

static void reached(pg_store *s, const target *to, size_t at)
{
    s->hosts_failed &= ~(UINT32_C(1) << at);
    if (atomic_exchange(&s->host_at, at) != at)
        log_(LOG_INFO, "another host of the database is used from now on", LOG_TEXT("host", str_of(to->host)),
             LOG_TEXT("port", str_of(to->port)));
}

err pg_connect(pg_connection *c)
{
    pg_store *s = c->store;
    size_t first = s->host_at;
    if (c->pg && !c->lost)
        return OK;
    for (size_t i = 0; i < s->host_count && !pg_gives_up(c); i++) {
        target to;
        size_t at = (first + i) % s->host_count;
        aim(&to, s, at);
        pg_disconnect(c);
        const char *why = try_host(c, &to);
        if (!why) {
            reached(s, &to, at);
            return OK;
        }
        tell(s, &to, at, why);
    }
    pg_disconnect(c);
    return ERR_UNAVAILABLE;
}
