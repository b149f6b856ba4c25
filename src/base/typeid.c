/*
 * Ids in order of their making, within a process also in one millisecond; and their outside form with a prefix, which
 * says what a thing is wherever it is pasted.
 */
#include "base/typeid.h"

#include "base/random.h"

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

uuid uuid_new(msec now)
{
    static _Thread_local msec last;
    static _Thread_local uint16_t counter;
    uuid u;
    random_bytes(u.b, sizeof u.b);
    if (now <= last) {
        /*
         * same millisecond, or a clock that went back: keep the order with the 12-bit counter (RFC 9562, 6.2 method 1)
         */
        if (++counter > 0xFFF) {
            counter = 0;
            last++;
        }
        now = last;
    } else {
        last = now;
        counter = (uint16_t)(u.b[6] << 8 | u.b[7]) & 0x7FF;
    }
    for (int i = 0; i < 6; i++)
        u.b[i] = (uint8_t)(now >> (40 - 8 * i));
    u.b[6] = (uint8_t)(0x70 | counter >> 8);
    u.b[7] = (uint8_t)counter;
    u.b[8] = (uint8_t)(0x80 | (u.b[8] & 0x3F));
    return u;
}

uuid uuid_first(msec at)
{
    uuid u = UUID_NONE;
    for (int i = 0; i < 6; i++)
        u.b[i] = (uint8_t)(at >> (40 - 8 * i));
    return u;
}

msec uuid_time(uuid u)
{
    msec t = 0;
    for (int i = 0; i < 6; i++)
        t = t << 8 | u.b[i];
    return t;
}

str typeid_format(str prefix, uuid u, char out[TYPEID_SIZE])
{
    size_t n = prefix.n;
    if (n) {
        memcpy(out, prefix.p, n);
        out[n++] = '_';
    }
    /* 128 bits in 26 digits of 5: the first digit holds the top 3 bits */
    for (int digit = 0; digit < TYPEID_SUFFIX; digit++) {
        int bit = digit * 5 - 2; /* position of the digit's highest bit, counted from the top */
        unsigned v = 0;
        for (int i = bit; i < bit + 5; i++)
            v = v << 1 | (i >= 0 ? (unsigned)(u.b[i / 8] >> (7 - i % 8)) & 1 : 0);
        out[n++] = alphabet[v];
    }
    out[n] = 0;
    return (str){out, n};
}

static bool suffix_parse(str s, uuid *out)
{
    if (s.n != TYPEID_SUFFIX || s.p[0] > '7')
        return false;
    uuid u = UUID_NONE;
    for (int digit = 0; digit < TYPEID_SUFFIX; digit++) {
        const char *at = s.p[digit] ? strchr(alphabet, s.p[digit]) : NULL;
        if (!at)
            return false;
        unsigned v = (unsigned)(at - alphabet);
        for (int i = 0; i < 5; i++) {
            int bit = digit * 5 - 2 + i;
            if (bit >= 0 && (v >> (4 - i) & 1))
                u.b[bit / 8] |= (uint8_t)(1u << (7 - bit % 8));
        }
    }
    *out = u;
    return true;
}

static bool prefix_valid(str p)
{
    if (p.n == 0 || p.n > TYPEID_PREFIX_MAX || p.p[0] == '_' || p.p[p.n - 1] == '_')
        return false;
    for (size_t i = 0; i < p.n; i++)
        if (p.p[i] != '_' && (p.p[i] < 'a' || p.p[i] > 'z'))
            return false;
    return true;
}

bool typeid_parse_any(str text, str *prefix, uuid *out)
{
    *prefix = S("");
    if (text.n == TYPEID_SUFFIX)
        return suffix_parse(text, out);
    if (text.n < TYPEID_SUFFIX + 2 || text.p[text.n - TYPEID_SUFFIX - 1] != '_')
        return false;
    *prefix = str_slice(text, 0, text.n - TYPEID_SUFFIX - 1);
    return prefix_valid(*prefix) && suffix_parse(str_slice(text, text.n - TYPEID_SUFFIX, text.n), out);
}

bool typeid_parse(str text, str prefix, uuid *out)
{
    str found;
    uuid u;
    if (!typeid_parse_any(text, &found, &u) || !str_eq(found, prefix))
        return false;
    *out = u;
    return true;
}
