/* Members: who they are, which role they have, how they go. */
#ifndef PARVIS_DOMAIN_MEMBER_H
#define PARVIS_DOMAIN_MEMBER_H

#include "domain/actor.h"
#include "domain/page.h"

typedef struct member_view {
    uuid id, account_id;
    str email, given_name, family_name, role, state;
    msec joined_at;
    uuid invited_by_id; /* an account; UUID_NONE: the operator */
} member_view;

typedef struct member_filter {
    str q;           /* beginnings of words of names and address, accents and case folded; up to 4 words */
    str role, state; /* STR_NONE: any */
    str sort;        /* joined_at, family_name, email, role, with '-' in front for descending; STR_NONE: -joined_at */
} member_filter;
MUST err member_list(txn *t, uuid organization_id, const member_filter *f, page *p, member_view **out, size_t *count);
MUST err member_get(txn *t, uuid organization_id, uuid id, member_view *out);
/** The words a member is found by (given, family name, address), written anew. */
MUST err member_index(txn *t, uuid organization_id, uuid membership_id, str given_name, str family_name, str email_key);
/** The key that lists are sorted by: family name, then given name, folded. */
str member_family_key(arena *a, str given_name, str family_name);

/**
 * Changes a role. ERR_LAST_OWNER when no other active owner would be left; a member who loses the right to invite loses
 * their pending invitations too. Only owners make owners (permission roles.change).
 */
MUST err member_change_role(txn *t, const actor *by, uuid id, str role);

typedef enum pending_fate { PENDING_REVOKE, PENDING_TAKE_OVER } pending_fate;
/**
 * Ends a membership: access, API keys and place in lists go at once; pending invitations they sent are revoked or taken
 * over. ERR_FORBIDDEN: oneself (leaving is its own action), or an owner by anyone but an owner; ERR_LAST_OWNER.
 */
MUST err member_remove(txn *t, const actor *by, uuid id, pending_fate fate);
/** What a removal takes with it, for the page that asks first. */
typedef struct removal_preview {
    int64_t api_keys, pending_invitations;
} removal_preview;
MUST err member_removal_preview(txn *t, uuid organization_id, uuid id, removal_preview *out);
/** One's own way out. ERR_LAST_OWNER. */
MUST err member_leave(txn *t, const actor *by);
/** Makes `to` an owner and the caller an administrator, in one step. The operator cannot. */
MUST err ownership_transfer(txn *t, const actor *by, uuid to);

/** Writes a membership (accepting, founding): search words, sort keys and the seat's used count included. */
typedef struct new_member {
    uuid organization_id, account_id, invited_by_id;
    str role, email_key, given_name, family_name;
} new_member;
MUST err member_add(txn *t, const new_member *m, uuid *id);

/** May this caller have this permission here: the answer to /check. account UUID_NONE: the caller. */
typedef struct check_answer {
    bool allowed;
    str role; /* STR_NONE: no active member */
} check_answer;
MUST err member_check(txn *t, actor *who, str organization, uuid account, str permission, check_answer *out);

#endif
