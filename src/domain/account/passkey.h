/*
 * Passkeys: a key pair that an authenticator keeps for one account. With its user verified (PIN, finger, face) a
 * passkey is a whole sign-in; without, it is a second factor. What a browser sends is checked in three steps: found in
 * a reading transaction, verified in the pool, used up in the transaction that acts on it.
 */
#ifndef PARVIS_DOMAIN_ACCOUNT_PASSKEY_H
#define PARVIS_DOMAIN_ACCOUNT_PASSKEY_H

#include "domain/account/passkey_offer.h"
#include "ports/webauthn.h"

/** A new passkey as the browser sent it. */
typedef struct passkey_new {
    str client_data, attestation_object; /* base64url */
    str name, transports;
    bool discoverable;
    bool right;             /* from here on filled by passkey_examine */
    str why;                /* one word, when it is not */
    uuid bound, account_id; /* what it was examined for */
    uuid challenge;
    webauthn_credential made;
} passkey_new;
/** Parses and verifies: for the pool. `bound`: the account (PASSKEY_ADD) or the invitation (PASSKEY_ENROL). */
void passkey_examine(const struct env *env, arena *a, passkey_use use, uuid bound, uuid account_id, passkey_new *in);
/**
 * Keeps an examined passkey for one's own account and tells its address. ERR_PASSKEY_REFUSED (noted),
 * ERR_PASSKEY_LIMIT_REACHED, ERR_INVALID_REQUEST at /name.
 */
err passkey_add(txn *t, const actor *by, const passkey_new *in, uuid *id);
/** The same for whoever enrols in this very transaction: passkey_account(in, account_id). Nobody is told. */
err passkey_enrol(txn *t, uuid invitation_id, uuid account_id, const passkey_new *in);
/** Refuses what passkey_enrol would for a new person, and uses the challenge up as it does, but keeps nothing. */
err passkey_enrol_nobody(txn *t, uuid invitation_id, const passkey_new *in);

/** An assertion as the browser sent it. */
typedef struct passkey_shown {
    str credential, client_data, authenticator_data, signature, user_handle; /* base64url; the last may be STR_NONE */
    uuid passkey_id, account_id;                                             /* from here on filled by passkey_find */
    int algorithm;
    str public_key;
    bool right; /* from here on by passkey_verify */
    str why;
    uuid challenge;
    webauthn_seen seen;
} passkey_shown;
/** Finds the key, unless tries are being slowed: ERR_RATE_LIMITED. An unknown one gives no error. */
err passkey_find(txn *t, const actor *who, passkey_shown *in);
/**
 * Checks the signature and all around it: for the pool. `account_id`: whose it must be; UUID_NONE with PASSKEY_SIGN_IN.
 */
void passkey_verify(const struct env *env, arena *a, passkey_use use, uuid account_id, passkey_shown *in);
/** Signs in. ERR_SIGN_IN_FAILED is noted. */
err passkey_sign_in(txn *t, const actor *who, const passkey_shown *in, signed_in *out);
/**
 * One of the caller's own, as a second factor: a full session takes this one's place. ERR_SECOND_FACTOR_FAILED is
 * noted, as above.
 */
err passkey_prove(txn *t, const actor *by, const passkey_shown *in, signed_in *out);

/** All of an account's; in t->a. */
err passkey_list(txn *t, uuid account_id, passkey_view **out, size_t *count);
/** ERR_NOT_FOUND for anybody else's; ERR_INVALID_REQUEST at /name. */
err passkey_rename(txn *t, const actor *by, uuid id, str name);
/**
 * Removes one and tells the address; with the last factor the recovery codes go. ERR_NOT_FOUND; ERR_LAST_WAY_IN while
 * there is neither a password nor another; ERR_CONFLICT while an organization demands a factor and this is the last.
 */
err passkey_remove(txn *t, const actor *by, uuid id);

/** Whose account it becomes that enrols with this passkey: the authenticator was told so with the challenge. */
uuid passkey_account(const passkey_new *in, uuid account_id);

#endif
