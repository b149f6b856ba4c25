/*
 * Finds all the values of a name that differ: with two, nobody can say which was meant, and whoever asks must see that
 * there are two.
 */
#include "http/cookie.h"

/* Up to `most` different values of one name. */
typedef struct search {
    str name, *values;
    size_t most, count;
} search;

static void keep(search *s, str value)
{
    for (size_t i = 0; i < s->count && i < s->most; i++)
        if (str_eq(s->values[i], value))
            return;
    if (s->count < s->most)
        s->values[s->count] = value;
    s->count++;
}

static void look(search *s, str pairs)
{
    while (pairs.p) {
        str pair = str_trim(str_cut(&pairs, ';'));
        size_t at = str_find_byte(pair, '=');
        if (at == pair.n || !str_eq(str_trim(str_slice(pair, 0, at)), s->name))
            continue;
        str value = str_trim(str_slice(pair, at + 1, pair.n));
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = str_slice(value, 1, value.n - 1);
        keep(s, value);
    }
}

size_t cookie_values(const request_head *head, str name, str *out, size_t most)
{
    search s = {.name = name, .values = out, .most = most};
    for (size_t i = 0; i < head->header_count; i++)
        if (str_eq_nocase(head->headers[i].name, S("cookie")))
            look(&s, head->headers[i].value);
    return s.count;
}

str cookie_find(const request_head *head, str name)
{
    str value;
    return cookie_values(head, name, &value, 1) == 1 ? value : STR_NONE;
}
