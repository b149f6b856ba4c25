/*
 * What SQLite alone makes of this disk: durable commits a second, one by one and 64 rows a commit, with the server's
 * pragmas and rows of about an invitation's size in a table with one more index. Usage: commits FOLDER SECONDS
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static sqlite3 *db;

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rate(int group, double seconds)
{
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(db, "INSERT INTO row VALUES (randomblob(16), hex(randomblob(12)), zeroblob(150))", -1, &insert,
                       NULL);
    double began = now(), until = began + seconds;
    long rows = 0;
    while (now() < until) {
        run("BEGIN IMMEDIATE");
        for (int i = 0; i < group; i++, rows++) {
            sqlite3_step(insert);
            sqlite3_reset(insert);
        }
        run("COMMIT");
    }
    sqlite3_finalize(insert);
    return (double)rows / (now() - began);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    char path[4096];
    snprintf(path, sizeof path, "%s/commits.db", argv[1]);
    double seconds = strtod(argv[2], NULL);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        return 1;
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    run("PRAGMA wal_autocheckpoint = 2000");
    run("CREATE TABLE row (id BLOB PRIMARY KEY, address TEXT UNIQUE, rest BLOB) STRICT, WITHOUT ROWID");
    double single = rate(1, seconds);
    printf("%.0f %.0f\n", single, rate(64, seconds));
    sqlite3_close(db);
    return 0;
}
