/*
 * The clerk's thread: claims, hands out, records, and sleeps until something is due or somebody wakes it. Beside it two
 * hands: who asked is answered by one, and what the clock made due is the other's, who may be long at it.
 */
#include "worker/parts.h"
#include "worker/chores.h"
#include "worker/carrier.h"
#include "worker/share.h"

#include "base/log.h"
#include "queries.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
    CLAIM_MOST = 64,            /* mails a transaction */
    CLAIM_LEAST = CARRIERS_MAX, /* where handing over is slow: what comes next is not behind many */
    CLAIM_LASTS = 250,          /* ms: so long a claim is to last */
    TICK = MSEC_SECOND,         /* the clerk looks for what became due */
    STOP_PATIENCE = 5 * MSEC_SECOND,
    ARENA_BYTES = 16 << 20,
};

/* ---- writing down ---- */

/* A mail that somebody withdraws in a large request is not waited for: nobody else's would go out meanwhile. */
static err write_results(txn *t, void *context)
{
    for (result *r = context; r; r = r->next) {
        TRY(mail_is_busy(t, r->id, &r->busy));
        if (!r->busy)
            TRY(mail_record(t, r->id, r->attempt, r->turn_of, r->outcome, str_of(r->reply), r->next_at));
    }
    return OK;
}

static void free_results(result *r)
{
    while (r) {
        result *next = r->next;
        free(r);
        r = next;
    }
}

static result **end_of(result **list)
{
    while (*list)
        list = &(*list)->next;
    return list;
}

/* Those that were busy come again with the next tick. */
static void put_off_busy(worker *w, result *results)
{
    result *rest = NULL;
    pthread_mutex_lock(&w->lock);
    for (result *next; results; results = next) {
        result **list = results->busy ? &w->later : &rest;
        next = results->next;
        results->next = *list;
        *list = results;
    }
    pthread_mutex_unlock(&w->lock);
    free_results(rest);
}

static void take_later(worker *w)
{
    pthread_mutex_lock(&w->lock);
    *end_of(&w->results) = w->later;
    w->later = NULL;
    pthread_mutex_unlock(&w->lock);
}

/* A result is kept until it is in the database: a mail that was sent must not be sent again because a disk was full. */
static bool record(worker *w, result *results)
{
    ARENA_SCOPED a = arena_new(ARENA_BYTES);
    problem p = {0};
    if (store_write(w->store, a, &p, write_results, results) == OK) {
        put_off_busy(w, results);
        w->recording_fails = false;
        return true;
    }
    if (!w->recording_fails)
        log_plain(LOG_ERROR, "what became of mails cannot be written down; trying again");
    w->recording_fails = true;
    pthread_mutex_lock(&w->lock);
    *end_of(&results) = w->results;
    w->results = results;
    pthread_mutex_unlock(&w->lock);
    return false;
}

/* ---- claiming ---- */

typedef struct claim {
    mail_wish wish;
    mail_job *jobs;
    size_t count;
    bool more;
} claim;

static err run_claim(txn *t, void *context)
{
    claim *c = context;
    return mail_claim(t, &c->wish, &c->jobs, &c->count, &c->more);
}

static void hand_out(worker *w, batch *b, const claim *c)
{
    msec now = clock_monotonic();
    b->left = c->count;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < c->count; i++) {
        parcel *p = arena_new_of(b->a, parcel);
        *p = (parcel){&c->jobs[i], b, now, NULL};
        parcel **at = &w->first; /* before those that were claimed earlier and whose turn is later */
        while (*at && (*at)->job->turn_at <= p->job->turn_at)
            at = &(*at)->next;
        p->next = *at;
        *at = p;
    }
    pthread_cond_broadcast(&w->parcels);
    pthread_mutex_unlock(&w->lock);
}

/* Of those who have all their carriers, and enough that waits, no more is claimed. */
static void wish_of(worker *w, mail_wish *wish)
{
    msec now = clock_monotonic(), since = now - w->claimed_at;
    size_t n = 0;
    pthread_mutex_lock(&w->lock);
    int64_t done = w->done * CLAIM_LASTS / (since > 0 ? since : 1);
    *wish = (mail_wish){.most = done > CLAIM_MOST    ? CLAIM_MOST
                                : done < CLAIM_LEAST ? CLAIM_LEAST
                                                     : done,
                        .has_enough = share_has_enough,
                        .context = w};
    w->claimed_at = now;
    w->done = 0;
    for (size_t i = 0; i < w->carrier_count && n < MAIL_BUT_MOST; i++) {
        int64_t whose = w->carriers[i].turn_of;
        bool named =
            !whose || share_is_slow(w, whose) || share_may_carry(w, whose) || share_waiting(w, whose) < WAITING_EACH;
        for (size_t k = 0; k < n; k++)
            named = named || wish->but[k] == whose;
        if (!named)
            wish->but[n++] = whose;
    }
    memcpy(w->left_out, wish->but, sizeof w->left_out);
    pthread_mutex_unlock(&w->lock);
}

static void claim_due(worker *w)
{
    problem p = {0};
    claim c = {0};
    wish_of(w, &c.wish);
    arena *a = arena_new(ARENA_BYTES);
    batch *b = arena_new_of(a, batch);
    b->a = a;
    err e = store_write(w->store, a, &p, run_claim, &c);
    pthread_mutex_lock(&w->lock);
    w->rung = w->rung || (e == OK && c.more);
    pthread_mutex_unlock(&w->lock);
    if (e == OK && c.count > 0 && !arena_full(a)) {
        w->claiming_fails = false;
        hand_out(w, b, &c);
        return;
    }
    if (e != OK && !w->claiming_fails)
        log_(LOG_WARNING, "mails cannot be claimed; trying again", LOG_TEXT("code", err_about(e)->code));
    w->claiming_fails = e != OK;
    arena_free(a);
}

/* ---- the clerk ---- */

static err read_due(txn *t, void *context)
{
    return q_worker_due(t, (q_worker_due_row *)context, t->now);
}

static bool look(worker *w, q_worker_due_row *due)
{
    ARENA_SCOPED a = arena_new(64 << 10);
    problem p = {0};
    return store_read(w->store, a, &p, read_due, due) == OK;
}

/* Once a second: who holds carriers for long, and what the clock, and not a commit of this process, made due. */
static void tick(worker *w)
{
    q_worker_due_row due = {0};
    take_later(w);
    pthread_mutex_lock(&w->lock);
    share_relieve(w);
    pthread_mutex_unlock(&w->lock);
    if (!look(w, &due) || !due.mails)
        return;
    pthread_mutex_lock(&w->lock);
    w->rung = true;
    pthread_mutex_unlock(&w->lock);
}

/* So many claimed mails wait for a carrier, and not for their own to be done. */
static size_t waiting(const worker *w)
{
    size_t n = 0;
    for (const parcel *p = w->first; p; p = p->next)
        n += share_may_carry(w, p->job->turn_of);
    return n;
}

/* Waits for results, for mails to claim, or for the tick. Takes the results. */
static result *wait_for_news(worker *w, msec next_tick, bool *may_claim)
{
    pthread_mutex_lock(&w->lock);
    w->busy = false;
    for (;;) {
        msec left = next_tick - clock_monotonic();
        *may_claim = w->rung && waiting(w) < CLAIM_LEAST / 2 && !w->stopping;
        if (w->results || *may_claim || w->stopping || left <= 0)
            break;
        worker_wait(w, &w->news, left);
    }
    result *results = w->results;
    w->results = NULL;
    w->busy = results || *may_claim;
    if (*may_claim)
        w->rung = false;
    pthread_mutex_unlock(&w->lock);
    return results;
}

static void *clerk_run(void *context)
{
    worker *w = context;
    msec next_tick = 0;
    while (!worker_is_stopping(w)) {
        bool may_claim = false;
        result *results = wait_for_news(w, next_tick, &may_claim);
        if (results && !record(w, results))
            nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
        if (may_claim)
            claim_due(w);
        if (clock_monotonic() >= next_tick) {
            tick(w);
            next_tick = clock_monotonic() + TICK;
        }
    }
    return NULL;
}

/* ---- the hands ---- */

static void answer(worker *w)
{
    q_worker_due_row due = {0};
    if (look(w, &due) && due.requests)
        chores_answer(w);
}

static void see_to_the_clock(worker *w)
{
    q_worker_due_row due = {0};
    if (look(w, &due) && due.reminders)
        chores_remind(w);
    if (due.warnings)
        chores_warn(w);
    if (due.places)
        chores_places(w);
    chores_sweep(w);
}

static void *hand_run(void *context)
{
    hand *h = context;
    worker *w = h->w;
    while (!worker_is_stopping(w)) {
        h->work(w);
        pthread_mutex_lock(&w->lock);
        if (!w->stopping)
            worker_wait(w, &w->stop, TICK);
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

static bool start_hands(worker *w)
{
    void (*const works[HANDS_MAX])(worker * w) = {answer, see_to_the_clock};
    for (; w->hand_count < HANDS_MAX; w->hand_count++) {
        hand *h = &w->hands[w->hand_count];
        *h = (hand){.w = w, .work = works[w->hand_count]};
        if (pthread_create(&h->thread, NULL, hand_run, h) != 0)
            return false;
    }
    return true;
}

static size_t start_carriers(worker *w)
{
    size_t want = mail_transport_keeps(w->transport) ? 1 : CARRIERS_MAX;
    for (size_t i = 0; i < want; i++) {
        carrier *c = &w->carriers[w->carrier_count];
        c->w = w;
        pthread_mutex_lock(&w->lock); /* those that are there already count them */
        if (pthread_create(&c->thread, NULL, carrier_run, c) == 0)
            w->carrier_count++;
        pthread_mutex_unlock(&w->lock);
    }
    return w->carrier_count;
}

/* ---- lifetime ---- */

static void on_queued(void *context)
{
    worker *w = context;
    pthread_mutex_lock(&w->lock);
    w->rung = true;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
}

static worker *worker_new(store *s, const env *e)
{
    worker *w = calloc(1, sizeof *w);
    pthread_condattr_t monotonic;
    if (!w)
        abort();
    w->store = s;
    w->env = e;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->parcels, &monotonic);
    pthread_cond_init(&w->news, &monotonic);
    pthread_cond_init(&w->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return w;
}

static void worker_free(worker *w)
{
    free_results(w->results);
    free_results(w->later);
    mail_transport_close(w->transport);
    pthread_cond_destroy(&w->parcels);
    pthread_cond_destroy(&w->news);
    pthread_cond_destroy(&w->stop);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static err refuse(worker *w, const char *what, const char *why)
{
    log_(LOG_ERROR, what, LOG_TEXT("why", str_of(why)));
    worker_free(w);
    return ERR_UNAVAILABLE;
}

err worker_start(store *s, const env *e, worker **out)
{
    worker *w = worker_new(s, e);
    const char *why = NULL;
    *out = NULL;
    /* Begun in the first half of a lease, an exchange is over, or given up, before its end. */
    if (mail_transport_open(e->settings->mail, e->settings->mail_from, mail_lease() * 2 / 5, &w->transport, &why) != OK)
        return refuse(w, "the mail settings cannot be used", why);
    if (pthread_create(&w->clerk, NULL, clerk_run, w) != 0)
        return refuse(w, "the worker cannot start", "no threads");
    *out = w;
    if (start_carriers(w) == 0 || !start_hands(w)) {
        worker_stop(w);
        *out = NULL;
        log_(LOG_ERROR, "the worker cannot start", LOG_TEXT("why", S("no threads")));
        return ERR_UNAVAILABLE;
    }
    mail_on_queued(on_queued, w);
    return OK;
}

static void break_lines(worker *w)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->carrier_count; i++)
        if (w->carriers[i].line)
            mail_line_break(w->carriers[i].line);
    pthread_mutex_unlock(&w->lock);
}

/* The carriers end by themselves after their mail; those that hang on a slow server are broken off. */
static void join_carriers(worker *w)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_PATIENCE / MSEC_SECOND;
    for (size_t i = 0; i < w->carrier_count; i++) {
        if (pthread_timedjoin_np(w->carriers[i].thread, NULL, &until) != ETIMEDOUT)
            continue;
        break_lines(w);
        pthread_join(w->carriers[i].thread, NULL);
    }
}

static err put_back(txn *t, void *context)
{
    for (const parcel *p = context; p; p = p->next)
        TRY(mail_put_back(t, p->job->id, p->job->attempts + 1));
    return OK;
}

/*
 * Claimed and not carried: another process may take them up at once; where that cannot be said, when their leases end.
 */
static void drop_parcels(worker *w)
{
    ARENA_SCOPED a = arena_new(ARENA_BYTES);
    problem refused = {0};
    if (w->first && store_write(w->store, a, &refused, put_back, w->first) != OK)
        log_plain(LOG_WARNING, "claimed mails could not be given back; they go out when their leases end");
    for (parcel *p = w->first; p;) {
        parcel *next = p->next;
        batch *b = p->from;
        if (--b->left == 0)
            arena_free(b->a);
        p = next;
    }
    w->first = NULL;
}

void worker_stop(worker *w)
{
    if (!w)
        return;
    mail_on_queued(NULL, NULL);
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->parcels);
    pthread_cond_broadcast(&w->news);
    pthread_cond_broadcast(&w->stop);
    pthread_mutex_unlock(&w->lock);
    join_carriers(w);
    pthread_join(w->clerk, NULL);
    for (size_t i = 0; i < w->hand_count; i++)
        pthread_join(w->hands[i].thread, NULL);
    take_later(w);
    result *results = w->results;
    w->results = NULL;
    if (results && (!record(w, results) || w->later))
        log_plain(LOG_ERROR, "some mails may be sent twice: what became of them could not be written down");
    drop_parcels(w);
    worker_free(w);
}

bool worker_settle(worker *w, msec patience)
{
    msec deadline = clock_monotonic() + patience;
    for (;;) {
        q_worker_due_row due = {0};
        bool known = look(w, &due);
        pthread_mutex_lock(&w->lock);
        bool busy = w->first || w->carried || w->results || w->later || w->rung || w->busy;
        pthread_mutex_unlock(&w->lock);
        if (known && !due.mails && !due.requests && !busy)
            return true;
        if (clock_monotonic() >= deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}
