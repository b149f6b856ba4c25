/* An account that has an address gives way to whoever proves it. */
#ifndef PARVIS_DOMAIN_GIVE_WAY_H
#define PARVIS_DOMAIN_GIVE_WAY_H

#include "domain/account.h"

/** To whom. */
typedef enum give_way_to {
    GIVE_WAY_TO_PROOF, /* somebody who proved the address: an account that did not has no standing against them */
    GIVE_WAY_TO_UNDO, /* the address itself, that takes an account of its back: what has it by now is the same person's */
} give_way_to;

/**
 * Frees an address for `heir`. An account that waits behind a temporary password goes. One whose address is unproved is closed:
 * its memberships end as by leaving, but an organization that would be left without an owner is the heir's from now on, since
 * it was given to this address. One that proved it: ERR_ADDRESS_TAKEN, but for an undo, which takes all of its memberships
 * along to the heir and closes it.
 */
MUST err account_gives_way(txn *t, const actor *who, give_way_to to, str email_key, uuid heir);

#endif
