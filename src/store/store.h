/*
 * The store: named statements, whole transactions, two engines behind one door.
 *
 * Statements stand in the folder queries; tools/gen_queries.py prepares each against the migrated schema and writes a
 * typed C function (queries.h). Nothing else in the program contains SQL. An engine is the struct store_engine below.
 */
#ifndef PARVIS_STORE_STORE_H
#define PARVIS_STORE_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/typeid.h"

typedef struct store store;

/** What a statement did not like, when it returned ERR_CONFLICT. */
typedef enum violation { VIOLATION_NONE, VIOLATION_UNIQUE, VIOLATION_FOREIGN_KEY, VIOLATION_CHECK } violation;

/**
 * One transaction, reading or writing. It may be run again from its beginning (PostgreSQL: serialization failures), so
 * nothing but database work and pure computation happens inside; answers are built afresh on every run.
 */
typedef struct txn {
    store *store;
    arena *a;         /* rows and strings of this transaction live here */
    problem *problem; /* details for the person who reads the refusal */
    msec now;         /* the transaction's one reading of the clock */
    bool writes;
    violation violation;
    size_t parts;          /* savepoints that are open: the store's */
    const struct env *env; /* settings and keys, for the rules: domain/env.h */
    void *connection;      /* the engine's */
    struct store_job *job; /* that writes; NULL while reading */
} txn;

/* ---- opening ---- */

/**
 * Opens `uri`: "sqlite:PATH", where the caller holds the data folder's lock, or a connection URI of libpq
 * ("postgresql://…", several hosts allowed), where the database must answer. Errors: ERR_UNAVAILABLE with a log line
 * that says why. Does not migrate.
 */
err store_open(str uri, store **out);
/**
 * Which database `uri` means, to be shown and compared: without user and password, and so that two ways to write one
 * are one where that can be told without asking it: "sqlite:/var/lib/parvis/parvis.db",
 * "postgresql://db.example.org/parvis".
 */
str store_name(arena *a, str uri);
/**
 * Whether `uri` can be understood at all, before anything is opened or asked for. False: *unknown is the first
 * parameter of it that no engine knows, by its name alone; STR_NONE when it is something else that is wrong.
 */
bool store_understands(arena *a, str uri, str *unknown);
/** Finishes what is queued, checkpoints, closes. store_close(NULL) is harmless. */
void store_close(store *s);

/** What every transaction of this store carries in t->env; borrowed. Before the first transaction. */
void store_set_env(store *s, const struct env *env);

/** How many connections write, and how many more read at most, on PostgreSQL. Before the first transaction. */
void store_set_connections(store *s, size_t count);
/** How long PostgreSQL may take over a statement, and a write may wait for its turn. Before the first transaction. */
void store_set_timeout(store *s, msec most);
/**
 * True for a database that other processes may use at the same time: nobody migrates it but `parvis migrate`, rows that
 * look forgotten may be another's, and reading waits for a network: not for an HTTP thread.
 */
bool store_is_shared(const store *s);

typedef struct migration_state {
    int64_t have, want; /* versions; have 0: an empty database */
} migration_state;
/** Which version the database has, and which this program wants. ERR_UNAVAILABLE, also for somebody else's database. */
err store_migration_state(store *s, migration_state *out);
/** Applies what is missing, each in a transaction, after a copy of a non-empty SQLite file (<file>.before-N). */
err store_migrate(store *s);

/* ---- reading, in the caller's thread ---- */

/**
 * Runs a whole transaction that reads, on this thread's own read-only connection, and runs it again from its beginning
 * when the connection was lost or the database asks for that (PostgreSQL): what was answered then is worth nothing. So
 * `run` begins by forgetting what it left the last time; *p (may be NULL) is empty each time. Errors: those of run;
 * ERR_UNAVAILABLE where there is no connection, or each was lost.
 */
err store_read(store *s, arena *a, problem *p, err (*run)(txn *t, void *context), void *context);

/**
 * From here on, reads of this thread that follow one another while nothing is committed share one transaction:
 * beginning and ending one costs four locks, more than what a small read does. No read sees less than what was
 * committed before it began. The thread calls store_rest before it waits for anything, so that nothing old is kept from
 * the checkpoint.
 */
void store_linger(store *s);
void store_rest(store *s);

/**
 * What the engine finds damaged: SQLite's integrity_check and foreign_key_check, and texts that are none (PostgreSQL
 * takes no such text, so there it has nothing to look for), a sentence each; none: *count 0. Reads the whole database:
 * for the operator alone.
 */
err store_integrity(txn *t, str **findings, size_t *count);

/* ---- writing ---- */

/**
 * A row that anybody's transaction may lock for long: an account, an organization's seats. Locked in one order, by kind
 * and id, or two that cross wait for each other, and each of them for others. What the kinds are is the domain's.
 */
typedef struct store_hold {
    unsigned kind;
    uuid id; /* UUID_NONE: not known before it is locked */
} store_hold;

typedef struct store_holds {
    store_hold *p;
    size_t n, room;
} store_holds;

/** A write waiting for its turn. Owned by the caller until `done` was called. */
typedef struct store_job store_job;
struct store_job {
    /** The whole transaction. A refusal rolls back just this job, but for what txn_keep says. */
    err (*run)(txn *t, void *context);
    /**
     * After the group's COMMIT is durable (or failed: ERR_UNAVAILABLE), on the writer's thread: quick, never blocking.
     */
    void (*done)(void *context, err result);
    void *context;
    arena *a;
    problem *problem;
    bool bulk;   /* large work: at most one of these between two groups of small ones */
    bool passes; /* waits for no row that is locked in order: store_write_free */
    /*
     * Jobs that lock the same rows have the same number here, and need not wait for one another's commit; 0: unknown.
     */
    uint64_t lane;

    /* the store's */
    store_job *next;
    store_holds hold_first; /* what its next run locks beforehand, in order */
    bool waits;             /* it stands in the lane of a row that it found taken, and waits for rows there */
    bool passed;            /* its run found one taken, and passed it over */
    void (*on_commit)(void);
    bool kept;             /* txn_keep in its run */
    err refusal;           /* what that run came to; done is told once the commit stands */
    uuid fate;             /* PostgreSQL: the rows by which commits of unknown fate are recognized */
    msec since;            /* when it was submitted, monotonic */
    int attempts, unknown; /* 1 + the attempt whose connection was lost in the midst of COMMIT; 0: none */
};

/** Queues a write; returns at once. While draining or over the queue's bound, done is called with ERR_UNAVAILABLE. */
void store_submit(store *s, store_job *job);
/**
 * What t wrote until now stays, whatever the write comes to: a refusal undoes what came after, and so does the end of a
 * savepoint that was open by now. For what must be remembered though the answer is no: a wrong try that is counted,
 * that somebody was told. Trouble (an answer of 5xx, a lost connection) undoes it all the same. Where t reads, nothing.
 */
void txn_keep(txn *t);
/**
 * Has `call` called once this write's commit is durable, before its done, and not when it comes to nothing: to wake
 * those who look for what it wrote. Quick, never blocking. The same call however often it is asked for.
 */
void store_on_commit(txn *t, void (*call)(void));
typedef enum store_turn {
    STORE_HELD, /* it is locked already, or nobody writes beside */
    STORE_WAIT, /* lock it, however long that takes, and say so with store_held */
    STORE_TRY,  /* lock it only if nobody has it (SKIP LOCKED); if somebody has, store_hold_first */
} store_turn;
/** What turn it is for whoever is about to lock that row. */
store_turn store_hold_turn(const txn *t, store_hold what);
/**
 * Whether t waits for rows as long as may be: it stands in the lane of one that it found taken. Any other waits briefly
 * and goes there, so that it needs not ask for a turn where a statement locks what it changes.
 */
static inline bool store_is_patient(const txn *t)
{
    return t->writes && t->job && t->job->waits;
}
/** It is locked from now on, until the end of t or of the savepoint that is undone. */
void store_held(txn *t, store_hold what);
/**
 * Has the whole transaction run again, with this row and those it holds locked beforehand, in order. Always an error:
 * the run under way comes to nothing.
 */
err store_hold_first(txn *t, store_hold what);
/** How one of them is locked; asks store_hold_turn itself. Before the first transaction. */
void store_set_holder(store *s, err (*hold)(txn *t, store_hold what));

/** Queues a write and waits for its commit: for workers and start-up, never for an HTTP thread. */
err store_write(store *s, arena *a, problem *p, err (*run)(txn *t, void *context), void *context);
/**
 * The same, but where it finds a row taken that is locked in order it comes to nothing, at once: ERR_UNAVAILABLE, and
 * *taken. For whoever has others to see to meanwhile, and comes back.
 */
err store_write_free(store *s, arena *a, problem *p, err (*run)(txn *t, void *context), void *context, bool *taken);

/* ---- statements: called by generated code only ---- */

typedef enum column_type { COLUMN_UUID, COLUMN_TEXT, COLUMN_BLOB, COLUMN_INT, COLUMN_TIME, COLUMN_BOOL } column_type;

/** Where a parameter or a result column stands in its struct. C types: uuid, str, str, int64_t, msec, bool. */
typedef struct column {
    column_type type;
    uint16_t offset;
    bool nullable; /* UUID_NONE, STR_NONE and time 0 stand for NULL */
    const char *name;
} column;

typedef struct query {
    const char *name;
    const char *sqlite, *postgres; /* the text for each engine */
    const column *params, *columns;
    uint16_t param_count, column_count;
    uint16_t row_size;
    uint16_t index;  /* dense, for tables of prepared statements */
    uint64_t tables; /* those it reads or changes, a bit each; 0: unknown */
    bool writes;     /* it changes or locks rows: for a transaction that writes */
} query;

/*
 * All three refuse a text parameter that is no text (text_is_sound) with ERR_INVALID_REQUEST before an engine sees it,
 * so that both keep the same: whoever takes bytes from outside makes text of them, and this is the last line behind
 * them.
 */
/** One row or ERR_NOT_FOUND. Strings in the row live in t->a. */
err store_query_one(txn *t, const query *q, const void *params, void *row);
/** All rows, in t->a. */
err store_query_many(txn *t, const query *q, const void *params, void **rows, size_t *count);
/** No rows; *changed (may be NULL) gets how many rows it touched. ERR_CONFLICT sets t->violation. */
err store_execute(txn *t, const query *q, const void *params, int64_t *changed);
/**
 * Part of a write that may be undone without undoing the rest. They nest; each ends with one of store_release (kept) or
 * store_rollback_to (undone).
 */
err store_savepoint(txn *t);
err store_release(txn *t);
void store_rollback_to(txn *t);

#endif
