/* Members: who they are, which role they have, how they go. */
#ifndef PARVIS_DOMAIN_MEMBER_MEMBER_H
#define PARVIS_DOMAIN_MEMBER_MEMBER_H

#include "domain/organization/entitlement.h"
#include "domain/shared/page.h"
#include "domain/shared/session.h"

typedef struct member_view {
    uuid id, account_id;
    str email, given_name, family_name, role;
    str state;            /* as of now: "suspended" as soon as access has ended */
    msec access_ends_at;  /* 0: never */
    int64_t entitlements; /* domain/entitlement.h */
    str group_ids;        /* domain/group.h */
    msec joined_at;
    uuid invited_by_id;  /* an account; UUID_NONE: the operator */
    msec last_active_at; /* the beginning of the day (UTC) on which they were last here; 0: never */
    bool is_secured;     /* the account has a second factor */
} member_view;
/** What a row of either statement comes to. */
#define MEMBER_VIEW(r, now)                                                           \
    ((member_view){.id = (r)->id,                                                     \
                   .account_id = (r)->account_id,                                     \
                   .email = (r)->email,                                               \
                   .given_name = (r)->given_name,                                     \
                   .family_name = (r)->family_name,                                   \
                   .role = (r)->role,                                                 \
                   .state = membership_state((r)->state, (r)->access_ends_at, (now)), \
                   .access_ends_at = (r)->access_ends_at,                             \
                   .entitlements = (r)->entitlements,                                 \
                   .group_ids = (r)->group_ids,                                       \
                   .joined_at = (r)->joined_at,                                       \
                   .invited_by_id = (r)->invited_by_id,                               \
                   .last_active_at = (r)->last_active_at,                             \
                   .is_secured = (r)->is_secured})

/** One member, also a suspended one; strings in t->a. ERR_NOT_FOUND, too, for a member of another organization. */
err member_get(txn *t, uuid organization_id, uuid id, member_view *out);

/** The beginning of its day in UTC. */
static inline msec day_of(msec when)
{
    return when - when % MSEC_DAY;
}

/** Whether the caller, a person and no key, was not noted here today: then member_touch is worth a write. */
bool member_is_unseen(const actor *who, msec now);
/** Notes the day on which a member was here; queued by the server beside an answer, never waited for. */
err member_touch(txn *t, uuid organization_id, uuid id, msec when);

typedef enum pending_fate { PENDING_REVOKE, PENDING_TAKE_OVER } pending_fate;
/**
 * Ends a membership: access, API keys and place in lists go at once; pending invitations they sent are revoked or taken
 * over. ERR_FORBIDDEN: oneself (leaving is its own action), or an owner by anyone but an owner; ERR_LAST_OWNER.
 */
err member_remove(txn *t, const actor *by, uuid id, pending_fate fate);
/** What a removal takes with it, for the page that asks first. */
typedef struct removal_preview {
    int64_t api_keys, pending_invitations;
} removal_preview;
/** Reads only; what it says may be more by the time of the removal. ERR_NOT_FOUND. */
err member_removal_preview(txn *t, uuid organization_id, uuid id, removal_preview *out);
/**
 * One's own way out. ERR_LAST_OWNER; ERR_FORBIDDEN: the operator, or a key that is limited to a list of permissions.
 */
err member_leave(txn *t, const actor *by);
/** The same for a membership of an account that is being closed. ERR_LAST_OWNER. */
err member_close(txn *t, const actor *by, uuid organization_id, uuid id);

/**
 * Writes a membership (accepting, founding), with its search words and sort keys, and makes the seat that was held for
 * it its own.
 */
typedef struct new_member {
    uuid organization_id, account_id, invited_by_id;
    str role, email_key, given_name, family_name;
    int64_t entitlements;
    str group_ids;       /* STR_NONE: none */
    msec access_ends_at; /* 0: never */
} new_member;
/** Locks the seats. ERR_ALREADY_MEMBER. The audit row is the caller's, who knows how they came. */
err member_add(txn *t, const new_member *m, uuid *id);

/** May this caller have this permission here: the answer to /check. account UUID_NONE: the caller. */
typedef struct check_answer {
    bool allowed;
    str role; /* STR_NONE: no active member, and none of the rest */
    str entitlement_keys;
    int64_t entitlements;
} check_answer;
/**
 * Reads only. A person who is no member is an answer, not a refusal; ERR_NOT_FOUND, ERR_FORBIDDEN are about the caller.
 */
err member_check(txn *t, actor *who, str organization, uuid account, str permission, check_answer *out);

#endif
