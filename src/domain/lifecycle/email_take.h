/* Taking a new address, by the link that was mailed to it. Asking for one: account/email_change.h. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_EMAIL_TAKE_H
#define PARVIS_DOMAIN_LIFECYCLE_EMAIL_TAKE_H

#include "domain/account/email_change.h"
#include "queries.h"

/**
 * Puts the new address in place, proved; it follows into every list. Reset links to the old one die. The old address
 * gets a link good for 7 days that undoes this, and earlier ones stay good as long; where the new one is an earlier one
 * whose link still stands, those since give no more than their share (email_share_take), or nothing. An account that
 * has the new address without having proved it gives way. ERR_TOKEN_INVALID, ERR_ADDRESS_DOMAIN_REFUSED,
 * ERR_ADDRESS_TAKEN when somebody has it by now.
 */
err email_change_confirm(txn *t, const actor *who, str token, uuid *account_id);

/**
 * The row's address becomes that of the account `was`, proved by the link, and follows into every list; who has it
 * gives way, or ERR_ADDRESS_TAKEN (account_gives_way).
 */
err email_put(txn *t, const actor *who, const q_email_change_row *row, const q_account_kept_row *was);
/** Whoever holds the link acts for the account. */
actor email_holder(const actor *who, uuid account_id);

#endif
