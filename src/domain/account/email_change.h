/*
 * Another address for an account. It is asked for with the password, taken by a link mailed to the new address, and can
 * be given back for a week by a link mailed to the old one.
 */
#ifndef PARVIS_DOMAIN_ACCOUNT_EMAIL_CHANGE_H
#define PARVIS_DOMAIN_ACCOUNT_EMAIL_CHANGE_H

#include "domain/account/credential.h"

/**
 * Mails a link, good for a day, to the new address; an earlier one dies. To somebody's who has an account already goes
 * a mail that says so instead: the caller learns nothing of it. The address until now is told. ERR_ADDRESS_UNPROVED for
 * who did not prove the present one; ERR_INVALID_ADDRESS, ERR_INVALID_REQUEST (it is the present one, letter for
 * letter), ERR_ADDRESS_DOMAIN_REFUSED (one of its organizations does not take the domain), ERR_RATE_LIMITED (5 an hour
 * by account; one to an address that five others asked for), and those of holder_check.
 */
err email_change_request(txn *t, const actor *by, const sign_in *proof, str email);

/** An earlier address that can still take the account back, or its share of it. */
typedef struct email_undo_standing {
    str email;
    msec until;
    bool is_share;
} email_undo_standing;
/** All of an account's, the eldest first: it has the last word. For the operator, whom people ask for help. */
err email_undos_standing(txn *t, uuid account_id, email_undo_standing **out, size_t *count);

/** What email_change_request would refuse whatever the password, before that is verified; reads only. */
err email_change_admit(txn *t, const actor *by, str email);

/** A change that was asked for and waits for its link. */
typedef struct email_change_pending {
    str email;
    msec asked_at, expires_at;
} email_change_pending;
/** ERR_NOT_FOUND when none waits. */
err email_change_asked(txn *t, uuid account_id, email_change_pending *out);
/**
 * The last change that was made, while the address before can still undo it: that address, when, until when. Less one
 * whose link gives a share alone. ERR_NOT_FOUND.
 */
err email_change_made(txn *t, const actor *by, email_change_pending *out);
/** Its link is dead. ERR_NOT_FOUND when none waits. */
err email_change_cancel(txn *t, const actor *by);

/**
 * What a link would do, for the page that asks first: `email` becomes the address of the account that now has
 * `current`.
 */
typedef struct email_change_view {
    uuid account_id;
    str email, current; /* current empty: the account waits without one */
    bool is_share;      /* an undo that gives what the account gained under `email`, as an account of its own */
} email_change_view;
/** Reads only. ERR_TOKEN_INVALID for any link that cannot be used. */
err email_change_lookup(txn *t, str token, email_change_kind kind, email_change_view *out);

/** The row behind a mailed link; held in a write, so that of two only one uses it. ERR_TOKEN_INVALID. */
err email_link_open(txn *t, str token, email_change_kind kind, q_email_change_row *row);
/**
 * Another link of this kind for the account, to this address; *token is shown in the mail alone. `since`: an undo that
 * gives what the account gained from then until now, and not the account; 0: the account.
 */
err email_link_make(txn *t, uuid account_id, email_change_kind kind, str email, str email_key, msec since, str *token);
/** What email_change_request refuses of a domain, asked again: rules and organizations may be others by now. */
err email_change_judge_domain(txn *t, uuid account_id, str email_key);

#endif
