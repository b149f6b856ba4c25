/* The door that an invitation's secret leads to: whose it is, what state it is in, what its holder may do next. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_DOOR_H
#define PARVIS_DOMAIN_LIFECYCLE_DOOR_H

#include "domain/account/spent.h"

/**
 * What the person holds: a link's token, an address and a typed code, or the session of an account that proved the
 * address.
 */
typedef struct invitation_key {
    str token;
    str email, code;
    uuid organization_id, invitation_id; /* by one's own session: own_invitation_key */
} invitation_key;

/** What the page shows, for any right secret in any state. */
typedef struct invitation_door {
    uuid organization_id, invitation_id;
    uuid account_id; /* the unproved account that gives way to the person; UUID_NONE: there is none */
    str organization_name, organization_slug;
    str inviter_given_name, inviter_family_name; /* STR_NONE: the organization itself invites */
    str email, role, locale, message;
    str time_zone;               /* the organization's; STR_NONE: the server's */
    str given_name, family_name; /* as the inviter wrote them, to start the form with */
    str state;                   /* pending, accepted, declined, revoked, expired, replaced */
    msec expires_at;
    str next;    /* enrol, sign_in, switch_account, accept, none */
    bool mailed; /* the secret travelled by e-mail alone: it proves the address */
    str email_key;
    str secret_hash;
    bool tells; /* `next` depends on whether the address has an account; otherwise everybody without a session enrols */
    bool is_over;  /* a new one can be asked for: expired, declined, revoked or replaced */
    bool may_ask;  /* and now */
    msec asked_at; /* when it was last asked for; 0: not since the last mail */
    bool has_whom; /* somebody to ask */
    str whom_given_name, whom_family_name;
    bool is_in; /* the caller is signed in to the account that accepted it, and a member: nothing is left to do */
} invitation_door;

/**
 * Opens the door that a secret leads to; changes nothing. ERR_INVITATION_INVALID for any secret that is not right, all
 * alike; a wrong typed code is noted where t writes. ERR_RATE_LIMITED while typed codes are slowed.
 */
err invitation_lookup(txn *t, const actor *who, const invitation_key *key, invitation_door *out);
/**
 * What accepting over this door would refuse whatever is given, before anything is hashed for it (ERR_RATE_LIMITED),
 * and how that is done: there is nothing to hash unless door->next is "enrol" or terms->is_again. Reads only.
 */
err enrolment_admit(txn *t, const actor *who, const invitation_door *door, password_terms *terms);
/**
 * The invitation that the caller's temporary password is for, in a session of STAGE_PASSWORD; ERR_UNAUTHENTICATED
 * without one.
 */
err invitation_behind_password(txn *t, const actor *who, invitation_door *out);

/**
 * A link for whoever showed the temporary password of this account when it was good no more: it asks for a new one, and
 * opens nothing. Always the same for an invitation. ERR_NOT_FOUND: nothing waits behind the account.
 */
err door_asking_link(txn *t, uuid account_id, str *token);

/* ---- for who goes through it ---- */

/** An invitation found by a right secret. */
typedef struct opened {
    q_invitation_door_row inv;
    str secret_hash; /* of the one that opened it */
    bool mailed, replaced;
    /* whether the address has an account may be said: a mailed secret, or one that was counted when it was copied */
    bool tells;
    bool has_account;
    q_account_by_key_row account;
} opened;

/** Opens it as invitation_lookup does. ERR_INVALID_REQUEST where the key is neither a token nor an address and code. */
err door_open(txn *t, const actor *who, const invitation_key *key, opened *o);
/**
 * Whom to ask for another: the inviter while they may invite, else the first of those who administer. ERR_NOT_FOUND:
 * there is nobody.
 */
err door_whom_to_ask(txn *t, const opened *o, account_view *out);
/** Whether a new one is asked for when it is in such a state, and whether its inviter is mailed then. */
bool door_may_be_asked(str state, bool *mails);
/** As the page says it: one that a later link replaced is no longer pending. */
str door_state(const opened *o, msec now);
/**
 * An account whose address was never proved gives way to whoever holds the mailed secret: they set its password anew.
 * One that waits behind a temporary password is nobody's yet, and gives way to any secret.
 */
bool door_gives_way(const opened *o);
/** Whether the caller is signed in to the invited account. */
bool door_is_holders(const actor *who, const opened *o);
/**
 * What an open invitation asks next, in a word (`next`). Where nothing may be told, everybody without a session fills
 * in the same form.
 */
str door_next(const actor *who, const opened *o);

/** Whether the caller is signed in to the account that accepted it. */
bool door_is_accepters(const actor *who, const opened *o);
/** The account's membership. ERR_NOT_FOUND unless it is an active one. */
err door_place(txn *t, const opened *o, uuid account_id, uuid *membership_id);
/** What using its secret spends. */
spending door_spending(spent_kind kind, uuid invitation_id, str secret_hash);
/** Whether somebody who is not signed in may have accepted it with this very secret a moment ago; reads only. */
err door_may_be_again(txn *t, const actor *who, str state, const spending *s, bool *may);

#endif
