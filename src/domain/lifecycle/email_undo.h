/* Taking the old address back. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_EMAIL_UNDO_H
#define PARVIS_DOMAIN_LIFECYCLE_EMAIL_UNDO_H

#include "domain/account/email_change.h"
#include "domain/lifecycle/email_share.h"

/** What an undo came to. */
typedef struct email_undone {
    uuid account_id; /* the one that the link was for */
    bool waits;      /* without an address */
    bool is_share;   /* what was gained under the address has an account of its own now */
} email_undone;

/**
 * Gives the old address the account as it was at the change: its id and the memberships it had. Sessions, keys, the
 * password, second factors added since, later changes of address end; a reset link goes to the old address. What was
 * gained since stays with whoever proved the new address, as an account of its own with the password that was set
 * there (none: a reset mail leads to one), and that address is told. Where the old address has another account by
 * now that proved it, the account is taken from whoever has it all the same and waits without an address; the link
 * stays good for 30 days from its first use, and gives it back once that account is closed or has moved:
 * ERR_ADDRESS_TAKEN then, though all this is done, and the old address is told what to do. ERR_TOKEN_INVALID.
 *
 * A link that was lessened gives its share: email_share_take.
 */
err email_change_undo(txn *t, const actor *who, str token, email_undone *out);

/** What a link would do, and whether it can: for the page that asks first. */
typedef struct email_undo_view {
    email_change_view link;
    bool is_taken;     /* the address has a newer account, which proved it: the account would wait, a share stay */
    msec until;        /* the link is good until then; where the account would wait, once it is used */
    email_share share; /* `gained`: what a share is */
} email_undo_view;
/** Reads only. ERR_TOKEN_INVALID for any link that cannot be used. */
err email_undo_lookup(txn *t, str token, email_undo_view *out);

#endif
