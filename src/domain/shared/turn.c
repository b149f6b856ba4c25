/*
 * One clock a slot; who shares a slot by chance shares its turns. A transaction that is undone leaves its places empty,
 * which costs nobody anything.
 */
#include "domain/shared/turn.h"

#include "domain/shared/env.h"
#include "domain/shared/throttle.h"
#include "ports/token.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 4096, SPACE = MSEC_SECOND };

static struct {
    pthread_mutex_t lock;
    msec last[TURN_QUEUE_COUNT][SLOTS];
} turns = {.lock = PTHREAD_MUTEX_INITIALIZER};

int64_t turn_of(const txn *t, str name)
{
    uint64_t number;
    token_digest mac = token_mac(t->env->key, KEY_TURN, name);
    memcpy(&number, mac.b, sizeof number);
    return (int64_t)(number >> 1) | 1;
}

int64_t turn_of_source(const txn *t, str source)
{
    return turn_of(t, arena_join(t->a, S("from "), throttle_network(t->a, source)));
}

msec turn_take(turn_queue queue, int64_t whose, msec now)
{
    msec *last = &turns.last[queue][whose % SLOTS];
    pthread_mutex_lock(&turns.lock);
    msec next = *last + SPACE;
    if (next < now || next > now + MSEC_DAY)
        next = next < now ? now : now + MSEC_DAY;
    *last = next;
    pthread_mutex_unlock(&turns.lock);
    return next;
}
