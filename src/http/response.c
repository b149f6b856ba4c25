/*
 * The headers that go with every answer, in one table, so that none can forget one; and the assets, which are named by
 * their digest and cached for ever.
 */
#include "http/response.h"

#include "http/answer.h"
#include "http/app.h"
#include "ports/template.h"

static const header with_pages[] = {
    {S_INIT("Content-Security-Policy"),
     S_INIT("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            "connect-src 'self'; "
            "frame-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")},
    {S_INIT("X-Content-Type-Options"), S_INIT("nosniff")},
    {S_INIT("Referrer-Policy"), S_INIT("same-origin")},
    {S_INIT("Cross-Origin-Opener-Policy"), S_INIT("same-origin")},
    {S_INIT("Cross-Origin-Resource-Policy"), S_INIT("same-origin")},
    {S_INIT("Permissions-Policy"), S_INIT("camera=(), geolocation=(), microphone=(), payment=(), usb=()")},
    {S_INIT("Cache-Control"), S_INIT("no-store")},
};

/* What is no document needs less; these go out with every check of a permission. */
static const header with_data[] = {
    {S_INIT("Content-Security-Policy"), S_INIT("default-src 'none'; frame-ancestors 'none'")},
    {S_INIT("X-Content-Type-Options"), S_INIT("nosniff")},
    {S_INIT("Cross-Origin-Resource-Policy"), S_INIT("same-origin")},
    {S_INIT("Cache-Control"), S_INIT("no-store")},
};

static bool is_replaced(const request *r, str name)
{
    for (size_t i = 0; i < r->extra_header_count; i++)
        if (str_eq_nocase(r->extra_headers[i][0], name))
            return true;
    return false;
}

size_t response_headers(const request *r, header out[RESPONSE_HEADERS_MAX])
{
    size_t n = 0;
    out[n++] = (header){S("X-Request-Id"), r->request_id};
    bool data = r->route && r->route->face == FACE_API;
    const header *always = data ? with_data : with_pages;
    size_t count = data ? sizeof with_data / sizeof with_data[0] : sizeof with_pages / sizeof with_pages[0];
    for (size_t i = 0; i < count; i++)
        if (!is_replaced(r, always[i].name))
            out[n++] = always[i];
    if (r->app->secure)
        out[n++] = (header){S("Strict-Transport-Security"), S("max-age=31536000")};
    if (r->content_type.p)
        out[n++] = (header){S("Content-Type"), r->content_type};
    if (r->location.p)
        out[n++] = (header){S("Location"), r->location};
    if (r->route && r->status != 304)
        out[n++] = (header){S("Content-Language"), language_code(r->lang)};
    if (data && r->actor.zone.p) /* documents hold UTC: in which zone a program tells it to its reader */
        out[n++] = (header){S("Parvis-Time-Zone"), r->actor.zone};
    for (size_t i = 0; i < r->cookie_count; i++)
        out[n++] = (header){S("Set-Cookie"), r->cookies[i]};
    for (size_t i = 0; i < r->extra_header_count; i++)
        out[n++] = (header){r->extra_headers[i][0], r->extra_headers[i][1]};
    return n;
}

/* RFC 9110, 12.5.3: "gzip" named, and not with a weight of nothing. */
static bool takes_gzip(str accepted)
{
    while (accepted.p) {
        str weight = str_cut(&accepted, ',');
        str name = str_trim(str_cut(&weight, ';'));
        if (str_eq_nocase(name, S("gzip")))
            return !str_starts(str_trim(weight), S("q=0")) || str_find(weight, S("q=0.")) < weight.n;
    }
    return false;
}

static bool etag_matches(str list, str etag)
{
    while (list.p) {
        str one = str_trim(str_cut(&list, ','));
        if (str_starts(one, S("W/")))
            one = str_slice(one, 2, one.n);
        if (str_eq(one, etag) || str_eq(one, S("*")))
            return true;
    }
    return false;
}

bool response_asset(request *r, const request_head *head)
{
    const asset *found = asset_find(r->path);
    if (!found)
        return false;
    bool gzip = found->gzip.p && takes_gzip(head_list(r->a, head, S("accept-encoding")));
    str etag = gzip ? arena_join(r->a, str_slice(found->etag, 0, found->etag.n - 1), S("-gz\"")) : found->etag;
    answer_header(r, S("Cache-Control"), S("public, max-age=31536000, immutable"));
    answer_header(r, S("ETag"), etag);
    if (found->gzip.p)
        answer_header(r, S("Vary"), S("Accept-Encoding"));
    if (etag_matches(head_list(r->a, head, S("if-none-match")), etag)) {
        r->status = 304;
        return true;
    }
    if (gzip)
        answer_header(r, S("Content-Encoding"), S("gzip"));
    err answered = answer_bytes(r, 200, found->type, gzip ? found->gzip : found->bytes);
    return answered == OK;
}
