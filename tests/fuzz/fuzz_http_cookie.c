/* Cookie headers: a value is a piece of one, two that differ count as none, and a header cut in two says the same. */
#include "base/arena.h"
#include "http/cookie.h"

#include <stdlib.h>

static const str wanted = S_INIT("parvis_session");

static str find_in(const str *values, size_t count)
{
    request_head head = {.header_count = count};
    for (size_t i = 0; i < count; i++)
        head.headers[i] = (header){i ? S("Cookie") : S("cookie"), values[i]};
    return cookie_find(&head, wanted);
}

static bool same(str a, str b)
{
    return (a.p == NULL) == (b.p == NULL) && str_eq(a, b);
}

static bool is_token_text(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", s.p[i]) || !s.p[i])
            return false;
    return s.n > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 14)
        return 0;
    ARENA_SCOPED a = arena_new(1 << 20);
    str text = {(const char *)data, size}, found = find_in(&text, 1);
    if (found.p && (found.p < text.p || found.p + found.n > text.p + text.n || str_find_byte(found, ';') < found.n))
        abort();
    size_t at = str_find_byte(text, ';');
    if (at < size && !same(found, find_in((str[]){str_slice(text, 0, at), str_slice(text, at + 1, size)}, 2)))
        abort();
    str with = arena_join(a, text, S("; parvis_session=aaaa"));
    str then = find_in(&with, 1);
    if (then.p ? !str_eq(then, S("aaaa")) || (found.p && !str_eq(found, then)) : str_find(text, wanted) == size)
        abort();
    str made = arena_join(a, S("other=1; parvis_session="), text, S("; lang=fr"));
    if (is_token_text(text) && !str_eq(find_in(&made, 1), text))
        abort();
    return 0;
}
