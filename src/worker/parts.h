/* What the files of the worker share. */
#ifndef PARVIS_WORKER_PARTS_H
#define PARVIS_WORKER_PARTS_H

#include "domain/mail/mail.h"
#include "ports/mail.h"
#include "worker/worker.h"

#include <assert.h>
#include <pthread.h>

/* Of one whose mails are slow to hand over some carriers are at work, and the others go on with everybody else's. */
enum { CARRIERS_MAX = 12, CARRIERS_EACH = 4, WAITING_EACH = 24, HANDS_MAX = 2, SLOW_SLOTS = 4096 };
static_assert(CARRIERS_MAX / CARRIERS_EACH <= MAIL_BUT_MOST, "those who have all of theirs can be named");

/* Mails that were claimed together live in one arena, until the last of them is done. */
typedef struct batch {
    arena *a;
    size_t left;
} batch;

typedef struct parcel {
    const mail_job *job;
    batch *from;
    msec claimed; /* monotonic: its lease runs from here */
    struct parcel *next;
} parcel;

/* What became of a mail, until it is written down. */
typedef struct result {
    uuid id;
    int64_t attempt, turn_of;
    mail_outcome outcome;
    msec next_at;
    char reply[MAIL_REPLY_SIZE];
    bool busy; /* somebody else had the mail when it was to be written down */
    struct result *next;
} result;

typedef struct carrier {
    worker *w;
    pthread_t thread;
    int64_t turn_of; /* whose mail it carries; 0: none */
    msec since;      /* monotonic: since when */
    bool broken;     /* by share_relieve: it ends within a second */
    mail_line *line; /* opened with the first mail, closed when idle; guarded by the lock where others look at it */
} carrier;

/* Looks each second for what became due, in a thread of its own: nobody's mail waits for it. */
typedef struct hand {
    struct worker *w;
    pthread_t thread;
    void (*work)(struct worker *w);
} hand;

struct worker {
    store *store;
    const env *env;
    mail_transport *transport;
    pthread_t clerk;
    carrier carriers[CARRIERS_MAX];
    size_t carrier_count;
    hand hands[HANDS_MAX];
    size_t hand_count;

    pthread_mutex_t lock;
    pthread_cond_t parcels, news, stop; /* for the carriers; for the clerk; for the hands */
    parcel *first;                      /* in turns */
    size_t carried;
    msec slow_until[SLOW_SLOTS];     /* by turn_of, monotonic: share.h's own */
    int64_t done;                    /* mails carried since the last claim */
    int64_t left_out[MAIL_BUT_MOST]; /* whose mails that one left where they are: they have enough here */
    result *results, *later;         /* what became of mails; of those that were busy, until the next tick */
    bool rung;                       /* mails may be due */
    bool busy;                       /* the clerk claims or writes down */
    bool stopping;

    msec swept_at;                        /* its hand's own */
    msec claimed_at;                      /* the clerk's own: when it claimed last */
    bool recording_fails, claiming_fails; /* the clerk's own: said once */
};

/** A lasting wait on a condition, under the worker's lock, at most `patience`. */
void worker_wait(worker *w, pthread_cond_t *condition, msec patience);
/** It is time to end. */
bool worker_is_stopping(worker *w);

#endif
