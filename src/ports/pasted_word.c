/* Decoding, each form by its own standard; and the trimming of an address, by tables of what may stand around one. */
#include "ports/pasted_word.h"

#include "ports/token.h"

#include <stdlib.h>
#include <uniconv.h>
#include <unistr.h>

/* ---- RFC 2047 ---- */

/* Charsets that mail programs write; others are not looked for on this machine. */
static const str charsets[] = {
    S_INIT("utf-8"),        S_INIT("us-ascii"),     S_INIT("iso-8859-1"),   S_INIT("iso-8859-15"),
    S_INIT("windows-1252"), S_INIT("iso-8859-2"),   S_INIT("iso-8859-3"),   S_INIT("iso-8859-4"),
    S_INIT("iso-8859-5"),   S_INIT("iso-8859-6"),   S_INIT("iso-8859-7"),   S_INIT("iso-8859-8"),
    S_INIT("iso-8859-9"),   S_INIT("iso-8859-10"),  S_INIT("iso-8859-13"),  S_INIT("iso-8859-14"),
    S_INIT("iso-8859-16"),  S_INIT("windows-1250"), S_INIT("windows-1251"), S_INIT("windows-1253"),
    S_INIT("windows-1254"), S_INIT("windows-1255"), S_INIT("windows-1256"), S_INIT("windows-1257"),
    S_INIT("windows-1258"), S_INIT("koi8-r"),       S_INIT("koi8-u"),       S_INIT("macintosh"),
    S_INIT("shift_jis"),    S_INIT("euc-jp"),       S_INIT("iso-2022-jp"),  S_INIT("gb2312"),
    S_INIT("gbk"),          S_INIT("gb18030"),      S_INIT("big5"),         S_INIT("euc-kr"),
};

static bool is_charset(str name)
{
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        if (str_eq_nocase(charsets[i], name))
            return true;
    return false;
}

typedef struct encoded {
    str charset, text;
    bool base64;
    size_t length; /* of all of it */
} encoded;

/* =?charset*language?encoding?text?= */
static bool encoded_word(str text, encoded *out)
{
    text = str_slice(text, 0, ENCODED_WORD_MAX);
    if (!str_starts(text, S("=?")))
        return false;
    size_t charset = 2 + str_find_byte(str_slice(text, 2, text.n), '?');
    if (charset + 3 > text.n || text.p[charset + 2] != '?')
        return false;
    char how = (char)(text.p[charset + 1] | 0x20);
    str rest = str_slice(text, charset + 3, text.n);
    size_t end = str_find(rest, S("?="));
    if (end == rest.n || (how != 'q' && how != 'b'))
        return false;
    str name = str_slice(text, 2, charset);
    *out = (encoded){str_slice(name, 0, str_find_byte(name, '*')), str_slice(rest, 0, end), how == 'b',
                     charset + 3 + end + 2};
    for (size_t i = 0; i < out->length; i++)
        if (str_has_byte(S(" \t\n"), text.p[i]) && !(how == 'q' && text.p[i] == ' '))
            return false;
    return is_charset(out->charset);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* `sign` and two hexadecimal digits are a byte. */
static size_t unescaped(str text, char sign, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        int high = text.p[i] == sign && i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.p[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[n++] = text.p[i];
        }
    }
    return n;
}

/* Base64 (RFC 4648, 4), with its padding or without. */
static size_t unpacked(arena *a, str text, char *out)
{
    char url[ENCODED_WORD_MAX];
    str bytes;
    while (text.n && text.p[text.n - 1] == '=')
        text.n--;
    for (size_t i = 0; i < text.n; i++)
        url[i] = text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i];
    if (!base64url_decode(a, (str){url, text.n}, &bytes))
        return SIZE_MAX;
    memcpy(out, bytes.p, bytes.n);
    return bytes.n;
}

/* The bytes of one encoded word, at most as many as its text has; SIZE_MAX: not base64. */
static size_t decode(arena *a, const encoded *e, char *out)
{
    if (!e->base64) {
        char spaced[ENCODED_WORD_MAX];
        for (size_t i = 0; i < e->text.n; i++)
            spaced[i] = e->text.p[i] == '_' ? ' ' : e->text.p[i];
        return unescaped((str){spaced, e->text.n}, '=', out);
    }
    return unpacked(a, e->text, out);
}

static str as_utf8(arena *a, str charset, str bytes)
{
    size_t n = 0;
    if (str_eq_nocase(charset, S("utf-8")))
        return str_is_utf8(bytes) ? arena_str(a, bytes) : STR_NONE;
    uint8_t *made = u8_conv_from_encoding(arena_cstr(a, charset), iconveh_error, bytes.p, bytes.n, NULL, NULL, &n);
    str out = made ? arena_str(a, (str){(const char *)made, n}) : STR_NONE;
    free(made);
    return out;
}

size_t encoded_words(arena *a, str text, str *out)
{
    encoded e, first;
    if (!encoded_word(text, &first))
        return 0;
    char bytes[ENCODED_WORD_MAX];
    size_t n = 0, at = 0, behind = 0;
    while (at < text.n && encoded_word(str_slice(text, at, text.n), &e) && str_eq_nocase(e.charset, first.charset) &&
           n + e.text.n <= ENCODED_WORD_MAX) {
        size_t more = decode(a, &e, bytes + n);
        if (more == SIZE_MAX)
            return 0;
        n += more;
        behind = at += e.length;
        while (at < text.n && str_has_byte(S(" \t\n"), text.p[at]))
            at++;
    }
    *out = as_utf8(a, first.charset, (str){bytes, n});
    return out->p ? behind : 0;
}

str percent_decoded(arena *a, str text)
{
    char *out = arena_alloc(a, text.n + 1);
    return (str){out, unescaped(text, '%', out)};
}

/* ---- what stands around an address ---- */

/* Joiners and variation selectors, which spell names of other scripts. */
static bool is_joiner(uint32_t cp)
{
    return cp == 0x200C || cp == 0x200D || cp == 0x034F || (cp >= 0xFE00 && cp <= 0xFE0F) ||
           (cp >= 0x180B && cp <= 0x180F);
}

/* Without joiners beside ASCII; full-width letters and digits in ASCII. Never longer. */
static str plain_word(arena *a, str word)
{
    char *out = arena_alloc(a, word.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < word.n;) {
        size_t from = i;
        uint32_t cp = str_next_codepoint(word, &i);
        bool inside = from > 0 && i < word.n && (uint8_t)word.p[from - 1] >= 0x80 && (uint8_t)word.p[i] >= 0x80;
        if (is_joiner(cp) && !inside)
            continue;
        if (cp >= 0xFF01 && cp <= 0xFF5E)
            cp = cp - 0xFF01 + '!';
        n += (size_t)u8_uctomb((uint8_t *)out + n, cp, 4);
    }
    return (str){out, n};
}

/* What ends no domain: it goes. Only what begins no local part goes at the beginning, or goes with its like. */
static const struct {
    str end, begin;
    bool alone; /* the beginning goes by itself, too: it is no atext (RFC 5322, 3.2.3) */
} around[] = {
    {S_INIT("."), S_INIT(""), false},           {S_INIT(","), S_INIT(","), true},
    {S_INIT(";"), S_INIT(";"), true},           {S_INIT(":"), S_INIT(":"), true},
    {S_INIT("!"), S_INIT("\u00a1"), true},      {S_INIT("?"), S_INIT("\u00bf"), true},
    {S_INIT("\u2026"), S_INIT("\u2026"), true}, {S_INIT("\""), S_INIT("\""), true},
    {S_INIT(")"), S_INIT("("), true},           {S_INIT("]"), S_INIT("["), true},
    {S_INIT(">"), S_INIT("<"), true},           {S_INIT("}"), S_INIT("{"), false},
    {S_INIT("'"), S_INIT("'"), false},          {S_INIT("`"), S_INIT("`"), false},
    {S_INIT("*"), S_INIT("*"), false},          {S_INIT("_"), S_INIT("_"), false},
    {S_INIT("~"), S_INIT("~"), false},          {S_INIT("/"), S_INIT("/"), false},
    {S_INIT("\\"), S_INIT("\\"), true},         {S_INIT("\u201d"), S_INIT("\u201c"), true},
    {S_INIT("\u201c"), S_INIT("\u201e"), true}, {S_INIT("\u201d"), S_INIT("\u201d"), true},
    {S_INIT("\u00bb"), S_INIT("\u00ab"), true}, {S_INIT("\u00ab"), S_INIT("\u00bb"), true},
    {S_INIT("\u2019"), S_INIT("\u2018"), true}, {S_INIT("\u2018"), S_INIT("\u201a"), true},
    {S_INIT("\u203a"), S_INIT("\u2039"), true}, {S_INIT("\u300d"), S_INIT("\u300c"), true},
    {S_INIT("\u3011"), S_INIT("\u3010"), true},
};

/* Takes one sign off an end; false when there is none to take. */
static bool trim_once(str *word)
{
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        bool begins = around[i].begin.n && str_starts(*word, around[i].begin);
        if (str_ends(*word, around[i].end)) {
            *word = str_slice(*word, begins ? around[i].begin.n : 0, word->n - around[i].end.n);
            return true;
        }
        if (begins && around[i].alone) {
            *word = str_slice(*word, around[i].begin.n, word->n);
            return true;
        }
    }
    return false;
}

bool word_address(arena *a, str word, address *out)
{
    if (word.n > ADDRESS_MAX * 4)
        return false;
    str clean = plain_word(a, word);
    if (address_parse(a, clean, out))
        return true;
    while (trim_once(&clean))
        ;
    return address_parse(a, clean, out);
}

bool address_is_doubtful(const address *address)
{
    size_t digits = 0;
    str typed = address->typed;
    while (digits < typed.n && typed.p[digits] >= '0' && typed.p[digits] <= '9')
        digits++;
    char c = digits < typed.n ? typed.p[digits] : '@';
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '@';
    return !letter && (digits == 0 || str_has_byte(S(".-_)"), c));
}
