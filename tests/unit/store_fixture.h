/*
 * A fresh store for each test, on a schema of its own (tests/unit/sample): a SQLite file, or, with
 * PARVIS_TEST_STORE=postgres, a database of a PostgreSQL that the test program starts for itself.
 */
#ifndef PARVIS_TEST_STORE_FIXTURE_H
#define PARVIS_TEST_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/random.h"
#include "sample_queries.h"
#include "store/postgres.h"
#include "store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA = 4 << 20 };

/* The linker gives clock_now's callers this one instead, so that the wall clock can be set back. */
msec __real_clock_now(void);
msec __wrap_clock_now(void);
static _Atomic int64_t clock_shift;
msec __wrap_clock_now(void)
{
    return __real_clock_now() + clock_shift;
}

/* ---- a fresh store for each test ---- */

typedef struct fixture {
    char folder[64], path[96], uri[160];
    store *s;
    arena *a;
    problem problem;
    uuid organization;
} fixture;

static inline str uri_of(fixture *f)
{
    return str_of(f->uri);
}

static inline void open_store(fixture *f, const migration_set *set)
{
    assert_int_equal(store_open(uri_of(f), &f->s), OK);
    store_set_migrations(f->s, set);
}

static inline err add_organization(txn *t, void *context)
{
    return q_organization_add(t, ((fixture *)context)->organization, S("Bar"));
}

static inline err write_(fixture *f, err (*run)(txn *t, void *context), void *context)
{
    return store_write(f->s, f->a, &f->problem, run, context);
}

/* ---- PostgreSQL ---- */

static char server_folder[64], server_uri[96]; /* empty: SQLite */

static inline bool on_postgres(void)
{
    return getenv("PARVIS_TEST_STORE") != NULL;
}

/* Runs tests/lib/postgres.sh; its first line. */
static inline void server_do(const char *what, char *line, size_t size)
{
    char command[256];
    snprintf(command, sizeof command, "'%s/tests/lib/postgres.sh' %s '%s'", getenv("PARVIS_PROJECT"), what,
             server_folder);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    if (line && fgets(line, (int)size, out))
        line[strcspn(line, "\n")] = 0;
    assert_int_equal(pclose(out), 0);
}

static inline void remove_server(void)
{
    server_do("remove", NULL, 0);
}

static inline int start_server(void **state)
{
    (void)state;
    snprintf(server_folder, sizeof server_folder, "/tmp/parvis-pg-XXXXXX");
    assert_non_null(mkdtemp(server_folder));
    atexit(remove_server); /* a test that fails in a thread ends the program */
    server_do("start", server_uri, sizeof server_uri);
    return 0;
}

/* SQL of a test's own, in the database `name` of the server. */
static inline void server_run(const char *name, const char *sql)
{
    char uri[160];
    snprintf(uri, sizeof uri, "%s%s", server_uri, name);
    PGconn *pg = PQconnectdb(uri);
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    PQclear(r);
    PQfinish(pg);
}

static inline void name_database(fixture *f)
{
    static int number;
    if (!on_postgres()) {
        snprintf(f->path, sizeof f->path, "%s/test.db", f->folder);
        snprintf(f->uri, sizeof f->uri, "sqlite:%s", f->path);
        return;
    }
    char sql[64];
    snprintf(f->path, sizeof f->path, "test_%d", ++number); /* the database's name */
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", f->path);
    server_run("postgres", sql);
    snprintf(f->uri, sizeof f->uri, "%s%s", server_uri, f->path);
}

static inline int setup_empty(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/parvis-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    name_database(f);
    f->a = arena_new(ARENA);
    f->organization = uuid_new(clock_now());
    open_store(f, &sample_migrations);
    *state = f;
    return 0;
}

static inline int setup(void **state)
{
    setup_empty(state);
    fixture *f = *state;
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(write_(f, add_organization, f), OK);
    return 0;
}

static inline int teardown(void **state)
{
    fixture *f = *state;
    store_close(f->s);
    arena_free(f->a);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int failed = system(command);
    free(f);
    clock_shift = 0;
    return failed;
}

static inline q_thing_add_in thing(fixture *f, str label)
{
    return (q_thing_add_in){.organization = f->organization,
                            .id = uuid_new(clock_now()),
                            .label = label,
                            .seal = S("x"),
                            .amount = 1,
                            .made_at = 1000};
}

static inline err add_thing(txn *t, void *context)
{
    return q_thing_add_(t, context);
}

static inline int64_t things(fixture *f)
{
    txn t;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    q_thing_by_rows rows;
    assert_int_equal(q_thing_by(&t, Q_THING_BY_SORT_ID, Q_THING_BY_DIR_ASC, &rows, f->organization, 1000000), OK);
    store_read_end(&t);
    return (int64_t)rows.n;
}

static inline int64_t fillers(fixture *f)
{
    txn t;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    q_filler_count_row row;
    assert_int_equal(q_filler_count(&t, &row), OK);
    store_read_end(&t);
    return row.total;
}

/* Runs the tests that suit the engine. */
#define RUN_SUITE(name, sqlite_tests, postgres_tests)                                      \
    (on_postgres() ? cmocka_run_group_tests_name(name, postgres_tests, start_server, NULL) \
                   : cmocka_run_group_tests_name(name, sqlite_tests, NULL, NULL))

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define EMPTY(test) cmocka_unit_test_setup_teardown(test, setup_empty, teardown)

#endif
