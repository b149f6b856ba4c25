/* What taking an address and taking it back share. Domain-internal. */
#ifndef PARVIS_DOMAIN_EMAIL_CHANGE_PARTS_H
#define PARVIS_DOMAIN_EMAIL_CHANGE_PARTS_H

#include "domain/email_change.h"
#include "domain/give_way.h"
#include "domain/ways_in.h"
#include "queries.h"

/** The row behind a mailed link; held in a write, so that of two only one uses it. ERR_TOKEN_INVALID. */
MUST err email_link_open(txn *t, str token, email_change_kind kind, q_email_change_row *row);
/**
 * The row's address becomes that of the account `was`, proved by the link, and follows into every list; who has it
 * gives way, or ERR_ADDRESS_TAKEN (account_gives_way).
 */
MUST err email_put(txn *t, const actor *who, const q_email_change_row *row, const q_account_kept_row *was);
/** Whoever holds the link acts for the account. */
actor email_holder(const actor *who, uuid account_id);

#endif
