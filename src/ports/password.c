/*
 * argon2id at today's costs, and the hash of nobody's that unknown accounts are compared with, so that they take as
 * long.
 */
#include "ports/password.h"

#include <sodium.h>

/* What a hash costs (RFC 9106), and one of nobody's password at that cost: accounts that do not exist take as long as
 * those that do. */
typedef struct {
    unsigned long long operations;
    size_t memory;
    const char *nobody;
} cost;

static const cost usual = {
    2, 19 << 20, "$argon2id$v=19$m=19456,t=2,p=1$h/h1mwypwxfIwIKuImxFqg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
static const cost *todays = &usual;

#ifdef PARVIS_TEST_HOOKS
#include <stdlib.h>

/*
 * Tests make accounts by the thousand: but for those that are about the cost, they pay the least that libsodium takes.
 */
static const cost least = {
    crypto_pwhash_argon2id_OPSLIMIT_MIN, crypto_pwhash_argon2id_MEMLIMIT_MIN,
    "$argon2id$v=19$m=8,t=1,p=1$h/h1mwypwxfIwIKuImxFqg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

__attribute__((constructor)) static void choose_cost(void)
{
    if (getenv("PARVIS_TEST_CHEAP_PASSWORDS"))
        todays = &least;
}
#endif

_Static_assert((int)PASSWORD_HASH_SIZE == (int)crypto_pwhash_STRBYTES, "libsodium's text form");

err password_hash(str password, char out[PASSWORD_HASH_SIZE])
{
    int failed = crypto_pwhash_str_alg(out, password.p, password.n, todays->operations, todays->memory,
                                       crypto_pwhash_ALG_ARGON2ID13);
    return failed ? ERR_UNAVAILABLE : OK;
}

/* libsodium wants NUL-terminated text in a field of fixed size. */
static bool to_field(str hash, char out[PASSWORD_HASH_SIZE])
{
    if (hash.n == 0 || hash.n >= PASSWORD_HASH_SIZE || memchr(hash.p, '\0', hash.n))
        return false;
    memset(out, 0, PASSWORD_HASH_SIZE);
    memcpy(out, hash.p, hash.n);
    return true;
}

bool password_verify(str hash, str password)
{
    char field[PASSWORD_HASH_SIZE];
    bool known =
        to_field(hash, field) && crypto_pwhash_str_needs_rehash(field, todays->operations, todays->memory) >= 0;
    if (!known)
        to_field(str_of(todays->nobody), field);
    if (password.n > PASSWORD_MAX_BYTES)
        password.n = 0; /* never hashed by anybody; costs the same */
    bool right = crypto_pwhash_str_verify(field, password.p ? password.p : "", password.n) == 0;
    return right && known && password.n > 0;
}

bool password_needs_rehash(str hash)
{
    char field[PASSWORD_HASH_SIZE];
    return !to_field(hash, field) || crypto_pwhash_str_needs_rehash(field, todays->operations, todays->memory) != 0;
}
