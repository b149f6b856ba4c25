/*
 * Two small readers with bounds on depth and length, made before libfido2 sees anything: pieces only are handed to it.
 */
#include "ports/webauthn_parse.h"

enum { LEVELS = 4 };

/* Major type and argument of the item that begins here. */
static bool cbor_head(str *rest, int *major, uint64_t *argument)
{
    if (rest->n == 0)
        return false;
    unsigned char first = (unsigned char)rest->p[0];
    size_t info = first & 0x1f, more = info < 24 ? 0 : (size_t)1 << (info - 24);
    if (info > 27 || rest->n < 1 + more) /* 28 and above: reserved, or without a length */
        return false;
    *major = first >> 5;
    *argument = info < 24 ? info : 0;
    for (size_t i = 1; i <= more; i++)
        *argument = *argument << 8 | (unsigned char)rest->p[i];
    *rest = str_slice(*rest, 1 + more, rest->n);
    return true;
}

enum { CBOR_BYTES = 2, CBOR_TEXT = 3, CBOR_ARRAY = 4, CBOR_MAP = 5, CBOR_TAG = 6 };

static bool cbor_skip(str *rest, int level)
{
    int major;
    uint64_t n;
    if (!cbor_head(rest, &major, &n) || major == CBOR_TAG)
        return false;
    if (major < CBOR_BYTES || major > CBOR_MAP)
        return true;
    if (n > rest->n) /* an item is a byte at least */
        return false;
    if (major == CBOR_BYTES || major == CBOR_TEXT) {
        *rest = str_slice(*rest, (size_t)n, rest->n);
        return true;
    }
    for (uint64_t left = major == CBOR_MAP ? 2 * n : n; left > 0; left--)
        if (level == LEVELS || !cbor_skip(rest, level + 1))
            return false;
    return true;
}

bool cbor_item(str *rest, str *item)
{
    str from = *rest;
    if (!cbor_skip(rest, 0))
        return false;
    *item = str_slice(from, 0, from.n - rest->n);
    return true;
}

static bool cbor_string(str *rest, int wanted, str *out)
{
    int major;
    uint64_t n;
    if (!cbor_head(rest, &major, &n) || major != wanted || n > rest->n)
        return false;
    *out = str_slice(*rest, 0, (size_t)n);
    *rest = str_slice(*rest, (size_t)n, rest->n);
    return true;
}

bool cbor_attestation(str object, str *format, str *statement, str *authenticator_data)
{
    int major;
    uint64_t n;
    str rest = object, key;
    *format = *statement = *authenticator_data = STR_NONE;
    if (!cbor_head(&rest, &major, &n) || major != CBOR_MAP || n != 3)
        return false;
    for (; n > 0; n--) {
        if (!cbor_string(&rest, CBOR_TEXT, &key))
            return false;
        bool read = str_eq(key, S("fmt"))        ? cbor_string(&rest, CBOR_TEXT, format)
                    : str_eq(key, S("authData")) ? cbor_string(&rest, CBOR_BYTES, authenticator_data)
                    : str_eq(key, S("attStmt"))  ? cbor_item(&rest, statement)
                                                 : false;
        if (!read)
            return false;
    }
    return rest.n == 0 && format->p && statement->p && authenticator_data->p; /* so none came twice */
}

enum { HEAD = 37, ATTESTED = 0x40, EXTENSIONS = 0x80, AAGUID = 16 };

/* AAGUID, length of the id, id, key. */
static bool skip_credential(str *rest)
{
    str key;
    if (rest->n < AAGUID + 2)
        return false;
    size_t id = (size_t)((unsigned char)rest->p[AAGUID] << 8 | (unsigned char)rest->p[AAGUID + 1]);
    if (id == 0 || rest->n < AAGUID + 2 + id)
        return false;
    *rest = str_slice(*rest, AAGUID + 2 + id, rest->n);
    return cbor_item(rest, &key);
}

bool authenticator_parse(str data, bool attested, authenticator *out)
{
    str rest = str_slice(data, HEAD, data.n), extensions;
    if (data.n < HEAD)
        return false;
    *out = (authenticator){(const unsigned char *)data.p, (unsigned char)data.p[32]};
    if (attested != ((out->flags & ATTESTED) != 0))
        return false;
    if (attested && !skip_credential(&rest))
        return false;
    if ((out->flags & EXTENSIONS) && !cbor_item(&rest, &extensions))
        return false;
    return rest.n == 0;
}
