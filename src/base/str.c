/*
 * Looking at strings and cutting them, without copying: what comes back points into what was given. UTF-8 is judged by
 * RFC 3629: no overlong forms, no surrogates.
 */
#include "base/str.h"

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

int str_cmp(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c != 0)
        return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool str_eq_nocase(str a, str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower((unsigned char)a.p[i]) != lower((unsigned char)b.p[i]))
            return false;
    return true;
}

bool str_starts(str s, str prefix)
{
    return s.n >= prefix.n && str_eq((str){s.p, prefix.n}, prefix);
}

bool str_ends(str s, str suffix)
{
    return s.n >= suffix.n && str_eq((str){s.p + (s.n - suffix.n), suffix.n}, suffix);
}

size_t str_find_byte(str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

size_t str_find(str s, str needle)
{
    for (size_t i = 0; i + needle.n <= s.n; i++)
        if (str_eq((str){s.p + i, needle.n}, needle))
            return i;
    return s.n;
}

bool str_is_one_of(str s, const str *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(words[i], s))
            return true;
    return false;
}

bool str_is_plain(str s, str more)
{
    for (size_t i = 0; i < s.n; i++)
        if (!byte_is_alnum(s.p[i]) && !str_has_byte(more, s.p[i]))
            return false;
    return s.n > 0;
}

str str_slice(str s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return s.p ? (str){s.p + from, to - from} : STR_NONE;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
    while (s.n && is_space(s.p[0]))
        s = (str){s.p + 1, s.n - 1};
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

str str_cut(str *rest, char sep)
{
    size_t at = str_find_byte(*rest, sep);
    str head = {rest->p, at};
    *rest = at == rest->n ? STR_NONE : (str){rest->p + at + 1, rest->n - at - 1};
    return head;
}

bool str_to_u64(str s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 20)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        uint64_t digit = (uint64_t)(unsigned char)s.p[i] - '0';
        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (v > max)
        return false;
    *out = v;
    return true;
}

/* Length of the well-formed sequence that starts at p (Unicode 15, table 3-7), or 0. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    size_t need = c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
    if (need == 0 || need > n)
        return 0;
    unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

/* Where the first byte that is no ASCII stands, at or after `at`; most of what is asked about has none. */
static size_t past_ascii(str s, size_t at)
{
    const uint64_t high_bits = 0x8080808080808080u;
    for (uint64_t eight; at + sizeof eight <= s.n; at += sizeof eight) {
        memcpy(&eight, s.p + at, sizeof eight);
        if (eight & high_bits)
            break;
    }
    while (at < s.n && !((unsigned char)s.p[at] & 0x80))
        at++;
    return at;
}

bool str_is_utf8(str s)
{
    for (size_t i = past_ascii(s, 0); i < s.n; i = past_ascii(s, i)) {
        size_t len = utf8_length((const unsigned char *)s.p + i, s.n - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

uint32_t str_next_codepoint(str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t len = utf8_length(p, s.n - *at);
    if (len <= 1) { /* ASCII, or a stray byte of text nobody validated: give it back as itself */
        *at += 1;
        return p[0];
    }
    static const unsigned char mask[] = {0, 0, 0x1F, 0x0F, 0x07};
    uint32_t cp = p[0] & mask[len];
    for (size_t i = 1; i < len; i++)
        cp = cp << 6 | (p[i] & 0x3F);
    *at += len;
    return cp;
}

size_t str_codepoints(str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return count;
}

static bool is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0x2028 || cp == 0x2029 || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069) || cp == 0x200E || cp == 0x200F || cp == 0x061C || cp == 0xFEFF ||
           cp == 0x200B || (cp >= 0x2060 && cp <= 0x2064) || (cp >= 0xE0000 && cp <= 0xE007F); /* seen by nobody */
}

bool str_has_control(str s)
{
    for (size_t i = 0; i < s.n;)
        if (is_control(str_next_codepoint(s, &i)))
            return true;
    return false;
}
