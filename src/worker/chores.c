/* Reminders, warnings, what was asked for addresses, and what is too old to keep. */
#include "domain/lifecycle/address_answer.h"
#include "worker/chores.h"
#include "worker/parts.h"

#include "base/log.h"
#include "domain/account/account.h"
#include "domain/invitation/remind.h"
#include "domain/member/notice.h"
#include "domain/shared/address_request.h"
#include "limits_table.h"
#include "queries.h"

enum {
    PAGE = 100,
    ANSWERED_A_ROUND = 32,
    PASSED_MOST = 64, /* organizations that are remembered as busy: those beyond are asked again for each row */
    SWEEP_EVERY = MSEC_HOUR,
    SWEEP_ROWS = 500,
    SWEEP_ROUNDS = 2000,
    ARENA_BYTES = 16 << 20,
};

/* ---- what is due of each organization ---- */

typedef struct chore {
    err (*list)(txn *t, const due_row *after, int64_t limit, due_row **out, size_t *count);
    err (*one)(txn *t, const due_row *row);
    const char *done, *failed;
} chore;

/* All that is due, once. */
typedef struct round {
    const chore *chore;
    due_row after, *rows;
    size_t count;
    uuid passed[PASSED_MOST];
    size_t passed_count;
    int64_t done;
    err trouble; /* the last one's */
} round;

typedef struct row_run {
    const chore *chore;
    const due_row *row;
} row_run;

static err list(txn *t, void *context)
{
    round *r = context;
    return r->chore->list(t, &r->after, PAGE, &r->rows, &r->count);
}

static err do_row(txn *t, void *context)
{
    const row_run *one = context;
    return one->chore->one(t, one->row);
}

static bool was_passed(const round *r, uuid organization_id)
{
    for (size_t i = 0; i < r->passed_count; i++)
        if (uuid_eq(r->passed[i], organization_id))
            return true;
    return false;
}

/* In a write of its own: what one waits for, or fails by, is nobody else's trouble. */
static void see_to(worker *w, round *r, const due_row *row)
{
    ARENA_SCOPED a = arena_new(ARENA_BYTES);
    problem p = {0};
    row_run one = {r->chore, row};
    bool taken;
    if (was_passed(r, row->organization_id))
        return;
    err e = store_write_free(w->store, a, &p, do_row, &one, &taken);
    if (taken && r->passed_count < PASSED_MOST)
        r->passed[r->passed_count++] = row->organization_id;
    if (e == OK)
        r->done++;
    else if (!taken)
        r->trouble = e;
}

/* Whoever is busy is passed over, and comes again in the next round, a second later. */
static void see_to_all(worker *w, const chore *c)
{
    round r = {.chore = c};
    do {
        ARENA_SCOPED a = arena_new(ARENA_BYTES);
        r.count = 0;
        err e = store_read(w->store, a, NULL, list, &r);
        if (e != OK) {
            r.trouble = e;
            break;
        }
        for (size_t i = 0; i < r.count && !worker_is_stopping(w); i++)
            see_to(w, &r, &r.rows[i]);
        if (r.count)
            r.after = r.rows[r.count - 1];
    } while (r.count == PAGE && !worker_is_stopping(w));
    if (r.trouble != OK)
        log_(LOG_WARNING, c->failed, LOG_TEXT("code", err_about(r.trouble)->code));
    if (r.done > 0)
        log_(LOG_INFO, c->done, LOG_INT("count", r.done));
}

void chores_remind(worker *w)
{
    static const chore remind = {invitation_reminders_due, invitation_remind, "reminders queued",
                                 "reminders cannot be sent"};
    see_to_all(w, &remind);
}

void chores_warn(worker *w)
{
    static const chore warn = {member_warnings_due, member_warn, "ends of access announced",
                               "ends of access cannot be announced"};
    see_to_all(w, &warn);
}

/* ---- what was asked for addresses ---- */

typedef struct answer_run {
    request_mark after, taken;
} answer_run;

static err answer(txn *t, void *context)
{
    answer_run *r = context;
    r->taken = (request_mark){0};
    return address_request_answer(t, &r->after, &r->taken);
}

/* Who was passed over is asked again when some others were answered, and whose turn comes before theirs comes first. */
void chores_answer(worker *w)
{
    answer_run r = {0};
    int64_t count = 0, round = 0;
    err trouble = OK;
    do {
        ARENA_SCOPED a = arena_new(ARENA_BYTES);
        problem p = {0};
        bool busy;
        r.after = r.taken;
        if (round == ANSWERED_A_ROUND) {
            r.after = (request_mark){0};
            round = 0;
        }
        err e = store_write_free(w->store, a, &p, answer, &r, &busy);
        count += e == OK;
        round += e == OK;
        if (e != OK && !busy && e != ERR_NOT_FOUND)
            trouble = e;
    } while (!uuid_none(r.taken.id) && !worker_is_stopping(w));
    if (trouble != OK)
        log_(LOG_WARNING, "requests for addresses cannot be answered", LOG_TEXT("code", err_about(trouble)->code));
    if (count > 0)
        log_(LOG_INFO, "requests for addresses answered", LOG_INT("count", count));
}

/* ---- members whose order waits ---- */

typedef struct lot {
    int64_t most, count;
} lot;

static err sort_anew(txn *t, void *context)
{
    lot *l = context;
    return accounts_places_rewrite(t, l->most, &l->count);
}

/* Where others write beside this, one account to a transaction: it holds no two of them. */
void chores_places(worker *w)
{
    lot l = {.most = store_is_shared(w->store) ? 1 : PAGE};
    int64_t count = 0;
    err e;
    do {
        ARENA_SCOPED a = arena_new(ARENA_BYTES);
        problem p = {0};
        l.count = 0;
        e = store_write(w->store, a, &p, sort_anew, &l);
        count += e == OK ? l.count : 0;
    } while (e == OK && l.count == l.most && !worker_is_stopping(w));
    if (e != OK)
        log_(LOG_WARNING, "members cannot be sorted anew", LOG_TEXT("code", err_about(e)->code));
    if (count > 0)
        log_(LOG_INFO, "members sorted anew", LOG_INT("count", count));
}

/* ---- what is too old ---- */

/* What is swept, and how long after its time. Rate windows are at most a day long, a kept answer lives 24 hours. */
typedef struct sweep {
    err (*run)(txn *t, int64_t *changed, msec before);
    msec keep;
    int64_t changed;
} sweep;

static err sweep_idempotency(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_idempotency(t, changed, before);
}

static err sweep_throttle(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_throttle(t, changed, before);
}

static err sweep_rate_window(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_rate_window(t, changed, before);
}

static err sweep_session(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_session(t, changed, before);
}

static err sweep_account_token(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_account_token(t, changed, before);
}

static err sweep_spent(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_spent(t, changed, before);
}

static err sweep_signup(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_signup(t, changed, before);
}

static err sweep_email_change(txn *t, int64_t *changed, msec before)
{
    return q_worker_sweep_email_change(t, changed, before);
}

static err sweep_temporary(txn *t, int64_t *changed, msec before)
{
    TRY(q_worker_sweep_temporary_sessions(t, before));
    return q_worker_sweep_temporary(t, changed, before);
}

static err sweep_challenge(txn *t, int64_t *changed, msec before)
{
    return q_challenge_sweep(t, changed, before);
}

static err sweep_gathering(txn *t, int64_t *changed, msec before)
{
    return q_audit_gathering_sweep(t, changed, before);
}

static err run_sweep(txn *t, void *context)
{
    sweep *s = context;
    return s->run(t, &s->changed, t->now - s->keep);
}

/* A few hundred rows a transaction, so that nobody waits behind it. */
static void sweep_all_of(worker *w, sweep *s)
{
    for (int round = 0; round < SWEEP_ROUNDS; round++) {
        ARENA_SCOPED a = arena_new(64 << 10);
        problem p = {0};
        s->changed = 0;
        if (store_write(w->store, a, &p, run_sweep, s) != OK || s->changed < SWEEP_ROWS)
            return;
    }
}

void chores_sweep(worker *w)
{
    sweep all[] = {
        {.run = sweep_idempotency, .keep = ANSWER_KEPT_FOR}, {.run = sweep_throttle, .keep = 2 * MSEC_DAY},
        {.run = sweep_rate_window, .keep = 2 * MSEC_DAY},    {.run = sweep_session, .keep = 0},
        {.run = sweep_account_token, .keep = MSEC_DAY},      {.run = sweep_signup, .keep = 0},
        {.run = sweep_email_change, .keep = MSEC_DAY},       {.run = sweep_temporary, .keep = MSEC_DAY},
        {.run = sweep_challenge, .keep = MSEC_DAY},          {.run = sweep_gathering, .keep = 2 * MSEC_DAY},
        {.run = sweep_spent, .keep = REPEAT_WITHIN},
    };
    msec now = clock_now();
    if (now - w->swept_at < SWEEP_EVERY)
        return;
    w->swept_at = now;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sweep_all_of(w, &all[i]);
}
