/* What changing and ending a membership share. Domain-internal. */
#ifndef PARVIS_DOMAIN_MEMBER_PARTS_H
#define PARVIS_DOMAIN_MEMBER_PARTS_H

#include "domain/member.h"
#include "queries.h"

/**
 * Makes sure that somebody else stands as the organization's owner before this one stops; the key of organization_owner would
 * refuse otherwise, whatever the code forgot. ERR_LAST_OWNER.
 */
MUST err owner_hand_on(txn *t, uuid organization_id, uuid leaving);
/** ERR_LAST_OWNER for that key's refusal, should a path ever forget to hand on. */
MUST err owner_key(txn *t, err e);
/** An owner, for anyone but an owner and the operator. */
bool member_is_above(const actor *by, const q_member_lock_row *m);
/** Notes that a membership is another account's from now on, in the organization's record. */
MUST err member_moved(txn *t, const actor *by, uuid organization_id, uuid id, uuid account_id);
/** When to say that access ends: a day before, or at once; 0: it does not end, or has. */
msec member_warn_at(msec access_ends_at, msec now);

#endif
