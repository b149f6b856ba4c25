/*
 * Migrations, compiled in from the folder migrations by tools/gen_queries.py: numbered from 1 without a gap, forward
 * only.
 */
#ifndef PARVIS_STORE_MIGRATION_H
#define PARVIS_STORE_MIGRATION_H

#include "store/store.h"

typedef struct migration {
    int64_t version;
    const char *name;
    const char *checksum; /* SHA-256 of the file, in hexadecimal */
    const char *sql;
    const char *postgres; /* the same for PostgreSQL, made from it */
} migration;

typedef struct migration_set {
    const migration *p;
    size_t n;
} migration_set;

/** What a database counts as while rows are copied into it: newer than any program, so that none serves half of it. */
#define MIGRATION_COPY INT64_C(1000000000)

/** The log's line about a database that this program is too old for. */
static inline const char *migration_too_new(int64_t have)
{
    return have == MIGRATION_COPY ? "the database is a copy that was not finished: run the same parvis copy again"
                                  : "the database was made by a newer Parvis";
}

/** Applies these instead of the program's own: for tests, before the first migration. Borrowed. */
void store_set_migrations(store *s, const migration_set *set);

#endif
