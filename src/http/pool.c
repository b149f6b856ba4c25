#include "http/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS_MAX = 256 };

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    pool_task *first, **last;
    size_t queued, queue_max;
    bool ending;
    int nice;
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
};

/* The next task; NULL when the pool ends and the queue is empty. */
static pool_task *take(pool *p)
{
    pthread_mutex_lock(&p->mutex);
    while (!p->first && !p->ending)
        pthread_cond_wait(&p->more, &p->mutex);
    pool_task *task = p->first;
    if (task) {
        p->first = task->next;
        if (!p->first)
            p->last = &p->first;
        p->queued--;
    }
    pthread_mutex_unlock(&p->mutex);
    return task;
}

static void *work(void *context)
{
    pool *p = context;
    if (p->nice)
        setpriority(PRIO_PROCESS, (id_t)gettid(), p->nice); /* Linux: of this thread alone */
    for (pool_task *task = take(p); task; task = take(p))
        task->run(task->context);
    return NULL;
}

size_t pool_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 2 ? (size_t)cores - 1 : 1;
}

pool *pool_new(size_t threads, int nice, size_t queue_max)
{
    pool *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->more, NULL);
    p->last = &p->first;
    p->queue_max = queue_max;
    p->nice = nice;
    size_t wanted = threads < THREADS_MAX ? threads : THREADS_MAX;
    while (p->thread_count < wanted && pthread_create(&p->threads[p->thread_count], NULL, work, p) == 0)
        p->thread_count++;
    if (p->thread_count > 0)
        return p;
    pool_free(p);
    return NULL;
}

bool pool_is_full(pool *p)
{
    pthread_mutex_lock(&p->mutex);
    bool full = p->queued >= p->queue_max;
    pthread_mutex_unlock(&p->mutex);
    return full;
}

bool pool_submit(pool *p, pool_task *task)
{
    pthread_mutex_lock(&p->mutex);
    bool room = p->queued < p->queue_max && !p->ending;
    if (room) {
        task->next = NULL;
        *p->last = task;
        p->last = &task->next;
        p->queued++;
        pthread_cond_signal(&p->more);
    }
    pthread_mutex_unlock(&p->mutex);
    return room;
}

void pool_free(pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->ending = true;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->mutex);
    for (size_t i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->more);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}
