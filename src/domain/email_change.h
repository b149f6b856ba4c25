/*
 * Another address for an account. It is asked for with the password, taken by a link mailed to the new address, and can be
 * given back for a week by a link mailed to the old one.
 */
#ifndef PARVIS_DOMAIN_EMAIL_CHANGE_H
#define PARVIS_DOMAIN_EMAIL_CHANGE_H

#include "domain/account.h"

/**
 * Mails a link, good for a day, to the new address; an earlier one dies. To somebody's who has an account already goes a mail
 * that says so instead: the caller learns nothing of it. ERR_INVALID_ADDRESS, ERR_ADDRESS_DOMAIN_REFUSED (one of its organizations
 * does not take the domain), ERR_RATE_LIMITED (5 an hour by account and by
 * address), and those of holder_check.
 */
MUST err email_change_request(txn *t, const actor *by, const sign_in *proof, str email);

/** What email_change_request would refuse whatever the password, before that is verified; reads only. */
MUST err email_change_admit(txn *t, const actor *by, str email);

typedef enum email_change_kind { EMAIL_CONFIRM, EMAIL_UNDO } email_change_kind;

/** What a link would do, for the page that asks first: `email` becomes the address of the account that now has `current`. */
typedef struct email_change_view {
    uuid account_id;
    str email, current;
} email_change_view;
/** Reads only. ERR_TOKEN_INVALID for any link that cannot be used. */
MUST err email_change_lookup(txn *t, str token, email_change_kind kind, email_change_view *out);

/**
 * Puts the new address in place, proved; it follows into every list. Reset links to the old one die. The old address, when
 * it was proved, gets a link good for 7 days that undoes this. ERR_TOKEN_INVALID, ERR_ADDRESS_DOMAIN_REFUSED, ERR_ADDRESS_TAKEN when somebody has it by now.
 */
MUST err email_change_confirm(txn *t, const actor *who, str token, uuid *account_id);
/**
 * Puts the old address back: sessions end, the password and second factors added since stop working, a reset link goes to that address, and all that was
 * changed or asked for since cannot be undone or confirmed any more. ERR_TOKEN_INVALID, ERR_ADDRESS_TAKEN.
 */
MUST err email_change_undo(txn *t, const actor *who, str token);

#endif
