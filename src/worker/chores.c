/* Reminders, warnings, what was asked for addresses, and what is too old to keep. */
#include "domain/lifecycle/address_answer.h"
#include "worker/chores.h"

#include "base/log.h"
#include "domain/account/account.h"
#include "domain/invitation/change.h"
#include "domain/member/notice.h"
#include "domain/shared/address_request.h"
#include "limits_table.h"
#include "queries.h"

enum { CHORES = 100, SWEEP_EVERY = MSEC_HOUR, SWEEP_ROWS = 500, SWEEP_ROUNDS = 2000, ARENA_BYTES = 16 << 20 };

/* How many at a time, and how many there were. */
typedef struct lot {
    int64_t most, count;
} lot;

static err remind(txn *t, void *context)
{
    lot *l = context;
    return invitations_remind(t, l->most, &l->count);
}

static err warn(txn *t, void *context)
{
    lot *l = context;
    return members_warn(t, l->most, &l->count);
}

static err answer(txn *t, void *context)
{
    lot *l = context;
    return address_requests_answer(t, l->most, &l->count);
}

/*
 * Some at a time, until none are left; how many is said. Where others write beside, each alone: what one of them waits
 * for, or fails by, is nobody else's trouble.
 */
static void until_done(worker *w, err (*run)(txn *t, void *context), const char *done, const char *failed)
{
    int64_t total = 0;
    lot l = {.most = store_is_shared(w->store) ? 1 : CHORES};
    err e;
    do {
        ARENA_SCOPED a = arena_new(ARENA_BYTES);
        problem p = {0};
        l.count = 0;
        e = store_write(w->store, a, &p, run, &l);
        total += e == OK ? l.count : 0;
    } while (e == OK && l.count == l.most);
    if (e != OK)
        log_(LOG_WARNING, failed, LOG_TEXT("code", err_about(e)->code));
    if (total > 0)
        log_(LOG_INFO, done, LOG_INT("count", total));
}

void chores_remind(worker *w)
{
    until_done(w, remind, "reminders queued", "reminders cannot be sent");
}

void chores_warn(worker *w)
{
    until_done(w, warn, "ends of access announced", "ends of access cannot be announced");
}

void chores_answer(worker *w)
{
    until_done(w, answer, "requests for addresses answered", "requests for addresses cannot be answered");
}

static err sort_anew(txn *t, void *context)
{
    lot *l = context;
    return accounts_places_rewrite(t, l->most, &l->count);
}

void chores_places(worker *w)
{
    until_done(w, sort_anew, "members sorted anew", "members cannot be sorted anew");
}

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
