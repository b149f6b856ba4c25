/*
 * Threads, lines and who is next. Time is measured and forgotten again, so that whoever asked much lately stands back,
 * and whoever comes seldom hardly waits.
 */
#include "http/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    THREADS_MAX = 256,
    REMEMBERED = 192,   /* lines beside those that can wait at once */
    HALF_LIFE = 4000,   /* ms: what a source had counts half after it */
    ABOUT_AS_MUCH = 64, /* ms of a thread: a few hashes more or less are no reason to wait */
};

/*
 * One source's: its tasks in the order they came, and what it had. A line that nobody stands in may be given to
 * another.
 */
typedef struct line {
    char source[POOL_SOURCE_MAX];
    size_t source_length;
    pool_task *first, **last;
    size_t waiting, running;
    msec had, had_at; /* ms of the threads, as it stood then */
    uint64_t turn;    /* when it began to wait, or gave its last task */
} line;

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    line *lines;
    size_t line_count, line_max; /* in use at least once; room for */
    size_t queued, queue_max, running;
    uint64_t turns;
    bool ending;
    int nice;
    const char *name;
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
};

/* ---- what a source had ---- */

static msec had_now(const line *l, msec now)
{
    msec halves = (now - l->had_at) / HALF_LIFE;
    return halves < 32 ? l->had >> halves : 0;
}

static void note_had(line *l, msec more, msec now)
{
    msec before = had_now(l, now);
    l->had_at = before ? l->had_at + (now - l->had_at) / HALF_LIFE * HALF_LIFE : now;
    l->had = before + (more > 0 ? more : 1);
}

static msec rank(const line *l, msec now)
{
    return had_now(l, now) / ABOUT_AS_MUCH;
}

/* ---- lines ---- */

static str name_of(str source)
{
    return str_slice(source, 0, POOL_SOURCE_MAX);
}

static line *find(pool *p, str source)
{
    str name = name_of(source);
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].source_length == name.n && memcmp(p->lines[i].source, name.p ? name.p : "", name.n) == 0)
            return &p->lines[i];
    return NULL;
}

/*
 * A new one, or of those that nobody stands in the one that had least. There is one: more cannot wait and run at once.
 */
static line *idle_line(pool *p, msec now)
{
    line *least = NULL;
    if (p->line_count < p->line_max)
        return &p->lines[p->line_count++];
    for (line *l = p->lines; l < p->lines + p->line_count; l++)
        if (l->waiting == 0 && l->running == 0 && (!least || had_now(l, now) < had_now(least, now)))
            least = l;
    return least;
}

static line *open_line(pool *p, str source, msec now)
{
    str name = name_of(source);
    line *l = idle_line(p, now);
    *l = (line){.source_length = name.n, .had_at = now};
    memcpy(l->source, name.p ? name.p : "", name.n);
    l->last = &l->first;
    return l;
}

/*
 * Whose turn it is: of the lines that wait, among those that had least, the one that waits longest since its last turn.
 */
static line *next_line(pool *p, msec now)
{
    line *best = NULL;
    for (line *l = p->lines; l < p->lines + p->line_count; l++) {
        if (l->waiting == 0)
            continue;
        if (!best || rank(l, now) < rank(best, now) || (rank(l, now) == rank(best, now) && l->turn < best->turn))
            best = l;
    }
    return best;
}

/* The line that has most waiting; among equals the one that had most. NULL when the newcomer has no better claim. */
static line *who_gives_way(pool *p, const line *newcomer, msec now)
{
    line *most = NULL;
    for (line *l = p->lines; l < p->lines + p->line_count; l++)
        if (l->waiting > 0 &&
            (!most || l->waiting > most->waiting || (l->waiting == most->waiting && rank(l, now) > rank(most, now))))
            most = l;
    size_t own = newcomer ? newcomer->waiting : 0;
    if (!most || own >= most->waiting)
        return NULL;
    bool fairer = own + 1 < most->waiting || (newcomer ? rank(newcomer, now) : 0) < rank(most, now);
    return fairer ? most : NULL;
}

static pool_task *drop_newest(pool *p, line *l)
{
    pool_task **at = &l->first;
    while ((*at)->next)
        at = &(*at)->next;
    pool_task *newest = *at;
    *at = NULL;
    l->last = at;
    l->waiting--;
    p->queued--;
    return newest;
}

/* ---- the threads ---- */

/* The next task and its line; NULL when the pool ends and the queue is empty. */
static pool_task *take(pool *p, line **from)
{
    pthread_mutex_lock(&p->mutex);
    while (p->queued == 0 && !p->ending)
        pthread_cond_wait(&p->more, &p->mutex);
    line *l = *from = p->queued ? next_line(p, clock_monotonic()) : NULL;
    pool_task *task = l ? l->first : NULL;
    if (task) {
        l->first = task->next;
        if (!l->first)
            l->last = &l->first;
        l->turn = ++p->turns;
        l->waiting--;
        l->running++;
        p->running++;
        p->queued--;
    }
    pthread_mutex_unlock(&p->mutex);
    return task;
}

static void put_back(pool *p, line *l, msec began)
{
    pthread_mutex_lock(&p->mutex);
    msec now = clock_monotonic();
    l->running--;
    p->running--;
    note_had(l, now - began, now);
    pthread_mutex_unlock(&p->mutex);
}

static void *work(void *context)
{
    pool *p = context;
    line *from;
    pthread_setname_np(pthread_self(), p->name);
    if (p->nice)
        setpriority(PRIO_PROCESS, (id_t)gettid(), p->nice); /* Linux: of this thread alone */
    for (pool_task *task = take(p, &from); task; task = take(p, &from)) {
        msec began = clock_monotonic();
        task->run(task->context);
        put_back(p, from, began);
    }
    return NULL;
}

size_t pool_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 2 ? (size_t)cores - 1 : 1;
}

pool *pool_new(const char *name, size_t threads, int nice, size_t queue_max)
{
    pool *p = calloc(1, sizeof *p);
    size_t wanted = threads < THREADS_MAX ? threads : THREADS_MAX;
    if (!p)
        return NULL;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->more, NULL);
    p->queue_max = queue_max;
    p->line_max = queue_max + wanted + REMEMBERED;
    p->lines = calloc(p->line_max, sizeof *p->lines);
    p->nice = nice;
    p->name = name;
    while (p->lines && p->thread_count < wanted && pthread_create(&p->threads[p->thread_count], NULL, work, p) == 0)
        p->thread_count++;
    if (p->thread_count > 0)
        return p;
    pool_free(p);
    return NULL;
}

bool pool_would_refuse(pool *p, str source)
{
    pthread_mutex_lock(&p->mutex);
    bool full = p->queued >= p->queue_max && !who_gives_way(p, find(p, source), clock_monotonic());
    pthread_mutex_unlock(&p->mutex);
    return full;
}

bool pool_is_busy(pool *p)
{
    pthread_mutex_lock(&p->mutex);
    bool busy = p->queued + p->running > 0;
    pthread_mutex_unlock(&p->mutex);
    return busy;
}

static void stand_in_line(pool *p, line *l, pool_task *task)
{
    if (l->waiting == 0)
        l->turn = ++p->turns;
    task->next = NULL;
    *l->last = task;
    l->last = &task->next;
    l->waiting++;
    p->queued++;
    pthread_cond_signal(&p->more);
}

bool pool_submit(pool *p, pool_task *task, pool_task **displaced)
{
    *displaced = NULL;
    pthread_mutex_lock(&p->mutex);
    msec now = clock_monotonic();
    line *l = find(p, task->source);
    if (p->queued >= p->queue_max && !p->ending) {
        line *yields = who_gives_way(p, l, now);
        *displaced = yields ? drop_newest(p, yields) : NULL;
    }
    bool room = p->queued < p->queue_max && !p->ending;
    if (room)
        stand_in_line(p, l ? l : open_line(p, task->source, now), task);
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
    free(p->lines);
    free(p);
}
