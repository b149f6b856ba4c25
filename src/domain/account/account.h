/* Accounts: one person, known by one address, across the whole server. */
#ifndef PARVIS_DOMAIN_ACCOUNT_ACCOUNT_H
#define PARVIS_DOMAIN_ACCOUNT_ACCOUNT_H

#include "domain/shared/actor.h"
#include "domain/shared/name.h"
#include "domain/shared/throttle.h"
#include "queries.h"

/** What an account can show beside its password. */
typedef struct account_factors {
    bool totp; /* an authenticator app, confirmed */
    int64_t passkeys;
    int64_t recovery_codes; /* not yet used */
} account_factors;

/** Whether signing in takes more than a password. */
static inline bool factors_any(const account_factors *f)
{
    return f->totp || f->passkeys;
}

typedef struct account_view {
    uuid id;
    str email, given_name, family_name, locale; /* locale STR_NONE: never chosen */
    bool address_proved;
    msec created_at;
    str time_zone;           /* account_get; STR_NONE: none of its own */
    str servers_zone;        /* account_get: what holds then, outside an organization */
    bool closed;             /* by account_get: names and address are erased */
    bool waits;              /* by account_get: behind a temporary password, nobody's yet (domain/temporary.h) */
    str role;                /* organization_contacts alone fills it */
    account_factors factors; /* account_get and account_by_email fill it */
    int64_t browsers;        /* the same; domain/browser.h */
} account_view;

/** All of an account; strings in t->a. ERR_NOT_FOUND. */
err account_get(txn *t, uuid id, account_view *out);
/** What the caller's address is known by, once they proved it; STR_NONE: they did not, or are no account. */
err account_proved_key(txn *t, const actor *who, str *key);
/**
 * Whose address it is, by its key. In a write the account is held (ways_hold), and the address is its own until the end
 * of t: an undo beside it would else move it meanwhile, and what was meant for one account be done to another.
 * ERR_NOT_FOUND.
 */
err account_find(txn *t, str email_key, q_account_by_key_row *out);
/** The same by an address as typed. ERR_NOT_FOUND, ERR_INVALID_ADDRESS. */
err account_by_email(txn *t, str email, account_view *out);
/**
 * For the operator: by its address or, since one may wait without (lifecycle/email_undo.h), its id. The same errors.
 */
err account_named(txn *t, str named, account_view *out);

/**
 * An account that waits without an address for who can take it back, and until when that is possible (it may be over).
 */
typedef struct account_waiting {
    uuid id;
    msec until;
} account_waiting;
/** All of them, for the operator; in t->a. */
err accounts_waiting(txn *t, account_waiting **out, size_t *count);

typedef struct account_change {
    str given_name, family_name, locale; /* STR_NONE: unchanged */
    str time_zone;                       /* an IANA name; "" or STR_NONE: unchanged */
} account_change;
/**
 * Changes one's own names (in every organization's lists too) and language. ERR_INVALID_REQUEST for names that hold
 * links, and for time zones that the system does not know.
 */
err account_update(txn *t, const actor *by, const account_change *change);

/**
 * Writes an account's name and address anew into what lists are sorted and searched by, wherever it is a member; where
 * somebody else has a membership at that moment, a chore does it a second later. Under the account.
 */
err account_places_rewrite(txn *t, uuid account_id, str given, str family, str email_key);
/** The same for accounts that were left to do, as far as nobody has them. */
err accounts_places_rewrite(txn *t, int64_t limit, int64_t *count);

/** The caller's organizations. */
typedef struct membership_view {
    uuid organization_id, membership_id;
    str organization_name, organization_slug, role;
    msec joined_at, last_active_at;
    str entitlement_keys; /* the organization's, and what of it is on */
    int64_t entitlements;
} membership_view;
/** One that lets its holder in no more. */
typedef struct membership_out {
    uuid organization_id, membership_id;
    str organization_name, organization_slug, role;
    str access; /* "suspended", "ended" */
    msec since;
} membership_out;
/** Those of the account. */
err account_memberships_out(txn *t, uuid account_id, membership_out **out, size_t *count);
/** Where the account is an active member, for choosing where to go; in t->a. */
err account_memberships(txn *t, uuid account_id, membership_view **out, size_t *count);

typedef struct session_view {
    uuid id;
    msec created_at, seen_at, expires_at;
    str user_agent, source;
} session_view;
/** Those that are alive, for one's own list; in t->a. */
err account_sessions(txn *t, uuid account_id, session_view **out, size_t *count);
/** Ends one of one's own sessions. ERR_NOT_FOUND for anybody else's. */
err session_end(txn *t, const actor *by, uuid session_id);
/** Ends all of one's own sessions but the one that asks. */
err sessions_end_others(txn *t, const actor *by);

/** Ends the session of whoever asks. */
err sign_out(txn *t, const actor *who);

#endif
