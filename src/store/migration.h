/* Migrations, compiled in from the folder migrations by tools/gen_queries.py: numbered from 1 without a gap, forward only. */
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

/** Applies these instead of the program's own: for tests, before the first migration. Borrowed. */
void store_set_migrations(store *s, const migration_set *set);

#endif
