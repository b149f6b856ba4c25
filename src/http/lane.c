/*
 * What is remembered is a hint: a member who is not known yet stands among strangers once, and one who left stands in
 * the organization's lane once more.
 */
#include "http/lane.h"

#include "base/hash.h"
#include "domain/shared/throttle.h"
#include "http/app.h"
#include "http/caller.h"

#include <pthread.h>

enum { KNOWN = 4096 };

struct lanes {
    pthread_mutex_t mutex;
    struct {
        uint64_t who, lane;
    } known[KNOWN];
};

lanes *lanes_new(arena *a)
{
    lanes *l = arena_new_of(a, lanes);
    pthread_mutex_init(&l->mutex, NULL);
    return l;
}

/* Who calls, and into what: as both are written. */
static uint64_t standing(const exchange *x)
{
    return hash_of(arena_join(x->r.a, caller_shown(x), S("\n"), caller_organization(&x->r)));
}

static uint64_t recall(lanes *l, uint64_t who)
{
    pthread_mutex_lock(&l->mutex);
    uint64_t lane = l->known[who % KNOWN].who == who ? l->known[who % KNOWN].lane : 0;
    pthread_mutex_unlock(&l->mutex);
    return lane;
}

static uint64_t of_organization(const exchange *x)
{
    uuid id = x->r.actor.organization_id;
    return hash_of((str){(const char *)&id, sizeof id});
}

uint64_t lane_of(const exchange *x)
{
    const request *r = &x->r;
    if (!caller_organization(r).p)
        return 0;
    if (!uuid_none(r->actor.organization_id))
        return of_organization(x);
    uint64_t lane = r->app->lanes ? recall(r->app->lanes, standing(x)) : 0;
    return lane ? lane : hash_of(throttle_source_of(r->a, &r->actor));
}

void lane_note(const exchange *x, bool entered)
{
    lanes *l = x->r.app->lanes;
    if (!l || !caller_organization(&x->r).p)
        return;
    uint64_t who = standing(x);
    pthread_mutex_lock(&l->mutex);
    if (entered || l->known[who % KNOWN].who == who) {
        l->known[who % KNOWN].who = who;
        l->known[who % KNOWN].lane = entered ? of_organization(x) : 0;
    }
    pthread_mutex_unlock(&l->mutex);
}
