/*
 * Closing an account: what ends, and what stays for the record.
 *
 * Whose a trace is, is said by ids alone: details about the account, mails of the account, invitations whose person it
 * is. An address by itself is proof of nothing, and mailboxes change hands. What ended at one becomes its account's
 * when that account leaves it, if it had proved it; what lies at an address that nobody proved is nobody's, and stays.
 */
#ifndef PARVIS_DOMAIN_LIFECYCLE_CLOSING_H
#define PARVIS_DOMAIN_LIFECYCLE_CLOSING_H

#include "domain/shared/actor.h"
#include "queries.h"

/** One of the account's organizations, and what goes there with its membership. */
typedef struct closing_place {
    uuid organization_id, membership_id;
    str name, slug, role;
    bool last_owner; /* then nothing can be closed: somebody else has to own it first */
    int64_t api_keys, pending_invitations;
} closing_place;

/** What closing takes away, for the page that asks first. */
err closing_preview(txn *t, uuid account_id, closing_place **out, size_t *count);

/** Until when an earlier address can still take the account back; 0: none can. Only the operator closes it before. */
err closing_undoable(txn *t, uuid account_id, msec *until);

/**
 * Closes an account for good: memberships end everywhere, as by leaving; sessions, links and second factors go; names
 * and address are erased, also from the record, and the address is free again. It gets a last mail. The id stays.
 * ERR_LAST_OWNER with a pointer for each organization that would be left without one; ERR_CONFLICT by closing_undoable;
 * ERR_NOT_FOUND when it is closed.
 */
err account_close(txn *t, const actor *by, uuid account_id);

/** What lies at the address is the account's own from now on, if it proved it: before the address becomes another's. */
err account_leaves_address(txn *t, const q_account_kept_row *who);

/**
 * Ends every way into an account and erases its person: names and addresses, also from the record. Its memberships were
 * ended or moved before; the id stays, the address is free.
 */
err account_erase(txn *t, const q_account_kept_row *who);
/** What stands in place of an address's key where an account has none: nobody can type it. */
str account_no_key(arena *a, uuid id);

#endif
