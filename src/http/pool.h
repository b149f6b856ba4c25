/*
 * A few threads for work that takes long (password hashing, waiting for a database), with a short queue: what does not fit is
 * refused at once.
 */
#ifndef PARVIS_HTTP_POOL_H
#define PARVIS_HTTP_POOL_H

#include "base/clock.h"

typedef struct pool pool;

typedef struct pool_task pool_task;
struct pool_task {
    void (*run)(void *context); /* on a thread of the pool; may hand the task's memory on */
    void *context;
    pool_task *next; /* the pool's */
    msec due;        /* late.h's */
};

/** So many threads at this niceness. NULL when none could be made. */
pool *pool_new(size_t threads, int nice, size_t queue_max);
/** For work that computes: the machine's cores less one, at least one. */
size_t pool_cores(void);
/** Whether the next task would be refused: without asking, for what is dear to prepare. */
bool pool_is_full(pool *p);
/** Queues a task, borrowed until it ran; false when the queue is full. */
bool pool_submit(pool *p, pool_task *task);
/** Runs what is queued, ends the threads. pool_free(NULL) is harmless. */
void pool_free(pool *p);

#endif
