/*
 * Where a name goes in a table or a queue that others share: SipHash-2-4 (Aumasson, Bernstein 2012), by libsodium,
 * under a key that nobody outside knows. There is no other hash for it: by one without a key, whoever chooses the
 * names chooses whom they meet.
 */
#ifndef PARVIS_BASE_HASH_H
#define PARVIS_BASE_HASH_H

#include "base/str.h"

/** A key of one's own: random_bytes fills it. */
typedef struct hash_key {
    uint8_t b[16];
} hash_key;

/** The same number for the same bytes, as long as the key is the same. */
uint64_t hash_under(const hash_key *key, str s);
/** Under the process's own key: another number in each process, so never to be kept or sent. */
uint64_t hash_of(str s);

#endif
