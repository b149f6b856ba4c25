/*
 * Statements on a PostgreSQL connection. A transaction is run hopefully: changes whose answers nobody reads are sent
 * and not waited for, and no savepoint guards them. When a constraint is violated on the way, the whole transaction is
 * run again carefully: every change answered at once and in a savepoint of its own, so that the rule that caused it
 * sees its refusal, and may go on, as with SQLite.
 */
#include "store/postgres.h"

#include "base/log.h"

#include <endian.h>

static bool is_change(const query *q)
{
    return !str_starts(str_of(q->postgres), S("SELECT"));
}

/* ---- asking ---- */

/* In a savepoint; a conflict undoes the statement alone. */
static err ask_carefully(txn *t, const query *q, const void *params, PGresult **answer)
{
    pg_connection *c = t->connection;
    TRY(pg_send(c, &pg_own[PG_STATEMENT], NULL));
    TRY(pg_send(c, q, params));
    err e = pg_collect(c, answer, &t->violation);
    if (e != OK && e != ERR_CONFLICT)
        return e;
    err undone = e == OK ? OK : pg_send(c, &pg_own[PG_STATEMENT_ROLLBACK], NULL);
    if (undone == OK)
        undone = pg_send(c, &pg_own[PG_STATEMENT_RELEASE], NULL);
    if (undone != OK && e == OK) {
        PQclear(*answer);
        *answer = NULL;
    }
    return undone == OK ? e : undone;
}

static err ask(txn *t, const query *q, const void *params, PGresult **answer)
{
    pg_connection *c = t->connection;
    bool change = is_change(q);
    c->changes |= change;
    if (change)
        pg_memo_changed(c, q);
    if (change && c->careful)
        return ask_carefully(t, q, params, answer);
    TRY(pg_send(c, q, params));
    err e = pg_collect(c, answer, &t->violation);
    if (e == ERR_CONFLICT) /* the transaction is dead; its careful run will tell */
        c->broken = ERR_UNAVAILABLE;
    return e;
}

/* ---- rows ---- */

/* Integers come in the width of their expression: 0 or 1 of a CASE is shorter than a column. */
static bool read_number(const char *p, int n, int64_t *out)
{
    uint64_t value = n > 0 && ((unsigned char)p[0] & 0x80) ? UINT64_MAX : 0;
    if (n != 1 && n != 2 && n != 4 && n != 8)
        return false;
    for (int i = 0; i < n; i++)
        value = value << 8 | (unsigned char)p[i];
    *out = (int64_t)value;
    return true;
}

static bool read_column(txn *t, const PGresult *r, int row_at, int at, const column *c, void *row)
{
    void *p = (char *)row + c->offset;
    if (PQgetisnull(r, row_at, at)) /* the row is zeroed, and zero is what NULL reads as */
        return true;
    const char *bytes = PQgetvalue(r, row_at, at);
    int n = PQgetlength(r, row_at, at);
    int64_t number;
    switch (c->type) {
    case COLUMN_UUID:
        if (n != sizeof(uuid))
            return false;
        memcpy(p, bytes, sizeof(uuid));
        return true;
    case COLUMN_TEXT:
    case COLUMN_BLOB:
        *(str *)p = arena_str(t->a, (str){bytes, (size_t)n});
        return true;
    case COLUMN_TIME:
    case COLUMN_INT:
        return read_number(bytes, n, p);
    case COLUMN_BOOL:
        if (!read_number(bytes, n, &number))
            return false;
        *(bool *)p = number != 0;
        return true;
    }
    return false;
}

static err read_row(txn *t, const query *q, const PGresult *r, int at, void *row)
{
    pg_connection *c = t->connection;
    bool whole = PQnfields(r) == q->column_count;
    for (int i = 0; whole && i < q->column_count; i++)
        whole = read_column(t, r, at, i, &q->columns[i], row);
    if (whole)
        return OK;
    log_(LOG_ERROR, "the database answers what the schema does not allow", LOG_TEXT("at", str_of(q->name)));
    return c->broken = ERR_INTERNAL;
}

static err still_fits(txn *t, const query *q)
{
    if (!arena_full(t->a))
        return OK;
    log_(LOG_WARNING, "a transaction outgrew its memory", LOG_TEXT("at", str_of(q->name)));
    return ERR_UNAVAILABLE;
}

err pg_query_one(txn *t, const query *q, const void *params, void *row)
{
    PGresult *r;
    if (pg_memo_find(t, q, params, row))
        return still_fits(t, q);
    TRY(ask(t, q, params, &r));
    memset(row, 0, q->row_size);
    bool found = PQntuples(r) > 0;
    err e = found ? read_row(t, q, r, 0, row) : ERR_NOT_FOUND;
    PQclear(r);
    TRY(still_fits(t, q));
    if (e == OK && !is_change(q))
        pg_memo_keep(t->connection, q, params, row);
    return e;
}

err pg_query_many(txn *t, const query *q, const void *params, void **rows, size_t *count)
{
    PGresult *r;
    *rows = NULL;
    *count = 0;
    TRY(ask(t, q, params, &r));
    size_t n = (size_t)PQntuples(r), size = 0;
    char *all = NULL;
    err e = OK;
    for (size_t i = 0; e == OK && i < n && !arena_full(t->a); i++) {
        all = engine_room(t, q, all, i, &size);
        e = read_row(t, q, r, (int)i, all + i * q->row_size);
    }
    PQclear(r);
    TRY(e);
    TRY(still_fits(t, q));
    *rows = all;
    *count = n;
    return OK;
}

static int64_t touched(PGresult *r)
{
    uint64_t n = 0;
    (void)str_to_u64(str_of(PQcmdTuples(r)), INT64_MAX, &n);
    return (int64_t)n;
}

err pg_execute(txn *t, const query *q, const void *params, int64_t *changed)
{
    pg_connection *c = t->connection;
    if (!changed && !c->careful && t->writes) { /* nobody reads the answer: it comes with a later one */
        c->changes = true;
        pg_memo_changed(c, q);
        return pg_send(c, q, params);
    }
    PGresult *r;
    TRY(ask(t, q, params, &r));
    if (changed)
        *changed = touched(r);
    PQclear(r);
    return OK;
}

/* ---- savepoints ---- */

err pg_savepoint(txn *t)
{
    pg_hold_part(t->connection);
    return pg_send(t->connection, &pg_own[PG_PART], NULL);
}

err pg_release(txn *t)
{
    pg_hold_part_end(t->connection, false);
    return pg_send(t->connection, &pg_own[PG_PART_RELEASE], NULL);
}

/*
 * What was sent before may have failed: the pipeline skips all until its end, and ROLLBACK TO would be skipped with it.
 */
void pg_rollback_to(txn *t)
{
    pg_connection *c = t->connection;
    violation ignored;
    pg_hold_part_end(c, true);
    if (c->together) /* an answer may be of what is undone */
        pg_memo_begin(c);
    if (c->broken == OK && pg_collect(c, NULL, &ignored) == ERR_CONFLICT)
        c->broken = ERR_UNAVAILABLE;
    if (pg_send(c, &pg_own[PG_PART_ROLLBACK], NULL) == OK) /* a failure breaks the job: its result cannot be OK */
        (void)!pg_send(c, &pg_own[PG_PART_RELEASE], NULL);
}
