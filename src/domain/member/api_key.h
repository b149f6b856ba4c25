/* API keys of an organization's members: "pvk_…", shown once, a hash kept. A key has its member's rights, or fewer. */
#ifndef PARVIS_DOMAIN_MEMBER_API_KEY_H
#define PARVIS_DOMAIN_MEMBER_API_KEY_H

#include "domain/shared/actor.h"
#include "domain/shared/page.h"

#define API_KEY_PREFIX S("pvk_")

typedef struct api_key_view {
    uuid id, membership_id, account_id;
    str name, email, given_name, family_name; /* the key's, then its member's */
    bool limited;                             /* to `permissions`; else it may all that its member may */
    permission permissions;
    msec created_at;
    msec expires_at;   /* 0: never */
    msec last_used_at; /* the beginning of that day in UTC; 0: never */
} api_key_view;

/**
 * Fills who->kind, account, key, names, confinement and what the key is limited to from an API key ("pvk_…").
 * Held as a session is. Errors: ERR_UNAUTHENTICATED for any that is none, or has expired, all alike.
 */
err api_key_authenticate(txn *t, str key, actor *who);

/** What a key is to be. */
typedef struct new_api_key {
    str name;
    bool limited; /* to these; else everything its member may */
    const str *permissions;
    size_t permission_count;
    msec lifetime;      /* 0: without end; else as api_key_lifetime_read gives it */
    uuid membership_id; /* whose it is: from the operator, who is no member; UUID_NONE: the caller's own */
} new_api_key;
/** The lifetime that a key shall have, within its bounds; else ERR_INVALID_REQUEST at /expires_in. */
err api_key_lifetime_read(arena *a, problem *p, str text, msec *out);
/**
 * Makes a key; *key is shown once. The member is told by mail. Nobody gives it what they do not hold: neither
 * permissions, nor, by a key that ends, a later end. Errors: ERR_FORBIDDEN: more than the maker holds (from the
 * operator: than the member holds), or somebody else's key; ERR_CONFLICT: the member is suspended, or at /name when
 * there are API_KEYS_MAX; ERR_NOT_FOUND: no such member; ERR_INVALID_REQUEST at /name, /permissions/N,
 * /member.
 */
err api_key_create(txn *t, const actor *by, const new_api_key *asked, uuid *id, str *key);
/** The key that setup gives the first owner, with all that an owner may. */
err api_key_first(txn *t, uuid organization_id, uuid membership_id, uuid account_id, str *key);

/** All of the organization, newest first. */
err api_key_list(txn *t, uuid organization_id, page *p, api_key_view **out, size_t *count);
err api_key_get(txn *t, uuid organization_id, uuid id, api_key_view *out);
/** Its next request already fails. ERR_NOT_FOUND. */
err api_key_revoke(txn *t, const actor *by, uuid id);

/** True when today was not noted yet as a day on which the key was used. */
bool api_key_is_stale(const actor *who, msec now);
/** Notes the day; queued by the server beside an answer, never waited for. */
err api_key_touch(txn *t, uuid organization_id, uuid id, msec when);

#endif
