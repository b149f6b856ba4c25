/*
 * Bringing PostgreSQL's schema up to the program's: forward only, each step in a transaction, one process at a time, by
 * the lock of a row.
 */
#include "store/postgres.h"

#include "base/log.h"

#include <stdio.h>

/* The engine's own tables. The lock's row is made with its table. */
static const char own_tables[] = "CREATE TABLE IF NOT EXISTS schema_migration (version BIGINT PRIMARY KEY, name TEXT "
                                 "NOT NULL, checksum TEXT NOT NULL,"
                                 " applied_at BIGINT NOT NULL);"
                                 "CREATE TABLE IF NOT EXISTS schema_lock (id BIGINT PRIMARY KEY);"
                                 "INSERT INTO schema_lock (id) VALUES (1) ON CONFLICT (id) DO NOTHING;"
                                 "CREATE TABLE IF NOT EXISTS transaction_fate (id UUID PRIMARY KEY);";

/* ---- asking outside the pipeline ---- */

static err complain(const char *message, const migration *m)
{
    log_(LOG_ERROR, message, LOG_INT("version", m->version), LOG_TEXT("name", str_of(m->name)));
    return ERR_UNAVAILABLE;
}

/* Runs SQL with text parameters, or several statements without; *r is the caller's to clear. */
static err plain(pg_connection *c, const char *sql, int count, const char *const *values, PGresult **r)
{
    *r = count ? PQexecParams(c->pg, sql, count, NULL, values, NULL, NULL, 0) : PQexec(c->pg, sql);
    ExecStatusType status = PQresultStatus(*r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return OK;
    str code = str_of(PQresultErrorField(*r, PG_DIAG_SQLSTATE));
    if (!code.p)
        return pg_lose(c, "schema");
    log_(LOG_ERROR, "the database refuses", LOG_TEXT("at", S("schema")), LOG_TEXT("code", code),
         LOG_TEXT("reason", str_of(PQresultErrorField(*r, PG_DIAG_MESSAGE_PRIMARY))));
    return ERR_UNAVAILABLE;
}

static err run(pg_connection *c, const char *sql)
{
    PGresult *r;
    err e = plain(c, sql, 0, NULL, &r);
    PQclear(r);
    return e;
}

static err number(pg_connection *c, const char *sql, int64_t *out)
{
    PGresult *r;
    uint64_t n = 0;
    err e = plain(c, sql, 0, NULL, &r);
    if (e == OK && PQntuples(r) > 0)
        (void)str_to_u64(str_of(PQgetvalue(r, 0, 0)), INT64_MAX, &n);
    PQclear(r);
    *out = (int64_t)n;
    return e;
}

/* ---- the version ---- */

/* 0: empty; 1: somebody else's; 2: ours. At one moment: another process may be making the first tables. */
static const char whose_sql[] = "SELECT CASE WHEN count(*) = 0 THEN 0 WHEN count(*) FILTER (WHERE tablename = "
                                "'schema_migration') = 0 THEN 1 ELSE 2 END"
                                " FROM pg_catalog.pg_tables WHERE schemaname = current_schema()";

static err plain_version(pg_connection *c, int64_t *have)
{
    int64_t whose;
    *have = 0;
    TRY(number(c, whose_sql, &whose));
    if (whose == 2)
        return number(c, pg_own[PG_VERSION].postgres, have);
    if (whose == 0)
        return OK;
    log_plain(LOG_ERROR, "the database holds tables that are not Parvis's: it is left alone");
    return ERR_UNAVAILABLE;
}

/* Out of the pipeline, where several statements may travel in one text, and back. */
static err outside_pipeline(pg_connection *c, err (*work)(pg_connection *c, void *context), void *context)
{
    if (c->lost || !c->pg || !PQexitPipelineMode(c->pg) || PQsetnonblocking(c->pg, 0) != 0)
        return pg_lose(c, "schema");
    err e = work(c, context);
    if (PQstatus(c->pg) != CONNECTION_OK || PQsetnonblocking(c->pg, 1) != 0 || !PQenterPipelineMode(c->pg))
        return pg_lose(c, "schema");
    return e;
}

static err look_at_version(pg_connection *c, void *context)
{
    return plain_version(c, context);
}

err pg_version(pg_connection *c, int64_t *have)
{
    PGresult *r;
    if (c->store->have == 0) /* there may be no table to ask */
        return outside_pipeline(c, look_at_version, have);
    TRY(pg_ask(c, &pg_own[PG_VERSION], NULL, &r));
    *have = pg_number(r);
    PQclear(r);
    return OK;
}

err pg_migration_state(store *st, migration_state *out)
{
    pg_store *s = pg_of(st);
    out->want = (int64_t)st->migrations->n;
    out->have = s->have;
    pthread_mutex_lock(&s->lock);
    bool watched = s->watched;
    pthread_mutex_unlock(&s->lock);
    if (watched && s->have > 0) /* nobody waits for the network to be told */
        return s->down || !s->there ? ERR_UNAVAILABLE : OK;
    pthread_mutex_lock(&s->plain_lock);
    pg_fresh(&s->plain);
    err e = pg_connect(&s->plain);
    if (e == OK)
        e = pg_version(&s->plain, &out->have);
    if (e == OK)
        s->have = out->have;
    pthread_mutex_unlock(&s->plain_lock);
    return e;
}

/* ---- migrating ---- */

/* What was applied must be what this program knows: an edited migration would leave two schemas with one number. */
static err check_history(pg_connection *c, const migration_set *set, int64_t have)
{
    if (have > (int64_t)set->n) {
        log_(LOG_ERROR, migration_too_new(have), LOG_INT("have", have), LOG_INT("want", set->n));
        return ERR_UNAVAILABLE;
    }
    PGresult *r;
    err e = plain(c, "SELECT checksum FROM schema_migration ORDER BY version", 0, NULL, &r);
    for (int i = 0; e == OK && i < have; i++)
        if (i >= PQntuples(r) || !str_eq(str_of(PQgetvalue(r, i, 0)), str_of(set->p[i].checksum)))
            e = complain("a migration differs from the one that made this database: nothing is changed", &set->p[i]);
    PQclear(r);
    return e;
}

static err note_applied(pg_connection *c, const migration *m)
{
    char version[24], at[24];
    snprintf(version, sizeof version, "%lld", (long long)m->version);
    snprintf(at, sizeof at, "%lld", (long long)clock_now());
    const char *const values[] = {version, m->name, m->checksum, at};
    PGresult *r;
    err e = plain(c,
                  "INSERT INTO schema_migration (version, name, checksum, applied_at)"
                  " VALUES ($1::bigint, $2, $3, $4::bigint)",
                  4, values, &r);
    PQclear(r);
    return e;
}

/* In a transaction. Whoever has the lock's row is alone; what another did meanwhile is seen. */
static err step_inside(pg_connection *c, const migration_set *set, const migration **applied)
{
    int64_t have;
    *applied = NULL;
    TRY(run(c, "SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE"));
    TRY(number(c, pg_own[PG_VERSION].postgres, &have));
    TRY(check_history(c, set, have));
    if (have == (int64_t)set->n)
        return OK;
    const migration *m = &set->p[have];
    TRY(run(c, m->postgres ? m->postgres : m->sql));
    *applied = m;
    return note_applied(c, m);
}

static err step(pg_connection *c, const migration_set *set, const migration **applied)
{
    TRY(run(c, "BEGIN ISOLATION LEVEL READ COMMITTED"));
    err e = step_inside(c, set, applied);
    TRY(e == OK ? run(c, "COMMIT") : (run(c, "ROLLBACK") == OK ? e : ERR_UNAVAILABLE));
    if (*applied)
        log_(LOG_INFO, "the database was migrated", LOG_INT("version", (*applied)->version),
             LOG_TEXT("name", str_of((*applied)->name)));
    return OK;
}

/*
 * Two that make the first table at the same moment meet in PostgreSQL's own catalogue: one of them is refused, and
 * tries again.
 */
static err make_own_tables(pg_connection *c)
{
    PGresult *r = PQexec(c->pg, own_tables);
    bool done = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return done ? OK : run(c, own_tables);
}

static err migrate(pg_connection *c, void *context)
{
    const migration_set *set = context;
    const migration *applied;
    int64_t have;
    TRY(plain_version(c, &have)); /* refuses a stranger's database */
    TRY(run(c, "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0"));
    TRY(make_own_tables(c));
    do
        TRY(step(c, set, &applied));
    while (applied);
    return OK;
}

err pg_migrate(store *st)
{
    pg_store *s = pg_of(st);
    migration_set set = *st->migrations;
    pthread_mutex_lock(&s->plain_lock);
    pg_fresh(&s->plain);
    err e = pg_connect(&s->plain);
    if (e == OK)
        e = outside_pipeline(&s->plain, migrate, &set);
    pg_disconnect(&s->plain); /* its timeouts are gone */
    s->have = 0;
    pthread_mutex_unlock(&s->plain_lock);
    return e;
}

/* ---- integrity ---- */

enum { FINDINGS_MAX = 100 };

err pg_integrity(txn *t, str **findings, size_t *count)
{
    PGresult *r;
    *findings = arena_array_of(t->a, str, FINDINGS_MAX);
    *count = 0;
    TRY(pg_ask(t->connection, &pg_own[PG_FINDINGS], NULL, &r));
    for (int i = 0; i < PQntuples(r) && *count < FINDINGS_MAX; i++)
        (*findings)[(*count)++] = arena_str(t->a, str_of(PQgetvalue(r, i, 0)));
    PQclear(r);
    return OK;
}
