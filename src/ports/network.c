/* What inet_pton reads, and the bits behind it; one way to read them for what is set and for what is forwarded. */
#include "ports/network.h"

#include <arpa/inet.h>
#include <string.h>

struct in6_addr network_mapped(struct in_addr four)
{
    struct in6_addr six = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
    memcpy(&six.s6_addr[12], &four, sizeof four);
    return six;
}

bool network_address(str text, struct in6_addr *out, bool *is_four)
{
    char z[INET6_ADDRSTRLEN] = {0};
    struct in_addr four;
    if (text.n == 0 || text.n >= sizeof z)
        return false;
    memcpy(z, text.p, text.n);
    *is_four = inet_pton(AF_INET, z, &four) == 1;
    if (*is_four)
        *out = network_mapped(four);
    return *is_four || inet_pton(AF_INET6, z, out) == 1;
}

bool network_parse(str text, network *out)
{
    *out = (network){0};
    if (str_starts(text, S("unix:"))) {
        out->unix_path = str_slice(text, 5, text.n);
        return true;
    }
    str bits = text, address = str_cut(&bits, '/');
    bool is_four;
    uint64_t n;
    if (!network_address(address, &out->address, &is_four))
        return false;
    unsigned whole = is_four ? 32 : 128;
    n = whole;
    if (bits.p && !str_to_u64(bits, whole, &n))
        return false;
    out->bits = (unsigned)n + (128 - whole);
    return true;
}

bool network_holds(const network *net, const struct in6_addr *address)
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(&net->address, address, whole) != 0)
        return false;
    return rest == 0 || (net->address.s6_addr[whole] ^ address->s6_addr[whole]) >> (8 - rest) == 0;
}

bool host_is_loopback(str host)
{
    if (host.n >= 2 && host.p[0] == '[')
        host = str_slice(host, 1, host.n - 1);
    if (str_eq_nocase(host, S("localhost")) || str_eq(host, S("::1")) || str_eq(host, S("0:0:0:0:0:0:0:1")))
        return true;
    /* 127.0.0.0/8: four numbers, not a name such as 127.example.org */
    str rest = host;
    uint64_t number;
    int parts = 0;
    for (; rest.p; parts++)
        if (!str_to_u64(str_cut(&rest, '.'), 255, &number))
            return false;
    return parts == 4 && str_starts(host, S("127."));
}
