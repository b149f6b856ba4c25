/*
 * One-time codes of an authenticator app: TOTP (RFC 6238) over HOTP (RFC 4226), HMAC-SHA-1, 6 digits, steps of 30
 * seconds.
 */
#ifndef PARVIS_PORTS_TOTP_H
#define PARVIS_PORTS_TOTP_H

#include "base/arena.h"
#include "base/clock.h"

enum { TOTP_SECRET_SIZE = 20, TOTP_DIGITS = 6, TOTP_STEP_SECONDS = 30 }; /* RFC 4226, 4, R6: 160 bits */

/** The step that a moment lies in (RFC 6238, 4.2). */
int64_t totp_step(msec now);

/** The code of a step, as a number below 1,000,000 (RFC 4226, 5.3). `secret` is of any length, raw. */
uint32_t totp_code(str secret, int64_t step);

/** Whether the typed text has the shape of a code: six digits, by typed_code. *code is its number. */
bool totp_parse(str typed, uint32_t *code);

/**
 * The step that a code belongs to: the present one, the one before or the one after (RFC 6238, 5.2: clocks differ,
 * people are slow). Steps up to and including `last` are used up. 0 when it belongs to none. Takes the same time for
 * any code.
 */
int64_t totp_match(str secret, uint32_t code, msec now, int64_t last);

/** RFC 4648, section 6, without padding: how a secret is shown. */
str base32_encode(arena *a, str bytes);

/**
 * The address that a QR code carries (Key URI Format): otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=…,
 * percent-encoded. What an app takes for granted (SHA1, 6 digits, 30 seconds) is left out, so that the code stays
 * small.
 */
str totp_uri(arena *a, str secret, str issuer, str account);

#endif
