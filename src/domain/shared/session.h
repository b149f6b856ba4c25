/* Sessions, and the place of whoever calls in an organization. */
#ifndef PARVIS_DOMAIN_SHARED_SESSION_H
#define PARVIS_DOMAIN_SHARED_SESSION_H

#include "domain/shared/actor.h"

/**
 * Fills who->kind, account, session, names and confinement from a session token (the cookie's value).
 * In a write the account is held until its end (ways_hold).
 * Errors: ERR_UNAUTHENTICATED for any token that is not a live session's, all alike.
 */
err session_authenticate(txn *t, str token, actor *who);

/**
 * Reads the caller's place in the organization that `organization` names (TypeID or slug) and fills
 * who->organization_id, membership_id, role and may. Call it in the transaction that does the work: a right lost a
 * moment ago is lost. In a writing one a member's organization has its seats locked. Errors: ERR_NOT_FOUND when
 * there is no such organization or the caller is not an active member (nothing else is said, but
 * who->organization_id is filled when there is one, and a key is for it); ERR_ADDRESS_UNPROVED when the account is
 * confined elsewhere; ERR_UNAUTHENTICATED when the session is older or was idle for longer than the organization
 * allows; ERR_SECOND_FACTOR_REQUIRED when it asks for one that this session has not shown, or that the account of
 * this key does not have; ERR_FORBIDDEN when a permission of `needed` is missing.
 */
err actor_enter(txn *t, actor *who, str organization, permission needed);

/**
 * Makes a session for an account; *token is the cookie's value, shown once. It lives as long as the setting
 * session_lifetime and the strictest of the account's organizations say; 30 minutes when `stage` is not STAGE_FULL.
 * `factor`: a second factor was shown.
 */
err session_create(txn *t, const actor *who, uuid account_id, session_stage stage, bool factor, uuid *session_id,
                   str *token, msec *expires_at);

/** Whether a membership lets anybody in: not suspended, and its end of access (0: none) has not come. */
bool membership_is_active(str state, msec access_ends_at, msec now);

/** What a membership's state comes to: "suspended" as soon as its end of access has come. */
str membership_state(str state, msec access_ends_at, msec now);

/** True when the session was last seen long enough ago that session_touch is worth a write. */
bool session_is_stale(const actor *who, msec now);
/** Notes that the session is in use; queued by the server beside an answer, never waited for. */
err session_touch(txn *t, uuid session_id);

#endif
