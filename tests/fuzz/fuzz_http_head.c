/*
 * A raw head, as a socket would give it: the gate, and behind it router, cookies, the reader's site, the client's
 * address.
 */
#include "http/cookie.h"
#include "http/gate.h"
#include "http/router.h"
#include "http/site.h"
#include "http/source.h"

#include <stdlib.h>

#define ROW(m, path)                                               \
    {                                                              \
        .method = S_INIT(m), .pattern = S_INIT(path), .name = path \
    }
static const route table[] = {
    ROW("GET", "/"),
    ROW("POST", "/api/v1/sessions"),
    {.method = S_INIT("GET"), .pattern = S_INIT("/i/{token}"), .name = "i", .params = {{S_INIT("token"), {NULL, 0}}}},
    {.method = S_INIT("POST"),
     .pattern = S_INIT("/o/{org}/users/remove"),
     .name = "remove",
     .params = {{S_INIT("org"), {NULL, 0}}}},
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/o/{org}/users/{member}/role"),
     .name = "role",
     .params = {{S_INIT("org"), {NULL, 0}}, {S_INIT("member"), S_INIT("mbr")}}},
};

static void read_head(str text, request_head *out)
{
    str line = str_cut(&text, '\n');
    out->method = str_cut(&line, ' ');
    out->target = str_cut(&line, ' ');
    out->version = line;
    while (text.p && out->header_count < HEADERS_MAX) {
        line = str_cut(&text, '\n');
        str value = line, name = str_cut(&value, ':');
        out->headers[out->header_count++] = (header){name, str_trim(value)};
    }
}

/* What passed must hold what the rooms behind rely on. */
static void check_pass(const gate_pass *pass, arena *a)
{
    str plain;
    if (pass->path.p[0] != '/' || !percent_decode(a, pass->path, false, &plain) || str_find(plain, S("//")) < plain.n ||
        str_find(plain, S("/../")) < plain.n || str_find_byte(plain, '\\') < plain.n ||
        str_find_byte(plain, 0) < plain.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPED a = arena_new(4 << 20);
    static const str trusted[] = {S_INIT("10.0.0.0/8"), S_INIT("unix:")};
    request_head head = {0};
    gate_pass pass;
    route_match match;
    if (size > 1 << 15)
        return 0;
    read_head((str){(const char *)data, size}, &head);
    if (gate_check(&head, &pass) == OK) {
        check_pass(&pass, a);
        err found =
            router_find(router_new(a, table, sizeof table / sizeof table[0]), a, head.method, pass.path, &match);
        if (found == OK && !match.route)
            abort();
    }
    cookie_find(&head, S("parvis_session"));
    site_is_ours(&head, S("https://parvis.example"), true);
    str source = source_find(proxies_parse(a, trusted, 2), &(peer){.unix_path = S("/s")}, &head, a);
    if (source.p && str_has_control(source))
        abort();
    return 0;
}
