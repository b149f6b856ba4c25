/* Reminders, and what is too old to keep. */
#include "worker/parts.h"

#include "base/log.h"
#include "domain/invitation.h"
#include "queries.h"

enum { REMINDERS = 100, SWEEP_EVERY = MSEC_HOUR, SWEEP_ROWS = 500, SWEEP_ROUNDS = 2000, ARENA_BYTES = 16 << 20 };

static err remind(txn *t, void *context)
{
    return invitations_remind(t, REMINDERS, context);
}

void chores_remind(worker *w)
{
    int64_t count;
    do {
        ARENA_SCOPED a = arena_new(ARENA_BYTES);
        problem p = {0};
        count = 0;
        err e = store_write(w->store, a, &p, remind, &count);
        if (e != OK)
            log_(LOG_WARNING, "reminders cannot be sent", LOG_TEXT("code", err_about(e)->code));
        else if (count > 0)
            log_(LOG_INFO, "reminders queued", LOG_INT("count", count));
        if (e != OK)
            return;
    } while (count == REMINDERS);
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
        {.run = sweep_idempotency, .keep = MSEC_DAY},     {.run = sweep_throttle, .keep = 2 * MSEC_DAY},
        {.run = sweep_rate_window, .keep = 2 * MSEC_DAY}, {.run = sweep_session, .keep = 0},
        {.run = sweep_account_token, .keep = MSEC_DAY},
    };
    msec now = clock_now();
    if (now - w->swept_at < SWEEP_EVERY)
        return;
    w->swept_at = now;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sweep_all_of(w, &all[i]);
}
