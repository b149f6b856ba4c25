/* One thread and a queue. All wait equally long, so whoever came first is due first, and the queue is never sorted. */
#include "http/late.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct late {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    pool_task *first, **last; /* all wait as long: who came first is due first */
    size_t waiting, most;
    msec pause;
    bool ending;
    pthread_t thread;
};

static void wait_until(late *l, msec due)
{
    struct timespec at = {.tv_sec = due / MSEC_SECOND, .tv_nsec = due % MSEC_SECOND * 1000000};
    pthread_cond_timedwait(&l->more, &l->mutex, &at);
}

/* The next one that is due; NULL at the end. */
static pool_task *take(late *l)
{
    pthread_mutex_lock(&l->mutex);
    for (;;) {
        if (l->first && (l->ending || l->first->due <= clock_monotonic()))
            break;
        if (l->first)
            wait_until(l, l->first->due);
        else if (l->ending)
            break;
        else
            pthread_cond_wait(&l->more, &l->mutex);
    }
    pool_task *task = l->first;
    if (task) {
        l->first = task->next;
        if (!l->first)
            l->last = &l->first;
        l->waiting--;
    }
    pthread_mutex_unlock(&l->mutex);
    return task;
}

static void *work(void *context)
{
    pthread_setname_np(pthread_self(), "late");
    for (pool_task *task = take(context); task; task = take(context))
        task->run(task->context);
    return NULL;
}

late *late_new(msec pause, size_t most)
{
    late *l = calloc(1, sizeof *l);
    pthread_condattr_t monotonic;
    if (!l)
        return NULL;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    l->last = &l->first;
    l->pause = pause;
    l->most = most;
    if (pthread_create(&l->thread, NULL, work, l) == 0)
        return l;
    pthread_cond_destroy(&l->more);
    pthread_mutex_destroy(&l->mutex);
    free(l);
    return NULL;
}

bool late_put(late *l, pool_task *task)
{
    pthread_mutex_lock(&l->mutex);
    bool room = l->waiting < l->most && !l->ending;
    if (room) {
        task->next = NULL;
        task->due = clock_monotonic() + l->pause;
        *l->last = task;
        l->last = &task->next;
        if (l->waiting++ == 0)
            pthread_cond_signal(&l->more);
    }
    pthread_mutex_unlock(&l->mutex);
    return room;
}

void late_free(late *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->mutex);
    l->ending = true;
    pthread_cond_signal(&l->more);
    pthread_mutex_unlock(&l->mutex);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->more);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}
