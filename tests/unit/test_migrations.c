/*
 * Migrations over what is there: a database of the first one, with rows in every table, goes through each later one of
 * the program's; and through one that rebuilds the table most others refer to, so that this says something while there
 * is no other.
 */
#include "store_fixture.h"

#include "filled.h"
#include "queries.h"

static int64_t version_of(fixture *f)
{
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), OK);
    return m.have;
}

/* Opens again, so that nothing is known of the tables as they were. */
static err migrate_to(fixture *f, const migration *p, size_t n)
{
    static migration_set set; /* the store goes on reading it */
    set = (migration_set){p, n};
    store_close(f->s);
    open_store(f, &set);
    return store_migrate(f->s);
}

static void fill(fixture *f)
{
    assert_int_equal(migrate_to(f, store_migrations.p, 1), OK);
    if (on_postgres())
        server_run(f->path, filled_postgres);
    else
        assert_int_equal(sqlite_run(&sqlite_of(f->s)->writer, filled_sqlite), SQLITE_OK);
}

static void expect_sound(fixture *f)
{
    txn t;
    str *findings;
    size_t n;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(store_integrity(&t, &findings, &n), OK);
    assert_int_equal(n, 0);
    store_read_end(&t);
}

/* "account 6,session 6,…" */
static str counts(fixture *f)
{
    static const column all[] = {{COLUMN_TEXT, 0, false, "counts"}};
    static const query ask = {.name = "counts",
                              .sqlite = counts_sql,
                              .postgres = counts_sql,
                              .columns = all,
                              .column_count = 1,
                              .row_size = sizeof(str),
                              .index = 61};
    txn t;
    str line;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(store_query_one(&t, &ask, NULL, &line), OK);
    store_read_end(&t);
    return line;
}

static void test_every_table_of_the_first_has_rows(void **state)
{
    fixture *f = *state;
    fill(f);
    expect_sound(f);
    str line = counts(f);
    size_t tables = 0;
    for (str rest = line; rest.n; tables++) {
        str table = str_cut(&rest, ',');
        str_cut(&table, ' ');
        assert_true(table.n > 0 && !str_eq(table, S("0")));
    }
    assert_true(tables > 20);
}

static void test_each_later_one_over_a_filled_first(void **state)
{
    fixture *f = *state;
    fill(f);
    for (size_t n = 2; n <= store_migrations.n; n++) {
        assert_int_equal(migrate_to(f, store_migrations.p, n), OK);
        assert_int_equal(version_of(f), n);
        expect_sound(f);
    }
}

static migration_set with(migration *room, const char *sqlite, const char *postgres)
{
    room[0] = store_migrations.p[0];
    room[1] = (migration){2, "one-more", "c", sqlite, postgres};
    return (migration_set){room, 2};
}

static void test_a_rebuilt_table_keeps_what_refers_to_it(void **state)
{
    fixture *f = *state;
    migration room[2];
    fill(f);
    str before = counts(f);
    migration_set set = with(room, rebuilding_sql,
                             "ALTER TABLE account ADD COLUMN rebuilt_at BIGINT; UPDATE account SET rebuilt_at = 1;");
    assert_int_equal(migrate_to(f, set.p, set.n), OK);
    assert_int_equal(version_of(f), 2);
    assert_true(str_eq(counts(f), before));
    expect_sound(f);
}

static void test_one_that_breaks_a_reference_changes_nothing(void **state)
{
    fixture *f = *state;
    migration room[2];
    fill(f);
    str before = counts(f);
    migration_set set =
        with(room, losing_sql, "ALTER TABLE account ADD COLUMN rebuilt_at BIGINT; DELETE FROM organization;");
    assert_int_equal(migrate_to(f, set.p, set.n), ERR_UNAVAILABLE);
    assert_int_equal(version_of(f), 1);
    assert_true(str_eq(counts(f), before));
    expect_sound(f);
    set = with(room, rebuilding_sql,
               "ALTER TABLE account ADD COLUMN rebuilt_at BIGINT;"); /* nothing of it is in the way */
    assert_int_equal(migrate_to(f, set.p, set.n), OK);
    assert_true(str_eq(counts(f), before));
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

/* What the migration needs off is on again for everybody's writes, however it went. */
static void test_foreign_keys_are_on_again(void **state)
{
    fixture *f = *state;
    migration room[2];
    fill(f);
    migration_set set = with(room, losing_sql, NULL);
    assert_int_equal(migrate_to(f, set.p, set.n), ERR_UNAVAILABLE);
    assert_int_equal(number(sqlite_of(f->s)->writer.db, "PRAGMA foreign_keys"), 1);
    set = with(room, rebuilding_sql, NULL);
    assert_int_equal(migrate_to(f, set.p, set.n), OK);
    assert_int_equal(number(sqlite_of(f->s)->writer.db, "PRAGMA foreign_keys"), 1);
    assert_true(number(sqlite_of(f->s)->writer.db,
                       "SELECT count(*) FROM pragma_table_info('account') WHERE name = 'rebuilt_at'"));
}

int main(void)
{
#define BOTH                                                                                       \
    EMPTY(test_every_table_of_the_first_has_rows), EMPTY(test_each_later_one_over_a_filled_first), \
        EMPTY(test_a_rebuilt_table_keeps_what_refers_to_it), EMPTY(test_one_that_breaks_a_reference_changes_nothing)
    const struct CMUnitTest sqlite_tests[] = {BOTH, EMPTY(test_foreign_keys_are_on_again)};
    const struct CMUnitTest postgres_tests[] = {BOTH};
    return RUN_SUITE("migrations", sqlite_tests, postgres_tests);
}
