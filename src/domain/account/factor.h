/*
 * The second factor at sign-in: the codes of an authenticator app (TOTP, RFC 6238), and recovery codes for the day when
 * it is lost. A function that takes a password or a code notes a wrong one and gives ERR_SIGN_IN_FAILED or
 * ERR_SECOND_FACTOR_FAILED.
 */
#ifndef PARVIS_DOMAIN_ACCOUNT_FACTOR_H
#define PARVIS_DOMAIN_ACCOUNT_FACTOR_H

#include "domain/account/account.h"
#include "domain/account/credential.h"
#include "limits_table.h"

/** Whether an organization of the account asks this person for a second factor. */
err factors_demanded(txn *t, uuid account_id, bool *demanded);

/**
 * Takes a code of the account, once: six digits of the app, or a recovery code. Wrong ones slow down the source and,
 * for the app's digits, the account: whoever knows the password may guess from many addresses. Recovery codes, which
 * nobody guesses, go on working then. ERR_SECOND_FACTOR_FAILED; ERR_RATE_LIMITED.
 */
err factor_take(txn *t, const actor *who, uuid account_id, str typed);

/**
 * A second factor was shown: a full session under a new id takes the place of the caller's, half or full (a session's
 * id that somebody else may know never gains rights).
 */
err session_raise(txn *t, const actor *who, signed_in *out);

/**
 * Whether the caller is who they were at sign-in, and not somebody who found the session open: by the current password,
 * found for by->email and verified before (none when its text is STR_NONE), by a code, or by having signed in within 10
 * minutes. Else ERR_PROOF_REQUIRED.
 */
err caller_proved(txn *t, const actor *by, const sign_in *password, str code);
/** Whether the last of these holds. */
bool caller_is_fresh(const actor *by, msec now);

/** What an authenticator app is told, once. */
typedef struct totp_setup {
    str secret; /* base32 */
    str uri;    /* otpauth://…, for a QR code */
} totp_setup;
/** Makes a secret that waits for its first code. ERR_CONFLICT when an app is set up already. */
err totp_begin(txn *t, const actor *by, totp_setup *out);
/**
 * The app shows the right code: from now on signing in asks for one. This session counts as having shown it. A new set
 * of recovery codes, in text, replaces any old one. ERR_CONFLICT when nothing waits, ERR_INVALID_REQUEST at /code.
 */
err totp_confirm(txn *t, const actor *by, str code, str codes[RECOVERY_CODES]);
/**
 * Takes the app away, and with the last factor the recovery codes. ERR_NOT_FOUND; ERR_CONFLICT while it is demanded.
 */
err totp_remove(txn *t, const actor *by);

/** A new set, shown once; the old one dies. ERR_CONFLICT without a factor. */
err recovery_codes_renew(txn *t, const actor *by, str codes[RECOVERY_CODES]);

/**
 * All of them, by the operator, who was asked for help: sessions end, the person is told. ERR_NOT_FOUND without a
 * factor.
 */
err factors_remove(txn *t, const actor *by, str email);

/** Tells the account's address that its factors changed. `kind`: a MAIL_FACTOR_… */
err factor_tell(txn *t, uuid account_id, mail_kind kind);

#endif
