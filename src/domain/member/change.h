/* Changing a membership: role, state, options, groups; ownership. Ending it: member.h. */
#ifndef PARVIS_DOMAIN_MEMBER_CHANGE_H
#define PARVIS_DOMAIN_MEMBER_CHANGE_H

#include "domain/member/member.h"
#include "queries.h"

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
 * invitations they sent; who is suspended keeps them, as they may come back. The person is told by mail of a new role
 * or state. Errors: ERR_FORBIDDEN: a right is missing, an owner by anyone but an owner; one's own state or end of
 * access, or, but for an owner, an option of one's own that was off; ERR_LAST_OWNER when no other active owner would be
 * left; ERR_CONFLICT at /access_ends_at: an owner with an end of access (by whichever door), or an end that has come
 * for somebody who is to be active; ERR_INVALID_REQUEST; ERR_NOT_FOUND.
 */
err member_update(txn *t, const actor *by, uuid id, const member_change *c);

typedef struct member_result {
    err outcome;
    problem *problem; /* for outcome != OK */
} member_result;
/** The same change for many (at most MEMBERS_BULK_MAX), each its own result. */
err members_update(txn *t, const actor *by, const uuid *ids, size_t count, const member_change *c,
                   member_result *results);
/** RFC 3339, or a date: the end of that day in UTC. False when it is neither. */
bool access_end_parse(str text, msec *out);
/** Makes `to` an owner and the caller an administrator, in one step. The operator cannot. */
err ownership_transfer(txn *t, const actor *by, uuid to);
/**
 * Puts a member in or takes them out; twice is once. ERR_NOT_FOUND: no such group or member; ERR_FORBIDDEN: an owner,
 * by anyone but an owner; ERR_CONFLICT for one group beyond MEMBER_GROUPS_MAX.
 */
err group_put(txn *t, const actor *by, uuid id, uuid member, bool in);

/* ---- for the rooms to the right ---- */

/**
 * Makes sure that somebody else who can act stands as the organization's owner before this one stops; the key of
 * organization_owner would refuse otherwise, whatever the code forgot. ERR_LAST_OWNER.
 */
err owner_hand_on(txn *t, uuid organization_id, uuid leaving);
/** Whether nobody else who can act owns the organization: an account that waits without an address cannot. */
err owner_is_last(txn *t, uuid organization_id, uuid id, bool *last);
/** ERR_LAST_OWNER for that key's refusal, should a path ever forget to hand on. */
err owner_key(txn *t, err e);
/** An owner, for anyone but an owner and the operator. */
bool member_is_above(const actor *by, const q_member_lock_row *m);
/** Notes that a membership is another account's from now on, in the organization's record. */
err member_moved(txn *t, const actor *by, uuid organization_id, uuid id, uuid account_id);
/** When to say that access ends: a day before, or at once; 0: it does not end, or has. */
msec member_warn_at(msec access_ends_at, msec now);

#endif
