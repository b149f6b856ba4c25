/* Members: who they are, which role they have, how they go. */
#ifndef PARVIS_DOMAIN_MEMBER_H
#define PARVIS_DOMAIN_MEMBER_H

#include "domain/entitlement.h"
#include "domain/page.h"

typedef struct member_view {
    uuid id, account_id;
    str email, given_name, family_name, role;
    str state;            /* as of now: "suspended" as soon as access has ended */
    msec access_ends_at;  /* 0: never */
    int64_t entitlements; /* domain/entitlement.h */
    str group_ids;        /* domain/group.h */
    msec joined_at;
    uuid invited_by_id; /* an account; UUID_NONE: the operator */
} member_view;

typedef struct member_filter {
    str q;           /* beginnings of words of names and address, accents and case folded; up to 3 words */
    str role, state; /* STR_NONE: any */
    str group;       /* a TypeID; STR_NONE: any */
    str sort;        /* joined_at, family_name, email, role, with '-' in front for descending; STR_NONE: -joined_at */
} member_filter;
/** ERR_NOT_FOUND when there is no such group. */
MUST err member_list(txn *t, uuid organization_id, const member_filter *f, page *p, member_view **out, size_t *count);
MUST err member_get(txn *t, uuid organization_id, uuid id, member_view *out);
/** The words a member is found by (given, family name, address), written anew. */
MUST err member_index(txn *t, uuid organization_id, uuid membership_id, str given_name, str family_name, str email_key);
/** The key that lists are sorted by: family name, then given name, folded. */
str member_family_key(arena *a, str given_name, str family_name);

/** What to change of a membership. Each field is a right of its own: `role` roles.change, all others members.update. */
typedef struct member_change {
    str role, state; /* state "active" or "suspended"; STR_NONE: unchanged */
    const entitlement_choice *entitlements;
    size_t entitlement_count;
    bool has_groups; /* these and no others */
    const str *groups;
    size_t group_count;
    const str *groups_add, *groups_remove;
    size_t groups_add_count, groups_remove_count;
    bool has_access_ends_at;
    msec access_ends_at; /* 0: never */
} member_change;
/**
 * Changes a membership, all or nothing; felt at the next request. Whoever loses the right to invite loses the pending
 * invitations they sent; who is suspended keeps them, as they may come back. The person is told by mail of a new role or
 * state. Errors: ERR_FORBIDDEN: a right is missing, an owner by anyone but an owner; one's own state or end of
 * access, or, but for an owner, an option of one's own that was off;
 * ERR_LAST_OWNER when no other active owner would be left; ERR_CONFLICT at /access_ends_at: an owner with an end of access
 * (by whichever door), or an end that has come for somebody who is to be active; ERR_INVALID_REQUEST; ERR_NOT_FOUND.
 */
MUST err member_update(txn *t, const actor *by, uuid id, const member_change *c);

enum { MEMBERS_BULK_MAX = 200 };
typedef struct member_result {
    err outcome;
    problem *problem; /* for outcome != OK */
} member_result;
/** The same change for many (at most MEMBERS_BULK_MAX), each its own result. */
MUST err members_update(txn *t, const actor *by, const uuid *ids, size_t count, const member_change *c,
                        member_result *results);
/** RFC 3339, or a date: the end of that day in UTC. False when it is neither. */
bool access_end_parse(str text, msec *out);

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
/** One's own way out. ERR_LAST_OWNER; ERR_FORBIDDEN: the operator, or a key that is limited to a list of permissions. */
MUST err member_leave(txn *t, const actor *by);
/** The same for a membership of an account that is being closed. ERR_LAST_OWNER. */
MUST err member_close(txn *t, const actor *by, uuid organization_id, uuid id);
/** Makes `to` an owner and the caller an administrator, in one step. The operator cannot. */
MUST err ownership_transfer(txn *t, const actor *by, uuid to);

/** Writes a membership (accepting, founding): search words, sort keys and the seat's used count included. */
typedef struct new_member {
    uuid organization_id, account_id, invited_by_id;
    str role, email_key, given_name, family_name;
    int64_t entitlements;
    str group_ids;       /* STR_NONE: none */
    msec access_ends_at; /* 0: never */
} new_member;
MUST err member_add(txn *t, const new_member *m, uuid *id);

/** May this caller have this permission here: the answer to /check. account UUID_NONE: the caller. */
typedef struct check_answer {
    bool allowed;
    str role; /* STR_NONE: no active member, and none of the rest */
    str entitlement_keys;
    int64_t entitlements;
} check_answer;
MUST err member_check(txn *t, actor *who, str organization, uuid account, str permission, check_answer *out);

#endif
