/* The invited person's side, behind the door: accept, decline, ask again. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_ENROLMENT_H
#define PARVIS_DOMAIN_LIFECYCLE_ENROLMENT_H

#include "domain/account/passkey.h"
#include "domain/lifecycle/door.h"

typedef struct enrolment {
    invitation_key key;
    str given_name, family_name; /* a new person's */
    str password_hash;           /* by the terms of enrolment_admit; STR_NONE: with the account one is signed in to */
    const passkey_new *passkey;  /* in place of a password, examined before; or NULL */
    str locale;                  /* chosen on the page, or STR_NONE */
} enrolment;
typedef struct accepted {
    uuid organization_id, membership_id;
    str organization_slug, entitlement_keys;
    bool by_mail; /* nobody became anything: the address is told how to go on, and the rest here is empty */
    bool new_session;
    signed_in session; /* new_session: a token for the cookie; otherwise the session one has */
} accepted;
/**
 * Consumes the invitation, once, at commit: the person is a member. The same again within the minute is answered alike
 * (domain/account/spent.h), and who is signed in to the account that accepted it is led in at any time. Where it may
 * not be told that the address has an account, whoever comes without its session goes on by mail (out->by_mail), and
 * past the organization's addresses_per_hour everybody who comes so is refused alike, ERR_RATE_LIMITED. Errors:
 * ERR_INVITATION_*; ERR_UNAUTHENTICATED when the account exists and nobody is signed in; ERR_WRONG_ACCOUNT;
 * ERR_ACCOUNT_ALREADY_ACTIVE; ERR_ALREADY_MEMBER; ERR_INVALID_REQUEST when names, or both password and passkey, are
 * missing; ERR_PASSKEY_REFUSED; ERR_SEAT_LIMIT_REACHED never (the seat is held).
 */
err invitation_accept(txn *t, const actor *who, const enrolment *e, accepted *out);
/**
 * `silence`: and nothing else that the organization sends goes to the address, until asked for with a mailed secret, or
 * lifted by its holder (domain/invitation/silence.h). ERR_FORBIDDEN for that by a secret that was not mailed.
 */
err invitation_decline(txn *t, const actor *who, const invitation_key *key, bool silence);
/**
 * Notes that a new one is wanted, once a day at most (ERR_RATE_LIMITED) and ASKS_MAX times in all (ERR_ALREADY_ASKED).
 * Of one that expired or was replaced the inviter gets a mail; who declined, or was not wanted any more, stands in the
 * list. ERR_CONFLICT while it is good, and once it was accepted.
 */
err invitation_ask_again(txn *t, const actor *who, const invitation_key *key);

/**
 * Makes an account a member by a pending invitation: closes it, adds the membership with what the invitation gives,
 * turns the held seat into a used one. The seats and the invitation are locked by the caller. ERR_ALREADY_MEMBER.
 */
err invitation_fulfil(txn *t, const actor *who, uuid organization_id, const q_invitation_for_change_row *inv,
                      uuid account_id, uuid *membership_id);

#endif
