/* What every thread of the worker does: wait under its lock, and see that it is time to end. */
#include "worker/parts.h"

#include <time.h>

void worker_wait(worker *w, pthread_cond_t *condition, msec patience)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += patience / MSEC_SECOND;
    until.tv_nsec += (patience % MSEC_SECOND) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(condition, &w->lock, &until);
}

bool worker_is_stopping(worker *w)
{
    pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return stopping;
}
