/*
 * What browsers and authenticators send for passkeys: never a crash or room for more than was sent; what passes is
 * ours.
 */
#include "ports/token.h"
#include "ports/webauthn.h"
#include "ports/webauthn_parse.h"

#include <stdlib.h>

/* A point of P-256, its generator: a key that nobody signs with. */
static const unsigned char es256[64] = "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d"
                                       "\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
                                       "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33"
                                       "\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

static void check_client_data(arena *a, const webauthn_site *site, str text)
{
    str challenge = STR_NONE;
    for (webauthn_ceremony c = WEBAUTHN_CREATE; c <= WEBAUTHN_GET; c++)
        if (webauthn_client_data(a, site, c, text, &challenge) == WEBAUTHN_OK &&
            (text.n > WEBAUTHN_CLIENT_DATA_MAX || !challenge.p || challenge.n > text.n))
            abort();
}

static void check_attestation(arena *a, const webauthn_site *site, str client_data, str object)
{
    webauthn_credential made;
    if (webauthn_register(a, site, client_data, object, false, &made) != WEBAUTHN_OK)
        return;
    if (made.id.n == 0 || made.id.n > WEBAUTHN_ID_MAX || str_find(object, made.id) == object.n ||
        made.aaguid.n != WEBAUTHN_AAGUID_SIZE || made.public_key.n == 0 || made.public_key.n > WEBAUTHN_PUBLIC_KEY_MAX)
        abort();
    webauthn_credential again;
    if (made.verified != (webauthn_register(a, site, client_data, object, true, &again) == WEBAUTHN_OK))
        abort();
}

static void check_items(str bytes)
{
    str rest = bytes, item;
    while (rest.n > 0 && cbor_item(&rest, &item))
        if (item.n == 0 || item.p + item.n != rest.p)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 12000)
        return 0;
    ARENA_SCOPED a = arena_new(4 << 20);
    webauthn_site site;
    str all = {(const char *)data, size}, rest = all;
    str first = str_cut(&rest, '\n');
    if (webauthn_site_of(a, first, &site) && !str_starts(first, S("http")))
        abort();
    if (!webauthn_site_of(a, S("http://localhost:8080"), &site))
        abort();
    check_client_data(a, &site, all);
    check_attestation(a, &site, S("{}"), all);
    check_items(all);
    str key = {(const char *)es256, sizeof es256};
    const webauthn_assertion said = {S("{}"), all, first.n ? first : S("0"), webauthn_algorithms[0], key};
    webauthn_seen seen;
    if (webauthn_assert(&site, &said, false, &seen) == WEBAUTHN_OK)
        abort(); /* nobody has the private half */
    return 0;
}
