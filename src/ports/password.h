/* Passwords: argon2id by libsodium. Hashing takes about 20 ms and 19 MiB: only in the bounded pool of slow routes. */
#ifndef PARVIS_PORTS_PASSWORD_H
#define PARVIS_PORTS_PASSWORD_H

#include "base/err.h"

enum {
    PASSWORD_HASH_SIZE = 128,   /* crypto_pwhash_STRBYTES */
    PASSWORD_SALT_SIZE = 16,    /* crypto_pwhash_SALTBYTES */
    PASSWORD_MAX_LENGTH = 1024, /* in characters; longer ones are refused before they are hashed */
    PASSWORD_MAX_BYTES = 4 * PASSWORD_MAX_LENGTH,
    PASSWORD_MIN_LENGTH = 8, /* the default of the setting, in characters */
};

/**
 * Hashes the password's opaque string (RFC 8265, 4.2.2: NFC, every space U+0020; case and all else as typed) by
 * argon2id (t=2, 19 MiB, p=1; RFC 9106) into NUL-terminated text; in a build with -Dtest_hooks=true at the
 * least that argon2id may cost, where PARVIS_TEST_CHEAP_PASSWORDS is set. `salt`: PASSWORD_SALT_SIZE bytes that no
 * other account's password has, by which the same one makes the same text; STR_NONE: random ones. Errors:
 * ERR_UNAVAILABLE when memory is short.
 */
err password_hash(str password, str salt, char out[PASSWORD_HASH_SIZE]);
/**
 * True when the password is the hash's. An absent or malformed hash takes the same time as a wrong password and is
 * false. *anew (NULL: not asked) is true for a right one that is to be hashed again: it was hashed at other costs than
 * today's, or before it was made an opaque string.
 */
bool password_verify(str hash, str password, bool *anew);

#endif
