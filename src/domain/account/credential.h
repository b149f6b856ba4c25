/* Passwords: signing in with one, changing it, forgetting it; and the proof of an address. */
#ifndef PARVIS_DOMAIN_ACCOUNT_CREDENTIAL_H
#define PARVIS_DOMAIN_ACCOUNT_CREDENTIAL_H

#include "domain/account/account.h"
#include "domain/account/ways_in.h"
#include "queries.h"

/* ---- passwords: the slow half (hashing) runs before the transaction, in the pool ---- */

/**
 * What sign-in needs to verify: fetched in a reading transaction. A hash of STR_NONE verifies like a wrong password.
 */
typedef struct sign_in {
    str email; /* as typed */
    str password;
    str code;             /* of the second factor; STR_NONE: none given */
    bool code_may_follow; /* then a half session waits for it, where one is needed */
    uuid account_id;      /* from here on filled by sign_in_find */
    int64_t browsers;     /* the account's: domain/browser.h */
    throttle_of tries;    /* what a wrong one counts under */
    str hash;
    bool temporary; /* it is the account's temporary password */
    bool right;     /* filled by sign_in_verify */
    str rehash;     /* a new hash, when the stored one has old costs */
} sign_in;
/** Finds the hash, unless tries are being slowed: ERR_RATE_LIMITED. Unknown addresses give no error. */
err sign_in_find(txn *t, const actor *who, sign_in *in);
/** Hashes: slow. The same time whether the account exists or not. */
void sign_in_verify(arena *a, sign_in *in);
typedef struct signed_in {
    account_view account;
    uuid session_id;
    session_stage stage; /* what still has to come: a password of one's own, a second factor */
    str token;           /* the cookie's value */
    msec expires_at;
} signed_in;
/**
 * Makes the session, or notes the wrong try and returns ERR_SIGN_IN_FAILED, or ERR_SECOND_FACTOR_FAILED for a wrong
 * code, or ERR_TEMPORARY_PASSWORD_EXPIRED for a temporary password that is right but past its time or used.
 * ERR_SECOND_FACTOR_REQUIRED where a code is needed and none may follow. Whether an account has a second factor is
 * looked at after the password was right, and shows to nobody before.
 */
err sign_in_finish(txn *t, const actor *who, sign_in *in, signed_in *out);
/**
 * Whether `proof`, found for by->email and verified before, is the caller's password. A wrong one is noted and gives
 * ERR_SIGN_IN_FAILED. ERR_RATE_LIMITED.
 */
err password_shown(txn *t, const actor *by, const sign_in *proof);

/**
 * How long a new password must be: the strictest of the server, the account's organizations (UUID_NONE: nobody's yet)
 * and the organization that somebody is about to join (or UUID_NONE).
 */
err password_least(txn *t, uuid account_id, uuid organization_id, int64_t *least);
/** Judges a new password: ERR_PASSWORD_TOO_WEAK with /pointer and reason. `about` as password_check. */
err password_judge(int64_t least, problem *p, str pointer, str password, const str *about, size_t about_count);
/** How a new password is judged and hashed. */
typedef struct password_terms {
    int64_t least; /* by password_least */
    str salt;      /* where it comes with a secret: spent_salt; STR_NONE: a random one */
    bool is_again; /* the secret was spent a moment ago: whether this is the same password is all that is asked */
} password_terms;
/**
 * Judges and hashes a new password: slow. `about` as password_check. ERR_PASSWORD_TOO_WEAK with /pointer and reason.
 */
err password_prepare(const password_terms *terms, arena *a, problem *p, str pointer, str password, const str *about,
                     size_t about_count, str *hash);
/**
 * Sets an account's password, hashed before; what `why` says of its ways in ends. For rules that have judged who may.
 */
err password_put(txn *t, ways_case why, uuid account_id, str hash);
/** The stored hash of the caller's own account. */
err password_current(txn *t, uuid account_id, str *hash);
/**
 * Whether it is the holder who asks, for what a stolen session must not do: the current password, verified before; for
 * an account without one, having signed in within the last 10 minutes (else ERR_PROOF_REQUIRED). A wrong password is
 * noted and gives ERR_SIGN_IN_FAILED.
 */
err holder_check(txn *t, const actor *by, const sign_in *proof);
/**
 * Sets the caller's own password: other sessions end, a fresh session replaces this one, the stored address is told.
 * `proof` is the current password, found for by->email and verified before. A wrong one is noted and gives
 * ERR_SIGN_IN_FAILED.
 */
err password_change(txn *t, const actor *by, const sign_in *proof, str hash, signed_in *out);

/**
 * Asks for what leads in to be mailed to an address: a new password (ADDRESS_REQUEST_RESET), what it was invited by
 * (ADDRESS_REQUEST_INVITATION). The same answer, and the same work, for unknown addresses; the worker looks whose it
 * is, and mails one that many ask about more seldom. ERR_RATE_LIMITED by source. `next`: the
 * invitation's page ("/i/TOKEN") that the person came from and that the mail's link leads back to; anything else is
 * ignored.
 */
err way_in_request(txn *t, const actor *who, address_request_kind kind, str email, str next);
/** Queues the mail that was asked for. `next` as way_in_request has checked it. */
err password_reset_mail(txn *t, const actor *who, const q_account_by_key_row *to, str next);
/**
 * Queues a reset mail that nobody asked for: to the address that took an account back, whose password has ended with
 * that (MAIL_DETAIL_UNDONE), or its share of one (MAIL_DETAIL_SHARE).
 */
err password_undone_mail(txn *t, uuid account_id, str detail);
/**
 * Whom a reset token is for, and whether it was mailed, not handed over. ERR_TOKEN_INVALID for any that cannot be used.
 */
err password_reset_lookup(txn *t, str token, account_view *out, bool *is_mailed);
/** What there is to do for a reset, before it is done. */
typedef struct reset_admitted {
    account_view whose; /* nobody's where terms.is_again */
    bool is_mailed;
    password_terms terms;
} reset_admitted;
/** As password_reset_lookup, but for a token that was used a moment ago, too; ERR_RATE_LIMITED there. Reads only. */
err password_reset_admit(txn *t, const actor *who, str token, reset_admitted *out);
/**
 * Sets the password; all sessions end; a mailed token proves the address (and lifts a confinement). OK, too, for a
 * repeat of it within the minute. `hash`: by the terms of password_reset_admit. `in` (or NULL) gets a session: whoever
 * has just chosen the password is not asked for it, but for a second factor all the same.
 */
err password_reset_complete(txn *t, const actor *who, str token, str hash, signed_in *in);
/**
 * For the operator: a link to hand over, shown once; proves nothing. ERR_NOT_FOUND, ERR_INVALID_ADDRESS; ERR_CONFLICT
 * for an account that still waits behind a temporary password.
 */
err password_link(txn *t, const actor *by, str email, str *url);

/* ---- proof of address, for accounts made by a copied link ---- */

/** Mails a code. ERR_CONFLICT when proved already, ERR_RATE_LIMITED. */
err address_proof_request(txn *t, const actor *by);
/** ERR_TOKEN_INVALID for a wrong or old code: the try is noted. */
err address_proof_confirm(txn *t, const actor *by, str code);

#endif
