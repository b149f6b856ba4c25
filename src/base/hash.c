/* The process's key is made when it is first needed, by whichever thread comes first. */
#include "base/hash.h"

#include "base/random.h"

#include <pthread.h>
#include <sodium/crypto_shorthash_siphash24.h>

_Static_assert(sizeof(hash_key) == crypto_shorthash_siphash24_KEYBYTES, "SipHash-2-4");
_Static_assert(sizeof(uint64_t) == crypto_shorthash_siphash24_BYTES, "SipHash-2-4");

static hash_key own_key;
static pthread_once_t own_key_once = PTHREAD_ONCE_INIT;

static void make_own_key(void)
{
    random_bytes(&own_key, sizeof own_key);
}

uint64_t hash_under(const hash_key *key, str s)
{
    uint64_t h;
    crypto_shorthash_siphash24((unsigned char *)&h, (const unsigned char *)s.p, s.n, key->b);
    return h;
}

uint64_t hash_of(str s)
{
    pthread_once(&own_key_once, make_own_key);
    return hash_under(&own_key, s);
}
