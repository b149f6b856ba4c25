/* A checksum that nobody can aim at: BLAKE2b-256 (RFC 7693), by libsodium, over bytes that come piece by piece. */
#ifndef PARVIS_BASE_DIGEST_H
#define PARVIS_BASE_DIGEST_H

#include "base/str.h"

#include <sodium/crypto_generichash.h>

enum { DIGEST_SIZE = 32 };

typedef struct digest {
    uint8_t b[DIGEST_SIZE];
} digest;

typedef crypto_generichash_state digest_state;

/** Starts a sum in *state, the caller's; digest_end may be asked once. */
void digest_begin(digest_state *state);
/** The next bytes. How they are cut into pieces changes nothing. */
void digest_add(digest_state *state, str bytes);
/** The sum of all that was added. */
digest digest_end(digest_state *state);

static inline bool digest_eq(const digest *a, const digest *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

#endif
