/*
 * Who stands at the other end. What a forwarding header says counts only as far as trusted proxies wrote it, read from
 * the right, where they add to it.
 */
#include "http/source.h"

#include <arpa/inet.h>
#include <sys/un.h>

enum { TRUSTED_MAX = 64, HOPS_MAX = 32 };

typedef struct network {
    str unix_path; /* "" for any Unix listener; STR_NONE for a network */
    struct in6_addr address;
    unsigned bits;
} network;

struct proxies {
    network list[TRUSTED_MAX];
    size_t count;
};

static struct in6_addr mapped(struct in_addr four)
{
    struct in6_addr six = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
    memcpy(&six.s6_addr[12], &four, sizeof four);
    return six;
}

bool peer_of(const struct sockaddr *sa, peer *out)
{
    *out = (peer){0};
    if (sa->sa_family == AF_INET)
        out->address = mapped(((const struct sockaddr_in *)(const void *)sa)->sin_addr);
    else if (sa->sa_family == AF_INET6)
        out->address = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    return sa->sa_family == AF_INET || sa->sa_family == AF_INET6 || sa->sa_family == AF_UNIX;
}

/* "1.2.3.4" or "2001:db8::1", nothing around. */
static bool parse_address(str text, struct in6_addr *out, bool *is_four)
{
    char z[INET6_ADDRSTRLEN] = {0};
    struct in_addr four;
    if (text.n == 0 || text.n >= sizeof z)
        return false;
    memcpy(z, text.p, text.n);
    *is_four = inet_pton(AF_INET, z, &four) == 1;
    if (*is_four)
        *out = mapped(four);
    return *is_four || inet_pton(AF_INET6, z, out) == 1;
}

static bool parse_network(str text, network *out)
{
    *out = (network){0};
    if (str_starts(text, S("unix:"))) {
        out->unix_path = str_slice(text, 5, text.n);
        return true;
    }
    str bits = text, address = str_cut(&bits, '/');
    bool is_four;
    uint64_t n;
    if (!parse_address(address, &out->address, &is_four))
        return false;
    unsigned whole = is_four ? 32 : 128;
    n = whole;
    if (bits.p && !str_to_u64(bits, whole, &n))
        return false;
    out->bits = (unsigned)n + (128 - whole);
    return true;
}

const proxies *proxies_parse(arena *a, const str *items, size_t count)
{
    proxies *trusted = arena_new_of(a, proxies);
    for (size_t i = 0; i < count; i++)
        if (trusted->count == TRUSTED_MAX || !parse_network(items[i], &trusted->list[trusted->count++]))
            return NULL;
    return trusted;
}

static bool network_holds(const network *net, const struct in6_addr *address)
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(&net->address, address, whole) != 0)
        return false;
    return rest == 0 || (net->address.s6_addr[whole] ^ address->s6_addr[whole]) >> (8 - rest) == 0;
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

/* One hop: an address, perhaps with a port, IPv6 perhaps in brackets ("1.2.3.4:80", "[::1]:80", "::1"). */
static bool parse_hop(str text, peer *out)
{
    bool is_four;
    uint64_t port;
    *out = (peer){0};
    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = str_slice(text, 1, text.n - 1);
    if (text.n && text.p[0] == '[') {
        size_t end = str_find_byte(text, ']');
        str after = str_slice(text, end + 1, text.n);
        if (end == text.n ||
            (after.n && (after.p[0] != ':' || !str_to_u64(str_slice(after, 1, after.n), 65535, &port))))
            return false;
        return parse_address(str_slice(text, 1, end), &out->address, &is_four) && !is_four;
    }
    size_t colon = str_find_byte(text, ':');
    bool one_colon = colon < text.n && str_find_byte(str_slice(text, colon + 1, text.n), ':') == text.n - colon - 1;
    if (one_colon) {
        if (!str_to_u64(str_slice(text, colon + 1, text.n), 65535, &port))
            return false;
        text = str_slice(text, 0, colon);
    }
    return parse_address(text, &out->address, &is_four);
}

/* RFC 7239, 4: the for= parameter of one element; empty when it has none. */
static str forwarded_for(str element)
{
    while (element.p) {
        str pair = str_trim(str_cut(&element, ';'));
        size_t at = str_find_byte(pair, '=');
        if (at < pair.n && str_eq_nocase(str_trim(str_slice(pair, 0, at)), S("for")))
            return str_trim(str_slice(pair, at + 1, pair.n));
    }
    return S("");
}

/*
 * The hops of a header, over its repetitions, in order; of too many the last, for those were written by our own
 * proxies.
 */
static size_t hops(const request_head *head, str name, str out[HOPS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        if (!str_eq_nocase(head->headers[i].name, name))
            continue;
        for (str rest = head->headers[i].value; rest.p;) {
            if (count == HOPS_MAX)
                memmove(out, out + 1, --count * sizeof *out);
            out[count++] = str_trim(str_cut(&rest, ','));
        }
    }
    return count;
}

str source_find(const proxies *trusted, const peer *from, const request_head *head, arena *a)
{
    if (!proxies_trust(trusted, from))
        return peer_text(from, a);
    str list[HOPS_MAX];
    size_t count = hops(head, S("x-forwarded-for"), list);
    bool standard = count == 0;
    if (standard)
        count = hops(head, S("forwarded"), list);
    peer found = *from;
    while (count > 0) {
        peer hop;
        count--;
        if (!parse_hop(standard ? forwarded_for(list[count]) : list[count], &hop))
            return peer_text(from, a);
        found = hop;
        if (!proxies_trust(trusted, &hop))
            break;
    }
    return peer_text(&found, a);
}
