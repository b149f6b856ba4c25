/*
 * Which migrations a store knows: the program's own, unless a test gives it others. What is done with them is each
 * engine's (sqlite_migrate.c, postgres_schema.c), since no two agree on what may stand in a transaction.
 */
#include "store/migration.h"

#include "store/engine.h"

void store_set_migrations(store *s, const migration_set *set)
{
    s->migrations = set;
}
