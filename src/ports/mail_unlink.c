/*
 * Puts what cannot be seen between the parts of anything that a mail program would make a link of, so that a name or
 * message from a stranger stays text.
 */
#include "ports/mail_unlink.h"

static const str joiner = S_INIT("\u2060");

/* Dots as IDNA reads them (UTS #46: U+3002, U+FF0E, U+FF61), and what NFKC makes of others. */
static bool parts_a_link(uint32_t c)
{
    static const uint32_t parts[] = {'.',    ':',    '/',    '\\',   '@',    0x2024, 0x3002, 0xFE52, 0xFE55,
                                     0xFE68, 0xFE6B, 0xFF0E, 0xFF0F, 0xFF1A, 0xFF20, 0xFF3C, 0xFF61};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] == c)
            return true;
    return false;
}

static bool is_gap(char c)
{
    return (unsigned char)c <= ' ';
}

void mail_unlink(buf *out, str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t at = i;
        uint32_t c = str_next_codepoint(text, &i);
        buf_add(out, str_slice(text, at, i));
        bool inside = at > 0 && !is_gap(text.p[at - 1]) && i < text.n && !is_gap(text.p[i]);
        if (inside && parts_a_link(c) && !str_starts(str_slice(text, i, text.n), joiner))
            buf_add(out, joiner);
    }
}

bool mail_header_is_safe(str text)
{
    if (!str_is_utf8(text))
        return false;
    while (text.n > 0) {
        size_t at = str_find(text, joiner);
        if (str_has_control(str_slice(text, 0, at)))
            return false;
        text = str_slice(text, at + joiner.n, text.n);
    }
    return true;
}
