/* What SQLite itself finds wrong, and what it takes that PostgreSQL would not. */
#include "store/copy_parts.h"
#include "store/sqlite.h"

enum { FINDINGS_MAX = 100 };

/* The rows of a PRAGMA as sentences; `fine` is the row that means none. */
static err collect(txn *t, const char *sql, str fine, str *findings, size_t *count)
{
    sqlite_connection *c = t->connection;
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
    while (code == SQLITE_OK && *count < FINDINGS_MAX && sqlite3_step(s) == SQLITE_ROW) {
        str row = str_of((const char *)sqlite3_column_text(s, 0));
        if (!str_eq(row, fine))
            findings[(*count)++] = arena_str(t->a, row);
    }
    int end = sqlite3_finalize(s);
    return code == SQLITE_OK && end == SQLITE_OK ? OK : sqlite_trouble(c, sql, code != SQLITE_OK ? code : end);
}

/* A row's key and texts; the rest of it is nobody's question. */
static void take_row(sqlite3_stmt *s, const table_info *about, cell *cells, number *numbers)
{
    for (size_t i = 0; i < about->type_count; i++) {
        int at = (int)i;
        if (sqlite3_column_type(s, at) == SQLITE_INTEGER) {
            cells[i] = number_cell(&numbers[i], sqlite3_column_int64(s, at));
            continue;
        }
        const char *bytes = sqlite3_column_type(s, at) == SQLITE_TEXT ? (const char *)sqlite3_column_text(s, at)
                                                                      : (const char *)sqlite3_column_blob(s, at);
        cells[i] = (cell){about->types[i], {bytes, (size_t)sqlite3_column_bytes(s, at)}};
    }
}

/* SQLite keeps any bytes as text: an older program let some in, and `parvis copy` would stop at them. */
static err collect_no_text(txn *t, const table_info *about, str *findings, size_t *count)
{
    sqlite_connection *c = t->connection;
    sqlite3_stmt *s = NULL;
    cell cells[CELLS_MAX];
    number numbers[CELLS_MAX];
    int code = sqlite3_prepare_v2(c->db, about->first, -1, &s, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(s, 1, INT64_MAX);
    while (code == SQLITE_OK && *count < FINDINGS_MAX && sqlite3_step(s) == SQLITE_ROW) {
        take_row(s, about, cells, numbers);
        size_t at = row_no_text(about, cells);
        if (at < about->type_count)
            findings[(*count)++] =
                arena_join(t->a, row_place(t->a, about, cells, at), S(": no text (no UTF-8, or a NUL in it)"));
    }
    int end = sqlite3_finalize(s);
    return code == SQLITE_OK && end == SQLITE_OK ? OK : sqlite_trouble(c, about->name, code != SQLITE_OK ? code : end);
}

err sqlite_integrity(txn *t, str **findings, size_t *count)
{
    *findings = arena_array_of(t->a, str, FINDINGS_MAX);
    *count = 0;
    TRY(collect(t, "PRAGMA integrity_check", S("ok"), *findings, count));
    TRY(collect(t, "SELECT 'a row of ' || \"table\" || ' points at no row of ' || parent FROM pragma_foreign_key_check",
                S(""), *findings, count));
    if (t->store->migrations != &store_migrations)
        return OK;
    for (size_t i = 0; i < store_tables.n; i++)
        TRY(collect_no_text(t, &store_tables.p[i], *findings, count));
    return OK;
}
