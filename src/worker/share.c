/* One slot for an owner; who shares it by chance is taken for slow beside them, and has less, but goes on. */
#include "worker/share.h"

/*
 * The slow have a part of the carriers, so that the rest are free within SLOW and two looks, whatever those do who were
 * never seen: an exchange that is broken off is tried again as every other that failed.
 */
enum {
    SLOW = 3 * MSEC_SECOND,
    SLOW_FOR = 10 * MSEC_MINUTE,
    SLOW_CARRIERS = CARRIERS_MAX - CARRIERS_EACH,
    SLOW_EACH = 2,
};

static msec *slot_of(worker *w, int64_t turn_of)
{
    return &w->slow_until[turn_of % SLOW_SLOTS];
}

bool share_is_slow(const worker *w, int64_t turn_of)
{
    return turn_of && w->slow_until[turn_of % SLOW_SLOTS] > clock_monotonic();
}

static size_t carried_of_slow(const worker *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->carrier_count; i++)
        n += share_is_slow(w, w->carriers[i].turn_of);
    return n;
}

bool share_may_carry(const worker *w, int64_t turn_of)
{
    size_t theirs = 0;
    for (size_t i = 0; i < w->carrier_count; i++)
        theirs += w->carriers[i].turn_of == turn_of;
    if (share_is_slow(w, turn_of))
        return theirs < SLOW_EACH && carried_of_slow(w) < SLOW_CARRIERS;
    return theirs < CARRIERS_EACH;
}

size_t share_waiting(const worker *w, int64_t turn_of)
{
    size_t theirs = 0;
    for (const parcel *p = w->first; p; p = p->next)
        theirs += p->job->turn_of == turn_of;
    return theirs;
}

bool share_has_enough(void *context, int64_t turn_of)
{
    worker *w = context;
    pthread_mutex_lock(&w->lock);
    bool enough = share_is_slow(w, turn_of) && share_waiting(w, turn_of) >= SLOW_EACH;
    pthread_mutex_unlock(&w->lock);
    return enough;
}

/* A mail that may go finds every carrier away. */
static bool is_pressed(const worker *w)
{
    const parcel *p = w->first;
    while (p && !share_may_carry(w, p->job->turn_of))
        p = p->next;
    for (size_t i = 0; i < w->carrier_count && p; i++)
        if (!w->carriers[i].turn_of)
            return false;
    return p != NULL;
}

/* The slow exchange that lasts longest and was not broken off yet; NULL: none. */
static carrier *longest(worker *w)
{
    carrier *c = NULL;
    for (size_t i = 0; i < w->carrier_count; i++) {
        carrier *one = &w->carriers[i];
        bool lasts = one->line && !one->broken && share_is_slow(w, one->turn_of);
        if (lasts && (!c || one->since < c->since))
            c = one;
    }
    return c;
}

void share_relieve(worker *w)
{
    msec now = clock_monotonic();
    size_t broken = 0, slow;
    for (size_t i = 0; i < w->carrier_count; i++) {
        const carrier *c = &w->carriers[i];
        if (c->turn_of && now - c->since > SLOW)
            *slot_of(w, c->turn_of) = now + SLOW_FOR;
        broken += c->turn_of && c->broken;
    }
    slow = carried_of_slow(w) - broken;
    for (carrier *c; is_pressed(w) && slow > SLOW_CARRIERS && (c = longest(w)); slow--) {
        c->broken = true;
        mail_line_break(c->line);
    }
    if (w->first) /* who was slow may be so no more */
        pthread_cond_broadcast(&w->parcels);
}
