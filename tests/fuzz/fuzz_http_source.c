/*
 * Networks of trusted proxies (the first line) and what they forward (the other lines): what comes out is an address,
 * and the peer's own unless the peer is trusted.
 */
#include "http/source.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { NETWORKS_MAX = 70, NAMES = 4 };

static size_t read_networks(str line, str out[NETWORKS_MAX])
{
    size_t count = 0;
    while (line.p && count < NETWORKS_MAX)
        out[count++] = str_cut(&line, ' ');
    return count;
}

/* The first letter of a line says which header it is. */
static void read_head(str text, request_head *out)
{
    static const str names[NAMES] = {S_INIT("X-Forwarded-For"), S_INIT("forwarded"), S_INIT("x-forwarded-for"),
                                     S_INIT("X-Forwarded-Proto")};
    while (text.p && out->header_count < HEADERS_MAX) {
        str line = str_cut(&text, '\n');
        str name = line.n ? names[(uint8_t)line.p[0] % NAMES] : names[0];
        out->headers[out->header_count++] = (header){name, str_trim(str_slice(line, 1, line.n))};
    }
}

static bool is_address(arena *a, str text)
{
    struct in6_addr out;
    const char *z = arena_cstr(a, text);
    return inet_pton(AF_INET, z, &out) == 1 || inet_pton(AF_INET6, z, &out) == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 17 || size > 1 << 14)
        return 0;
    ARENA_SCOPED a = arena_new(1 << 20);
    str text = {(const char *)data + 17, size - 17}, networks[NETWORKS_MAX];
    peer from = {.unix_path = data[0] & 1 ? S("/run/parvis.sock") : STR_NONE};
    request_head head = {0};
    memcpy(&from.address, data + 1, 16);
    str line = str_cut(&text, '\n');
    const proxies *none = proxies_parse(a, NULL, 0);
    const proxies *trusted = proxies_parse(a, networks, read_networks(line, networks));
    read_head(text, &head);
    str own = source_find(none, &from, &head, a);
    if ((own.p == NULL) != (from.unix_path.p != NULL) || (own.p && !is_address(a, own)))
        abort();
    if (!trusted)
        return 0;
    str found = source_find(trusted, &from, &head, a);
    if (found.p && !is_address(a, found))
        abort();
    if (!proxies_trust(trusted, &from) && (found.n != own.n || (own.p && !str_eq(found, own))))
        abort();
    return 0;
}
