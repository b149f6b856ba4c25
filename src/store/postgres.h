/*
 * PostgreSQL's side of the store: a few connections that write, each with a thread of its own, and as many that read,
 * lent to whoever asks. Nothing but the database is shared between the processes that use it.
 */
#ifndef PARVIS_STORE_POSTGRES_H
#define PARVIS_STORE_POSTGRES_H

#include "store/engine.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    PG_CONNECTIONS_MAX = 256,
    PG_PENDING_MAX = 64,
    PG_RETRY_AFTER = 1,
    PG_BRIEFLY_MS = 50, /* how long who is in no row's lane waits for a row */
    PG_LANES = 1024,
    PG_PARTS = 8,      /* savepoints in one another; what was locked deeper counts as not held when they are undone */
    PG_GROUP_MAX = 32, /* jobs in one transaction: the last of them waits for all */
    PG_MEMOS = 8,      /* answers that they share */
    PG_MEMO_KEY = 160,
    PG_MEMO_ROW = 512,
};

/** Statements of the engine's own, by their place in pg_own (postgres_schema.c). */
typedef enum pg_own_statement {
    PG_BEGIN_READ,
    PG_BEGIN_WRITE, /* gives the time */
    PG_CLOCK,
    PG_PATIENCE, /* waits for rows that many milliseconds, until the end of the transaction */
    PG_COMMIT,
    PG_ROLLBACK,
    PG_PART, /* store_savepoint */
    PG_PART_RELEASE,
    PG_PART_ROLLBACK,
    PG_STATEMENT, /* a careful run's savepoint around each change */
    PG_STATEMENT_RELEASE,
    PG_STATEMENT_ROLLBACK,
    PG_FATE,
    PG_FATES, /* many ids, one after the other */
    PG_FATES_SWEEP,
    PG_VERSION,
    PG_FINDINGS,
    PG_OWN_COUNT
} pg_own_statement;
extern const query pg_own[PG_OWN_COUNT];

/** What is still to be answered, in the order in which it was sent. */
typedef struct pg_pending {
    const query *q;
    bool prepares;
    uint64_t about; /* the lane of the rows that it may have to wait for */
} pg_pending;

/** An answer: to which question, with which parameters (as bytes), and the row. */
typedef struct pg_memo {
    const query *q; /* NULL: none */
    size_t key_n;
    char key[PG_MEMO_KEY];
    _Alignas(16) char row[PG_MEMO_ROW];
} pg_memo;

/** Rows locked by the transaction under way, in the order of their locking. */
typedef struct pg_holds {
    store_holds held;
    store_hold highest, wanted; /* wanted: the last that was waited for, or found taken */
    bool any;                   /* `highest` is one */
    bool taken;                 /* somebody else has `wanted` */
    size_t parts[PG_PARTS];     /* held.n at each savepoint that is open */
    size_t part_count;
} pg_holds;

/** Used by one thread at a time; t->connection of its transactions. Always in pipeline mode. */
typedef struct pg_connection {
    struct pg_store *store;
    PGconn *pg;     /* NULL: to be connected */
    bool lost;      /* the connection broke (or is given up): it is connected anew before it is used again */
    int generation; /* of what it has prepared */
    bool watches;   /* it is the watcher's: goes on when the others give up */
    bool writes;    /* a writer's: it waits for rows briefly, where nothing else is said */

    const query *own[PG_OWN_COUNT]; /* prepared statements, as `prepared` */
    const query **prepared;         /* by query->index */
    size_t prepared_count;
    pg_pending pending[PG_PENDING_MAX];
    size_t pending_count, answered;

    /* of the transaction under way */
    err broken;      /* why it cannot go on; OK while it can */
    bool careful;    /* each change answered at once, in a savepoint of its own */
    bool conflicted; /* a hopeful run met a constraint: run it again, carefully */
    bool transient;  /* the database asks for another run (40001, 40P01), or a row is not free */
    bool patient;    /* it waits for rows as long as may be */
    bool busy;       /* a row was not free in time: the lane of those who wait for such is `about` */
    uint64_t about;
    bool changes;  /* something was written */
    bool ending;   /* COMMIT was sent: until it is answered nobody knows */
    bool together; /* it is several jobs', and what they ask alike is asked once */
    pg_memo memos[PG_MEMOS];
    size_t memo_at;
    pg_holds holds;

    /* of the readers */
    bool lent, draining; /* draining: the end of the last transaction is not answered yet */
    bool counted;        /* in readers_live */
    int depth;
    pthread_t borrower;
    struct pg_connection *next;
} pg_connection;

typedef struct pg_queue {
    store_job *first, **last;
} pg_queue;

typedef struct pg_lane {
    pg_queue single, bulk;
    bool bulk_is_next; /* they take turns */
    bool busy;         /* a connection serves it */
    bool ready;        /* it is in the list of those that wait for one */
    struct pg_lane *next;
} pg_lane;

/** What a connection has taken: one bulk job, or some small ones of a lane. */
typedef struct pg_group {
    pg_lane *lane;
    bool bulk;
    bool apart; /* each was tried before, and goes by itself */
    bool waits; /* for a row, as long as may be */
    store_job *jobs[PG_GROUP_MAX];
    err results[PG_GROUP_MAX];
    size_t n, done; /* done: the first ones, answered */
} pg_group;

typedef enum pg_writer_state { PG_WRITER_NONE, PG_WRITER_RUNS, PG_WRITER_ENDED } pg_writer_state;

typedef struct pg_writer {
    pg_connection connection;
    pthread_t thread;
    pg_writer_state state; /* ENDED: its thread may be joined, and its place taken */
} pg_writer;

/** s->own of the store. */
typedef struct pg_store {
    store *store;
    char *uri;
    PQconninfoOption *options;     /* what the URI says */
    size_t host_count;             /* in the URI; at least 1 */
    _Atomic size_t host_at;        /* the one that was good the last time */
    _Atomic uint32_t hosts_failed; /* a bit each: told in the log */
    msec timeout;                  /* of a statement */
    size_t connections;            /* that write; and as many that read */
    _Atomic int64_t ahead;         /* the database's clock less ours */
    _Atomic int64_t last_now;      /* time never goes back in a process */
    _Atomic bool down;             /* the database has not answered for a while: everybody is refused at once */
    _Atomic bool there;            /* what the watcher saw the last time */
    _Atomic msec last_there;       /* when the watcher last knew it there, monotonic; 0: nobody watches */
    _Atomic msec last_answer;      /* when it last answered whomsoever, monotonic */
    _Atomic bool complained, told_few;
    _Atomic int generation; /* of what is prepared: another after the schema changed */
    _Atomic int64_t have;   /* the schema's version, kept up to date once there is a watcher */

    /*
     * Where the database gives fewer connections than may be: nobody keeps two of a kind while the other kind has none.
     */
    _Atomic int connected;     /* threads that write and have a connection */
    _Atomic int readers_live;  /* connections that read */
    _Atomic bool reader_waits; /* for one of the writers to end */
    _Atomic bool writer_waits; /* for a reader to hang up */

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t wake;  /* a job came, or the end */
    pg_lane lanes[PG_LANES];
    pg_lane *ready, **ready_last;
    size_t ready_count;
    uint64_t next_lane; /* for jobs that have none */
    hash_key lane_key;  /* nobody outside knows which lanes meet */
    size_t waiting, bulk_running, waits_running, serving;
    bool draining, watched;
    pg_writer *writers;
    size_t writer_count; /* that run */
    msec grow_at;        /* not before, monotonic: the last one found no connection */
    pthread_t watcher;
    pthread_cond_t stop_watching;

    pthread_mutex_t plain_lock; /* what follows */
    pg_connection plain;        /* the watcher's, and for all that is no transaction of somebody's */

    pthread_mutex_t readers_lock; /* what follows */
    pthread_cond_t returned;
    pg_connection *readers;
    size_t readers_most; /* until readers_more_at: what the database was willing to give */
    msec readers_more_at;
} pg_store;

static inline pg_store *pg_of(store *s)
{
    return s->own;
}

/* ---- postgres_watch.c ---- */

/** Starts the watcher when there is none; under the lock. */
void pg_watch(pg_store *s);
void pg_watch_stop(pg_store *s);

/* ---- postgres_connection.c, what all of them share ---- */

/** Looks at how long the database has been silent; past the bound, everything is refused. The watcher's. */
void pg_note_silence(pg_store *s);
/** Says once in the log that the database gives fewer connections than database_connections would have. */
void pg_tell_few(pg_store *s);

/* ---- postgres_connect.c ---- */

/** Reads s->uri; false when it cannot be understood. */
bool pg_address(pg_store *s);
/** store_name: what stands behind the scheme, without who asks. */
str pg_name(arena *a, str rest);
/** store_understands: what stands behind the scheme. */
bool pg_understands(arena *a, str rest, str *unknown);
void pg_address_free(pg_store *s);
/** Connects when there is no (live) connection; waits at most seconds. ERR_UNAVAILABLE, told in the log once. */
err pg_connect(pg_connection *c);

/* ---- postgres_connection.c ---- */

/** True when everything was given up meanwhile, but for the watcher's own connection. */
bool pg_gives_up(const pg_connection *c);
/** Waits for the socket (events as for poll); false at the deadline (monotonic) and when everything is given up. */
bool pg_wait(pg_connection *c, short events, msec deadline, short *happened);
void pg_disconnect(pg_connection *c);
/** False when the other side hung up meanwhile, or what is prepared is of an older schema. */
bool pg_is_alive(pg_connection *c);
/** Before a transaction. */
void pg_fresh(pg_connection *c);
/**
 * Sends a statement (prepared when it was not yet); its answer comes with the next pg_collect. c->broken says whether.
 */
err pg_send(pg_connection *c, const query *q, const void *params);
/**
 * Waits for everything that was sent. *answer (may be NULL) is the last statement's, to be cleared by the caller, when
 * all went well. Errors: ERR_CONFLICT (with *v) when a constraint was violated, else what c->broken then says.
 */
err pg_collect(pg_connection *c, PGresult **answer, violation *v);
/** The two halves of pg_collect: the sending, which does not wait, and the waiting. */
err pg_sync(pg_connection *c);
err pg_answers(pg_connection *c, PGresult **answer, violation *v);
/** pg_send and pg_collect. */
err pg_ask(pg_connection *c, const query *q, const void *params, PGresult **answer);
/** Says that the connection is of no use any more. */
err pg_lose(pg_connection *c, const char *what);
/** The first column of the first row as a number; 0 without a row. */
int64_t pg_number(const PGresult *answer);
/** Notes the database's time that a statement answered. */
void pg_note_clock(pg_store *s, int64_t theirs);
/** The database's time, from our clock and what is known of the difference; never less than before. */
msec pg_now(pg_store *s, int64_t theirs);

/* ---- postgres_query.c ---- */

/**
 * One row, its strings copied into t->a, or ERR_NOT_FOUND. Waits for what was sent before, too, and may learn that it
 * failed.
 */
err pg_query_one(txn *t, const query *q, const void *params, void *row);
/** All rows, an array in t->a. Waits as pg_query_one. */
err pg_query_many(txn *t, const query *q, const void *params, void **rows, size_t *count);
/**
 * Without `changed`, and in a hopeful run, only sends: a conflict then shows later, and has the job run again,
 * carefully.
 */
err pg_execute(txn *t, const query *q, const void *params, int64_t *changed);
/** Sends; what is locked from here on counts to this part. */
err pg_savepoint(txn *t);
/** Sends; locks stay until the transaction's end. */
err pg_release(txn *t);
/** Waits for what was sent, undoes it and forgets its locks. What fails here breaks the job. */
void pg_rollback_to(txn *t);

/* ---- postgres_hold.c ---- */

/** The lane of those who wait for the rows of such a statement, as far as its ids and keys tell which those are. */
uint64_t pg_about(const query *q, const void *params);

/** Whether one may wait for this row: in the order of kinds and ids. */
store_turn pg_hold_turn(const txn *t, store_hold what);
/** Notes a lock, until the end of t or of the savepoint that is undone. */
void pg_held(txn *t, store_hold what);
/**
 * Always ERR_UNAVAILABLE, with t broken: the job is run again, and locks this row first; in a group it is done alone.
 */
err pg_hold_first(txn *t, store_hold what);
/** Notes, for the job's next run, what its last one locked, and what it waited for when it came to nothing. */
void pg_hold_remember(const pg_connection *c, store_job *job);
/** True: the last run found a row taken, or waited for one in vain, and the job now belongs into that row's lane. */
bool pg_hold_lane(const pg_connection *c, store_job *job);
/** What is noted, locked in order. Before its run. */
err pg_hold_again(txn *t);
/** A savepoint begins, is kept, is undone. */
void pg_hold_part(pg_connection *c);
void pg_hold_part_end(pg_connection *c, bool undone);
/** Nothing is locked. */
void pg_hold_none(pg_connection *c);

/* ---- postgres_memo.c ---- */

/** From here to the end of the transaction, answers are remembered. */
void pg_memo_begin(pg_connection *c);
/** True: the row is there, its texts in t->a. */
bool pg_memo_find(txn *t, const query *q, const void *params, void *row);
void pg_memo_keep(pg_connection *c, const query *q, const void *params, const void *row);
/** q changes its tables: what was asked of them is forgotten. */
void pg_memo_changed(pg_connection *c, const query *q);

/* ---- postgres_read.c ---- */

/** Borrows a reader, waiting for one if need be; its BEGIN travels with the first statement. ERR_UNAVAILABLE. */
err pg_read_begin(txn *t);
/** Gives the reader back without waiting for the end of its transaction. */
void pg_read_end(txn *t);
/** True when the run was worth nothing: the connection was lost, or the database asks for another. */
bool pg_read_again(const txn *t);
/** Hangs up all; nobody borrows any more. */
void pg_close_readers(pg_store *s);
/** Hangs up one that nobody uses; false when there is none. */
bool pg_spare_reader(pg_store *s);

/* ---- postgres_queue.c: under s->lock where nothing else is said ---- */

/** Puts a job into its lane, at the end or, when it goes on after a lost connection, at the front. */
void pg_queue_add(pg_store *s, store_job *job, bool first);
/** The next work, its lane reserved until pg_queue_done; false when there is none that may run now. */
bool pg_queue_take(pg_store *s, pg_group *g);
void pg_queue_done(pg_store *s, pg_group *g);

/** Tells a job's owner how it ended; with the lock not held. */
void pg_finish(store_job *job, err result);
/** Refuses what has been waiting since before that moment (of the monotonic clock); with the lock not held. */
void pg_refuse_older(pg_store *s, msec than);

/* ---- postgres_write.c ---- */

/** Does a group's jobs, and finishes them. False: the connection is lost, and what is left still has to be done. */
bool pg_work(pg_connection *c, pg_group *g);
/** A job whose connection was lost: to the front of its lane, or refused when it has tried for long enough. */
void pg_put_back(pg_store *s, store_job *job);

/* ---- postgres_threads.c ---- */

/**
 * Queues a job, borrowed until its done was called. Refused at once past the bound, while draining or without a
 * database.
 */
void pg_submit(store *s, store_job *job);
/** Finishes what is queued and ends the threads; later jobs are refused. */
void pg_writers_stop(pg_store *s);

/* ---- postgres_schema.c ---- */

/** What the watcher knows, where there is one; else asks. ERR_UNAVAILABLE without a database or for somebody else's. */
err pg_migration_state(store *s, migration_state *out);
/**
 * A step a transaction, under the lock of a row: several processes may begin at once. ERR_UNAVAILABLE, told in the log.
 */
err pg_migrate(store *s);
/**
 * Indexes and constraints that are not valid; a sentence each, in t->a. Texts that are none PostgreSQL does not take.
 */
err pg_integrity(txn *t, str **findings, size_t *count);
/** Reads the schema's version on a connection that is in no transaction; 0 for an empty database. */
err pg_version(pg_connection *c, int64_t *have);

#endif
