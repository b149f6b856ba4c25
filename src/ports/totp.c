/*
 * Computes codes and compares them with the step before and after; which step was used last is the caller's to keep,
 * and what makes each code good once.
 */
#include "ports/totp.h"

#include "base/buf.h"
#include "ports/typed.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { WINDOW = 1, CODES = 1000000 };

int64_t totp_step(msec now)
{
    return now / MSEC_SECOND / TOTP_STEP_SECONDS;
}

uint32_t totp_code(str secret, int64_t step)
{
    uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    for (int i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    if (!HMAC(EVP_sha1(), secret.p, (int)secret.n, counter, sizeof counter, mac, &size) || size != 20)
        abort(); /* a system without SHA-1 or memory: no code is better than a guessable one */
    const uint8_t *at = mac + (mac[19] & 15);
    uint32_t bits = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    explicit_bzero(mac, sizeof mac);
    return bits % CODES;
}

bool totp_parse(str typed, uint32_t *code)
{
    char digits[TOTP_DIGITS + 1];
    if (!typed_code(typed, digits, sizeof digits) || strspn(digits, "0123456789") != TOTP_DIGITS)
        return false;
    *code = (uint32_t)strtoul(digits, NULL, 10);
    return true;
}

int64_t totp_match(str secret, uint32_t code, msec now, int64_t last)
{
    int64_t present = totp_step(now), found = 0;
    for (int64_t step = present - WINDOW; step <= present + WINDOW; step++) {
        int64_t right = (totp_code(secret, step) == code) & (step > last);
        found |= step & -right & -(int64_t)(found == 0); /* no branch on what is right */
    }
    return found;
}

str base32_encode(arena *a, str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    char *out = arena_alloc(a, bytes.n * 8 / 5 + 2);
    size_t n = 0, held = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        bits = (bits << 8 | (uint8_t)bytes.p[i]) & 0xfff;
        for (held += 8; held >= 5; held -= 5)
            out[n++] = digits[bits >> (held - 5) & 31];
    }
    if (held)
        out[n++] = digits[bits << (5 - held) & 31];
    return (str){out, n};
}

str totp_uri(arena *a, str secret, str issuer, str account)
{
    BUF_SCOPED b = {0};
    str kept = S("@"); /* allowed in a path's segment (RFC 3986, 3.3) */
    buf_lit(&b, "otpauth://totp/");
    buf_percent(&b, issuer, kept);
    buf_byte(&b, ':');
    buf_percent(&b, account, kept);
    buf_lit(&b, "?secret=");
    buf_add(&b, base32_encode(a, secret));
    buf_lit(&b, "&issuer=");
    buf_percent(&b, issuer, kept);
    return arena_str(a, buf_str(&b));
}
