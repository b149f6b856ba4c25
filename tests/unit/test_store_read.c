/*
 * A line that is cut while a transaction reads: it is read again, by whoever calls, and what the first run saw is
 * forgotten.
 */
#include "wire_store.h"

enum { READ_RUNS = 3 }; /* the store's patience */

typedef struct reading {
    fixture *f;
    wire_proxy *proxy;
    cut how;
    int cuts; /* how many of the first runs lose their line */
    int runs;
    int64_t seen;
    int remains;
} reading;

/* Two statements; the line goes with the second. */
static err look_twice(txn *t, void *context)
{
    reading *r = context;
    q_organization_count_row first;
    q_thing_by_rows rows;
    r->seen = 0;
    r->remains += t->problem->field_count > 0; /* a run begins with nothing of the one before */
    TRY(q_organization_count(t, &first));
    r->seen = first.total;
    if (r->runs++ < r->cuts)
        r->proxy->next = (int)r->how;
    t->problem->field_count = 1;
    TRY(q_thing_by(t, Q_THING_BY_SORT_ID, Q_THING_BY_DIR_ASC, &rows, r->f->organization, 10));
    r->seen += (int64_t)rows.n;
    t->problem->field_count = 0;
    return OK;
}

static err look(fixture *f, reading *r)
{
    return store_read(f->s, f->a, &f->problem, look_twice, r);
}

static void cut_once(fixture *f, cut how)
{
    wire_proxy p;
    open_through(f, &p);
    p.statement = "thing_by_id_asc";
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    for (int i = 0; i < 10; i++) {
        reading r = {.f = f, .proxy = &p, .how = how, .cuts = 1};
        assert_int_equal(look(f, &r), OK);
        assert_int_equal(r.runs, 2);
        assert_int_equal(r.seen, 2);
        assert_int_equal(r.remains, 0);
        assert_int_equal(p.next, CUT_NOTHING);
    }
    assert_int_equal(p.cuts, 10);
    close_through(f, &p);
}

static void test_a_line_cut_before_the_question(void **state)
{
    cut_once(*state, CUT_BEFORE_COMMIT);
}

static void test_a_line_cut_before_the_answer(void **state)
{
    cut_once(*state, CUT_AFTER_COMMIT);
}

static void test_a_line_that_is_cut_each_time(void **state)
{
    fixture *f = *state;
    wire_proxy p;
    open_through(f, &p);
    p.statement = "thing_by_id_asc";
    reading r = {.f = f, .proxy = &p, .how = CUT_BEFORE_COMMIT, .cuts = READ_RUNS};
    assert_int_equal(look(f, &r), ERR_UNAVAILABLE);
    assert_int_equal(r.runs, READ_RUNS);
    r.cuts = 0;
    assert_int_equal(look(f, &r), OK);
    close_through(f, &p);
}

static err refuse(txn *t, void *context)
{
    ++*(int *)context;
    return problem_at(t->problem, ERR_NOT_FOUND, S("/id"), S("unknown"), 0);
}

/* What the rule says is no reason to ask again, and its note stays. */
static void test_a_refusal_is_not_run_again(void **state)
{
    fixture *f = *state;
    int runs = 0;
    assert_int_equal(store_read(f->s, f->a, &f->problem, refuse, &runs), ERR_NOT_FOUND);
    assert_int_equal(runs, 1);
    assert_int_equal(f->problem.field_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(test_a_line_cut_before_the_question),
        FRESH(test_a_line_cut_before_the_answer),
        FRESH(test_a_line_that_is_cut_each_time),
        FRESH(test_a_refusal_is_not_run_again),
    };
    return cmocka_run_group_tests_name("store_read", tests, start_server, NULL);
}
