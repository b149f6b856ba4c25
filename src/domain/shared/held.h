/*
 * The rows that are locked in one order (store_hold), first to last: who has one of a kind waits for none of an earlier
 * kind. Limits are counted wherever they come, and by whoever waits briefly without asking; who waits for long asks.
 * Memberships, groups and invitations change under the seats, or under the account whose they are (email_share).
 */
#ifndef PARVIS_DOMAIN_SHARED_HELD_H
#define PARVIS_DOMAIN_SHARED_HELD_H

#include "store/store.h"

typedef enum held_kind {
    HELD_ACCOUNT, /* its ways in: ways_hold, a session, a key */
    HELD_LIMIT,   /* rows that count somebody's tries, by the beginning of their key; locked by counting */
    HELD_SEATS,   /* an organization's: whoever changes who belongs there */
} held_kind;

/** That one; UUID_NONE: not known yet, or not asked. */
static inline store_hold held_of(held_kind kind, uuid id)
{
    return (store_hold){kind, id};
}

/** How one row is locked, and how it is found where somebody else has it. */
typedef struct held_row {
    /** Locks it, if need be as long as that takes, or only if nobody has it; *id says whose it is. ERR_NOT_FOUND. */
    err (*lock)(txn *t, bool waits, void *of, uuid *id);
    /** Reads whose it is; NULL: known from the first. ERR_NOT_FOUND. */
    err (*find)(txn *t, void *of, uuid *id);
    void *of;       /* what both are given */
    bool reads_too; /* lock also reads, so it is asked where the row is held already */
} held_row;

/**
 * Has the row until the end of t or of the savepoint that is undone: at once, or, where waiting might be in a circle,
 * by having all of t run again with this row locked beforehand. `id` as far as it is known. ERR_NOT_FOUND: there is
 * none.
 */
err row_hold(txn *t, held_kind kind, uuid id, const held_row *row);
/** All of t runs again, with this row locked beforehand: for who finds that it is another one. Always an error. */
err row_hold_first(txn *t, held_kind kind, uuid id);
/**
 * The same for rows that one statement locked as far as nobody else had them: those that are `there` and not among
 * `held` are somebody else's. Both sorted alike.
 */
err rows_hold(txn *t, held_kind kind, const uuid *there, size_t there_count, const uuid *held, size_t held_count);

#endif
