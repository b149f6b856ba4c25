/*
 * The rows that are locked in one order (store_hold), first to last: who has one of a kind waits for none of an earlier
 * kind. Limits alone are counted wherever they come, since counting asks no turn; whoever counted waits for no account.
 * Memberships, groups and invitations change under the seats, or under the account whose they are (email_share).
 */
#ifndef PARVIS_DOMAIN_SHARED_HELD_H
#define PARVIS_DOMAIN_SHARED_HELD_H

#include "store/store.h"

typedef enum held_kind {
    HELD_ACCOUNT, /* its ways in: ways_hold, a session, a key */
    HELD_LIMIT,   /* a row that counts somebody's tries; which, nobody asks: it is locked by counting */
    HELD_SEATS,   /* an organization's: whoever changes who belongs there */
} held_kind;

/** That one; UUID_NONE: not known yet, or not asked. */
static inline store_hold held_of(held_kind kind, uuid id)
{
    return (store_hold){kind, id};
}

#endif
