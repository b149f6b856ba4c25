/* What closing an account and giving way share. Domain-internal. */
#ifndef PARVIS_DOMAIN_CLOSING_PARTS_H
#define PARVIS_DOMAIN_CLOSING_PARTS_H

#include "domain/closing.h"
#include "queries.h"

/**
 * Ends every way into an account and erases its person: names and address, also from the record. Its memberships were ended
 * or moved before; the id stays, the address is free.
 */
MUST err account_erase(txn *t, const q_account_kept_row *who);
/** What stands in place of an address's key where an account has none: nobody can type it. */
str account_no_key(arena *a, uuid id);

#endif
