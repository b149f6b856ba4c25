/* One mail after the other: still wanted? rendered, handed over, its result noted. */
#include "worker/carrier.h"

#include "base/log.h"
#include "base/random.h"
#include "domain/mail/render.h"
#include "domain/shared/phrase.h"
#include "queries.h"
#include "worker/share.h"

#include <stdlib.h>

enum {
    FIRST_DELAY = MSEC_MINUTE,
    LAST_DELAY = 6 * MSEC_HOUR,
    GIVE_UP = 3 * MSEC_DAY,
    FRESH = 100, /* a claim this young needs no second look */
    IDLE = 20 * MSEC_SECOND,
    ARENA_BYTES = 32 << 20,
};

typedef struct mail_now {
    const mail_job *job;
    bool due;
} mail_now;

static err read_state(txn *t, void *context)
{
    mail_now *state = context;
    return mail_still_due(t, state->job->id, state->job->attempts + 1, &state->due);
}

/*
 * Revoked, answered or mailed again since it was claimed, or taken up by another process because this one stood still
 * for too long: then it must not go out any more.
 */
static bool still_wanted(worker *w, arena *a, const parcel *p)
{
    problem refused = {0};
    mail_now state = {.job = p->job};
    if (clock_monotonic() - p->claimed < FRESH)
        return true;
    return store_read(w->store, a, &refused, read_state, &state) == OK && state.due;
}

/* 1 minute, 2, 4 … 6 hours, a fifth more or less, so that a server that comes back is not met by all at once. */
static msec delay_after(int64_t attempts)
{
    uint32_t chance;
    random_bytes(&chance, sizeof chance);
    msec delay = attempts > 9 ? LAST_DELAY : (msec)FIRST_DELAY << attempts;
    delay = delay > LAST_DELAY ? LAST_DELAY : delay;
    return delay * 4 / 5 + (msec)chance % (delay * 2 / 5);
}

static void judge(worker *w, const mail_job *job, delivery d, result *r)
{
    static const mail_outcome outcomes[] = {[DELIVERY_SENT] = MAIL_SENT,
                                            [DELIVERY_KEPT] = MAIL_KEPT,
                                            [DELIVERY_DEFERRED] = MAIL_DEFERRED,
                                            [DELIVERY_FAILED] = MAIL_FAILED};
    char id[TYPEID_SIZE];
    msec now = clock_now();
    r->outcome = outcomes[d];
    if (d == DELIVERY_DEFERRED) {
        pthread_mutex_lock(&w->lock);
        r->next_at = w->stopping ? now : now + delay_after(job->attempts);
        pthread_mutex_unlock(&w->lock);
        if (r->next_at > job->created_at + GIVE_UP)
            r->outcome = MAIL_FAILED;
    }
    bool trouble = r->outcome == MAIL_DEFERRED || r->outcome == MAIL_FAILED;
    log_(trouble ? LOG_WARNING : LOG_DEBUG,
         r->outcome == MAIL_FAILED ? "mail failed"
         : trouble                 ? "mail deferred"
                                   : "mail handed over",
         LOG_TEXT("mail", typeid_format(ID_MAIL, job->id, id)), LOG_TEXT("kind", job->kind),
         LOG_INT("attempt", job->attempts + 1));
}

static mail_message message_of(arena *a, const mail_job *job, const mail_parts *parts, char id[TYPEID_SIZE])
{
    mail_message m = {
        .id = typeid_format(ID_MAIL, job->id, id),
        .date = job->created_at,
        .recipient = job->recipient,
        .subject = parts->subject,
        .language = parts->language,
        .text = parts->text,
        .html = parts->html,
    };
    if (!str_empty(job->asker_email)) {
        m.reply_address = job->asker_email;
    } else if (!str_empty(job->inviter_email)) {
        m.reply_name = phrase_name(a, job->inviter_given_name, job->inviter_family_name);
        m.reply_address = job->inviter_email;
    }
    return m;
}

static mail_line *line_of(carrier *c)
{
    if (!c->line) {
        mail_line *line = mail_line_open(c->w->transport);
        pthread_mutex_lock(&c->w->lock);
        c->line = line;
        pthread_mutex_unlock(&c->w->lock);
    }
    return c->line;
}

static void hang_up(carrier *c)
{
    mail_line *line = c->line;
    pthread_mutex_lock(&c->w->lock);
    c->line = NULL;
    pthread_mutex_unlock(&c->w->lock);
    mail_line_close(line);
}

/* The result, or NULL when the mail was left alone: no longer wanted, or its lease is too old to begin. */
static result *carry(carrier *c, arena *a, const parcel *p)
{
    mail_parts parts;
    char id[TYPEID_SIZE];
    /* In the second half of its lease nothing is begun: an exchange takes at most 4 of the 10 minutes. */
    if (clock_monotonic() - p->claimed > mail_lease() / 2 || !still_wanted(c->w, a, p))
        return NULL;
    result *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->id = p->job->id;
    r->attempt = p->job->attempts + 1;
    r->turn_of = p->job->turn_of;
    if (mail_render(a, c->w->env, p->job, &parts) != OK || arena_full(a)) {
        static const char why[] = "the mail could not be written from its template";
        memcpy(r->reply, why, sizeof why);
        judge(c->w, p->job, DELIVERY_FAILED, r);
        return r;
    }
    mail_message m = message_of(a, p->job, &parts, id);
    judge(c->w, p->job, mail_send(line_of(c), &m, r->reply), r);
    return r;
}

/* Takes the first whose owner has a carrier left out of the line; NULL: there is none. */
static parcel *take_parcel(worker *w)
{
    parcel **at = &w->first;
    while (*at && !share_may_carry(w, (*at)->job->turn_of))
        at = &(*at)->next;
    parcel *p = *at;
    if (p)
        *at = p->next;
    return p;
}

/* The next parcel; NULL when it is time to end. Hangs up when there was none for a while. */
static parcel *next_parcel(carrier *c)
{
    worker *w = c->w;
    parcel *p = NULL;
    pthread_mutex_lock(&w->lock);
    while (!w->stopping && !(p = take_parcel(w))) {
        msec since = clock_monotonic();
        worker_wait(w, &w->parcels, c->line ? IDLE : MSEC_HOUR);
        if (c->line && clock_monotonic() - since >= IDLE) {
            pthread_mutex_unlock(&w->lock);
            hang_up(c);
            pthread_mutex_lock(&w->lock);
        }
    }
    if (p) {
        c->turn_of = p->job->turn_of;
        c->since = clock_monotonic();
        c->broken = false;
        if (c->line)
            mail_line_mend(c->line);
        w->carried++;
    }
    pthread_mutex_unlock(&w->lock);
    return p;
}

/* Theirs were left where they are, and are few here by now: more may be claimed. */
static void ask_for_more(worker *w, int64_t whose)
{
    for (size_t i = 0; i < MAIL_BUT_MOST; i++)
        if (w->left_out[i] == whose && share_waiting(w, whose) < WAITING_EACH / 2) {
            w->left_out[i] = 0;
            w->rung = true;
        }
}

static void put_down(carrier *c, const parcel *p, result *r)
{
    worker *w = c->w;
    batch *b = p->from;
    pthread_mutex_lock(&w->lock);
    bool last = --b->left == 0;
    w->carried--;
    w->done++;
    ask_for_more(w, c->turn_of);
    c->turn_of = 0;
    if (r) {
        r->next = w->results;
        w->results = r;
    }
    pthread_cond_signal(&w->news);
    if (w->first) /* another one of theirs may go now */
        pthread_cond_signal(&w->parcels);
    pthread_mutex_unlock(&w->lock);
    if (last)
        arena_free(b->a);
}

void *carrier_run(void *context)
{
    carrier *c = context;
    arena *a = arena_new(ARENA_BYTES);
    parcel *p;
    while ((p = next_parcel(c))) {
        put_down(c, p, carry(c, a, p));
        arena_reset(a);
    }
    hang_up(c);
    arena_free(a);
    return NULL;
}
