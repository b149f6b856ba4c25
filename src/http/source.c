/*
 * Who stands at the other end. What a forwarding header says counts only as far as trusted proxies wrote it, read from
 * the right, where they add to it.
 */
#include "http/source.h"

#include "ports/network.h"

#include <arpa/inet.h>
#include <sys/un.h>

struct proxies {
    const network *list;
    size_t count;
};

bool peer_of(const struct sockaddr *sa, peer *out)
{
    *out = (peer){0};
    if (sa->sa_family == AF_INET)
        out->address = network_mapped(((const struct sockaddr_in *)(const void *)sa)->sin_addr);
    else if (sa->sa_family == AF_INET6)
        out->address = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    return sa->sa_family == AF_INET || sa->sa_family == AF_INET6 || sa->sa_family == AF_UNIX;
}

const proxies *proxies_parse(arena *a, const str *items, size_t count)
{
    proxies *trusted = arena_new_of(a, proxies);
    network *list = arena_array_of(a, network, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!network_parse(items[i], &list[i]))
            return NULL;
    *trusted = (proxies){list, count};
    return trusted;
}

bool proxies_trust(const proxies *trusted, const peer *p)
{
    for (size_t i = 0; i < trusted->count; i++) {
        const network *net = &trusted->list[i];
        if (net->unix_path.p && p->unix_path.p && (net->unix_path.n == 0 || str_eq(net->unix_path, p->unix_path)))
            return true;
        if (!net->unix_path.p && !p->unix_path.p && network_holds(net, &p->address))
            return true;
    }
    return false;
}

static str peer_text(const peer *p, arena *a)
{
    if (p->unix_path.p)
        return STR_NONE;
    char z[INET6_ADDRSTRLEN];
    bool four = IN6_IS_ADDR_V4MAPPED(&p->address);
    const void *bytes = four ? (const void *)&p->address.s6_addr[12] : (const void *)&p->address;
    return inet_ntop(four ? AF_INET : AF_INET6, bytes, z, sizeof z) ? arena_str(a, str_of(z)) : STR_NONE;
}

/* RFC 7239, 6: digits, or a word of the proxy's own behind a line. */
static bool is_port(str port)
{
    uint64_t number;
    if (port.n < 2 || port.p[0] != '_')
        return str_to_u64(port, 65535, &number);
    return str_is_plain(port, S("._-"));
}

/* RFC 9110, 5.6.4: what a quoted string means; anything else as it is. */
static str unquote(str text, arena *a)
{
    if (text.n < 2 || text.p[0] != '"' || text.p[text.n - 1] != '"')
        return text;
    char *plain = arena_alloc(a, text.n);
    size_t n = 0;
    for (size_t i = 1; i < text.n - 1; i++) {
        if (text.p[i] == '\\' && i + 1 < text.n - 1)
            i++;
        plain[n++] = text.p[i];
    }
    return (str){plain, n};
}

/* One hop: an address, perhaps with a port, IPv6 perhaps in brackets ("1.2.3.4:80", "[::1]:80", "::1"). */
static bool parse_hop(str text, peer *out)
{
    bool is_four;
    *out = (peer){0};
    if (text.n && text.p[0] == '[') {
        size_t end = str_find_byte(text, ']');
        str after = str_slice(text, end + 1, text.n);
        if (end == text.n || (after.n && (after.p[0] != ':' || !is_port(str_slice(after, 1, after.n)))))
            return false;
        return network_address(str_slice(text, 1, end), &out->address, &is_four) && !is_four;
    }
    size_t colon = str_find_byte(text, ':');
    bool one_colon = colon < text.n && str_find_byte(str_slice(text, colon + 1, text.n), ':') == text.n - colon - 1;
    if (one_colon) {
        if (!is_port(str_slice(text, colon + 1, text.n)))
            return false;
        text = str_slice(text, 0, colon);
    }
    return network_address(text, &out->address, &is_four);
}

/* Where the quoted string begins whose last quote stands before `end`; 0 where nothing opens it. */
static size_t opening_quote(str text, size_t end)
{
    for (size_t at = end - 1; at > 0; at--) {
        size_t escapes = 0;
        while (text.p[at - 1] == '"' && at - 1 > escapes && text.p[at - 2 - escapes] == '\\')
            escapes++;
        if (text.p[at - 1] == '"' && escapes % 2 == 0)
            return at - 1;
    }
    return 0;
}

/*
 * Takes what stands after the last `sep` off `*rest`: from the right, for a quote that a client left open must not
 * swallow what our own proxy added after it. A `sep` within quotes is none.
 */
static str cut_last(str *rest, char sep)
{
    size_t at = rest->n;
    while (at > 0 && rest->p[at - 1] != sep)
        at = rest->p[at - 1] == '"' ? opening_quote(*rest, at) : at - 1;
    str last = str_slice(*rest, at, rest->n);
    *rest = at ? str_slice(*rest, 0, at - 1) : STR_NONE;
    return str_trim(last);
}

/* RFC 7239, 4: the for= parameter of one element; empty when it has none. */
static str forwarded_for(str element, arena *a)
{
    str found = S("");
    while (element.p) {
        str pair = cut_last(&element, ';');
        size_t at = str_find_byte(pair, '=');
        if (at < pair.n && str_eq_nocase(str_trim(str_slice(pair, 0, at)), S("for")))
            found = unquote(str_trim(str_slice(pair, at + 1, pair.n)), a);
    }
    return found;
}

/* The elements of a list header over its repetitions, from the last to the first. */
typedef struct hops {
    const request_head *head;
    str name, rest;
    size_t unread; /* how many headers of the request */
} hops;

/* RFC 9110, 5.6.1: an element with nothing in it is none. STR_NONE after the first. */
static str hops_next(hops *h)
{
    for (;;) {
        while (!h->rest.p && h->unread) {
            const header *each = &h->head->headers[--h->unread];
            h->rest = str_eq_nocase(each->name, h->name) ? each->value : STR_NONE;
        }
        if (!h->rest.p)
            return STR_NONE;
        str element = cut_last(&h->rest, ',');
        if (element.n)
            return element;
    }
}

str source_find(const proxies *trusted, const peer *from, const request_head *head, arena *a)
{
    if (!proxies_trust(trusted, from))
        return peer_text(from, a);
    hops list = {head, S("x-forwarded-for"), STR_NONE, head->header_count};
    str element = hops_next(&list);
    bool standard = !element.p;
    if (standard) {
        list = (hops){head, S("forwarded"), STR_NONE, head->header_count};
        element = hops_next(&list);
    }
    peer found = *from;
    for (; element.p; element = hops_next(&list)) {
        peer hop;
        if (!parse_hop(standard ? forwarded_for(element, a) : unquote(element, a), &hop))
            return peer_text(from, a);
        found = hop;
        if (!proxies_trust(trusted, &hop))
            break;
    }
    return peer_text(&found, a);
}
