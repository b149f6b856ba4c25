/* A display name on one line: its quotes, comments and encoded words are taken off (RFC 5322, 3.2.2; RFC 2047). */
#include "ports/pasted_line.h"
#include "ports/pasted_name.h"
#include "ports/pasted_word.h"
#include "ports/typed.h"

enum { WIDER = 3 }; /* a byte of a charset is at most as many in UTF-8 */

/* Marks of quotes, which are no part of a name; apostrophes are. */
static bool is_quote(uint32_t cp)
{
    return cp == '"' || cp == '\\' || cp == '`' || cp == 0xAB || cp == 0xBB || (cp >= 0x201A && cp <= 0x201F) ||
           cp == 0x2039 || cp == 0x203A || cp == 0x300C || cp == 0x300D;
}

static bool is_apostrophe(uint32_t cp)
{
    return cp == '\'' || cp == 0x2018 || cp == 0x2019 || cp == 0x201A;
}

/* Behind the comment that opens at `at`; at + 1 when it is not closed. */
static size_t behind_comment(str text, size_t at)
{
    char close = text.p[at] == '(' ? ')' : text.p[at] == '[' ? ']' : '>';
    char open = text.p[at];
    for (size_t end = at, depth = 0; end < text.n; end++) {
        depth += text.p[end] == open && (open != '<' || end == at);
        if (text.p[end] == close && --depth == 0)
            return end + 1;
    }
    return at + 1;
}

typedef struct flat {
    char *out;
    size_t n;
    str aside; /* the first comment in parentheses */
} flat;

static void add(flat *f, str s)
{
    memcpy(f->out + f->n, s.p, s.n);
    f->n += s.n;
}

/* One thing at `at`; returns where the next begins. */
static size_t flatten_one(arena *a, flat *f, str text, size_t at)
{
    str rest = str_slice(text, at, text.n), decoded;
    size_t encoded = str_starts(rest, S("=?")) ? encoded_words(a, rest, &decoded) : 0;
    if (encoded && decoded.n <= encoded * WIDER) {
        for (size_t i = 0; i < decoded.n; i++)
            f->out[f->n++] = (uint8_t)decoded.p[i] < ' ' ? ' ' : decoded.p[i];
        return at + encoded;
    }
    if (str_has_byte(S("([<"), text.p[at])) {
        size_t end = behind_comment(text, at);
        if (text.p[at] == '(' && end > at + 1 && !f->aside.p)
            f->aside = str_slice(text, at + 1, end - 1);
        add(f, S(" "));
        return end;
    }
    size_t next = at;
    uint32_t cp = str_next_codepoint(text, &next);
    if (cp < ' ' || cp == 0x7F)
        add(f, S(" "));
    else if (!is_quote(cp) && !str_has_byte(S(")]>"), text.p[at]))
        add(f, str_slice(text, at, next));
    return next;
}

/* Without a pair of apostrophes around it: 'Léa Morin'. */
static str without_apostrophes(str text)
{
    size_t first = 0, last = text.n;
    if (text.n < 3 || !is_apostrophe(str_next_codepoint(text, &first)))
        return text;
    while (last > first && ((uint8_t)text.p[--last] & 0xC0) == 0x80)
        ;
    size_t end = last;
    return is_apostrophe(str_next_codepoint(text, &end)) ? str_slice(text, first, last) : text;
}

str name_line(arena *a, str text, str *aside)
{
    if (text.n > NAME_SPAN_MAX)
        return S("");
    size_t most = text.n * WIDER;
    flat f = {.out = arena_alloc(a, most + 1)};
    for (size_t at = 0; at < text.n && f.n < most;)
        at = flatten_one(a, &f, text, at);
    str line = S("");
    if (typed_line(a, (str){f.out, f.n}, &line) != TYPED_FINE)
        line = S("");
    *aside = f.aside;
    return without_apostrophes(line);
}
