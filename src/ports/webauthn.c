/*
 * The relying party's checks in the order of the standard, each with its own verdict, so that the record says what was
 * wrong.
 */
#include "ports/webauthn.h"

#include "ports/token.h"
#include "ports/webauthn_parse.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <sodium.h>

const int webauthn_algorithms[3] = {COSE_ES256, COSE_EDDSA, COSE_RS256};

str webauthn_word(webauthn_verdict v)
{
    static const str words[WEBAUTHN_VERDICTS] = {
        [WEBAUTHN_OK] = S_INIT("ok"),
        [WEBAUTHN_MALFORMED] = S_INIT("malformed"),
        [WEBAUTHN_WRONG_CEREMONY] = S_INIT("wrong-ceremony"),
        [WEBAUTHN_WRONG_ORIGIN] = S_INIT("wrong-origin"),
        [WEBAUTHN_FRAMED] = S_INIT("framed"),
        [WEBAUTHN_WRONG_SITE] = S_INIT("wrong-site"),
        [WEBAUTHN_ABSENT] = S_INIT("absent"),
        [WEBAUTHN_UNVERIFIED] = S_INIT("unverified"),
        [WEBAUTHN_WRONG_ALGORITHM] = S_INIT("wrong-algorithm"),
        [WEBAUTHN_WRONG_SIGNATURE] = S_INIT("wrong-signature"),
    };
    return words[v];
}

/* ---- the site ---- */

static bool is_ipv4(str host)
{
    for (size_t i = 0; i < host.n; i++)
        if ((host.p[i] < '0' || host.p[i] > '9') && host.p[i] != '.')
            return false;
    return true;
}

static str lowered(arena *a, str s)
{
    str copy = arena_str(a, s);
    for (size_t i = 0; i < copy.n; i++)
        if (copy.p[i] >= 'A' && copy.p[i] <= 'Z')
            ((char *)copy.p)[i] = (char)(copy.p[i] - 'A' + 'a');
    return copy;
}

bool webauthn_site_of(arena *a, str public_url, webauthn_site *out)
{
    bool https = str_starts(public_url, S("https://"));
    str scheme = https ? S("https://") : S("http://");
    if (!https && !str_starts(public_url, scheme))
        return false;
    str authority = lowered(a, str_slice(public_url, scheme.n, public_url.n));
    str host = str_slice(authority, 0, str_find_byte(authority, ':')), port = str_slice(authority, host.n, authority.n);
    if (host.n == 0 || host.p[0] == '[' || is_ipv4(host) || (!https && !str_eq(host, S("localhost"))))
        return false;
    if (str_eq(port, https ? S(":443") : S(":80"))) /* browsers leave it out (RFC 6454, 6.1) */
        port = S("");
    *out = (webauthn_site){host, arena_join(a, scheme, host, port)};
    return true;
}

/* ---- client data ---- */

static void json_free(json_t **j)
{
    json_decref(*j);
}

static str json_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? (str){json_string_value(value), json_string_length(value)} : STR_NONE;
}

webauthn_verdict webauthn_client_data(arena *a, const webauthn_site *site, webauthn_ceremony ceremony, str json,
                                      str *challenge)
{
    if (json.n == 0 || json.n > WEBAUTHN_CLIENT_DATA_MAX)
        return WEBAUTHN_MALFORMED;
    __attribute__((cleanup(json_free))) json_t *data = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
    str type = json_text(data, "type");
    if (!json_is_object(data) || !base64url_decode(a, json_text(data, "challenge"), challenge))
        return WEBAUTHN_MALFORMED;
    if (!str_eq(type, ceremony == WEBAUTHN_CREATE ? S("webauthn.create") : S("webauthn.get")))
        return WEBAUTHN_WRONG_CEREMONY;
    if (!str_eq(json_text(data, "origin"), site->origin))
        return WEBAUTHN_WRONG_ORIGIN;
    const json_t *framed = json_object_get(data, "crossOrigin");
    bool inside = (framed && !json_is_false(framed)) || json_object_get(data, "topOrigin");
    return inside ? WEBAUTHN_FRAMED : WEBAUTHN_OK;
}

/* ---- what both ceremonies look at ---- */

static webauthn_verdict check_head(const webauthn_site *site, const authenticator *seen, bool verified)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)site->rp_id.p, site->rp_id.n);
    if (memcmp(hash, seen->rp_id_hash, sizeof hash) != 0)
        return WEBAUTHN_WRONG_SITE;
    if (!(seen->flags & AUTHENTICATOR_PRESENT))
        return WEBAUTHN_ABSENT;
    return verified && !(seen->flags & AUTHENTICATOR_VERIFIED) ? WEBAUTHN_UNVERIFIED : WEBAUTHN_OK;
}

static const unsigned char *bytes(str s)
{
    return (const unsigned char *)s.p;
}

static str view(const unsigned char *p, size_t n)
{
    return (str){(const char *)p, n};
}

/* ---- public keys ---- */

/* A public key in the form its algorithm has in libfido2; NULL when it is none. */
typedef struct public_key {
    es256_pk_t *es256;
    eddsa_pk_t *eddsa;
    rs256_pk_t *rs256;
} public_key;

static void public_key_free(public_key *k)
{
    es256_pk_free(&k->es256);
    eddsa_pk_free(&k->eddsa);
    rs256_pk_free(&k->rs256);
}

static const void *public_key_read(public_key *k, int algorithm, str raw)
{
    switch (algorithm) {
    case COSE_ES256:
        k->es256 = es256_pk_new();
        return k->es256 && es256_pk_from_ptr(k->es256, raw.p, raw.n) == FIDO_OK ? k->es256 : NULL;
    case COSE_EDDSA:
        k->eddsa = eddsa_pk_new();
        return k->eddsa && eddsa_pk_from_ptr(k->eddsa, raw.p, raw.n) == FIDO_OK ? k->eddsa : NULL;
    case COSE_RS256:
        k->rs256 = rs256_pk_new();
        return k->rs256 && rs256_pk_from_ptr(k->rs256, raw.p, raw.n) == FIDO_OK ? k->rs256 : NULL;
    default:
        return NULL;
    }
}

/* ---- registration ---- */

#define CRED_SCOPED   __attribute__((cleanup(fido_cred_free))) fido_cred_t
#define ASSERT_SCOPED __attribute__((cleanup(fido_assert_free))) fido_assert_t

/* libfido2 wants to be told the algorithm that it will find. */
static fido_cred_t *read_credential(str data)
{
    for (size_t i = 0; i < sizeof webauthn_algorithms / sizeof *webauthn_algorithms; i++) {
        fido_cred_t *c = fido_cred_new();
        if (c && fido_cred_set_type(c, webauthn_algorithms[i]) == FIDO_OK &&
            fido_cred_set_authdata_raw(c, bytes(data), data.n) == FIDO_OK)
            return c;
        fido_cred_free(&c);
    }
    return NULL;
}

/* "none" holds nothing; "packed" is signed, by the credential itself or by a certificate, whoever issued it. */
static webauthn_verdict check_statement(fido_cred_t *c, arena *a, const webauthn_site *site, str client_data,
                                        str format, str statement)
{
    if (str_eq(format, S("none")))
        return str_eq(statement, S("\xa0")) ? WEBAUTHN_OK : WEBAUTHN_MALFORMED;
    if (!str_eq(format, S("packed")))
        return WEBAUTHN_MALFORMED;
    bool taken = fido_cred_set_fmt(c, "packed") == FIDO_OK &&
                 fido_cred_set_rp(c, arena_cstr(a, site->rp_id), NULL) == FIDO_OK &&
                 fido_cred_set_clientdata(c, bytes(client_data), client_data.n) == FIDO_OK &&
                 fido_cred_set_attstmt(c, bytes(statement), statement.n) == FIDO_OK;
    if (!taken)
        return WEBAUTHN_MALFORMED;
    int result = fido_cred_x5c_ptr(c) ? fido_cred_verify(c) : fido_cred_verify_self(c);
    return result == FIDO_OK ? WEBAUTHN_OK : WEBAUTHN_WRONG_SIGNATURE;
}

webauthn_verdict webauthn_register(arena *a, const webauthn_site *site, str client_data, str attestation_object,
                                   bool verified, webauthn_credential *out)
{
    str format, statement, data;
    authenticator seen;
    if (attestation_object.n > WEBAUTHN_ATTESTATION_MAX ||
        !cbor_attestation(attestation_object, &format, &statement, &data) || !authenticator_parse(data, true, &seen))
        return WEBAUTHN_MALFORMED;
    webauthn_verdict v = check_head(site, &seen, verified);
    if (v != WEBAUTHN_OK)
        return v;
    CRED_SCOPED *c = read_credential(data);
    if (!c)
        return WEBAUTHN_WRONG_ALGORITHM;
    v = check_statement(c, a, site, client_data, format, statement);
    if (v != WEBAUTHN_OK)
        return v;
    str id = view(fido_cred_id_ptr(c), fido_cred_id_len(c));
    str key = view(fido_cred_pubkey_ptr(c), fido_cred_pubkey_len(c));
    if (id.n == 0 || id.n > WEBAUTHN_ID_MAX || key.n > WEBAUTHN_PUBLIC_KEY_MAX)
        return WEBAUTHN_MALFORMED;
    __attribute__((cleanup(public_key_free))) public_key k = {0};
    if (!public_key_read(&k, fido_cred_type(c), key))
        return WEBAUTHN_WRONG_ALGORITHM;
    *out = (webauthn_credential){.id = arena_str(a, id),
                                 .algorithm = fido_cred_type(c),
                                 .public_key = arena_str(a, key),
                                 .sign_count = fido_cred_sigcount(c),
                                 .aaguid = arena_str(a, view(fido_cred_aaguid_ptr(c), fido_cred_aaguid_len(c))),
                                 .verified = (seen.flags & AUTHENTICATOR_VERIFIED) != 0};
    return WEBAUTHN_OK;
}

/* ---- assertion ---- */

static bool fill(fido_assert_t *s, const char *rp_id, const webauthn_assertion *in)
{
    return s && fido_assert_set_count(s, 1) == FIDO_OK && fido_assert_set_rp(s, rp_id) == FIDO_OK &&
           fido_assert_set_clientdata(s, bytes(in->client_data), in->client_data.n) == FIDO_OK &&
           fido_assert_set_authdata_raw(s, 0, bytes(in->authenticator_data), in->authenticator_data.n) == FIDO_OK &&
           fido_assert_set_sig(s, 0, bytes(in->signature), in->signature.n) == FIDO_OK;
}

webauthn_verdict webauthn_assert(const webauthn_site *site, const webauthn_assertion *in, bool verified,
                                 webauthn_seen *out)
{
    authenticator seen;
    bool bounded = in->authenticator_data.n <= WEBAUTHN_AUTHENTICATOR_DATA_MAX && in->signature.n > 0 &&
                   in->signature.n <= WEBAUTHN_SIGNATURE_MAX;
    if (!bounded || !authenticator_parse(in->authenticator_data, false, &seen))
        return WEBAUTHN_MALFORMED;
    webauthn_verdict v = check_head(site, &seen, verified);
    if (v != WEBAUTHN_OK)
        return v;
    __attribute__((cleanup(public_key_free))) public_key k = {0};
    const void *key = public_key_read(&k, in->algorithm, in->public_key);
    ASSERT_SCOPED *s = fido_assert_new();
    char rp_id[256];
    if (!key || site->rp_id.n >= sizeof rp_id)
        return WEBAUTHN_WRONG_ALGORITHM;
    memcpy(rp_id, site->rp_id.p, site->rp_id.n);
    rp_id[site->rp_id.n] = '\0';
    if (!fill(s, rp_id, in))
        return WEBAUTHN_MALFORMED;
    if (fido_assert_verify(s, 0, in->algorithm, key) != FIDO_OK)
        return WEBAUTHN_WRONG_SIGNATURE;
    *out = (webauthn_seen){fido_assert_sigcount(s, 0), (seen.flags & AUTHENTICATOR_VERIFIED) != 0};
    return WEBAUTHN_OK;
}
