/* Secrets: the server's key, hashes and keyed hashes, sealing, base64url, and the codes that people type. */
#ifndef PARVIS_PORTS_TOKEN_H
#define PARVIS_PORTS_TOKEN_H

#include "base/arena.h"
#include "base/err.h"

/** The server's one long-lived secret: 32 random bytes in guarded memory, never swapped, wiped on free. */
typedef struct server_key server_key;

/** What a subkey is for; each purpose has a key of its own (crypto_kdf), so that one use says nothing about another. */
typedef enum key_purpose {
    KEY_SEAL = 1,        /* secrets that wait in the outbox */
    KEY_CODE = 2,        /* short codes that people type: their keyed hashes */
    KEY_THROTTLE = 3,    /* keys of throttle and rate rows, so that the table shows no addresses */
    KEY_CURSOR = 4,      /* cursors of lists */
    KEY_SETUP = 5,       /* the one-time setup address */
    KEY_PREVIEW = 6,     /* addresses of sandboxed mail previews */
    KEY_BODY = 7,        /* bodies that came with an Idempotency-Key: they may hold a password */
    KEY_FINGERPRINT = 8, /* what the database knows the key by */
    KEY_TEMPORARY = 9,   /* temporary passwords: their keyed hashes */
    KEY_CHALLENGE = 10,  /* challenges that authenticators sign */
    KEY_BROWSER = 11,    /* what a browser that signed in before is known by */
    KEY_SPENT = 12,      /* what came with a secret that was used, and the salt of a password that did */
    KEY_TURN = 13,       /* whose turn it is in a queue that all share */
    KEY_SILENCE = 14,    /* addresses that an organization is not to invite */
    KEY_ASKING = 15,     /* links that ask for a new temporary password, and do nothing else */
} key_purpose;

/**
 * Reads the key from a file of 64 hexadecimal digits and a newline; when there is none and `may_create`, makes it (mode
 * 0600, whole or not at all, synced to disk). The file must be a regular one that only its owner may read.
 * *out is owned by the caller. Errors: ERR_UNAVAILABLE, with a log line that says what is wrong and what to do.
 */
err server_key_load(str path, bool may_create, server_key **out);
/** A key from 32 bytes, for tests and derived uses. Aborts only when the system has no memory. */
server_key *server_key_of(const uint8_t bytes[32]);
/** server_key_free(NULL) is harmless. */
void server_key_free(server_key *k);

enum { TOKEN_HASH_SIZE = 32 };
typedef struct token_digest {
    uint8_t b[TOKEN_HASH_SIZE];
} token_digest;
/** A view of a digest, to store it or compare it. */
static inline str token_digest_str(const token_digest *d)
{
    return (str){(const char *)d->b, sizeof d->b};
}

/** BLAKE2b-256: what is kept of a long random secret. */
token_digest token_hash(str bytes);
/** Keyed BLAKE2b-256 under the subkey of `purpose`: what is kept of a short secret. */
token_digest token_mac(const server_key *k, key_purpose purpose, str bytes);
/** Equality in a time that depends on the lengths alone; an empty or absent side is never equal. */
bool token_equal(str a, str b);

/** RFC 4648, section 5, without padding. The text lives in `a`, NUL-terminated. */
str base64url_encode(arena *a, str bytes);
/** The strict inverse: no padding, no white space, no spare bits; false (and *out untouched) on anything else. */
bool base64url_decode(arena *a, str text, str *out);

/** The first run of base64url in a text: a secret without what a mail program took into its link. */
str base64url_run(str text);

/** Encrypts and authenticates (XSalsa20-Poly1305, a random nonce in front) under the KEY_SEAL subkey; lives in `a`. */
str seal(const server_key *k, arena *a, str plaintext);
/** Opens what seal made; false when it was altered, cut, or sealed under another key. */
bool unseal(const server_key *k, arena *a, str blob, str *plaintext);

enum { CODE_LENGTH = 10 };
/** A new code: 10 characters of Crockford's base32 (50 bits), in capitals, and a NUL. Returns a view of `out`. */
str code_make(char out[CODE_LENGTH + 1]);
/** The same of given bytes, so that the same secret bytes give the same code. */
str code_of(const uint8_t bytes[CODE_LENGTH], char out[CODE_LENGTH + 1]);
/**
 * Reads a typed code: case does not matter, nor what typed_code leaves out; O is 0, I and L are 1. False unless 10
 * characters remain.
 */
bool code_normalise(str typed, char out[CODE_LENGTH + 1]);
enum { DIGITS_LENGTH = 6 };
/**
 * A new code of six digits (20 bits: for few tries and minutes), each number as likely as any other. A view of `out`.
 */
str digits_make(char out[DIGITS_LENGTH + 1]);
/** Reads six typed digits, by typed_code. */
bool digits_normalise(str typed, char out[DIGITS_LENGTH + 1]);

enum { TEMPORARY_LENGTH = 18, TEMPORARY_TEXT_LENGTH = TEMPORARY_LENGTH + 2 };
/**
 * A new temporary password, as it is shown: 18 characters (89 bits) of an alphabet without look-alikes, in three groups
 * with hyphens between, and a NUL. Returns a view of `out`.
 */
str temporary_make(char out[TEMPORARY_TEXT_LENGTH + 1]);
/** Reads a typed one, by typed_code: case does not matter. False unless 18 characters of the alphabet remain. */
bool temporary_normalise(str typed, char out[TEMPORARY_LENGTH + 1]);

/** How a code is shown: "3V7KQ-M0XWT" in two fives, "407 912" in two threes. Others are given back as they are. */
str code_display(arena *a, str code);

#endif
