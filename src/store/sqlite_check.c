/* What SQLite itself finds wrong. */
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

err sqlite_integrity(txn *t, str **findings, size_t *count)
{
    *findings = arena_array_of(t->a, str, FINDINGS_MAX);
    *count = 0;
    TRY(collect(t, "PRAGMA integrity_check", S("ok"), *findings, count));
    return collect(t,
                   "SELECT 'a row of ' || \"table\" || ' points at no row of ' || parent FROM pragma_foreign_key_check",
                   S(""), *findings, count);
}
