/* What the engine itself says to PostgreSQL, beside the statements of the program. */
#include "store/postgres.h"

/* PostgreSQL checks its pages when it reads them; what it knows to be incomplete stands in its catalogue. */
static const char findings_sql[] =
    "SELECT 'the index ' || c.relname || ' is not valid' FROM pg_catalog.pg_index i"
    " JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = current_schema() AND NOT i.indisvalid"
    " UNION ALL SELECT 'the constraint ' || k.conname || ' is not valid' FROM pg_catalog.pg_constraint k"
    " JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace"
    " WHERE n.nspname = current_schema() AND NOT k.convalidated";

static const column one_uuid[] = {{COLUMN_UUID, 0, false, "id"}};
static const column one_text[] = {{COLUMN_TEXT, 0, false, "ms"}};
static const column one_blob[] = {{COLUMN_BLOB, 0, false, "digest"}};

const query pg_own[PG_OWN_COUNT] = {
    [PG_BEGIN_READ] = {.name = "parvis_begin_read", .postgres = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
    [PG_BEGIN_WRITE] = {.name = "parvis_begin", .postgres = "BEGIN ISOLATION LEVEL READ COMMITTED"},
    [PG_CLOCK] = {.name = "parvis_clock",
                  .postgres = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"},
    [PG_PATIENCE] = {.name = "parvis_patience",
                     .postgres = "SELECT set_config('lock_timeout', $1, true)",
                     .params = one_text,
                     .param_count = 1},
    [PG_COMMIT] = {.name = "parvis_commit", .postgres = "COMMIT"},
    [PG_ROLLBACK] = {.name = "parvis_rollback", .postgres = "ROLLBACK"},
    [PG_PART] = {.name = "parvis_part", .postgres = "SAVEPOINT part"},
    [PG_PART_RELEASE] = {.name = "parvis_part_release", .postgres = "RELEASE SAVEPOINT part"},
    [PG_PART_ROLLBACK] = {.name = "parvis_part_rollback", .postgres = "ROLLBACK TO SAVEPOINT part"},
    [PG_STATEMENT] = {.name = "parvis_statement", .postgres = "SAVEPOINT statement"},
    [PG_STATEMENT_RELEASE] = {.name = "parvis_statement_release", .postgres = "RELEASE SAVEPOINT statement"},
    [PG_STATEMENT_ROLLBACK] = {.name = "parvis_statement_rollback", .postgres = "ROLLBACK TO SAVEPOINT statement"},
    [PG_FATE] = {.name = "parvis_fate",
                 .postgres = "INSERT INTO transaction_fate (id) VALUES ($1)",
                 .params = one_uuid,
                 .param_count = 1},
    [PG_FATES] =
        {.name = "parvis_fates",
         .postgres =
             "INSERT INTO transaction_fate (id) SELECT encode(substring($1::bytea FROM i * 16 + 1 FOR 16), 'hex')::uuid"
             " FROM generate_series(0, length($1::bytea) / 16 - 1) AS i",
         .params = one_blob,
         .param_count = 1},
    [PG_FATES_SWEEP] = {.name = "parvis_fates_sweep",
                        .postgres = "DELETE FROM transaction_fate WHERE id IN"
                                    " (SELECT id FROM transaction_fate WHERE id < $1 LIMIT 50000)",
                        .params = one_uuid,
                        .param_count = 1},
    [PG_FINDINGS] = {.name = "parvis_findings", .postgres = findings_sql},
    [PG_VERSION] = {.name = "parvis_version", .postgres = "SELECT coalesce(max(version), 0) FROM schema_migration"},
};
