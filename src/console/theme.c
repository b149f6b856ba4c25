/* What an organization's pages wear: its colour and its logo. */
#include "console/console.h"
#include "domain/colour.h"

err put_theme(request *r, txn *t, mval *m, uuid organization_id)
{
    organization_look look;
    TRY(organization_look_get(t, organization_id, &look));
    str name = str_slice(look.accent, 1, look.accent.n);
    PUT(m, "theme_url", look.accent.p ? arena_join(r->a, S("/themes/"), name, S(".css")) : STR_NONE);
    return OK;
}

/* A function of the colour in its address alone: nobody's secret, and nothing to look up. */
err console_theme(request *r, txn *t)
{
    (void)t;
    str name = r->params[0].text;
    colour accent;
    if (name.n != 10 || !str_eq(str_slice(name, 6, 10), S(".css")) ||
        !colour_parse(arena_join(r->a, S("#"), str_slice(name, 0, 6)), &accent) ||
        colour_legible(accent) < COLOUR_LEAST)
        return ERR_NOT_FOUND;
    answer_header(r, S("Cache-Control"), S("public, max-age=86400"));
    return answer_bytes(r, 200, S("text/css; charset=utf-8"), colour_theme(r->a, accent));
}
