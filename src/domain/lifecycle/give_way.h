/* An account whose address was never proved has no standing against whoever proves it. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_GIVE_WAY_H
#define PARVIS_DOMAIN_LIFECYCLE_GIVE_WAY_H

#include "domain/shared/actor.h"

/**
 * Frees an address for `heir`, who just proved it. An account that waits behind a temporary password goes; one whose
 * address is unproved is closed: its memberships end as by leaving, but an organization that would be left without an
 * owner is the heir's from now on, since it was given to this address. ERR_ADDRESS_TAKEN, with nothing changed, when
 * somebody else proved it.
 */
err account_gives_way(txn *t, const actor *who, str email_key, uuid heir);

#endif
