/* What an organization's pages wear: its colour and its logo. */
#include "console/console.h"
#include "domain/organization/logo.h"
#include "domain/shared/colour.h"
#include "http/logo.h"

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

/* The address names the content, which therefore never changes. */
err console_logo(request *r, txn *t)
{
    str png;
    TRY(organization_logo_get(t, r->params[0].id, r->params[1].text, &png));
    answer_header(r, S("Cache-Control"), S("public, max-age=31536000, immutable"));
    return answer_bytes(r, 200, S("image/png"), png);
}

err console_settings_logo_form_prepare(request *r)
{
    const body_settings_logo_form *form = r->body;
    str *png = r->scratch = arena_new_of(r->a, str);
    err refusal = logo_prepare(r, form->logo, png);
    return refusal == ERR_INVALID_REQUEST ? page_note(r, refusal) : refusal;
}

err console_settings_logo_form(request *r, txn *t)
{
    err refusal = page_recall(r);
    if (refusal != OK)
        return settings_refused(r, t, refusal);
    TRY(organization_logo_set(t, &r->actor, *(const str *)r->scratch));
    return page_redirect(r, org_path(r, "/settings"), NOTICE_SETTINGS_SAVED);
}

err console_settings_logo_remove_form(request *r, txn *t)
{
    err e = organization_logo_remove(t, &r->actor);
    if (e != OK && e != ERR_NOT_FOUND) /* gone already: what was asked for */
        return e;
    return page_redirect(r, org_path(r, "/settings"), NOTICE_SETTINGS_SAVED);
}
