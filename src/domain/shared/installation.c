/*
 * Compares the key with the fingerprint in the database, so that another key stops a start instead of leaving secrets
 * that nobody can open.
 */
#include "domain/shared/installation.h"
#include "base/log.h"
#include "queries.h"

enum { ARENA_BYTES = 64 * 1024 };

static const uuid the_one = {{0}}; /* there is a single row */

typedef struct comparison {
    token_digest ours;
    bool same;
} comparison;

/* Whoever starts first notes its key; of several at once, the database picks one. */
static err note_and_compare(txn *t, void *context)
{
    comparison *c = context;
    q_installation_key_row row;
    TRY(q_installation_note(t, .id = the_one, .key_fingerprint = token_digest_str(&c->ours), .created_at = t->now));
    TRY(q_installation_key(t, &row, the_one));
    c->same = token_equal(row.key_fingerprint, token_digest_str(&c->ours));
    return OK;
}

static err only_compare(txn *t, void *context)
{
    comparison *c = context;
    q_installation_key_row row;
    TRY(q_installation_key(t, &row, the_one));
    c->same = token_equal(row.key_fingerprint, token_digest_str(&c->ours));
    return OK;
}

/* A start that finds everything in order writes nothing. */
static err compare(store *s, arena *a, comparison *c)
{
    problem p = {0};
    err e = store_read(s, a, &p, only_compare, c);
    return e == ERR_NOT_FOUND ? store_write(s, a, &p, note_and_compare, c) : e;
}

err installation_check_key(store *s, const server_key *key, str file)
{
    ARENA_SCOPED a = arena_new(ARENA_BYTES);
    comparison c = {.ours = token_mac(key, KEY_FINGERPRINT, S("the key of this database"))};
    TRY(compare(s, a, &c));
    if (c.same)
        return OK;
    log_(LOG_ERROR, "the key file is not the one that this database was made with: restore that one from your backup",
         LOG_TEXT("file", file));
    return ERR_CONFLICT;
}

err installation_lock(txn *t)
{
    q_installation_lock_row row;
    err e = q_installation_lock(t, &row, the_one);
    return e == ERR_NOT_FOUND ? OK : e;
}
