/* Bringing a SQLite file up to the program's schema: forward only, each step in a transaction, after a copy. */
#include "store/sqlite.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char history_sql[] = "CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER PRIMARY KEY NOT NULL,"
                                  " name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";

static err complain(const char *message, const migration *m)
{
    log_(LOG_ERROR, message, LOG_INT("version", m->version), LOG_TEXT("name", str_of(m->name)));
    return ERR_UNAVAILABLE;
}

static err check(sqlite_connection *c, const char *what, int code)
{
    return code == SQLITE_OK || code == SQLITE_DONE ? OK : sqlite_trouble(c, what, code);
}

/* The first row's first number; 0 without a row. */
static err number_of(sqlite_connection *c, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *out = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    } else if (code == SQLITE_DONE) {
        *out = 0;
        code = SQLITE_OK;
    }
    err e = check(c, "schema", code);
    sqlite3_finalize(statement);
    return e;
}

/* The newest version in the file; 0 for an empty one. A file of somebody else's is refused. */
static err version_of(sqlite_connection *c, int64_t *have)
{
    int64_t tables = 0, history = 0, foreign = 0;
    *have = 0;
    TRY(number_of(c, "SELECT count(*) FROM pragma_encoding WHERE encoding <> 'UTF-8'", &foreign));
    if (foreign) {
        log_plain(LOG_ERROR, "the database cannot be used: its encoding is not UTF-8");
        return ERR_UNAVAILABLE;
    }
    TRY(number_of(c, "SELECT count(*) FROM sqlite_schema", &tables));
    TRY(number_of(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'", &history));
    if (history)
        return number_of(c, "SELECT coalesce(max(version), 0) FROM schema_migration", have);
    if (tables == 0)
        return OK;
    log_plain(LOG_ERROR, "the database holds tables that are not Parvis's: it is left alone");
    return ERR_UNAVAILABLE;
}

err sqlite_migration_state(store *s, migration_state *out)
{
    sqlite_store *w = sqlite_of(s);
    out->want = (int64_t)s->migrations->n;
    pthread_mutex_lock(&w->turn);
    w->writer.broken = OK;
    err e = version_of(&w->writer, &out->have);
    pthread_mutex_unlock(&w->turn);
    return e;
}

/* What was applied must be what this program knows: an edited migration would leave two schemas with one number. */
static err check_history(sqlite_connection *c, const migration_set *set, int64_t have)
{
    if (have > (int64_t)set->n) {
        log_(LOG_ERROR, migration_too_new(have), LOG_INT("have", have), LOG_INT("want", set->n));
        return ERR_UNAVAILABLE;
    }
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(c->db, "SELECT checksum FROM schema_migration WHERE version = ?1", -1, &statement, NULL);
    err e = check(c, "schema", code);
    for (int64_t i = 0; e == OK && i < have; i++) {
        const migration *m = &set->p[i];
        sqlite3_bind_int64(statement, 1, m->version);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            e = check(c, "schema", code);
        else if (code == SQLITE_DONE ||
                 !str_eq(str_of((const char *)sqlite3_column_text(statement, 0)), str_of(m->checksum)))
            e = complain("a migration differs from the one that made this database: nothing is changed", m);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return e;
}

/* ---- the copy ---- */

static bool sync_path(const char *path, int flags)
{
    int file = open(path, flags | O_CLOEXEC);
    if (file < 0)
        return false;
    bool done = fsync(file) == 0;
    close(file);
    return done;
}

static bool sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    bool done = copy && sync_path(dirname(copy), O_RDONLY | O_DIRECTORY);
    free(copy);
    return done;
}

/* A whole, private copy under `partial`, made durable. */
static err write_copy(sqlite_connection *c, const char *partial)
{
    unlink(partial); /* what an interrupted attempt left */
    int file = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        log_(LOG_ERROR, "the copy before a migration cannot be made", LOG_TEXT("file", str_of(partial)));
        return ERR_UNAVAILABLE;
    }
    close(file);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(c->db, "VACUUM INTO ?1", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, partial, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    err e = check(c, "copy before a migration", code);
    sqlite3_finalize(statement);
    if (e == OK && !sync_path(partial, O_RDWR))
        e = ERR_UNAVAILABLE;
    return e;
}

/* <file>.before-N; N is the first version to come. */
static err copy_before(sqlite_store *w, int64_t version)
{
    char *path = NULL, *partial = NULL;
    if (asprintf(&path, "%s.before-%lld", w->path, (long long)version) < 0)
        return ERR_UNAVAILABLE;
    err e = asprintf(&partial, "%s.partial", path) < 0 ? ERR_UNAVAILABLE : write_copy(&w->writer, partial);
    if (e == OK && (rename(partial, path) != 0 || !sync_folder_of(path))) {
        log_(LOG_ERROR, "the copy before a migration cannot be kept", LOG_TEXT("file", str_of(path)));
        e = ERR_UNAVAILABLE;
    }
    if (e == OK)
        log_(LOG_INFO, "the database was copied before its migration", LOG_TEXT("file", str_of(path)));
    else if (partial)
        unlink(partial);
    free(partial);
    free(path);
    return e;
}

/* ---- the steps ---- */

static err note_applied(sqlite_connection *c, const migration *m)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        c->db, "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)", -1,
        &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, m->version);
        sqlite3_bind_text(statement, 2, m->name, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3, m->checksum, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 4, clock_now());
        code = sqlite3_step(statement);
    }
    err e = check(c, "schema", code);
    sqlite3_finalize(statement);
    return e;
}

/*
 * Inside its transaction. Foreign keys are off meanwhile, so that tables can be rebuilt; they are checked at the end.
 */
static err apply_inside(sqlite_connection *c, const migration *m)
{
    TRY(check(c, m->name, sqlite_run(c, history_sql)));
    TRY(check(c, m->name, sqlite_run(c, m->sql)));
    int64_t orphans = 0;
    TRY(number_of(c, "SELECT count(*) FROM pragma_foreign_key_check", &orphans));
    if (orphans)
        return complain("a migration leaves rows that point nowhere: it is undone", m);
    return note_applied(c, m);
}

static err apply(sqlite_connection *c, const migration *m)
{
    TRY(check(c, "begin", sqlite_control(c, CONTROL_BEGIN_WRITE)));
    err e = apply_inside(c, m);
    if (e == OK)
        e = check(c, "commit", sqlite_control(c, CONTROL_COMMIT));
    if (!sqlite3_get_autocommit(c->db))
        sqlite_control(c, CONTROL_ROLLBACK);
    if (e == OK)
        log_(LOG_INFO, "the database was migrated", LOG_INT("version", m->version), LOG_TEXT("name", str_of(m->name)));
    return e;
}

static err apply_missing(sqlite_store *w, const migration_set *set)
{
    int64_t have;
    TRY(version_of(&w->writer, &have));
    if (have > 0)
        TRY(check_history(&w->writer, set, have));
    if (have > 0 && have < (int64_t)set->n)
        TRY(copy_before(w, have + 1));
    for (size_t i = (size_t)have; i < set->n; i++)
        TRY(apply(&w->writer, &set->p[i]));
    return OK;
}

err sqlite_migrate(store *s)
{
    sqlite_store *w = sqlite_of(s);
    pthread_mutex_lock(&w->turn);
    w->writer.broken = OK;
    err e = check(&w->writer, "schema", sqlite_run(&w->writer, "PRAGMA foreign_keys = OFF"));
    if (e == OK)
        e = apply_missing(w, s->migrations);
    err on = check(&w->writer, "schema", sqlite_run(&w->writer, "PRAGMA foreign_keys = ON"));
    pthread_mutex_unlock(&w->turn);
    return e != OK ? e : on;
}
