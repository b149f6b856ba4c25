/* What an account gained under an address, which is that address's when the two part. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_EMAIL_SHARE_H
#define PARVIS_DOMAIN_LIFECYCLE_EMAIL_SHARE_H

#include "domain/shared/actor.h"
#include "queries.h"

/** Places that an account came by from one moment until another. */
typedef struct email_share {
    uuid account_id;
    msec since, until;    /* until SHARE_OPEN: up to now */
    str email, email_key; /* the address that has them; none: they wait without one */
    q_memberships_gained_rows gained;
} email_share;
#define SHARE_OPEN INT64_MAX

/** Fills `gained`. */
err email_share_find(txn *t, email_share *s);
/**
 * Moves them to the account `heir`, and with them what was left at the address, and the undo links of addresses that
 * the account left in that time.
 */
err email_share_move(txn *t, const actor *by, const email_share *s, uuid heir);
/**
 * What a link gives that was made, or lessened, when the account came back to an earlier address
 * (email_change_confirm): the share of the link's address becomes an account of its own, a link to choose its password
 * goes there, and the account that it is taken out of goes on, and is told what left. ERR_TOKEN_INVALID where nothing
 * is left of it; ERR_ADDRESS_TAKEN, with nothing changed, where the address has a newer account that proved it.
 */
err email_share_take(txn *t, const actor *who, const q_email_change_row *undo);

#endif
