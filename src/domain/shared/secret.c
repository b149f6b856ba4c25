/*
 * Making and taking apart. The ids in a secret find its row by primary key, so that no index holds a secret; comparing
 * its hash is the caller's.
 */
#include "domain/shared/secret.h"
#include "base/random.h"

#include <stdlib.h>

enum { RANDOM_SIZE = SECRET_BYTES, ID_SIZE = 16 };

static str hash_of(arena *a, const uint8_t *bytes)
{
    token_digest d = token_hash((str){(const char *)bytes, RANDOM_SIZE});
    return arena_str(a, token_digest_str(&d));
}

void secret_of(arena *a, uuid first, uuid second, const uint8_t bytes[static SECRET_BYTES], str *token, str *hash)
{
    uint8_t raw[2 * ID_SIZE + RANDOM_SIZE];
    size_t ids = uuid_none(second) ? ID_SIZE : 2 * ID_SIZE;
    memcpy(raw, first.b, ID_SIZE);
    memcpy(raw + ID_SIZE, second.b, ID_SIZE);
    memcpy(raw + ids, bytes, RANDOM_SIZE);
    *hash = hash_of(a, raw + ids);
    *token = base64url_encode(a, (str){(const char *)raw, ids + RANDOM_SIZE});
    explicit_bzero(raw, sizeof raw);
}

void secret_new(arena *a, uuid first, uuid second, str *token, str *hash)
{
    uint8_t bytes[SECRET_BYTES];
    random_bytes(bytes, sizeof bytes);
    secret_of(a, first, second, bytes, token, hash);
    explicit_bzero(bytes, sizeof bytes);
}

bool secret_open(arena *a, str token, bool two, secret *out)
{
    str raw;
    size_t ids = two ? 2 * ID_SIZE : ID_SIZE;
    if (!token.p || token.n > 100 || !base64url_decode(a, token, &raw) || raw.n != ids + RANDOM_SIZE)
        return false;
    *out = (secret){.hash = hash_of(a, (const uint8_t *)raw.p + ids)};
    memcpy(out->first.b, raw.p, ID_SIZE);
    if (two)
        memcpy(out->second.b, raw.p + ID_SIZE, ID_SIZE);
    return true;
}

bool secret_is_whole(arena *a, str token)
{
    secret opened;
    return secret_open(a, token, false, &opened) || secret_open(a, token, true, &opened);
}
