/* Strings with a length. NUL-terminated text exists only at a library's edge. */
#ifndef PARVIS_BASE_STR_H
#define PARVIS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * A borrowed view of bytes. `p == NULL` means "no value" (SQL NULL, JSON null); an empty string has `p != NULL, n ==
 * 0`.
 */
typedef struct str {
    const char *p;
    size_t n;
} str;

/** A str of a string literal, usable in a static initializer. */
/* clang-format off */
#define S(lit)      ((str){("" lit), sizeof(lit) - 1})
#define S_INIT(lit) {("" lit), sizeof(lit) - 1}
#define STR_NONE    ((str){NULL, 0})
/* clang-format on */
/** For printf: `printf("%.*s", STR_FMT(s))`. */
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : ""

/** A view of NUL-terminated text; NULL gives STR_NONE. */
static inline str str_of(const char *z)
{
    return z ? (str){z, strlen(z)} : STR_NONE;
}

static inline bool str_empty(str s)
{
    return s.n == 0;
}

/** Byte-for-byte equality; not constant in time (for secrets use token_equal). */
static inline bool str_eq(str a, str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/** Byte order, shorter first on a tie: <0, 0, >0. */
int str_cmp(str a, str b);
/** ASCII letters compared without case; other bytes exactly. */
bool str_eq_nocase(str a, str b);
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
/** Position of the first byte `c`, or s.n when there is none. */
size_t str_find_byte(str s, char c);
/** Whether `c` is one of `set`. */
static inline bool str_has_byte(str set, char c)
{
    return str_find_byte(set, c) < set.n;
}
/** An ASCII letter or digit. */
static inline bool byte_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
/** Not empty, and nothing but ASCII letters, digits and what is in `more`. */
bool str_is_plain(str s, str more);
/** Whether it is one of these. */
bool str_is_one_of(str s, const str *words, size_t count);
/** Position of the first occurrence of `needle`, or s.n when there is none. */
size_t str_find(str s, str needle);
/** The bytes from..to (to exclusive), both clamped to the length. */
str str_slice(str s, size_t from, size_t to);
/** Without ASCII white space at both ends. */
str str_trim(str s);
/** Takes what stands before the first `sep` off `*rest` and returns it; the last piece leaves *rest as STR_NONE. */
str str_cut(str *rest, char sep);
/** Strict decimal, no sign, no white space; false on anything else or above `max`. */
bool str_to_u64(str s, uint64_t max, uint64_t *out);
/** True when the bytes are well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates. */
bool str_is_utf8(str s);
/** Decodes one well-formed code point at *at (already validated by str_is_utf8) and moves *at past it. */
uint32_t str_next_codepoint(str s, size_t *at);
/** How many code points a well-formed UTF-8 string has. */
size_t str_codepoints(str s);
/** True when the string holds a control character (C0, DEL, C1, U+2028/2029) or a bidirectional override or isolate. */
bool str_has_control(str s);

/** A name and what it stands for. */
typedef struct text_pair {
    str name, value;
} text_pair;

#endif
