/*
 * What an address is, its key (by which two spellings are one), and lists as people paste them. Internationalized
 * domains by libidn2, whose leniency is checked after it.
 */
#include "ports/address.h"

#include "ports/typed.h"

#include <idn2.h>

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253 };

/* RFC 5322, 3.2.3: atext. */
static bool is_atom_byte(char c)
{
    return byte_is_alnum(c) || str_has_byte(S("!#$%&'*+-/=?^_`{|}~"), c);
}

static bool is_local_part(str local)
{
    if (str_empty(local) || local.n > LOCAL_MAX || local.p[0] == '.' || local.p[local.n - 1] == '.')
        return false;
    for (size_t i = 0; i < local.n; i++) {
        bool dot = local.p[i] == '.';
        if (!dot && !is_atom_byte(local.p[i]))
            return false;
        if (dot && local.p[i - 1] == '.')
            return false;
    }
    return true;
}

/*
 * What libidn2 gave: letters, digits and inner hyphens, two labels or more (RFC 1123, 2.1), the last one not a number.
 */
static bool is_host(str domain)
{
    size_t labels = 0;
    bool digits_only = false;
    str rest = domain;
    while (rest.p) {
        str label = str_cut(&rest, '.');
        if (str_empty(label) || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        digits_only = true;
        for (size_t i = 0; i < label.n; i++) {
            char c = label.p[i];
            bool digit = c >= '0' && c <= '9';
            if (!digit && c != '-' && !(c >= 'a' && c <= 'z'))
                return false;
            digits_only = digits_only && digit;
        }
        labels++;
    }
    return domain.n <= DOMAIN_MAX && !digits_only && (labels > 1 || str_eq(domain, S("localhost")));
}

static size_t ascii_of(str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] > ' ' && text.p[i] <= '~';
    return n;
}

/* NFC makes a K of the Kelvin sign: of one address another, which is not meant by it. */
str address_clean(arena *a, str text)
{
    str clean;
    return typed_line(a, text, &clean) == TYPED_FINE && ascii_of(clean) == ascii_of(text) ? clean : text;
}

/*
 * STD3 is asked of the result, by is_host: libidn2 2.3 with IDN2_USE_STD3_ASCII_RULES drops what it should refuse ("b
 * c.fr" becomes "bc.fr").
 */
str address_domain(arena *a, str domain)
{
    domain = address_clean(a, domain);
    if (str_empty(domain) || domain.n > ADDRESS_MAX || memchr(domain.p, '\0', domain.n) || !str_is_utf8(domain) ||
        str_has_control(domain) || domain.p[0] == '[')
        return STR_NONE;
    uint8_t *ascii = NULL;
    int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
    str key = STR_NONE;
    if (idn2_lookup_u8((const uint8_t *)arena_cstr(a, domain), &ascii, flags) == IDN2_OK)
        key = arena_str(a, str_of((const char *)ascii));
    idn2_free(ascii);
    return key.p && is_host(key) ? key : STR_NONE;
}

static str without_scheme(str text)
{
    text = str_trim(text);
    if (!str_eq_nocase(str_slice(text, 0, 7), S("mailto:")))
        return text;
    text = str_slice(text, 7, text.n);
    return str_slice(text, 0, str_find_byte(text, '?'));
}

bool address_parse(arena *a, str text, address *out)
{
    str typed = without_scheme(address_clean(a, text));
    if (!typed.p || typed.n > ADDRESS_MAX)
        return false;
    size_t at = typed.n;
    while (at > 0 && typed.p[at - 1] != '@')
        at--;
    if (at == 0)
        return false;
    str local = str_slice(typed, 0, at - 1), domain = str_slice(typed, at, typed.n);
    if (!is_local_part(local))
        return false;
    str host = address_domain(a, domain);
    if (!host.p || local.n + 1 + host.n > ADDRESS_MAX)
        return false;
    char *key = arena_alloc(a, local.n + host.n + 2);
    for (size_t i = 0; i < local.n; i++)
        key[i] = local.p[i] >= 'A' && local.p[i] <= 'Z' ? (char)(local.p[i] - 'A' + 'a') : local.p[i];
    key[local.n] = '@';
    memcpy(key + local.n + 1, host.p, host.n);
    *out = (address){arena_str(a, typed), {key, local.n + 1 + host.n}};
    return true;
}

str address_wire(arena *a, str typed)
{
    address parsed;
    if (!address_parse(a, typed, &parsed))
        return STR_NONE;
    size_t at = str_find_byte(parsed.typed, '@');
    return arena_join(a, str_slice(parsed.typed, 0, at), str_slice(parsed.key, at, parsed.key.n));
}
