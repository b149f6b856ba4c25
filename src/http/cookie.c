#include "http/cookie.h"

typedef struct search {
    str name, value;
    bool contested;
} search;

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
        s->contested |= s->value.p && !str_eq(s->value, value);
        s->value = value;
    }
}

str cookie_find(const request_head *head, str name)
{
    search s = {.name = name};
    for (size_t i = 0; i < head->header_count; i++)
        if (str_eq_nocase(head->headers[i].name, S("cookie")))
            look(&s, head->headers[i].value);
    return s.contested ? STR_NONE : s.value;
}
