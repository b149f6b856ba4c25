/* Taking the old address back. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_EMAIL_UNDO_H
#define PARVIS_DOMAIN_LIFECYCLE_EMAIL_UNDO_H

#include "domain/account/email_change.h"

/**
 * Gives the old address the account as it was at the change: its id and the memberships it had. Sessions, keys, the
 * password, second factors added since, later changes of address end; a reset link goes to the old address. What was
 * gained since stays with whoever proved the new address, as an account of its own with the password that was set there
 * (none: a reset mail leads to one), and that address is told. Where the old address has another account by now that
 * proved it, the account is taken from whoever has it all the same and *waits without an address; the link stays good
 * for 30 days more, and gives it back once that account is closed or has moved: ERR_ADDRESS_TAKEN then, though all this
 * is done. ERR_TOKEN_INVALID.
 */
err email_change_undo(txn *t, const actor *who, str token, bool *waits);

#endif
