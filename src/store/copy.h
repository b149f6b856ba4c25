/*
 * Carrying a whole database to another, of the same engine or the other one: `parvis copy`.
 *
 * Every table of the schema goes, in an order that its references allow, its rows in the order of the primary key. A
 * batch of rows and the mark that says how far they reach are one transaction at the destination, so that a copy that
 * was killed goes on where it was. While it is under way the destination counts as one of a Parvis that is newer than
 * any, which no server opens. At the end both sides are read again from their beginning and compared.
 *
 * Not carried: schema_migration and schema_lock, of which each database has its own, and transaction_fate, which tells
 * a connection that broke a moment ago what became of its COMMIT in that very database.
 */
#ifndef PARVIS_STORE_COPY_H
#define PARVIS_STORE_COPY_H

#include "base/digest.h"
#include "store/store.h"

typedef struct copy copy;

/** Why a copy does not begin or go on. */
typedef enum copy_refusal {
    COPY_FINE,
    COPY_SOURCE_CLOSED,     /* it cannot be opened; the log says why */
    COPY_SOURCE_STRANGE,    /* it is no database of Parvis, or an empty one */
    COPY_SOURCE_USED,       /* another process has the file open */
    COPY_SOURCE_VERSION,    /* its schema is not this program's */
    COPY_SOURCE_UNFINISHED, /* it is itself a copy that was not finished */
    COPY_SOURCE_CHANGED,    /* since the copy began */
    COPY_SOURCE_NO_TEXT,    /* a text of it is no UTF-8 or holds NUL; copy_at says where */
    COPY_DESTINATION_CLOSED,
    COPY_DESTINATION_STRANGE, /* it holds somebody else's tables */
    COPY_DESTINATION_USED,    /* another process has the file open, or nodes are connected */
    COPY_DESTINATION_VERSION,
    COPY_DESTINATION_UNMIGRATED, /* PostgreSQL: `parvis migrate` comes first */
    COPY_DESTINATION_FULL,       /* it holds rows that no copy of this source brought; copy_at says of which table */
    COPY_DESTINATION_KEY,        /* it was migrated with another key than the source's */
    COPY_DESTINATION_OTHERS,     /* it is the started copy of another source */
    COPY_OVERTAKEN,              /* another copy writes to it at the same time */
    COPY_BROKEN,                 /* one side failed on the way; the log says why */
} copy_refusal;

/** How far it has come. In both phases `total` is the number of rows to go through. */
typedef struct copy_progress {
    bool compares;
    const char *table; /* the one under way */
    int64_t done, total;
} copy_progress;
typedef void (*copy_watch)(void *context, const copy_progress *p);

/** What the comparison found in a table. */
typedef struct copy_found {
    const char *table;
    int64_t rows[2]; /* source, destination */
    digest sums[2];  /* over every row's every value, in the order of the primary key */
} copy_found;

/** True for an address that copy can read and write: sqlite:, postgresql:, postgres:. */
bool copy_knows(str uri);
/**
 * Opens both sides and finds out where to begin. *out is the caller's to close, also after an error; then copy_why
 * says what is wrong. A SQLite destination is made when it is not there. Errors: ERR_CONFLICT, ERR_UNAVAILABLE.
 */
err copy_open(str from, str to, copy **out);
copy_refusal copy_why(const copy *c);
/** The table that a refusal is about, with COPY_SOURCE_NO_TEXT the row and the column, too; NULL: none. */
const char *copy_at(const copy *c);
/** How many other processes of Parvis are connected to the source: what they change meanwhile shows as a difference. */
int64_t copy_source_nodes(const copy *c);
/** True when the destination is full and looks like the source already: there is nothing to run, only to compare. */
bool copy_is_there(const copy *c);
/** Rows that an earlier run brought. */
int64_t copy_brought(const copy *c);

/** Carries what is missing. The watch (may be NULL) is called after every batch. Errors: as copy_open. */
err copy_run(copy *c, copy_watch watch, void *context);
/**
 * Reads both sides from their beginning, as they stand now. *found has *count entries and lives as long as c. *equal:
 * in every table.
 */
err copy_compare(copy *c, copy_watch watch, void *context, const copy_found **found, size_t *count, bool *equal);
/** Takes the marks away, so that the destination can be served. For a copy that compared as equal. */
err copy_finish(copy *c);
/** copy_close(NULL) is harmless. What was committed stays. */
void copy_close(copy *c);

#endif
