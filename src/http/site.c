/*
 * Whether a request that changes something came from a page of ours: by what browsers say of it, and by nothing that a
 * page of somebody else's could set.
 */
#include "http/site.h"

/* "https://host:port" of a URL, without the scheme's own port. */
static str origin_of(str url)
{
    size_t authority = str_find(url, S("://"));
    if (authority == url.n)
        return STR_NONE;
    authority += 3;
    size_t end = authority + str_find_byte(str_slice(url, authority, url.n), '/');
    str origin = str_slice(url, 0, end);
    str own_port = str_starts(url, S("https:")) ? S(":443") : S(":80");
    return str_ends(origin, own_port) ? str_slice(origin, 0, origin.n - own_port.n) : origin;
}

bool site_is_ours(const request_head *head, str public_url, bool without)
{
    str fetch = head_value(head, S("sec-fetch-site"));
    if (fetch.p)
        return str_eq(fetch, S("same-origin"));
    str origin = head_value(head, S("origin"));
    if (!origin.p)
        return without;
    str theirs = origin_of(origin), ours = origin_of(public_url);
    return theirs.n && str_eq_nocase(theirs, ours);
}
