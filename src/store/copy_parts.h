/* The parts of a copy: rows as they travel, the two ends, and what both files of the copy itself share. */
#ifndef PARVIS_STORE_COPY_PARTS_H
#define PARVIS_STORE_COPY_PARTS_H

#include "base/buf.h"
#include "queries.h"
#include "store/copy.h"
#include "store/migration.h"

/* ---- rows ---- */

/*
 * Rows travel, and are summed, as PostgreSQL's binary COPY has them (PostgreSQL 15, COPY, Tuples): the number of values
 * in 2 bytes, then for each its length in 4 (-1: NULL) and its bytes. Numbers, times and truths are 8 bytes in network
 * order, ids their 16, texts and blobs as they are: one form for each value, on either engine.
 */

enum { CELLS_MAX = 64, NUMBER_BYTES = 8 };

/** One value; bytes.p NULL: NULL. */
typedef struct cell {
    column_type type;
    str bytes;
} cell;

typedef struct number {
    char b[NUMBER_BYTES];
} number;

/** Begins a row of so many cells in PostgreSQL's binary COPY (its documentation, COPY, "Binary Format"). */
void row_begin(buf *out, size_t count);
/** One cell; STR_NONE: NULL. */
void row_cell(buf *out, str bytes);
/** A cell of a number, eight bytes, highest first. */
void row_number(buf *out, int64_t value);
/** A cell of a number, which lives in *room. */
cell number_cell(number *room, int64_t value);
cell text_cell(str text);
int64_t cell_number(const cell *c);
/**
 * Takes the first row off; the cells borrow its bytes. False when it is not whole or holds what its types do not allow.
 */
[[nodiscard]] bool row_take(str *rows, const column_type *types, size_t count, cell *cells);
/** True when a value of this type may be these bytes (never NULL). */
bool cell_fits(column_type type, size_t bytes);
/**
 * The first column of a row whose text is none (text_is_sound): what an older program let into a SQLite file, and
 * PostgreSQL takes from nobody. t->type_count: all is well.
 */
size_t row_no_text(const table_info *t, const cell *cells);
/** Where that stands, so that it can be found by hand: "session, id = x'0192…', column user_agent". Lives in `a`. */
str row_place(arena *a, const table_info *t, const cell *cells, size_t column);
/** Lower-case hexadecimal, and back: false on anything else. */
str hex_of(arena *a, str bytes);
[[nodiscard]] bool hex_read(str hex, buf *out);

/* ---- ends ---- */

typedef struct copy_end copy_end;

typedef struct copy_engine {
    str schemes[2];      /* "sqlite:"; unused ones empty */
    const char *tables;  /* statement: how many tables there are */
    const char *history; /* statement: 1 when there is a table schema_migration, else 0 */
    const char *nodes;   /* statement: how many other processes of Parvis are connected; NULL: open shuts them out */
    const char *begin_read;
    const char *durable; /* statement: from now on a COMMIT outlives the machine's power, and all before it */
    const char *settle;  /* statement, after everything: what makes the first reads quick */
    /**
     * Connects. Errors: ERR_NOT_FOUND when there is nothing, ERR_CONFLICT when another process has the file,
     * ERR_UNAVAILABLE with a log line.
     */
    err (*open)(copy_end *end, str uri, bool writes);
    void (*close)(copy_end *end);
    /** Makes an empty database where none is, whole or not at all; NULL: `parvis migrate` does. Errors: as ask. */
    err (*make)(copy_end *end);
    /**
     * Runs a statement; its rows are appended to *rows (NULL: it gives none), counted in *count. Errors:
     * ERR_UNAVAILABLE with a log line.
     */
    err (*ask)(copy_end *end, const char *sql, const cell *params, size_t param_count, const column_type *types,
               size_t type_count, buf *rows, int64_t *count);
    /** Adds whole rows to a table, in the transaction under way. Errors: as ask. */
    err (*put)(copy_end *end, const table_info *t, str rows);
} copy_engine;

extern const copy_engine sqlite_copy, postgres_copy;

/** One side, with a connection of its own; used by one thread at a time. */
struct copy_end {
    const copy_engine *engine;
    str uri;
    void *connection; /* the engine's; NULL: closed */
};

/** A statement without parameters and rows. */
err end_run(copy_end *end, const char *sql);
/** The first value of the first row; 0 without a row. */
err end_number(copy_end *end, const char *sql, int64_t *out);

/* ---- a copy ---- */

typedef struct copy_table {
    const table_info *about;
    int64_t total;  /* rows at the source when the copy began */
    int64_t copied; /* rows at the destination, by its mark */
    buf key;        /* of the last of them, as a row; empty: none */
    copy_found found;
} copy_table;

struct copy {
    arena *a;
    copy_end source, destination;
    copy_table *tables; /* as many as store_tables.n */
    int64_t nodes, brought;
    digest origin; /* by which the source is known again */
    bool is_there;
    copy_refusal why;
    const char *at; /* in `a`, or static */
};

/** Notes why and returns ERR_CONFLICT. */
err copy_refuse(copy *c, copy_refusal why, const char *table);
/** OK, or notes that one side failed. */
err copy_went(copy *c, err e);

/* ---- copy_marks.c ---- */

/** What an end says of itself. */
typedef struct copy_history {
    enum { HISTORY_EMPTY, HISTORY_STRANGE, HISTORY_OLDER, HISTORY_OURS, HISTORY_NEWER } is;
    bool unfinished; /* a copy into it is under way */
    digest id;       /* of its migrations and the moments they ran at: no two databases have the same */
} copy_history;
/** Looks at what migrated this end, and whether a copy is under way. ERR_UNAVAILABLE without the database. */
err history_read(copy_end *end, copy_history *out);
/**
 * Refuses a destination that was migrated with another key file: its servers could open nothing of what is sealed. The
 * table that knows the key is filled by migrating, and emptied before the source's row comes.
 */
err key_check(copy *c);
bool key_is_in(const table_info *t);
/** Reads the marks at the destination; refuses those of another source, or of this one when it was different. */
err marks_read(copy *c);
/** Makes the marks, in one transaction. */
err marks_make(copy *c);
/** In the transaction that brings the rows: `count` more, up to the key. */
err mark_move(copy *c, copy_table *t, int64_t count, str key);
/** Takes all marks away. */
err marks_remove(copy *c);

#endif
