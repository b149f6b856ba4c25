/* A PostgreSQL database as one end of a copy: pages by SELECT, rows in by binary COPY, on one plain connection. */
#include "store/copy_parts.h"

#include "base/log.h"

#include <libpq-fe.h>

/*
 * Pages of a large table take longer than a server's statements may. Nobody waits for a batch: COMMIT does not wait for
 * the disk, until the last one, which waits for all.
 */
static const char session[] =
    "SET statement_timeout = 0; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = 0;"
    "SET standard_conforming_strings = on; SET jit = off; SET synchronous_commit = off";

static err trouble(copy_end *end, const PGresult *r, const char *at)
{
    str reason = str_of(PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
    str code = str_of(PQresultErrorField(r, PG_DIAG_SQLSTATE));
    if (!reason.p) {
        reason = str_of(PQerrorMessage(end->connection));
        reason = str_cut(&reason, '\n');
    }
    /* The details stay out of the log: they quote the row. */
    log_(LOG_ERROR, "the database refuses", LOG_TEXT("at", str_of(at)), LOG_TEXT("code", code.p ? code : S("")),
         LOG_TEXT("reason", reason));
    return ERR_UNAVAILABLE;
}

/* ---- opening ---- */

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static err cannot_open(copy_end *end, const char *why)
{
    str reason = str_of(why ? why : PQerrorMessage(end->connection));
    log_(LOG_ERROR, "the database cannot be reached", LOG_TEXT("reason", str_cut(&reason, '\n')));
    postgres_copy.close(end);
    return ERR_UNAVAILABLE;
}

static err open_end(copy_end *end, str uri, bool writes)
{
    BUF_SCOPED whole = {0}; /* it may hold a password: wiped when it is freed */
    if (memchr(uri.p, 0, uri.n))
        return ERR_NOT_FOUND;
    buf_add(&whole, uri);
    buf_byte(&whole, 0);
    /* What stands in the URI comes last and wins, but for what must hold. */
    const char *const names[] = {"connect_timeout", "target_session_attrs", "tcp_user_timeout", "keepalives_idle",
                                 "dbname",          "application_name",     "client_encoding",  NULL};
    const char *const values[] = {"10", writes ? "read-write" : "any", "30000", "10", whole.p, "parvis-copy", "UTF8",
                                  NULL};
    PGconn *pg = PQconnectdbParams(names, values, 1);
    end->connection = pg;
    if (PQstatus(pg) != CONNECTION_OK)
        return cannot_open(end, NULL);
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    if (!str_eq(str_of(PQparameterStatus(pg, "server_encoding")), S("UTF8")))
        return cannot_open(end, "its encoding is not UTF8");
    return end_run(end, session);
}

static void close_end(copy_end *end)
{
    PQfinish(end->connection);
    end->connection = NULL;
}

/* ---- statements ---- */

static Oid type_of(column_type type)
{
    static const Oid types[] = {[COLUMN_UUID] = 2950, [COLUMN_TEXT] = 25, [COLUMN_BLOB] = 17,
                                [COLUMN_INT] = 20,    [COLUMN_TIME] = 20, [COLUMN_BOOL] = 20};
    return types[type];
}

static bool is_fine(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool read_row(const PGresult *r, int at, const column_type *types, size_t count, buf *out)
{
    row_begin(out, count);
    for (size_t i = 0; i < count; i++) {
        size_t n = (size_t)PQgetlength(r, at, (int)i);
        bool null = PQgetisnull(r, at, (int)i);
        if (!null && !cell_fits(types[i], n))
            return false;
        row_cell(out, null ? STR_NONE : (str){PQgetvalue(r, at, (int)i), n});
    }
    return true;
}

static err read_rows(const char *sql, const PGresult *r, const column_type *types, size_t type_count, buf *rows)
{
    bool fits = (size_t)PQnfields(r) == type_count;
    for (int i = 0; fits && i < PQntuples(r); i++)
        fits = read_row(r, i, types, type_count, rows);
    if (fits)
        return OK;
    log_(LOG_ERROR, "the database holds a value that its schema does not allow", LOG_TEXT("at", str_of(sql)));
    return ERR_UNAVAILABLE;
}

static err ask(copy_end *end, const char *sql, const cell *params, size_t param_count, const column_type *types,
               size_t type_count, buf *rows, int64_t *count)
{
    Oid oids[CELLS_MAX];
    const char *values[CELLS_MAX];
    int lengths[CELLS_MAX], formats[CELLS_MAX];
    for (size_t i = 0; i < param_count; i++) {
        oids[i] = type_of(params[i].type);
        values[i] = params[i].bytes.p;
        lengths[i] = (int)params[i].bytes.n;
        formats[i] = 1;
    }
    /* Several statements in one text, as in the session's settings, go without parameters. */
    PGresult *r = param_count || rows
                      ? PQexecParams(end->connection, sql, (int)param_count, oids, values, lengths, formats, 1)
                      : PQexec(end->connection, sql);
    err e = is_fine(r) ? OK : trouble(end, r, sql);
    if (e == OK && count)
        *count = PQntuples(r);
    if (e == OK && rows)
        e = read_rows(sql, r, types, type_count, rows);
    PQclear(r);
    return e;
}

/* ---- rows in ---- */

/* The stream's beginning and end (PostgreSQL 15, COPY, Binary Format): signature, flags, no header extension. */
static const char stream_begin[] = "PGCOPY\n\377\r\n\0"
                                   "\0\0\0\0"
                                   "\0\0\0\0";
static const char stream_end[] = "\377\377";

static bool send(PGconn *pg, const char *p, size_t n)
{
    enum { PIECE = 1 << 20 };
    for (size_t at = 0; at < n; at += PIECE)
        if (PQputCopyData(pg, p + at, (int)(n - at < PIECE ? n - at : PIECE)) != 1)
            return false;
    return true;
}

static err put(copy_end *end, const table_info *t, str rows)
{
    PGconn *pg = end->connection;
    PGresult *r = PQexec(pg, t->receive);
    err e = PQresultStatus(r) == PGRES_COPY_IN ? OK : trouble(end, r, t->name);
    PQclear(r);
    TRY(e);
    bool sent = send(pg, stream_begin, sizeof stream_begin - 1) && send(pg, rows.p, rows.n) &&
                send(pg, stream_end, sizeof stream_end - 1) && PQputCopyEnd(pg, NULL) == 1;
    if (!sent)
        e = trouble(end, NULL, t->name);
    while ((r = PQgetResult(pg))) {
        if (e == OK && PQresultStatus(r) != PGRES_COMMAND_OK)
            e = trouble(end, r, t->name);
        PQclear(r);
        if (PQstatus(pg) != CONNECTION_OK)
            break;
    }
    return e;
}

const copy_engine postgres_copy = {
    .schemes = {S_INIT("postgresql:"), S_INIT("postgres:")},
    .tables = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()",
    .history = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = "
               "'schema_migration'",
    .nodes = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database()"
             " AND application_name = 'parvis'",
    .begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    .durable = "SET synchronous_commit = on",
    .settle = "ANALYZE",
    .open = open_end,
    .close = close_end,
    .ask = ask,
    .put = put,
};
