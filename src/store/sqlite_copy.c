/*
 * A SQLite file as one end of a copy. Its connection locks the file for itself alone: while a server (or anything else)
 * has it open, it cannot be copied, and while it is copied, nothing else can open it.
 */
#include "store/copy_parts.h"

#include "base/log.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 1000 };

static err trouble(copy_end *end, const char *at, int code)
{
    sqlite3 *db = end->connection;
    log_(LOG_ERROR, "the database refuses", LOG_TEXT("at", str_of(at)), LOG_INT("code", code),
         LOG_TEXT("reason", str_of(sqlite3_errstr(code))), LOG_TEXT("detail", str_of(db ? sqlite3_errmsg(db) : "")));
    return ERR_UNAVAILABLE;
}

static err strange(const char *at)
{
    log_(LOG_ERROR, "the database holds a value that its schema does not allow", LOG_TEXT("at", str_of(at)));
    return ERR_UNAVAILABLE;
}

/* ---- opening ---- */

/* The first reading takes the lock, and keeps it. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536; PRAGMA mmap_size = 0;"
                               "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;"
                               "PRAGMA user_version;";
static const char settings_reading[] = "PRAGMA query_only = ON";

static err opened(copy_end *end, int code)
{
    if (code == SQLITE_OK)
        return OK;
    err e = ERR_NOT_FOUND;
    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        e = ERR_CONFLICT;
    else if ((code & 0xff) != SQLITE_CANTOPEN)
        e = trouble(end, "open", code);
    sqlite_copy.close(end);
    return e;
}

static err open_end(copy_end *end, str uri, bool writes)
{
    sqlite3 *db = NULL;
    str path = str_slice(uri, sqlite_copy.schemes[0].n, uri.n);
    BUF_SCOPED name = {0}; /* "file:…" would be read as a URI with options */
    if (str_empty(path) || memchr(path.p, 0, path.n))
        return ERR_NOT_FOUND;
    buf_printf(&name, "%s%.*s", path.p[0] == '/' ? "" : "./", STR_FMT(path));
    buf_byte(&name, 0);
    int code = sqlite3_open_v2(name.p, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    end->connection = db;
    if (code == SQLITE_OK)
        code = sqlite3_extended_result_codes(db, 1);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(db, BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, settings, NULL, NULL, NULL);
    if (code == SQLITE_OK && !writes)
        code = sqlite3_exec(db, settings_reading, NULL, NULL, NULL);
    return opened(end, code);
}

static void close_end(copy_end *end)
{
    if (sqlite3_close(end->connection) != SQLITE_OK)
        log_plain(LOG_ERROR, "a database connection was closed while in use");
    end->connection = NULL;
}

/* ---- making ---- */

/* What another database left beside a name: a log would be taken for this one's. */
static void remove_beside(arena *a, str path)
{
    static const str endings[] = {S_INIT("-wal"), S_INIT("-shm"), S_INIT("-journal")};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        unlink(arena_join(a, path, endings[i]).p);
}

static err migrated(str uri)
{
    store *s;
    TRY(store_open(uri, &s));
    err e = store_migrate(s);
    store_close(s);
    return e;
}

/* Under another name until it is whole. */
static err make(copy_end *end)
{
    ARENA_SCOPED a = arena_new(64 * 1024);
    str path = str_slice(end->uri, sqlite_copy.schemes[0].n, end->uri.n);
    str partial = arena_join(a, path, S(".making")), folder = STR_NONE;
    for (size_t i = 1; i < path.n; i++)
        if (path.p[i] == '/')
            folder = str_slice(path, 0, i);
    if (folder.p)
        mkdir(arena_cstr(a, folder), 0700); /* a data folder to be; one that is there stays as it is */
    unlink(partial.p);
    remove_beside(a, partial);
    TRY(migrated(arena_join(a, sqlite_copy.schemes[0], partial)));
    remove_beside(a, path);
    if (rename(partial.p, arena_cstr(a, path)) == 0)
        return OK;
    log_(LOG_ERROR, "the database file cannot be made", LOG_TEXT("file", path),
         LOG_TEXT("reason", str_of(strerrorname_np(errno))));
    return ERR_UNAVAILABLE;
}

/* ---- values ---- */

static int bind(sqlite3_stmt *statement, int at, const cell *c)
{
    if (!c->bytes.p)
        return sqlite3_bind_null(statement, at);
    switch (c->type) {
    case COLUMN_TEXT:
        return sqlite3_bind_text64(statement, at, c->bytes.p, c->bytes.n, SQLITE_STATIC, SQLITE_UTF8);
    case COLUMN_UUID:
    case COLUMN_BLOB:
        return sqlite3_bind_blob64(statement, at, c->bytes.p, c->bytes.n, SQLITE_STATIC);
    case COLUMN_INT:
    case COLUMN_TIME:
    case COLUMN_BOOL:
        return sqlite3_bind_int64(statement, at, cell_number(c));
    }
    return SQLITE_MISUSE;
}

static int storage_of(column_type type)
{
    static const int storage[] = {
        [COLUMN_UUID] = SQLITE_BLOB,   [COLUMN_TEXT] = SQLITE_TEXT,    [COLUMN_BLOB] = SQLITE_BLOB,
        [COLUMN_INT] = SQLITE_INTEGER, [COLUMN_TIME] = SQLITE_INTEGER, [COLUMN_BOOL] = SQLITE_INTEGER};
    return storage[type];
}

static bool read_value(sqlite3_stmt *statement, int at, column_type type, buf *out)
{
    int found = sqlite3_column_type(statement, at);
    if (found == SQLITE_NULL) {
        row_cell(out, STR_NONE);
        return true;
    }
    if (found != storage_of(type))
        return false;
    if (found == SQLITE_INTEGER) {
        row_number(out, sqlite3_column_int64(statement, at));
        return true;
    }
    const char *bytes = found == SQLITE_TEXT ? (const char *)sqlite3_column_text(statement, at)
                                             : (const char *)sqlite3_column_blob(statement, at);
    size_t n = (size_t)sqlite3_column_bytes(statement, at);
    row_cell(out, (str){bytes ? bytes : "", n}); /* an empty blob is a null pointer */
    return cell_fits(type, n);
}

static bool read_row(sqlite3_stmt *statement, const column_type *types, size_t count, buf *out)
{
    row_begin(out, count);
    for (size_t i = 0; i < count; i++)
        if (!read_value(statement, (int)i, types[i], out))
            return false;
    return true;
}

/* ---- statements ---- */

static err ask(copy_end *end, const char *sql, const cell *params, size_t param_count, const column_type *types,
               size_t type_count, buf *rows, int64_t *count)
{
    sqlite3_stmt *statement = NULL;
    bool fits = true;
    int64_t n = 0;
    int code = sqlite3_prepare_v2(end->connection, sql, -1, &statement, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < param_count; i++)
        code = bind(statement, (int)i + 1, &params[i]);
    if (code == SQLITE_OK)
        while (fits && (code = sqlite3_step(statement)) == SQLITE_ROW && ++n > 0)
            fits = !rows || read_row(statement, types, type_count, rows);
    err e = OK;
    if (!fits)
        e = strange(sql);
    else if (code != SQLITE_DONE)
        e = trouble(end, sql, code);
    sqlite3_finalize(statement);
    if (count)
        *count = n;
    return e;
}

static err put(copy_end *end, const table_info *t, str rows)
{
    cell cells[CELLS_MAX];
    sqlite3_stmt *statement = NULL;
    err e = OK;
    int code = sqlite3_prepare_v2(end->connection, t->insert, -1, &statement, NULL);
    while (code == SQLITE_OK && e == OK && rows.n > 0) {
        if (!row_take(&rows, t->types, t->type_count, cells)) {
            e = strange(t->name);
            break;
        }
        for (size_t i = 0; code == SQLITE_OK && i < t->type_count; i++)
            code = bind(statement, (int)i + 1, &cells[i]);
        if (code == SQLITE_OK)
            code = sqlite3_step(statement) == SQLITE_DONE ? sqlite3_reset(statement)
                                                          : sqlite3_extended_errcode(end->connection);
    }
    if (e == OK && code != SQLITE_OK)
        e = trouble(end, t->name, code);
    sqlite3_finalize(statement);
    return e;
}

const copy_engine sqlite_copy = {
    .schemes = {S_INIT("sqlite:"), S_INIT("")},
    .tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
    .history = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'",
    .begin_read = "BEGIN",
    .durable = "PRAGMA synchronous = FULL",
    .settle = "PRAGMA wal_checkpoint(TRUNCATE)",
    .open = open_end,
    .close = close_end,
    .make = make,
    .ask = ask,
    .put = put,
};
