/*
 * Every address that a page leads to is built here: parts that come from outside are escaped, and what a form asks to
 * go on to never leads off this server.
 */
#include "console/console.h"
#include "http/schema.h"

/* RFC 3986, 3.4: a slash may stand in a query as it is. */
static void add_encoded(buf *out, str s)
{
    buf_percent(out, s, S("/"));
}

str link_with(arena *a, str path, const str (*pairs)[2], size_t count)
{
    BUF_SCOPED out = {0};
    buf_add(&out, path);
    char separator = str_find_byte(path, '?') < path.n ? '&' : '?';
    for (size_t i = 0; i < count; i++) {
        if (str_empty(pairs[i][1]))
            continue;
        buf_byte(&out, separator);
        separator = '&';
        buf_add(&out, pairs[i][0]);
        buf_byte(&out, '=');
        add_encoded(&out, pairs[i][1]);
    }
    return arena_str(a, buf_str(&out));
}

str org_path(const request *r, const char *rest)
{
    return arena_join(r->a, S("/o/"), r->params[0].text, str_of(rest));
}

str org_path_id(const request *r, const char *before, str prefix, uuid id, const char *after)
{
    return arena_join(r->a, S("/o/"), r->params[0].text, str_of(before), id_text(r, prefix, id), str_of(after));
}

str me_path(const request *r, str rest)
{
    str from = form_value(r->a, r->raw_query, S("from"));
    return LINK(r->a, arena_join(r->a, S("/me"), rest), {S("from"), from});
}

str safe_next(str next, str otherwise)
{
    if (next.n == 0 || next.p[0] != '/' || (next.n > 1 && next.p[1] == '/'))
        return otherwise;
    for (size_t i = 0; i < next.n; i++)
        if (next.p[i] <= 0x20 || next.p[i] >= 0x7f || str_has_byte(S("\\\"<>"), next.p[i]))
            return otherwise;
    return next;
}

str link_here(const request *r)
{
    BUF_SCOPED out = {0};
    buf_add(&out, r->path);
    char separator = '?';
    for (str rest = r->raw_query; rest.n > 0;) {
        str piece = str_cut(&rest, '&');
        if (str_empty(piece) || str_starts(piece, S("lang=")) || str_starts(piece, S("notice=")))
            continue;
        buf_byte(&out, separator);
        separator = '&';
        buf_add(&out, piece);
    }
    return safe_next(arena_str(r->a, buf_str(&out)), S("/"));
}

/* The pattern with the parameters that the request came with. */
static str filled_pattern(const request *r, str pattern)
{
    BUF_SCOPED out = {0};
    for (size_t i = 0, param = 0; i < pattern.n;) {
        if (pattern.p[i] != '{') {
            buf_byte(&out, pattern.p[i++]);
            continue;
        }
        add_encoded(&out, r->params[param++].text);
        i += str_find_byte(str_slice(pattern, i, pattern.n), '}') + 1;
    }
    return arena_str(r->a, buf_str(&out));
}

/* Where a form was to lead to; STR_NONE: nowhere in particular. */
static str typed_next(const request *r)
{
    for (size_t i = 0; i < r->typed.count; i++)
        if (str_eq(r->typed.pairs[i].name, S("next")))
            return safe_next(r->typed.pairs[i].value, STR_NONE);
    return STR_NONE;
}

str page_address(const request *r, str otherwise)
{
    const route *asked = r->asked ? r->asked : r->route;
    if (!asked || str_eq(asked->method, S("GET")))
        return link_here(r);
    str page = asked->page ? safe_next(filled_pattern(r, asked->page->pattern), STR_NONE) : STR_NONE;
    return page.p ? LINK(r->a, page, {S("next"), typed_next(r)}) : otherwise;
}
