/* The walk's second half: what they sent, and on which thread what is done for them. */
#include "http/exchange_run.h"

#include "base/log.h"
#include "http/again.h"
#include "domain/member/api_key.h"
#include "domain/member/member.h"
#include "domain/shared/session.h"
#include "domain/shared/throttle.h"
#include "http/answer.h"
#include "http/app.h"
#include "http/caller.h"
#include "http/idempotency.h"
#include "http/lane.h"
#include "http/late.h"
#include "http/schema.h"

#include <stdlib.h>

enum {
    BULK_BODY = 8 << 10,
    LARGE_BODY = 128 << 10, /* above it, reading it is heavy work by itself */
    SLOW_PATIENCE = 5000,   /* ms in the pool's queue */
};

/* A repeat of what a program sends is known by its header, of a page's form by what the page put into it. */
static void read_repeat_key(exchange *x)
{
    request *r = &x->r;
    bool files = r->route->body && r->route->media == BODY_MULTIPART;
    if (r->route->face == FACE_CONSOLE && !exchange_is_safe(x->head.method))
        r->idempotency_key = files ? STR_NONE : idempotency_page_key(r->a, buf_str(&x->body));
}

static err read_input(exchange *x)
{
    request *r = &x->r;
    read_repeat_key(x);
    bool api = r->route->face == FACE_API;
    void *ignored;
    const schema *query = r->route->query ? r->route->query : &exchange_no_body;
    TRY(schema_from_query(query, r->a, &r->problem, r->raw_query, api ? NULL : &r->typed,
                          r->route->query ? &r->query : &ignored));
    str text = buf_str(&x->body);
    if (exchange_is_safe(x->head.method) || (!r->route->body && (text.n == 0 || !api)))
        return OK;
    void **out = r->route->body ? &r->body : &ignored;
    str parameters;
    switch (exchange_media(x)) {
    case BODY_JSON:
        return schema_from_json(exchange_body_schema(x), r->a, &r->problem, text, out);
    case BODY_FORM:
        return schema_from_form(exchange_body_schema(x), r->a, &r->problem, text, &r->typed, out);
    case BODY_MULTIPART:
        exchange_content_type(x, &parameters);
        return schema_from_multipart(exchange_body_schema(x), r->a, &r->problem, parameters, text, out);
    case BODY_IMAGE:
        return schema_from_bytes(exchange_body_schema(x), r->a, &r->problem, text, out);
    }
    return ERR_INTERNAL;
}

/* That a session, a key or a membership is in use; UUID_NONE: nothing new about it. */
typedef struct touch {
    store_job job;
    problem problem;
    uuid session_id, key_id, key_organization_id, membership_id, organization_id;
    msec now;
} touch;

static err touch_run(txn *t, void *context)
{
    const touch *job = context;
    if (!uuid_none(job->key_id))
        TRY(api_key_touch(t, job->key_organization_id, job->key_id, job->now));
    if (!uuid_none(job->session_id))
        TRY(session_touch(t, job->session_id));
    return uuid_none(job->membership_id) ? OK : member_touch(t, job->organization_id, job->membership_id, job->now);
}

static void touch_done(void *context, err result)
{
    touch *job = context;
    if (result != OK)
        log_plain(LOG_DEBUG, "a last use was not noted");
    arena_free(job->job.a);
    free(job);
}

static void note_use(const request *r)
{
    msec now = clock_now();
    const actor *who = &r->actor;
    bool session = session_is_stale(who, now), key = api_key_is_stale(who, now), member = member_is_unseen(who, now);
    if (!session && !key && !member)
        return;
    touch *job = calloc(1, sizeof *job);
    arena *a = job ? arena_new(1 << 16) : NULL;
    if (!a) {
        free(job);
        return;
    }
    job->session_id = session ? who->session_id : UUID_NONE;
    job->key_id = key ? who->key_id : UUID_NONE;
    job->key_organization_id = who->key_organization_id;
    job->membership_id = member ? who->membership_id : UUID_NONE;
    job->organization_id = who->organization_id;
    job->now = now;
    job->job = (store_job){.run = touch_run, .done = touch_done, .context = job, .a = a, .problem = &job->problem};
    store_submit(r->app->store, &job->job);
}

/* It has ended, but for a form that comes back. */
static void finished(exchange *x);

/* Who calls, whether they may, and what they sent: everything before the handler. */
static err prepare_in(exchange *x, txn *t)
{
    TRY(caller_authenticate(x, t));
    TRY(caller_check(&x->r));
    return read_input(x);
}

/*
 * Large work waits among its organization's, of which so many may wait and no more: who has no business there is
 * refused before it stands there.
 */
static err prepare_bulk(exchange *x, txn *t)
{
    TRY(prepare_in(x, t));
    err may = caller_enter(&x->r, t);
    return may == OK ? OK : idempotency_way_on(&x->r, t, buf_str(&x->body), may);
}

/* Who calls, and whether they may here. */
static err prepare_caller(exchange *x, txn *t)
{
    TRY(caller_authenticate(x, t));
    TRY(caller_check(&x->r));
    return caller_enter(&x->r, t);
}

typedef struct reading_job {
    exchange *x;
    err (*work)(exchange *x, txn *t);
} reading_job;

/* In the transaction that reads; perhaps more than once. */
static err reading_run(txn *t, void *context)
{
    const reading_job *job = context;
    answer_reset(&job->x->r);
    return job->work(job->x, t);
}

static err reading(exchange *x, err (*work)(exchange *x, txn *t))
{
    request *r = &x->r;
    return store_read(r->app->store, r->a, &r->problem, reading_run, &(reading_job){x, work});
}

static err prepare_and_handle(exchange *x, txn *t)
{
    request *r = &x->r;
    TRY(prepare_in(x, t));
    TRY(caller_enter(r, t));
    return r->route->handle(r, t);
}

/* In the transaction that writes; perhaps more than once. */
static err job_run(txn *t, void *context)
{
    exchange *x = context;
    request *r = &x->r;
    answer_reset(r);
    r->problem = (problem){0};
    TRY(caller_authenticate(x, t)); /* again: a session that ended since is ended */
    err may = caller_check(r);
    if (may == OK)
        may = caller_enter(r, t);
    lane_note(x, may == OK);
    if (may != OK)
        return idempotency_way_on(r, t, buf_str(&x->body), may);
    return idempotency_asked(r) ? idempotency_run(r, t, buf_str(&x->body)) : r->route->handle(r, t);
}

static void job_done(void *context, err result)
{
    exchange *x = context;
    x->outcome = result;
    note_use(&x->r);
    finished(x);
}

/* Outside an organization a long body says nothing of how much is written, and there is no lane for it to wait in. */
static bool is_bulk(const exchange *x)
{
    return x->r.route->bulk || (x->body.n > BULK_BODY && caller_organization(&x->r).p);
}

static void submit(exchange *x)
{
    request *r = &x->r;
    x->job = (store_job){.run = job_run,
                         .done = job_done,
                         .context = x,
                         .a = r->a,
                         .problem = &r->problem,
                         .bulk = is_bulk(x),
                         .lane = lane_of(x)};
    store_submit(r->app->store, &x->job);
}

/* It stood in the pool's queue for so long that it is told so, while somebody still listens. */
static bool is_late(const exchange *x)
{
    return clock_monotonic() - x->queued_at > SLOW_PATIENCE;
}

static void prepare_then_submit(void *context)
{
    exchange *x = context;
    err result = is_late(x) ? ERR_UNAVAILABLE : x->r.route->prepare(&x->r);
    if (result == OK)
        submit(x);
    else
        job_done(x, result);
}

/* ---- admission to the pool ---- */

/*
 * What can be refused by reading is refused here, before anything is hashed: rights in {org}, limits, dead tokens. The
 * handler asks again in the transaction that writes, where limits are counted. A page that shows what was found needs
 * no other.
 */
static err prepare_and_admit(exchange *x, txn *t)
{
    request *r = &x->r;
    bool replayed = false;
    r->finding = (finding){0};
    r->no_work = false;
    TRY(prepare_in(x, t));
    TRY(caller_enter(r, t));
    if (idempotency_asked(r))
        TRY(idempotency_replay(r, t, buf_str(&x->body), &replayed));
    if (!replayed && r->route->admit)
        TRY(r->route->admit(r, t));
    return r->finding.refusal == OK ? OK : r->route->handle(r, t);
}

static void answer_late(void *context)
{
    exchange *x = context;
    finished(x);
}

static bool wait_then_answer(exchange *x)
{
    x->task = (pool_task){.run = answer_late, .context = x};
    return late_put(x->r.app->late, &x->task);
}

/* No thread is free for this one, and none soon. True: answered. */
static bool refuse_busy(exchange *x)
{
    if (!x->was_again) /* else it keeps the refusal that it has */
        x->outcome = ERR_UNAVAILABLE;
    return !wait_then_answer(x);
}

/* Into a pool, in its source's line. Who had to give way is told as who found no place is. */
static bool submit_to_pool(exchange *x, pool *p, void (*run)(void *context))
{
    pool_task *displaced;
    x->queued_at = clock_monotonic();
    x->task = (pool_task){.run = run, .context = x, .source = throttle_source_of(x->r.a, &x->r.actor)};
    bool queued = pool_submit(p, &x->task, &displaced);
    exchange *other = displaced ? displaced->context : NULL;
    if (other && refuse_busy(other))
        finished(other);
    return !queued && refuse_busy(x);
}

/*
 * Whoever is refused by a limit asks again at once: while others are worked for, it is paced, to take no processor from
 * them.
 */
static bool refuse_paced(exchange *x, err refusal)
{
    return refusal == ERR_RATE_LIMITED && pool_is_busy(x->r.app->pool) && wait_then_answer(x);
}

/* Reading it takes long, or what was sent does: neither is done on an HTTP thread. */
static bool is_heavy(const exchange *x)
{
    const request *r = &x->r;
    route_kind kind = r->route->kind;
    bool asked = r->route->heavy_when.p && !str_empty(form_value(r->a, r->raw_query, r->route->heavy_when));
    return kind == ROUTE_HEAVY || asked || (kind != ROUTE_SLOW && x->body.n > LARGE_BODY);
}

/* True: answered. False: on its way, and perhaps gone already. */
static bool run_now(exchange *x)
{
    request *r = &x->r;
    bool slow = r->route->kind == ROUTE_SLOW, reads = r->route->kind == ROUTE_READ || r->route->kind == ROUTE_HEAVY;
    x->outcome = reading(x, slow         ? prepare_and_admit
                            : reads      ? prepare_and_handle
                            : is_bulk(x) ? prepare_bulk
                                         : prepare_in);
    if (reads || x->outcome != OK || r->status != 0) {
        err refusal = x->outcome != OK ? x->outcome : r->finding.refusal;
        note_use(r);
        return !(slow && refuse_paced(x, refusal));
    }
    if (slow && !r->no_work)
        return submit_to_pool(x, r->app->pool, prepare_then_submit);
    submit(x);
    return false;
}

static void run_heavy(void *context)
{
    exchange *x = context;
    bool late = is_late(x);
    if (late)
        x->outcome = ERR_UNAVAILABLE;
    if (late || run_now(x))
        finished(x);
}

static bool run_here(exchange *x)
{
    if (!is_heavy(x))
        return run_now(x);
    x->outcome = reading(x, prepare_caller); /* nobody takes a thread of the pool for a refusal */
    return x->outcome != OK || submit_to_pool(x, x->r.app->heavy, run_heavy);
}

static void run_there(void *context)
{
    exchange *x = context;
    request *r = &x->r;
    bool late = clock_monotonic() - r->started > r->app->env.settings->database_timeout;
    if (late) /* all before it wait for the database; whoever asked has left by now */
        x->outcome = ERR_UNAVAILABLE;
    if (late || run_here(x))
        finished(x);
}

bool exchange_may_wait(const exchange *x)
{
    route_kind kind = x->r.route->kind;
    return kind != ROUTE_BARE && (kind != ROUTE_READ || x->r.app->readers || is_heavy(x));
}

/* ---- a refused form comes back ---- */

static void make_again(exchange *x)
{
    again_end(x, reading(x, again_show));
}

static void run_again(void *context)
{
    exchange *x = context;
    make_again(x);
    x->ready(x);
}

/*
 * False: it is on its way. The page costs what pages cost, and a write's end is told on the writer's thread: it is made
 * in the pool. While that is full, the refusal stands as it is.
 */
static bool is_over(exchange *x)
{
    if (!again_wanted(x))
        return true;
    again_begin(x);
    if (exchange_may_wait(x))
        return submit_to_pool(x, x->r.app->heavy, run_again);
    make_again(x);
    return true;
}

static void finished(exchange *x)
{
    if (is_over(x))
        x->ready(x);
}

static bool is_sound(exchange *x)
{
    if (x->body.n == x->pass.length)
        return true;
    x->outcome = ERR_BAD_REQUEST; /* two readers saw two lengths */
    x->must_close = true;
    return false;
}

/* True: it has come to an end. */
static bool run(exchange *x)
{
    request *r = &x->r;
    if (r->route->kind == ROUTE_BARE) {
        x->outcome = r->route->handle(r, NULL);
        return true;
    }
    bool slow = r->route->kind == ROUTE_SLOW, heavy = is_heavy(x);
    if ((slow || heavy) && pool_would_refuse(slow ? r->app->pool : r->app->heavy, throttle_source_of(r->a, &r->actor)))
        return refuse_busy(x); /* before anything of it is read */
    if (!r->app->readers)
        return run_here(x);
    /* What was sent can be read, and its transaction asks who sent it: another one beforehand would say nothing new. */
    if (!heavy && r->route->kind == ROUTE_WRITE && !is_bulk(x) && read_input(x) == OK) {
        submit(x);
        return false;
    }
    r->problem = (problem){0};
    pool_task *displaced; /* none: all of them stand in one line */
    x->task = (pool_task){.run = run_there, .context = x};
    if (pool_submit(r->app->readers, &x->task, &displaced))
        return false;
    x->outcome = ERR_UNAVAILABLE;
    return true;
}

bool exchange_run(exchange *x)
{
    return !is_sound(x) || (run(x) && is_over(x));
}
