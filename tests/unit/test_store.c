/* The store's promises: opening, migrating, statements, savepoints. */
#include "store_fixture.h"

/* ---- opening and migrating ---- */

static void test_opening_refuses(void **state)
{
    (void)state;
    store *s;
    store_close(NULL);
    assert_int_equal(store_open(S("oracle:x"), &s), ERR_UNAVAILABLE);
    assert_null(s);
    assert_int_equal(store_open(S("sqlite:"), &s), ERR_UNAVAILABLE);
    assert_int_equal(store_open(S("sqlite:/nonexistent/folder/x.db"), &s), ERR_UNAVAILABLE);
    assert_int_equal(store_open(S("sqlite:/dev"), &s), ERR_UNAVAILABLE);
    assert_null(s);
}

/* What differs in `written` alone is one database; who asks for it, and with which password, is never told. */
static void test_a_database_has_one_name(void **state)
{
    static const struct {
        const char *written, *name;
    } rows[] = {
        {"sqlite:/dev/../dev/null", "sqlite:/dev/null"},
        {"sqlite:/dev/./nothing.db", "sqlite:/dev/nothing.db"},
        {"sqlite:/nothing.db", "sqlite:/nothing.db"},
        {"sqlite:/nonexistent/folder/x.db", "sqlite:/nonexistent/folder/x.db"},
        {"postgresql://u:s3cret@db.example.org:5432/x", "postgresql://db.example.org/x"},
        {"postgres://db.example.org/x?user=u", "postgresql://db.example.org/x"},
        {"postgresql://db.example.org:5433/x?sslmode=require", "postgresql://db.example.org:5433/x"},
        {"postgresql://u:p%40@db.example.org", "postgresql://db.example.org/u"},
        {"postgresql:///x?host=/run/pg&port=5433", "postgresql:///x?host=/run/pg&port=5433"},
        {"postgresql://%2Frun%2Fpg/x", "postgresql:///x?host=/run/pg"},
        {"postgresql://a:1,b:2/x", "postgresql:///x?host=a,b&port=1,2"},
        {"postgresql://h/x?options=-csearch_path%3Dy", "postgresql://h/x?options=-csearch_path=y"},
        {"postgresql:///x", "postgresql:///x"},
        {"postgresql://u:s3cret@[::1", "postgresql:"},
        {"oracle:s3cret", ""},
    };
    ARENA_SCOPED a = arena_new(64 << 10);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str name = store_name(a, str_of(rows[i].written));
        if (!str_eq(name, str_of(rows[i].name)))
            fail_msg("%s is called %.*s", rows[i].written, STR_FMT(name));
    }
}

static void test_migrating(void **state)
{
    fixture *f = *state;
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 0);
    assert_int_equal(m.want, 2);
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 2);
}

static void test_a_new_file_is_private(void **state)
{
    fixture *f = *state;
    struct stat file;
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(stat(f->path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    char copy[128];
    snprintf(copy, sizeof copy, "%s.before-1", f->path);
    assert_int_equal(access(copy, F_OK), -1); /* an empty file needs no copy */
}

static void test_what_was_committed_is_there_after_opening_again(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    store_close(f->s);
    open_store(f, &sample_migrations);
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(things(f), 1);
}

/* Opens again with another set of migrations. */
static err migrate_with(fixture *f, const migration *p, size_t n)
{
    static migration_set set;
    set = (migration_set){p, n};
    store_close(f->s);
    open_store(f, &set);
    return store_migrate(f->s);
}

static void test_a_changed_migration_is_refused(void **state)
{
    fixture *f = *state;
    migration changed[2] = {sample_migrations.p[0], sample_migrations.p[1]};
    changed[0].checksum = "0000";
    assert_int_equal(migrate_with(f, changed, 2), ERR_UNAVAILABLE);
    assert_int_equal(migrate_with(f, sample_migrations.p, 2), OK);
}

static void test_a_newer_file_is_refused(void **state)
{
    fixture *f = *state;
    assert_int_equal(migrate_with(f, sample_migrations.p, 1), ERR_UNAVAILABLE);
}

static void test_a_strangers_file_is_refused(void **state)
{
    fixture *f = *state;
    static const char table[] = "CREATE TABLE shopping (item TEXT)";
    if (on_postgres())
        server_run(f->path, table);
    else
        assert_int_equal(sqlite_run(&sqlite_of(f->s)->writer, table), SQLITE_OK);
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), ERR_UNAVAILABLE);
    assert_int_equal(store_migrate(f->s), ERR_UNAVAILABLE);
}

static void test_a_copy_is_made_before_a_migration(void **state)
{
    fixture *f = *state;
    assert_int_equal(migrate_with(f, sample_migrations.p, 1), OK);
    assert_int_equal(write_(f, add_organization, f), OK);
    assert_int_equal(migrate_with(f, sample_migrations.p, 2), OK);
    assert_int_equal(fillers(f), 0); /* the second migration's table is there */

    size_t length = strlen(f->uri);
    snprintf(f->uri + length, sizeof f->uri - length, ".before-2");
    struct stat file;
    assert_int_equal(stat(f->uri + strlen("sqlite:"), &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(migrate_with(f, sample_migrations.p, 1), OK); /* the copy is at version 1 */
    txn t;
    q_organization_count_row row;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(q_organization_count(&t, &row), OK);
    assert_int_equal(row.total, 1);
    store_read_end(&t);
}

static void test_a_failing_migration_changes_nothing(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    migration set[3] = {sample_migrations.p[0],
                        sample_migrations.p[1],
                        {3, "broken", "b", "DELETE FROM thing; CREATE TABLE thing (id BLOB) STRICT;"}};
    assert_int_not_equal(migrate_with(f, set, 3), OK);
    assert_int_equal(things(f), 1);
    set[2].sql = "DELETE FROM organization;"; /* leaves things that belong to none */
    assert_int_equal(migrate_with(f, set, 3), ERR_UNAVAILABLE);
    assert_int_equal(things(f), 1);
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 2);
    assert_int_equal(write_(f, add_thing, &(q_thing_add_in){.id = in.id}),
                     ERR_CONFLICT); /* foreign keys are on again */
}

/* ---- statements ---- */

typedef struct round_trip {
    q_thing_add_in in;
    q_thing_get_row row;
    q_thing_nulls_row nulls;
} round_trip;

static err go_round(txn *t, void *context)
{
    round_trip *r = context;
    TRY(q_thing_add_(t, &r->in));
    TRY(q_thing_nulls(t, &r->nulls, r->in.organization, r->in.id));
    return q_thing_get(t, &r->row, .id = r->in.id, .organization = r->in.organization);
}

static void test_every_type_comes_back(void **state)
{
    fixture *f = *state;
    round_trip r = {.in = {.organization = f->organization,
                           .id = uuid_new(clock_now()),
                           .label = S("Zoé"),
                           .note = S(""),
                           .seal = S("\0\1\0"),
                           .secret = S(""),
                           .owner = uuid_new(clock_now()),
                           .amount = INT64_MAX,
                           .is_open = true,
                           .made_at = 1763716200123,
                           .closed_at = -1}};
    assert_int_equal(write_(f, go_round, &r), OK);
    assert_true(uuid_eq(r.row.id, r.in.id));
    assert_true(str_eq(r.row.label, r.in.label) && r.row.label.p != r.in.label.p);
    assert_true(r.row.note.p && r.row.note.n == 0);
    assert_true(str_eq(r.row.seal, r.in.seal));
    assert_true(r.row.secret.p && r.row.secret.n == 0);
    assert_true(uuid_eq(r.row.owner_id, r.in.owner));
    assert_true(r.row.amount == INT64_MAX && r.row.is_open && r.row.made_at == 1763716200123 && r.row.closed_at == -1);
    assert_int_equal(r.nulls.nulls, 0);
}

static void test_none_is_null_or_empty(void **state)
{
    fixture *f = *state;
    round_trip r = {.in = {.organization = f->organization}};
    assert_int_equal(write_(f, go_round, &r), OK);
    assert_true(uuid_none(r.row.id));
    assert_true(r.row.label.p && r.row.label.n == 0 && r.row.seal.p && r.row.seal.n == 0);
    assert_true(!r.row.note.p && !r.row.secret.p && uuid_none(r.row.owner_id) && r.row.closed_at == 0);
    assert_true(r.row.amount == 0 && !r.row.is_open && r.row.made_at == 0);
    assert_int_equal(r.nulls.nulls, 4);
}

/* SQLite would keep it, PostgreSQL refuse it: here both refuse, and the transaction goes on. */
static void test_what_is_no_text_is_refused(void **state)
{
    static const str odd[] = {S_INIT("\xFF"), S_INIT("a\0b"), S_INIT("\xC3"), S_INIT("\xED\xA0\x80")};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        round_trip label = {.in = {.organization = f->organization, .id = uuid_new(clock_now()), .label = odd[i]}};
        round_trip note = label;
        note.in.label = S("fine");
        note.in.note = odd[i];
        f->problem = (problem){0};
        assert_int_equal(write_(f, go_round, &label), ERR_INVALID_REQUEST);
        assert_int_equal(f->problem.field_count, 1);
        assert_int_equal(write_(f, go_round, &note), ERR_INVALID_REQUEST);
    }
    assert_int_equal(things(f), 0);
    round_trip blob = {.in = {.organization = f->organization, .id = uuid_new(clock_now()), .secret = odd[0]}};
    assert_int_equal(write_(f, go_round, &blob), OK);
}

static err read_nothing(txn *t, void *context)
{
    fixture *f = context;
    q_thing_get_row row;
    assert_int_equal(q_thing_get(t, &row, f->organization, UUID_NONE), ERR_NOT_FOUND);
    q_thing_by_label_asc_rows rows;
    assert_int_equal(q_thing_by_label_asc(t, &rows, f->organization, 10), OK);
    assert_int_equal(rows.n, 0);
    assert_int_equal(t->violation, VIOLATION_NONE);
    return OK;
}

static void test_nothing_found(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_(f, read_nothing, f), OK);
}

static err add_many(txn *t, void *context)
{
    for (int i = 0; i < 1000; i++) {
        q_thing_add_in in = thing(context, arena_printf(t->a, "%04d", i));
        in.amount = i;
        TRY(q_thing_add_(t, &in));
    }
    int64_t changed;
    TRY(q_thing_raise(t, &changed, 5, ((fixture *)context)->organization));
    assert_int_equal(changed, 1000);
    TRY(q_thing_raise(t, &changed, 5, UUID_NONE));
    assert_int_equal(changed, 0);
    return OK;
}

static void test_many_rows_in_their_order(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_(f, add_many, f), OK);
    txn t;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    q_thing_page_rows rows;
    assert_int_equal(q_thing_by(&t, Q_THING_BY_SORT_LABEL, Q_THING_BY_DIR_DESC, &rows, f->organization, 1000), OK);
    assert_int_equal(rows.n, 1000);
    for (size_t i = 0; i < rows.n; i++)
        assert_int_equal(rows.p[i].amount, 1004 - i);
    assert_true(str_eq(rows.p[1].label, S("0998")));
    assert_int_equal(q_thing_by_label_asc(&t, &rows, f->organization, 3), OK);
    assert_int_equal(rows.n, 3);
    assert_int_equal(rows.p[0].amount, 5);
    store_read_end(&t);
}

typedef struct violator {
    q_thing_add_in in;
    violation seen;
} violator;

static err violate(txn *t, void *context)
{
    violator *v = context;
    err e = q_thing_add_(t, &v->in);
    v->seen = t->violation;
    return e;
}

static void test_violations_say_their_kind(void **state)
{
    fixture *f = *state;
    violator v = {.in = thing(f, S("a"))};
    assert_int_equal(write_(f, violate, &v), OK);
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_UNIQUE);
    v.in.id = uuid_new(clock_now()); /* the label is taken, too */
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_UNIQUE);
    v.in = thing(f, S("b"));
    v.in.amount = -1;
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_CHECK);
    v.in = thing(f, S("b"));
    v.in.organization = v.in.id;
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_FOREIGN_KEY);
    assert_int_equal(things(f), 1);
}

static err take_twice(txn *t, void *context)
{
    q_thing_add_in *in = context;
    q_thing_take_row row;
    TRY(q_thing_take(t, &row, in->organization, in->id));
    assert_int_equal(row.amount, 0);
    assert_int_equal(q_thing_take(t, &row, in->organization, in->id), ERR_CONFLICT);
    assert_int_equal(t->violation, VIOLATION_CHECK);
    q_thing_get_row after; /* a conflict undoes its statement, not what went before */
    TRY(q_thing_get(t, &after, in->organization, in->id));
    assert_int_equal(after.amount, 0);
    return q_thing_take(t, &row, in->organization, UUID_NONE);
}

static void test_a_change_may_return_its_row(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    assert_int_equal(write_(f, take_twice, &in), ERR_NOT_FOUND);
}

static err write_in_a_read(fixture *f)
{
    txn t;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    q_thing_add_in in = thing(f, S("a"));
    err e = q_thing_add_(&t, &in);
    store_read_end(&t);
    return e;
}

static void test_a_reading_transaction_cannot_write(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_in_a_read(f), ERR_INTERNAL);
    assert_int_equal(things(f), 0);
}

static void *read_while_others_write(void *context)
{
    fixture *f = context;
    store_linger(f->s);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(things(f), i);
        assert_int_equal(things(f), i); /* in the transaction of the first */
        q_thing_add_in in = thing(f, arena_printf(f->a, "%d", i));
        assert_int_equal(write_(f, add_thing, &in), OK);
    }
    store_rest(f->s);
    assert_int_equal(things(f), 50);
    return NULL; /* without a rest: the thread's end is one */
}

static void test_a_lingering_reader_sees_every_commit(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_while_others_write, f), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(things(f), 50);
}

/* SQLite would not mind, having no such lock: what PostgreSQL refuses, both refuse. */
static void test_a_reading_transaction_cannot_lock(void **state)
{
    fixture *f = *state;
    txn t;
    q_thing_nulls_row row;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    err e = q_thing_nulls(&t, &row, f->organization, UUID_NONE);
    store_read_end(&t);
    assert_int_equal(e, ERR_INTERNAL);
}

/* ---- savepoints and refusals ---- */

static err nest(txn *t, void *context)
{
    fixture *f = context;
    q_thing_add_in a = thing(f, S("a")), b = thing(f, S("b")), c = thing(f, S("c")), d = thing(f, S("d"));
    TRY(q_thing_add_(t, &a));
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &b));
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &c));
    store_rollback_to(t); /* c goes */
    TRY(q_thing_add_(t, &d));
    TRY(store_release(t)); /* b and d stay */
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &c));
    store_rollback_to(t);
    return OK;
}

static err nest_and_refuse(txn *t, void *context)
{
    TRY(nest(t, context));
    TRY(store_savepoint(t)); /* left open */
    return ERR_FORBIDDEN;
}

static void test_savepoints_nest(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_(f, nest_and_refuse, f), ERR_FORBIDDEN);
    assert_int_equal(things(f), 0);
    assert_int_equal(write_(f, nest, f), OK);
    txn t;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    q_thing_page_rows rows;
    assert_int_equal(q_thing_by_label_asc(&t, &rows, f->organization, 10), OK);
    assert_int_equal(rows.n, 3);
    assert_true(str_eq(rows.p[0].label, S("a")) && str_eq(rows.p[1].label, S("b")) && str_eq(rows.p[2].label, S("d")));
    store_read_end(&t);
}

/* ---- what stays of a refusal ---- */

typedef struct noting {
    fixture *f;
    err returns;
    bool again, conflicts;
} noting;

/* a and b stay, with e where it is said again; c, d and f never do. */
static err note_in_parts(txn *t, void *context)
{
    const noting *n = context;
    q_thing_add_in a = thing(n->f, S("a")), b = thing(n->f, S("b")), c = thing(n->f, S("c")), d = thing(n->f, S("d")),
                   e = thing(n->f, S("e")), last = thing(n->f, S("f"));
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &a));
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &b));
    txn_keep(t);
    TRY(q_thing_add_(t, &c));
    store_rollback_to(t);
    TRY(q_thing_add_(t, &d));
    store_rollback_to(t);
    TRY(q_thing_add_(t, &e));
    if (n->again)
        txn_keep(t);
    if (n->conflicts && q_thing_add_(t, &b) != ERR_CONFLICT)
        return ERR_INTERNAL;
    TRY(store_savepoint(t)); /* left open where it is refused */
    TRY(q_thing_add_(t, &last));
    if (n->returns != OK)
        return n->returns;
    store_rollback_to(t);
    return OK;
}

static void expect_labels(fixture *f, const char *expected)
{
    txn t;
    char labels[8] = "";
    q_thing_page_rows rows;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(q_thing_by_label_asc(&t, &rows, f->organization, 7), OK);
    for (size_t i = 0; i < rows.n; i++)
        labels[i] = rows.p[i].label.p[0];
    assert_string_equal(labels, expected);
    store_read_end(&t);
}

static void note_and_see(fixture *f, noting n, const char *expected)
{
    n.f = f;
    assert_int_equal(write_(f, note_in_parts, &n), n.returns);
    expect_labels(f, expected);
}

static void test_a_note_stays_behind_a_refusal(void **state)
{
    note_and_see(*state, (noting){.returns = ERR_FORBIDDEN}, "ab");
}

static void test_a_note_stays_with_what_came_before_it(void **state)
{
    note_and_see(*state, (noting){.returns = ERR_FORBIDDEN, .again = true}, "abe");
}

static void test_a_note_stays_of_a_run_that_met_a_constraint(void **state)
{
    note_and_see(*state, (noting){.returns = ERR_FORBIDDEN, .conflicts = true}, "ab");
}

static void test_who_is_not_refused_keeps_all(void **state)
{
    note_and_see(*state, (noting){.returns = OK}, "abe");
}

static void test_trouble_keeps_no_note(void **state)
{
    note_and_see(*state, (noting){.returns = ERR_INTERNAL}, "");
    note_and_see(*state, (noting){.returns = ERR_UNAVAILABLE, .again = true}, "");
}

static bool was_told;

static void tell(void)
{
    was_told = true;
}

static err tell_and_refuse(txn *t, void *context)
{
    store_on_commit(t, tell);
    if (context)
        txn_keep(t);
    return ERR_FORBIDDEN;
}

static void test_whoever_looks_for_a_note_is_woken(void **state)
{
    fixture *f = *state;
    was_told = false;
    assert_int_equal(write_(f, tell_and_refuse, NULL), ERR_FORBIDDEN);
    assert_false(was_told);
    assert_int_equal(write_(f, tell_and_refuse, f), ERR_FORBIDDEN);
    assert_true(was_told);
}

static err keep_while_reading(txn *t, void *context)
{
    (void)context;
    txn_keep(t);
    return ERR_FORBIDDEN;
}

static void test_who_reads_keeps_nothing(void **state)
{
    fixture *f = *state;
    assert_int_equal(store_read(f->s, f->a, &f->problem, keep_while_reading, NULL), ERR_FORBIDDEN);
}

static err outgrow(txn *t, void *context)
{
    TRY(q_thing_add_(t, context));
    arena_alloc(t->a, 64 << 10);
    return OK;
}

static void test_a_job_that_outgrows_its_arena_is_undone(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    ARENA_SCOPED small = arena_new(32 << 10);
    problem p = {0};
    assert_int_equal(store_write(f->s, small, &p, outgrow, &in), ERR_UNAVAILABLE);
    assert_true(p.retry_after > 0);
    assert_int_equal(things(f), 0);
}

int main(void)
{
#define BOTH                                                                                                          \
    EMPTY(test_migrating), FRESH(test_what_was_committed_is_there_after_opening_again),                               \
        FRESH(test_a_changed_migration_is_refused), FRESH(test_a_newer_file_is_refused),                              \
        EMPTY(test_a_strangers_file_is_refused), FRESH(test_a_failing_migration_changes_nothing),                     \
        FRESH(test_every_type_comes_back), FRESH(test_none_is_null_or_empty), FRESH(test_what_is_no_text_is_refused), \
        FRESH(test_nothing_found), FRESH(test_many_rows_in_their_order), FRESH(test_violations_say_their_kind),       \
        FRESH(test_a_change_may_return_its_row), FRESH(test_a_reading_transaction_cannot_write),                      \
        FRESH(test_a_lingering_reader_sees_every_commit), FRESH(test_savepoints_nest),                                \
        FRESH(test_a_reading_transaction_cannot_lock), FRESH(test_a_job_that_outgrows_its_arena_is_undone),           \
        FRESH(test_a_note_stays_behind_a_refusal), FRESH(test_a_note_stays_with_what_came_before_it),                 \
        FRESH(test_a_note_stays_of_a_run_that_met_a_constraint), FRESH(test_who_is_not_refused_keeps_all),            \
        FRESH(test_trouble_keeps_no_note), FRESH(test_whoever_looks_for_a_note_is_woken),                             \
        FRESH(test_who_reads_keeps_nothing)
    const struct CMUnitTest sqlite_tests[] = {
        BOTH, cmocka_unit_test(test_opening_refuses), cmocka_unit_test(test_a_database_has_one_name),
        EMPTY(test_a_new_file_is_private), EMPTY(test_a_copy_is_made_before_a_migration)};
    const struct CMUnitTest postgres_tests[] = {BOTH};
    return RUN_SUITE("store", sqlite_tests, postgres_tests);
}
