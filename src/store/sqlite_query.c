/* Statements on a SQLite connection: prepared once, bound and read by their column descriptors. */
#include "store/sqlite.h"

#include "base/log.h"

#include <stdlib.h>

/* The prepared statement of q on c; NULL with *code when it cannot be prepared. */
static sqlite3_stmt *statement_of(sqlite_connection *c, const query *q, int *code)
{
    if (q->index >= c->prepared_count) {
        size_t count = (size_t)q->index + 64;
        prepared *grown = realloc(c->prepared, count * sizeof *grown);
        if (!grown) {
            *code = SQLITE_NOMEM;
            return NULL;
        }
        memset(grown + c->prepared_count, 0, (count - c->prepared_count) * sizeof *grown);
        c->prepared = grown;
        c->prepared_count = count;
    }
    prepared *known = &c->prepared[q->index];
    if (known->q != q) { /* statements of a test have indexes of their own */
        sqlite3_finalize(known->statement);
        *known = (prepared){0};
        *code = sqlite3_prepare_v3(c->db, q->sqlite, -1, SQLITE_PREPARE_PERSISTENT, &known->statement, NULL);
        if (*code != SQLITE_OK)
            return NULL;
        known->q = q;
    }
    *code = SQLITE_OK;
    return known->statement;
}

static int bind_str(sqlite3_stmt *statement, int at, const column *c, str value)
{
    if (!value.p && c->nullable)
        return sqlite3_bind_null(statement, at);
    const char *p = value.p ? value.p : "";
    if (c->type == COLUMN_BLOB)
        return sqlite3_bind_blob64(statement, at, p, value.n, SQLITE_STATIC);
    return sqlite3_bind_text64(statement, at, p, value.n, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_column(sqlite3_stmt *statement, int at, const column *c, const void *params)
{
    const void *p = (const char *)params + c->offset;
    switch (c->type) {
    case COLUMN_UUID:
        if (c->nullable && uuid_none(*(const uuid *)p))
            return sqlite3_bind_null(statement, at);
        return sqlite3_bind_blob(statement, at, p, sizeof(uuid), SQLITE_STATIC);
    case COLUMN_TEXT:
    case COLUMN_BLOB:
        return bind_str(statement, at, c, *(const str *)p);
    case COLUMN_TIME:
        if (c->nullable && *(const msec *)p == 0)
            return sqlite3_bind_null(statement, at);
        return sqlite3_bind_int64(statement, at, *(const msec *)p);
    case COLUMN_INT:
        return sqlite3_bind_int64(statement, at, *(const int64_t *)p);
    case COLUMN_BOOL:
        return sqlite3_bind_int(statement, at, *(const bool *)p);
    }
    return SQLITE_MISUSE;
}

/* Ready to step, or NULL with *e. */
static sqlite3_stmt *start(txn *t, const query *q, const void *params, err *e)
{
    sqlite_connection *c = t->connection;
    *e = c->broken; /* SQLite may have rolled back all of it: what came now would stand alone */
    if (*e != OK)
        return NULL;
    int code;
    sqlite3_stmt *statement = statement_of(c, q, &code);
    for (int i = 0; code == SQLITE_OK && i < q->param_count; i++)
        code = bind_column(statement, i + 1, &q->params[i], params);
    if (code == SQLITE_OK && !t->writes && !sqlite3_stmt_readonly(statement))
        code = SQLITE_MISUSE;
    if (code == SQLITE_OK)
        return statement;
    *e = sqlite_trouble(c, q->name, code);
    return NULL;
}

static violation violation_of(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return VIOLATION_UNIQUE;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return VIOLATION_FOREIGN_KEY;
    default:
        return VIOLATION_CHECK;
    }
}

/* Puts the statement back; `code` is what stepping it ended with. */
static err finish(txn *t, const query *q, sqlite3_stmt *statement, int code)
{
    err e = OK;
    if ((code & 0xff) == SQLITE_CONSTRAINT) {
        t->violation = violation_of(code);
        e = ERR_CONFLICT;
    } else if (code != SQLITE_DONE && code != SQLITE_ROW) {
        e = sqlite_trouble(t->connection, q->name, code);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (e == OK && arena_full(t->a)) {
        log_(LOG_WARNING, "a transaction outgrew its memory", LOG_TEXT("at", str_of(q->name)));
        e = ERR_UNAVAILABLE;
    }
    return e;
}

/* Copies one result column into its struct; false when the file holds what the schema does not allow. */
static bool read_column(txn *t, sqlite3_stmt *statement, int at, const column *c, void *row)
{
    void *p = (char *)row + c->offset;
    bool null = sqlite3_column_type(statement, at) == SQLITE_NULL;
    if (null) /* the row is zeroed, and zero is what NULL reads as */
        return true;
    switch (c->type) {
    case COLUMN_UUID: {
        const void *bytes = sqlite3_column_blob(statement, at);
        if (sqlite3_column_bytes(statement, at) != sizeof(uuid))
            return false;
        memcpy(p, bytes, sizeof(uuid));
        return true;
    }
    case COLUMN_TEXT:
    case COLUMN_BLOB: {
        const char *bytes = c->type == COLUMN_TEXT ? (const char *)sqlite3_column_text(statement, at)
                                                   : sqlite3_column_blob(statement, at);
        *(str *)p = arena_str(t->a, (str){bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, at)});
        return true;
    }
    case COLUMN_TIME:
    case COLUMN_INT:
        *(int64_t *)p = sqlite3_column_int64(statement, at);
        return true;
    case COLUMN_BOOL:
        *(bool *)p = sqlite3_column_int(statement, at) != 0;
        return true;
    }
    return false;
}

/* SQLITE_ROW, or SQLITE_CORRUPT. */
static int read_row(txn *t, const query *q, sqlite3_stmt *statement, void *row)
{
    for (int i = 0; i < q->column_count; i++)
        if (!read_column(t, statement, i, &q->columns[i], row))
            return SQLITE_CORRUPT;
    return SQLITE_ROW;
}

/* A writing statement has checked its constraints only when it is done. */
static int run_out(sqlite3_stmt *statement)
{
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW)
        code = sqlite3_step(statement);
    return code;
}

err sqlite_query_one(txn *t, const query *q, const void *params, void *row)
{
    err e;
    sqlite3_stmt *statement = start(t, q, params, &e);
    if (!statement)
        return e;
    memset(row, 0, q->row_size);
    int code = sqlite3_step(statement);
    bool found = code == SQLITE_ROW;
    if (found)
        code = read_row(t, q, statement, row);
    if (code == SQLITE_ROW && !sqlite3_stmt_readonly(statement))
        code = run_out(statement);
    TRY(finish(t, q, statement, code));
    return found ? OK : ERR_NOT_FOUND;
}

err sqlite_query_many(txn *t, const query *q, const void *params, void **rows, size_t *count)
{
    *rows = NULL;
    *count = 0;
    err e;
    sqlite3_stmt *statement = start(t, q, params, &e);
    if (!statement)
        return e;
    char *all = NULL;
    size_t n = 0, size = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && !arena_full(t->a)) {
        all = engine_room(t, q, all, n, &size);
        code = read_row(t, q, statement, all + n++ * q->row_size);
        if (code != SQLITE_ROW)
            break;
    }
    TRY(finish(t, q, statement, code));
    *rows = all;
    *count = n;
    return OK;
}

err sqlite_execute(txn *t, const query *q, const void *params, int64_t *changed)
{
    err e;
    sqlite3_stmt *statement = start(t, q, params, &e);
    if (!statement)
        return e;
    int code = run_out(statement);
    if (changed)
        *changed = sqlite3_changes64(((sqlite_connection *)t->connection)->db);
    return finish(t, q, statement, code);
}

/* ---- savepoints ---- */

static err control_part(txn *t, control which)
{
    sqlite_connection *c = t->connection;
    TRY(c->broken);
    int code = sqlite_control(c, which);
    return code == SQLITE_OK ? OK : sqlite_trouble(c, "savepoint", code);
}

err sqlite_savepoint(txn *t)
{
    return control_part(t, CONTROL_PART);
}

err sqlite_release(txn *t)
{
    return control_part(t, CONTROL_PART_RELEASE);
}

void sqlite_rollback_to(txn *t)
{
    if (control_part(t, CONTROL_PART_ROLLBACK) == OK) /* a failure breaks the job: its result cannot be OK */
        (void)!control_part(t, CONTROL_PART_RELEASE);
}
