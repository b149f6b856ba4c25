/*
 * A few threads for work that takes long (password hashing, waiting for a database), with a short queue that is shared
 * fairly among those who ask: each source has a line of its own in it.
 *
 * - Who had least of the threads lately is next; among those who had about as much, each line gives one task in turn.
 *   So whoever fills the queue waits behind everybody else, and a newcomer waits for the task that runs, no longer.
 * - In a full queue, the newcomer of a source that has fewer waiting takes the place of the newest task of the one that
 *   has most.
 * - What a source had is forgotten by halves, each few seconds. Remembered are the queue's sources and some more, never
 *   more.
 */
#ifndef PARVIS_HTTP_POOL_H
#define PARVIS_HTTP_POOL_H

#include "base/clock.h"
#include "base/str.h"

typedef struct pool pool;

enum { POOL_SOURCE_MAX = 48 }; /* bytes of a source's name that tell it from others: an address has fewer */

typedef struct pool_task pool_task;
struct pool_task {
    void (*run)(void *context); /* on a thread of the pool; may hand the task's memory on */
    void *context;
    str source;      /* whose line it stands in; all without one stand in one */
    pool_task *next; /* the pool's */
    msec due;        /* late.h's */
};

/** So many threads of this name at this niceness, so many tasks waiting. NULL when none could be made. */
pool *pool_new(const char *name, size_t threads, int nice, size_t queue_max);
/** For work that computes: the machine's cores less one, at least one. */
size_t pool_cores(void);
/** Whether the next task of this source would be refused: without asking, for what is dear to prepare. */
bool pool_would_refuse(pool *p, str source);
/** Whether a task runs or waits at this moment. */
bool pool_is_busy(pool *p);
/**
 * Queues a task, borrowed until it ran. False: refused, the queue is full. *displaced: the task that gave its place up
 * and will not run, the caller's to tell; NULL when there is none.
 */
bool pool_submit(pool *p, pool_task *task, pool_task **displaced);
/** Runs what is queued, ends the threads. pool_free(NULL) is harmless. */
void pool_free(pool *p);

#endif
