/*
 * argon2id at today's costs, of a password as every keyboard types it, and the hash of nobody's that unknown accounts
 * are compared with, so that they take as long.
 */
#include "ports/password.h"

#include <sodium.h>
#include <stdlib.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

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

enum { SALT = PASSWORD_SALT_SIZE, HASH = 32, PLAIN_BASE64 = sodium_base64_VARIANT_ORIGINAL_NO_PADDING };
_Static_assert((int)PASSWORD_HASH_SIZE == (int)crypto_pwhash_STRBYTES, "libsodium's text form");
_Static_assert((int)SALT == (int)crypto_pwhash_SALTBYTES, "libsodium's salt");

/*
 * What is hashed: the opaque string of RFC 8265, 4.2.2 (spaces of every kind are ASCII's, NFC), so that one keyboard
 * opens what another set. What is no text is left as it is. Of malloc.
 */
static str opaque_of(str password)
{
    size_t n = 0, made_n;
    ucs4_t c;
    uint8_t *spaced = malloc(password.n + 1);
    if (!spaced)
        return STR_NONE;
    for (size_t i = 0, length; i < password.n; i += length) {
        int read = u8_mbtoucr(&c, (const uint8_t *)password.p + i, password.n - i);
        length = read > 0 ? (size_t)read : 1;
        if (read > 0 && uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs)) {
            spaced[n++] = ' ';
            continue;
        }
        memcpy(spaced + n, password.p + i, length);
        n += length;
    }
    uint8_t *made = u8_normalize(UNINORM_NFC, spaced, n, NULL, &made_n);
    if (!made)
        return (str){(const char *)spaced, n};
    explicit_bzero(spaced, n);
    free(spaced);
    return (str){(const char *)made, made_n};
}

static void forget(str opaque)
{
    if (opaque.p)
        explicit_bzero((char *)opaque.p, opaque.n);
    free((char *)opaque.p);
}

/* The text form of RFC 9106's reference (PHC): what crypto_pwhash_str makes, but by a salt that is given. */
static void write_text(const uint8_t salt[SALT], const uint8_t hash[HASH], char out[PASSWORD_HASH_SIZE])
{
    char salt64[sodium_base64_ENCODED_LEN(SALT, PLAIN_BASE64)], hash64[sodium_base64_ENCODED_LEN(HASH, PLAIN_BASE64)];
    sodium_bin2base64(salt64, sizeof salt64, salt, SALT, PLAIN_BASE64);
    sodium_bin2base64(hash64, sizeof hash64, hash, HASH, PLAIN_BASE64);
    snprintf(out, PASSWORD_HASH_SIZE, "$argon2id$v=19$m=%zu,t=%llu,p=1$%s$%s", todays->memory >> 10, todays->operations,
             salt64, hash64);
    explicit_bzero(hash64, sizeof hash64);
}

err password_hash(str password, str salt, char out[PASSWORD_HASH_SIZE])
{
    uint8_t with[SALT], hash[HASH];
    str opaque = opaque_of(password);
    if (salt.n == SALT)
        memcpy(with, salt.p, SALT);
    else
        randombytes_buf(with, SALT);
    bool made = opaque.p && crypto_pwhash(hash, HASH, opaque.p, opaque.n, with, todays->operations, todays->memory,
                                          crypto_pwhash_ALG_ARGON2ID13) == 0;
    forget(opaque);
    if (made)
        write_text(with, hash, out);
    explicit_bzero(hash, HASH);
    return made ? OK : ERR_UNAVAILABLE;
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

static bool is_hash_of(const char *field, str password)
{
    return crypto_pwhash_str_verify(field, password.p ? password.p : "", password.n) == 0;
}

bool password_verify(str hash, str password, bool *anew)
{
    char field[PASSWORD_HASH_SIZE];
    bool known =
        to_field(hash, field) && crypto_pwhash_str_needs_rehash(field, todays->operations, todays->memory) >= 0;
    if (!known)
        to_field(str_of(todays->nobody), field);
    if (password.n > PASSWORD_MAX_BYTES)
        password.n = 0; /* never hashed by anybody; costs the same */
    str opaque = opaque_of(password);
    bool right = is_hash_of(field, opaque);
    bool as_typed =
        !right && !str_eq(opaque, password) && is_hash_of(field, password); /* hashed before it was opaque */
    forget(opaque);
    bool opens = (right || as_typed) && known && password.n > 0;
    if (anew)
        *anew = opens && (as_typed || crypto_pwhash_str_needs_rehash(field, todays->operations, todays->memory) != 0);
    return opens;
}
