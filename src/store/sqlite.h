/* SQLite's side of the store: one writing connection in one thread, a read-only one for each thread that reads. */
#ifndef PARVIS_STORE_SQLITE_H
#define PARVIS_STORE_SQLITE_H

#include "store/engine.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

/** Statements that every connection has, by their place in control_sql (sqlite.c). */
typedef enum control {
    CONTROL_BEGIN_READ,
    CONTROL_BEGIN_WRITE,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_JOB, /* a job's own savepoint in its group */
    CONTROL_JOB_RELEASE,
    CONTROL_JOB_ROLLBACK,
    CONTROL_PART, /* store_savepoint */
    CONTROL_PART_RELEASE,
    CONTROL_PART_ROLLBACK,
    CONTROL_COUNT
} control;

typedef struct prepared {
    const query *q;
    sqlite3_stmt *statement;
} prepared;

/** Used by one thread at a time; t->connection of its transactions. */
typedef struct sqlite_connection {
    sqlite3 *db;
    sqlite3_stmt *control[CONTROL_COUNT];
    prepared *prepared; /* by query->index */
    size_t prepared_count;
    err broken;      /* why the transaction (or job) under way cannot go on; OK while it can */
    bool complained; /* the trouble is in the log already */
} sqlite_connection;

typedef struct reader reader;
struct reader {
    sqlite_connection connection;
    _Atomic(struct sqlite_store *) owner; /* NULL: its store was closed */
    int depth;                            /* transactions open in it: one inside another shares the outer's view */
    bool is_open;                         /* SQLite's own transaction, which may outlast ours: store_linger */
    uint64_t generation;                  /* what the transaction is sure to see */
    bool spare;                           /* its thread ended */
    reader *next;                         /* of the store */
    reader *next_in_thread;
};

typedef struct job_queue {
    store_job *first, **last;
} job_queue;

enum { SQLITE_LANES = 256 };
/* Large jobs of an organization; which lanes meet, nobody outside knows. */
typedef struct sqlite_lane {
    job_queue jobs;
    size_t count;
} sqlite_lane;

typedef struct sqlite_store {
    store *store;
    char *path;
    reader *readers; /* under readers_lock of sqlite.c */

    pthread_mutex_t turn; /* whoever uses the writing connection */
    sqlite_connection writer;
    msec last_now;
    int wal_frames;               /* after the newest commit */
    _Atomic(uint64_t) generation; /* commits so far */

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t wake;
    job_queue single;
    sqlite_lane lanes[SQLITE_LANES];
    size_t waiting, bulk_count, lane_next;
    hash_key lane_key;
    msec bulk_from; /* monotonic: until then the others write */
    bool bulk_is_next, others_wrote, sleeping, draining;
    pthread_t thread;
} sqlite_store;

static inline sqlite_store *sqlite_of(store *s)
{
    return s->own;
}

/* ---- sqlite.c ---- */

/** Runs a control statement; SQLite's code. */
int sqlite_control(sqlite_connection *c, control which);
/** Runs SQL of the engine's own (PRAGMA …); SQLite's code. */
int sqlite_run(sqlite_connection *c, const char *sql);
/** Says what SQLite's code means for the transaction, and logs it once until the connection works again. */
err sqlite_trouble(sqlite_connection *c, const char *what, int code);
/** Notes that the connection works (again). */
void sqlite_works(sqlite_connection *c);

/* ---- sqlite_query.c ---- */

/** One row, its strings copied into t->a, or ERR_NOT_FOUND. Trouble breaks the transaction, and is logged once. */
err sqlite_query_one(txn *t, const query *q, const void *params, void *row);
/** All rows, an array in t->a that grows as they come. Errors: trouble alone; no row is none. */
err sqlite_query_many(txn *t, const query *q, const void *params, void **rows, size_t *count);
/** ERR_CONFLICT, with t->violation, undoes this statement alone: SQLite goes on with the transaction. */
err sqlite_execute(txn *t, const query *q, const void *params, int64_t *changed);
/** All parts have one name: RELEASE and ROLLBACK TO mean the innermost. */
err sqlite_savepoint(txn *t);
/** Ends the innermost part; what it did stays. */
err sqlite_release(txn *t);
/** Undoes the innermost part and ends it. What fails here breaks the job, whose result then cannot be OK. */
void sqlite_rollback_to(txn *t);

/** integrity_check, foreign_key_check and texts that are none; sentences in t->a. Reads the whole file. */
err sqlite_integrity(txn *t, str **findings, size_t *count);

/* ---- sqlite_writer.c ---- */

/** Starts the writer's thread. */
err sqlite_writer_start(sqlite_store *w);
/** Finishes what is queued and ends the thread; later jobs are refused. */
void sqlite_writer_stop(sqlite_store *w);
/** Queues a job, borrowed until its done was called. Past the bound, or while draining, done is called at once. */
void sqlite_submit(store *s, store_job *job);

/** At the end of a list; from its front, NULL where there is none. Under the lock, as all that follow. */
void sqlite_queue_add(job_queue *q, store_job *job);
store_job *sqlite_queue_take(job_queue *q);

/* ---- sqlite_bulk.c ---- */

/** False, with what to tell, where as much of that organization waits as may. */
bool sqlite_bulk_add(sqlite_store *w, store_job *job);
/** The first of the lane whose turn it is. There is one: bulk_count. */
store_job *sqlite_bulk_take(sqlite_store *w);
/** One waits, and it is not the others' time. */
bool sqlite_bulk_may(const sqlite_store *w, msec now);
/** One took so long. */
void sqlite_bulk_done(sqlite_store *w, msec took, msec now);

/* ---- sqlite_migrate.c ---- */

/** Waits for the writer's turn. ERR_UNAVAILABLE for a file of somebody else's, told in the log. */
err sqlite_migration_state(store *s, migration_state *out);
/**
 * Under the writer's turn, with foreign keys off until the end: outside each step's transaction, for within one the
 * pragma says nothing. ERR_UNAVAILABLE, told in the log, when a step fails or leaves rows that point nowhere: that step
 * is undone.
 */
err sqlite_migrate(store *s);

#endif
