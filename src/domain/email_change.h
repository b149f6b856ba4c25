/*
 * Another address for an account. It is asked for with the password, taken by a link mailed to the new address, and can be
 * given back for a week by a link mailed to the old one.
 */
#ifndef PARVIS_DOMAIN_EMAIL_CHANGE_H
#define PARVIS_DOMAIN_EMAIL_CHANGE_H

#include "domain/account.h"

/** How long the old address can take an account back. Nothing that is done at the new one ends it. */
#define EMAIL_UNDO_LIFETIME (7 * (msec)MSEC_DAY)

/**
 * Mails a link, good for a day, to the new address; an earlier one dies. To somebody's who has an account already goes a mail
 * that says so instead: the caller learns nothing of it. The address until now is told. ERR_ADDRESS_UNPROVED for who did not
 * prove the present one; ERR_INVALID_ADDRESS, ERR_ADDRESS_DOMAIN_REFUSED (one of its organizations
 * does not take the domain), ERR_RATE_LIMITED (5 an hour by account; one to
 * an address that five others asked for), and those of holder_check.
 */
MUST err email_change_request(txn *t, const actor *by, const sign_in *proof, str email);

/** What email_change_request would refuse whatever the password, before that is verified; reads only. */
MUST err email_change_admit(txn *t, const actor *by, str email);

/** A change that was asked for and waits for its link. */
typedef struct email_change_pending {
    str email;
    msec asked_at, expires_at;
} email_change_pending;
/** ERR_NOT_FOUND when none waits. */
MUST err email_change_asked(txn *t, uuid account_id, email_change_pending *out);
/** Its link is dead. ERR_NOT_FOUND when none waits. */
MUST err email_change_cancel(txn *t, const actor *by);

typedef enum email_change_kind { EMAIL_CONFIRM, EMAIL_UNDO } email_change_kind;

/** What a link would do, for the page that asks first: `email` becomes the address of the account that now has `current`. */
typedef struct email_change_view {
    uuid account_id;
    str email, current;
} email_change_view;
/** Reads only. ERR_TOKEN_INVALID for any link that cannot be used. */
MUST err email_change_lookup(txn *t, str token, email_change_kind kind, email_change_view *out);

/**
 * Puts the new address in place, proved; it follows into every list. Reset links to the old one die. The old address gets a
 * link good for 7 days that undoes this. An account that has the new address without having proved it gives way. ERR_TOKEN_INVALID, ERR_ADDRESS_DOMAIN_REFUSED, ERR_ADDRESS_TAKEN when somebody has it by now.
 */
MUST err email_change_confirm(txn *t, const actor *who, str token, uuid *account_id);
/**
 * Gives the old address the account as it was at the change: its id and the memberships it had. Sessions, keys, the password,
 * second factors added since, later changes of address end; a reset link goes to the old address. What was gained since stays
 * with whoever proved the new address, as an account of its own with the password that was set there (none: a reset mail
 * leads to one), and that address is told. Where the old address has another account by now that proved it, the account is taken
 * from whoever has it all the same and *waits without an address; the link stays good for 30 days more, and gives it back once
 * that account is closed or has moved. ERR_TOKEN_INVALID.
 */
MUST err email_change_undo(txn *t, const actor *who, str token, bool *waits);

#endif
