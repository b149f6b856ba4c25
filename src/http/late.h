/*
 * Answers that wait a little: the refusals of a server that has no thread free. Whoever asks again without pause is
 * answered twice a second instead of ten thousand times, and takes no answers from others.
 */
#ifndef PARVIS_HTTP_LATE_H
#define PARVIS_HTTP_LATE_H

#include "base/clock.h"
#include "http/pool.h"

typedef struct late late;

/** At most `most` wait, each for `pause`. NULL without a thread or memory. */
late *late_new(msec pause, size_t most);
/**
 * Has the task run after the pause, on a thread of its own: quick, never blocking. Borrowed until then. False: too many
 * wait.
 */
bool late_put(late *l, pool_task *task);
/** Runs what waits, ends the thread. late_free(NULL) is harmless. */
void late_free(late *l);

#endif
