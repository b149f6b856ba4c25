/* A connection to PostgreSQL: spoken through in pipeline mode, given up when it does not answer. */
#include "store/postgres.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

enum {
    PARAMS_MAX = 64,
    SLICE_MS = 100,           /* how soon a waiting thread hears that the database is gone */
    PATIENCE_MS = 5000,       /* beyond the timeout of statements: the server itself should say so */
    WATCH_PATIENCE_MS = 1200, /* the watcher's */
    GONE_AFTER_MS = 1000,     /* shorter is a restart that may be waited for */
};

/* ---- trouble ---- */

err pg_lose(pg_connection *c, const char *what)
{
    bool first = !atomic_exchange(&c->store->complained, true);
    if (first && !c->lost)
        log_(LOG_ERROR, "the database does not answer", LOG_TEXT("at", str_of(what)));
    c->lost = true;
    return c->broken = ERR_UNAVAILABLE;
}

typedef enum trouble {
    TROUBLE_OURS,
    TROUBLE_CONFLICT,
    TROUBLE_AGAIN,
    TROUBLE_BUSY,
    TROUBLE_LOST,
    TROUBLE_THEIRS
} trouble;

/* What a SQLSTATE means for us (PostgreSQL 15, appendix A). The first row that fits. */
static trouble trouble_of(str state)
{
    static const struct {
        str starts;
        trouble what;
    } table[] = {
        {S_INIT("23"), TROUBLE_CONFLICT},  /* integrity_constraint_violation */
        {S_INIT("40001"), TROUBLE_AGAIN},  /* serialization_failure */
        {S_INIT("40P01"), TROUBLE_AGAIN},  /* deadlock_detected */
        {S_INIT("40003"), TROUBLE_LOST},   /* statement_completion_unknown: a COMMIT that nobody saw end */
        {S_INIT("26000"), TROUBLE_LOST},   /* invalid_sql_statement_name: what was prepared is gone */
        {S_INIT("25006"), TROUBLE_LOST},   /* read_only_sql_transaction: this node is no longer the one that writes */
        {S_INIT("25P03"), TROUBLE_LOST},   /* idle_in_transaction_session_timeout */
        {S_INIT("08"), TROUBLE_LOST},      /* connection_exception */
        {S_INIT("57P"), TROUBLE_LOST},     /* shutdown, crash, cannot_connect_now */
        {S_INIT("53"), TROUBLE_THEIRS},    /* insufficient_resources: disk full, memory, connections */
        {S_INIT("54"), TROUBLE_THEIRS},    /* program_limit_exceeded */
        {S_INIT("55P03"), TROUBLE_BUSY},   /* lock_not_available */
        {S_INIT("57014"), TROUBLE_THEIRS}, /* query_canceled: statement_timeout */
        {S_INIT("58"), TROUBLE_THEIRS},    /* system_error */
        {S_INIT("XX001"), TROUBLE_THEIRS}, /* data_corrupted */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_starts(state, table[i].starts))
            return table[i].what;
    return TROUBLE_OURS;
}

static violation violation_of(str state)
{
    if (str_eq(state, S("23505")))
        return VIOLATION_UNIQUE;
    return str_eq(state, S("23503")) ? VIOLATION_FOREIGN_KEY : VIOLATION_CHECK;
}

/* The error's details stay out of the log: they quote the row. */
static void complain(pg_connection *c, const PGresult *r, const query *q, str state, bool theirs)
{
    if (theirs && atomic_exchange(&c->store->complained, true))
        return;
    log_(LOG_ERROR, "the database refuses", LOG_TEXT("at", str_of(q ? q->name : "connection")), LOG_TEXT("code", state),
         LOG_TEXT("reason", str_of(PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY))));
}

/* "cached plan must not change result type", in whatever language: 0A000 alone says too little. */
static bool is_of_older_schema(const PGresult *r, str state)
{
    return str_eq(state, S("0A000")) &&
           str_eq(str_of(PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION)), S("RevalidateCachedQuery"));
}

/* What this connection has prepared, the others may have, too: all are made anew before they are used again. */
static err renew_all(pg_connection *c)
{
    int mine = c->generation;
    if (atomic_compare_exchange_strong(&c->store->generation, &mine, mine + 1))
        log_plain(LOG_INFO, "the database's schema has changed: statements are prepared anew");
    c->lost = true;
    return c->broken = ERR_UNAVAILABLE;
}

/* Whoever waited briefly goes on in a lane; who waited as long as may be has somebody to complain of. */
static trouble trouble_here(const pg_connection *c, str state)
{
    trouble what = trouble_of(state);
    /* A read lends its transaction's snapshot and nothing else: there it is our statement that wanted to write. */
    if (c->lent && str_eq(state, S("25006")))
        return TROUBLE_OURS;
    return what == TROUBLE_BUSY && (!c->writes || c->patient) ? TROUBLE_THEIRS : what;
}

static err judge(pg_connection *c, const PGresult *r, const pg_pending *of, violation *v)
{
    const query *q = of->q;
    str state = str_of(PQresultErrorField(r, PG_DIAG_SQLSTATE));
    if (!state.p)
        return pg_lose(c, "answer");
    if (is_of_older_schema(r, state))
        return renew_all(c);
    switch (trouble_here(c, state)) {
    case TROUBLE_CONFLICT:
        *v = violation_of(state);
        return ERR_CONFLICT;
    case TROUBLE_LOST:
        return pg_lose(c, "answer");
    case TROUBLE_BUSY:
        c->busy = true;
        c->about = of->about;
        c->transient = true;
        return c->broken = ERR_UNAVAILABLE;
    case TROUBLE_AGAIN:
        c->transient = true;
        return c->broken = ERR_UNAVAILABLE;
    case TROUBLE_THEIRS:
        complain(c, r, q, state, true);
        return c->broken = ERR_UNAVAILABLE;
    case TROUBLE_OURS:
        break;
    }
    complain(c, r, q, state, false);
    return c->broken = ERR_INTERNAL;
}

/* ---- its life ---- */

void pg_disconnect(pg_connection *c)
{
    PQfinish(c->pg);
    free(c->prepared);
    free(c->holds.held.p);
    c->holds = (pg_holds){0};
    c->pg = NULL;
    c->prepared = NULL;
    c->prepared_count = c->pending_count = c->answered = 0;
    c->draining = false;
    memset(c->own, 0, sizeof c->own);
}

bool pg_is_alive(pg_connection *c)
{
    if (!c->pg || c->lost || c->generation != c->store->generation)
        return false;
    struct pollfd p = {.fd = PQsocket(c->pg), .events = POLLIN};
    while (poll(&p, 1, 0) > 0) /* answers, a farewell, and then the end */
        if (!PQconsumeInput(c->pg) || PQstatus(c->pg) != CONNECTION_OK)
            return false;
    return true;
}

void pg_fresh(pg_connection *c)
{
    c->broken = OK;
    c->careful = c->conflicted = c->transient = c->changes = c->ending = c->together = c->patient = c->busy = false;
    pg_hold_none(c);
}

/* ---- sending ---- */

static const query **place_of(pg_connection *c, const query *q)
{
    if (q >= pg_own && q < pg_own + PG_OWN_COUNT)
        return &c->own[q - pg_own];
    if (q->index >= c->prepared_count) {
        size_t count = (size_t)q->index + 64;
        const query **grown = realloc(c->prepared, count * sizeof *grown);
        if (!grown)
            abort();
        memset(grown + c->prepared_count, 0, (count - c->prepared_count) * sizeof *grown);
        c->prepared = grown;
        c->prepared_count = count;
    }
    return &c->prepared[q->index];
}

static Oid type_of(const column *c)
{
    static const Oid types[] = {[COLUMN_UUID] = 2950, [COLUMN_TEXT] = 25, [COLUMN_BLOB] = 17,
                                [COLUMN_INT] = 20,    [COLUMN_TIME] = 20, [COLUMN_BOOL] = 20};
    return types[c->type];
}

/* The parameters as PQsendQueryPrepared wants them; the numbers in network order. */
typedef struct bound {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX], formats[PARAMS_MAX];
    uint64_t numbers[PARAMS_MAX];
} bound;

static void bind_number(bound *b, int at, int64_t value)
{
    b->numbers[at] = htobe64((uint64_t)value);
    b->values[at] = (const char *)&b->numbers[at];
    b->lengths[at] = sizeof b->numbers[at];
}

static void bind_bytes(bound *b, int at, const void *p, size_t n)
{
    b->values[at] = p;
    b->lengths[at] = (int)n;
}

static void bind_column(bound *b, int at, const column *c, const void *params)
{
    const void *p = (const char *)params + c->offset;
    b->formats[at] = 1;
    b->values[at] = NULL;
    switch (c->type) {
    case COLUMN_UUID:
        if (!c->nullable || !uuid_none(*(const uuid *)p))
            bind_bytes(b, at, p, sizeof(uuid));
        break;
    case COLUMN_TEXT:
    case COLUMN_BLOB: {
        str value = *(const str *)p;
        if (value.p || !c->nullable)
            bind_bytes(b, at, value.p ? value.p : "", value.n);
        break;
    }
    case COLUMN_TIME:
        if (!c->nullable || *(const msec *)p != 0)
            bind_number(b, at, *(const msec *)p);
        break;
    case COLUMN_INT:
        bind_number(b, at, *(const int64_t *)p);
        break;
    case COLUMN_BOOL:
        bind_number(b, at, *(const bool *)p);
        break;
    }
}

static bool prepare(pg_connection *c, const query *q)
{
    Oid types[PARAMS_MAX];
    for (size_t i = 0; i < q->param_count; i++)
        types[i] = type_of(&q->params[i]);
    c->pending[c->pending_count++] = (pg_pending){.q = q, .prepares = true};
    return PQsendPrepare(c->pg, q->name, q->postgres, q->param_count, types) == 1;
}

err pg_send(pg_connection *c, const query *q, const void *params)
{
    if (c->broken == OK && c->pending_count + 2 > PG_PENDING_MAX) {
        violation ignored; /* a hopeful run: it will be run again */
        err e = pg_collect(c, NULL, &ignored);
        if (e == ERR_CONFLICT)
            c->broken = ERR_UNAVAILABLE;
    }
    TRY(c->broken);
    if (c->lost || !c->pg)
        return pg_lose(c, q->name);
    if (q->param_count > PARAMS_MAX)
        return c->broken = ERR_INTERNAL;
    bound b;
    for (int i = 0; i < q->param_count; i++)
        bind_column(&b, i, &q->params[i], params);
    const query **place = place_of(c, q);
    if (*place != q) {
        if (!prepare(c, q))
            return pg_lose(c, q->name);
        *place = q;
    }
    c->pending[c->pending_count++] = (pg_pending){.q = q, .about = q->writes ? pg_about(q, params) : 0};
    if (PQsendQueryPrepared(c->pg, q->name, q->param_count, b.values, b.lengths, b.formats, 1) != 1)
        return pg_lose(c, q->name);
    return OK;
}

/* ---- answers ---- */

void pg_note_silence(pg_store *s)
{
    msec now = clock_monotonic();
    if (s->last_there == 0 || now - s->last_there <= GONE_AFTER_MS || now - s->last_answer <= GONE_AFTER_MS)
        return;
    if (!atomic_exchange(&s->down, true))
        log_plain(LOG_ERROR, "the database is gone: everything is refused until it comes back");
    pg_refuse_older(s, INT64_MAX);
}

void pg_tell_few(pg_store *s)
{
    if (!atomic_exchange(&s->told_few, true))
        log_(LOG_WARNING, "the database gives fewer connections than database_connections asks for",
             LOG_INT("writing", s->connected), LOG_INT("reading", s->readers_live), LOG_INT("wanted", s->connections));
}

bool pg_gives_up(const pg_connection *c)
{
    return !c->watches && c->store->down;
}

bool pg_wait(pg_connection *c, short events, msec deadline, short *happened)
{
    struct pollfd p = {.fd = PQsocket(c->pg), .events = events};
    for (;;) {
        int ready = poll(&p, 1, SLICE_MS);
        if (ready > 0) {
            if (happened)
                *happened = p.revents;
            return true;
        }
        if (ready < 0 && errno != EINTR)
            return false;
        if (c->watches)
            pg_note_silence(c->store);
        if (clock_monotonic() >= deadline || pg_gives_up(c))
            return false;
    }
}

/* Waits until PQgetResult has something to say. */
static bool wait_for_answer(pg_connection *c)
{
    msec deadline = clock_monotonic() + (c->watches ? WATCH_PATIENCE_MS : c->store->timeout + PATIENCE_MS);
    for (;;) {
        short happened;
        int unsent = PQflush(c->pg);
        if (unsent < 0)
            return false;
        if (!PQisBusy(c->pg))
            return true;
        if (!pg_wait(c, (short)(POLLIN | (unsent ? POLLOUT : 0)), deadline, &happened))
            return false;
        if ((happened & ~POLLOUT) && !PQconsumeInput(c->pg))
            return false;
    }
}

/* Whose answer `r` is; forgets a preparation that did not happen. */
static pg_pending whose(pg_connection *c, const PGresult *r)
{
    if (c->answered >= c->pending_count)
        return (pg_pending){0};
    pg_pending p = c->pending[c->answered++];
    ExecStatusType status = PQresultStatus(r);
    if (p.prepares && status != PGRES_COMMAND_OK)
        *place_of(c, p.q) = NULL;
    return p;
}

/* Everything up to the answer of the Sync. NULL when the connection is lost. */
static PGresult *next_answer(pg_connection *c)
{
    for (int nothing = 0; nothing < 2;) { /* NULL stands between the answers of two statements */
        if (!wait_for_answer(c))
            return NULL;
        PGresult *r = PQgetResult(c->pg);
        if (r)
            return r;
        nothing++;
    }
    return NULL;
}

err pg_sync(pg_connection *c)
{
    if (c->lost || !c->pg || PQpipelineSync(c->pg) != 1 || PQflush(c->pg) < 0)
        return pg_lose(c, "send");
    return OK;
}

err pg_collect(pg_connection *c, PGresult **answer, violation *v)
{
    TRY(pg_sync(c));
    return pg_answers(c, answer, v);
}

err pg_answers(pg_connection *c, PGresult **answer, violation *v)
{
    err e = c->broken;
    PGresult *last = NULL;
    for (;;) {
        PGresult *r = next_answer(c);
        ExecStatusType status = PQresultStatus(r);
        if (!r || PQstatus(c->pg) == CONNECTION_BAD) {
            PQclear(r);
            PQclear(last);
            return pg_lose(c, "answer");
        }
        if (status == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            break;
        }
        pg_pending of = whose(c, r);
        if (status == PGRES_FATAL_ERROR && e == OK)
            e = judge(c, r, &of, v);
        PQclear(last);
        last = r;
    }
    c->pending_count = c->answered = 0;
    if (e == OK)
        c->store->last_answer = clock_monotonic();
    if (e == ERR_CONFLICT && !c->careful)
        c->conflicted = true;
    if (e != OK || !answer)
        PQclear(last);
    else
        *answer = last;
    return e;
}

err pg_ask(pg_connection *c, const query *q, const void *params, PGresult **answer)
{
    violation v;
    TRY(pg_send(c, q, params));
    return pg_collect(c, answer, &v);
}

int64_t pg_number(const PGresult *answer)
{
    uint64_t value = 0;
    if (PQntuples(answer) > 0 && PQnfields(answer) > 0 && PQgetlength(answer, 0, 0) == sizeof value)
        memcpy(&value, PQgetvalue(answer, 0, 0), sizeof value);
    return (int64_t)be64toh(value);
}

/* ---- time ---- */

static msec real_clock(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (msec)ts.tv_sec * MSEC_SECOND + ts.tv_nsec / 1000000;
}

void pg_note_clock(pg_store *s, int64_t theirs)
{
    s->ahead = theirs - real_clock();
}

msec pg_now(pg_store *s, int64_t theirs)
{
    msec now = (theirs ? theirs : real_clock() + s->ahead) + clock_moved();
    int64_t last = s->last_now;
    while (now > last && !atomic_compare_exchange_weak(&s->last_now, &last, now)) {
    }
    return now > last ? now : last;
}
