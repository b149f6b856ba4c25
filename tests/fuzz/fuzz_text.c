/*
 * Text on its way to a sentence, a terminal, a link: what was put in comes out as it was, and nothing of it is taken
 * for more.
 */
#include "cli/command.h"
#include "console/console.h"
#include "domain/shared/phrase.h"
#include "http/schema.h"

#include <stdlib.h>

static void check_sentence(arena *a, str text)
{
    str filled = phrase_fill(a, S("<{name}>"), (const str[][2]){{S("name"), text}}, 1);
    if (filled.n != text.n + 2 || !str_eq(str_slice(filled, 1, filled.n - 1), text))
        abort();
    str template = phrase_fill(a, text, (const str[][2]){{S("name"), S("{name}")}}, 1);
    if (!str_eq(template, text))
        abort();
}

static void check_terminal(arena *a, str text)
{
    str shown = printable(a, text);
    if (!str_is_utf8(shown) || str_has_control(shown) || !str_eq(printable(a, shown), shown))
        abort();
}

static void check_link(arena *a, str text)
{
    str link = link_with(a, S("/o/bar/users"), (const str[][2]){{S("q"), text}, {S("sort"), S("email")}}, 2);
    for (size_t i = 0; i < link.n; i++)
        if (link.p[i] <= ' ' || link.p[i] >= 0x7f || strchr("\"'<>\\#", link.p[i]))
            abort();
    str query = str_slice(link, str_find_byte(link, '?') + 1, link.n);
    if (text.n && str_is_utf8(text) && str_find_byte(text, 0) == text.n && !str_eq(form_value(a, query, S("q")), text))
        abort();
    if (!str_eq(form_value(a, query, S("sort")), S("email")))
        abort();
}

/* A path of ours to go on to: never another server's. */
static void check_next(str text)
{
    str next = safe_next(text, S("/"));
    bool ours = next.n && next.p[0] == '/' && !str_starts(next, S("//")) && !str_starts(next, S("/\\"));
    if (!ours || str_has_control(next) || str_find_byte(next, '\\') < next.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    ARENA_SCOPED a = arena_new(4 << 20);
    str text = {(const char *)data, size};
    check_sentence(a, text);
    check_terminal(a, text);
    check_link(a, text);
    check_next(text);
    return 0;
}
