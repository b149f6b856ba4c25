/* The edge where bytes become text or are refused: valid UTF-8 without NUL, which both engines then keep alike. */
#include "base/text.h"

bool text_is_sound(str s)
{
    return s.n == 0 || (!memchr(s.p, 0, s.n) && str_is_utf8(s));
}

str text_cut(str s, size_t most)
{
    if (s.n <= most)
        return s;
    size_t end = most;
    while (end > 0 && ((unsigned char)s.p[end] & 0xC0) == 0x80)
        end--;
    return (str){s.p, end};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* How long the character at the beginning of s is; 0 when it is none, or one that nobody may see. */
static size_t sound_character(str s)
{
    size_t next = 0;
    str_next_codepoint(s, &next);
    str one = str_slice(s, 0, next);
    return str_is_utf8(one) && !str_has_control(one) ? next : 0;
}

str text_of_bytes(arena *a, str bytes, size_t most)
{
    static const str mark = S_INIT("\uFFFD");
    if (!bytes.p || (text_is_sound(bytes) && !str_has_control(bytes)))
        return text_cut(bytes, most);
    char *out = arena_alloc(a, most + 1);
    size_t n = 0;
    bool marked = false;
    for (size_t i = 0; i < bytes.n;) {
        str rest = str_slice(bytes, i, bytes.n);
        size_t length = is_blank(rest.p[0]) ? 1 : sound_character(rest);
        bool odd = length == 0;
        str piece = odd ? mark : is_blank(rest.p[0]) ? S(" ") : str_slice(rest, 0, length);
        if (!odd || !marked) {
            if (n + piece.n > most)
                break;
            memcpy(out + n, piece.p, piece.n);
            n += piece.n;
        }
        if (odd)
            str_next_codepoint(rest, &length); /* a character that is whole goes whole */
        marked = odd;
        i += length;
    }
    return (str){out, n};
}
