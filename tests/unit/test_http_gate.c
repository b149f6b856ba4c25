/* The gate and what reads single headers: cookies, the reader's site, the client's address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "http/cookie.h"
#include "http/gate.h"
#include "http/site.h"
#include "http/source.h"

#include <arpa/inet.h>

/* "GET /x HTTP/1.1\nHost: a" → a head, cut at spaces, line breaks and the first ": " without any judgement. */
static void head_of(str text, request_head *out)
{
    *out = (request_head){0};
    str line = str_cut(&text, '\n');
    out->method = str_cut(&line, ' ');
    size_t last = line.n;
    while (last > 0 && line.p[last - 1] != ' ')
        last--;
    out->target = str_slice(line, 0, last ? last - 1 : 0);
    out->version = str_slice(line, last, line.n);
    while (text.p && out->header_count < HEADERS_MAX) {
        line = str_cut(&text, '\n');
        size_t colon = str_find(line, S(": "));
        out->headers[out->header_count++] = (header){str_slice(line, 0, colon), str_slice(line, colon + 2, line.n)};
    }
}

static err gate(str text)
{
    request_head head;
    gate_pass pass;
    head_of(text, &head);
    return gate_check(&head, &pass);
}

#define HOST "\nHost: parvis.example"

static const struct {
    str request;
    err expected;
} malformed[] = {
    /* framing */
    {S_INIT("POST / HTTP/1.1" HOST "\nTransfer-Encoding: chunked"), ERR_LENGTH_REQUIRED},
    {S_INIT("POST / HTTP/1.1" HOST "\nTransfer-Encoding: identity"), ERR_LENGTH_REQUIRED},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: 3\nTransfer-Encoding: chunked"), ERR_LENGTH_REQUIRED},
    {S_INIT("POST / HTTP/1.1" HOST "\ntransfer-encoding: \x0b"
            "chunked"),
     ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: 3\nContent-Length: 4"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: 3\ncontent-length: 3"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: 3, 3"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: +3"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: -1"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: 0x3"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: 3 "), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: "), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length: 18446744073709551617"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Length : 3"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nContent-Length: 3"), ERR_BAD_REQUEST},
    /* host and version */
    {S_INIT("GET / HTTP/1.1"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1\nHost: a\nHost: b"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1\nHost: a\nhost: a"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1\nHost: "), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1\nHost: a/b"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1\nHost: u@a"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.0\nHost: a\nHost: a"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.2" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/0.9" HOST), ERR_BAD_REQUEST},
    /* names and values */
    {S_INIT("GET / HTTP/1.1" HOST "\nX y: z"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\n: z"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nX\x01: z"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nX\xc3\xa9: z"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nX: a\rb"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nX: a\tb"), OK},
    {S_INIT("GET / HTTP/1.1" HOST "\nX: a\vb"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nContent-Length: 0\t0"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nX: a\0b"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nX: a\x7f"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nAuthorization: Bearer a\nAuthorization: Bearer b"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nOrigin: http://a\nOrigin: http://b"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nSec-Fetch-Site: same-origin\nSec-Fetch-Site: cross-site"), ERR_BAD_REQUEST},
    {S_INIT("POST / HTTP/1.1" HOST "\nContent-Type: text/plain\nContent-Type: application/json"), ERR_BAD_REQUEST},
    {S_INIT("GET / HTTP/1.1" HOST "\nConnection: Upgrade\nUpgrade: websocket"), ERR_BAD_REQUEST},
    /* methods */
    {S_INIT("CONNECT / HTTP/1.1" HOST), ERR_METHOD_NOT_ALLOWED},
    {S_INIT("TRACE / HTTP/1.1" HOST), ERR_METHOD_NOT_ALLOWED},
    {S_INIT("get / HTTP/1.1" HOST), ERR_METHOD_NOT_ALLOWED},
    {S_INIT("BREW / HTTP/1.1" HOST), ERR_METHOD_NOT_ALLOWED},
    /* targets */
    {S_INIT("GET http://parvis.example/ HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("OPTIONS * HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET parvis.example:443 HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET  HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET ?x HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a b HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a\x01 HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /\xc3\xa9 HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a%00b HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a?b=%00 HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a%0Ab HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a% HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a%2 HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a%zz HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a?b=%f HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /%c0%af HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /%e0%80%af HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /%ed%a0%80 HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /%ff HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a%2fb HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a%5Cb HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a\\b HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a#b HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET //a HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a//b HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /./a HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a/.. HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /%2e%2e/a HTTP/1.1" HOST), ERR_BAD_REQUEST},
    {S_INIT("GET /a/%2E HTTP/1.1" HOST), ERR_BAD_REQUEST},
};

static void refuses_what_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        if (gate(malformed[i].request) != malformed[i].expected)
            fail_msg("row %zu: %.*s", i, STR_FMT(malformed[i].request));
}

static void passes_what_is_sound(void **state)
{
    (void)state;
    static const str sound[] = {
        S_INIT("GET / HTTP/1.1" HOST),
        S_INIT("GET / HTTP/1.0"),
        S_INIT("GET / HTTP/1.1\nHost: [::1]:8080"),
        S_INIT("GET /o/acme/users?q=%C3%A9l%C3%A9onore&sort=-email HTTP/1.1" HOST),
        S_INIT("GET /caf%C3%A9 HTTP/1.1" HOST),
        S_INIT("GET /...?a=..//.. HTTP/1.1" HOST),
        S_INIT("GET /a?message=one%0D%0Atwo HTTP/1.1" HOST),
        S_INIT("POST /x HTTP/1.1" HOST "\nContent-Length: 0"),
        S_INIT("POST /x HTTP/1.1" HOST "\nContent-Length: 12\nX-Any: caf\xc3\xa9"),
        S_INIT("DELETE /x HTTP/1.1" HOST "\nCookie: a=1\nCookie: b=2"),
    };
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++)
        if (gate(sound[i]) != OK)
            fail_msg("row %zu: %.*s", i, STR_FMT(sound[i]));
}

static void tells_path_query_and_length(void **state)
{
    (void)state;
    request_head head;
    gate_pass pass;
    head_of(S("POST /a/b?c=d?e HTTP/1.1" HOST "\nContent-Length: 42"), &head);
    assert_int_equal(gate_check(&head, &pass), OK);
    assert_true(str_eq(pass.path, S("/a/b")) && str_eq(pass.query, S("c=d?e")) && pass.length == 42);
    head_of(S("GET /a HTTP/1.1" HOST), &head);
    assert_int_equal(gate_check(&head, &pass), OK);
    assert_null(pass.query.p);
}

static void bounds_the_head(void **state)
{
    (void)state;
    static char big[HEADER_BYTES_MAX];
    memset(big, 'a', sizeof big);
    request_head head;
    gate_pass pass;
    head_of(S("GET / HTTP/1.1" HOST), &head);
    head.headers[head.header_count++] = (header){S("X-Big"), {big, sizeof big}};
    assert_int_equal(gate_check(&head, &pass), ERR_HEADERS_TOO_LARGE);
    head.header_count--;
    head.overflow = true;
    assert_int_equal(gate_check(&head, &pass), ERR_HEADERS_TOO_LARGE);
    head.overflow = false;
    big[0] = '/';
    head.target = (str){big, TARGET_BYTES_MAX};
    assert_int_equal(gate_check(&head, &pass), OK);
    head.target.n++;
    assert_int_equal(gate_check(&head, &pass), ERR_BAD_REQUEST);
}

static void finds_cookies(void **state)
{
    (void)state;
    request_head head;
    head_of(S("GET / HTTP/1.1" HOST "\nCookie: a=1; b=\"2\";c = 3\nCookie: xa=9; d=; e=5; e=5; f=1; f=2"), &head);
    assert_true(str_eq(cookie_find(&head, S("a")), S("1")));
    assert_true(str_eq(cookie_find(&head, S("b")), S("2")));
    assert_true(str_eq(cookie_find(&head, S("c")), S("3")));
    assert_true(str_eq(cookie_find(&head, S("d")), S("")) && cookie_find(&head, S("d")).p);
    assert_true(str_eq(cookie_find(&head, S("e")), S("5")));
    assert_null(cookie_find(&head, S("f")).p);
    assert_null(cookie_find(&head, S("g")).p);
    assert_null(cookie_find(&head, S("A")).p);
}

static bool ours(str headers, str public_url, bool without)
{
    request_head head;
    head_of(headers, &head);
    return site_is_ours(&head, public_url, without);
}

static void knows_its_own_pages(void **state)
{
    (void)state;
    const str url = S("https://parvis.example");
    assert_true(ours(S("POST / HTTP/1.1" HOST "\nSec-Fetch-Site: same-origin"), url, false));
    assert_false(ours(S("POST / HTTP/1.1" HOST "\nSec-Fetch-Site: same-site"), url, true));
    assert_false(
        ours(S("POST / HTTP/1.1" HOST "\nSec-Fetch-Site: cross-site\nOrigin: https://parvis.example"), url, true));
    assert_false(ours(S("POST / HTTP/1.1" HOST "\nSec-Fetch-Site: none"), url, true));
    assert_true(ours(S("POST / HTTP/1.1" HOST "\nOrigin: https://parvis.example"), url, false));
    assert_true(ours(S("POST / HTTP/1.1" HOST "\nOrigin: https://PARVIS.example:443"), url, false));
    assert_true(ours(S("POST / HTTP/1.1" HOST "\nOrigin: http://a:8080"), S("http://a:8080/below"), false));
    assert_false(ours(S("POST / HTTP/1.1" HOST "\nOrigin: http://parvis.example"), url, true));
    assert_false(ours(S("POST / HTTP/1.1" HOST "\nOrigin: https://parvis.example.evil"), url, true));
    assert_false(ours(S("POST / HTTP/1.1" HOST "\nOrigin: null"), url, true));
    assert_false(ours(S("POST / HTTP/1.1" HOST "\nOrigin: https://parvis.example:8443"), url, true));
    assert_true(ours(S("POST / HTTP/1.1" HOST), url, true));
    assert_false(ours(S("POST / HTTP/1.1" HOST), url, false));
}

static void joins_lists(void **state)
{
    (void)state;
    request_head head;
    ARENA_SCOPED a = arena_new(1 << 16);
    head_of(S("GET / HTTP/1.1\nAccept-Language: de\nX: 1\naccept-language: fr, en"), &head);
    assert_true(str_eq(head_list(a, &head, S("accept-language")), S("de, fr, en")));
    assert_null(head_list(a, &head, S("accept")).p);
}

static const struct {
    const char *peer; /* NULL: the Unix socket /run/p.sock */
    str headers;
    const char *found; /* NULL: none */
} sources[] = {
    {"203.0.113.9", S_INIT("X-Forwarded-For: 1.2.3.4"), "203.0.113.9"},
    {"10.0.0.1", S_INIT("X-Other: 1"), "10.0.0.1"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 6.6.6.6, 1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 1.2.3.4, 10.9.9.9"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 6.6.6.6\nX-Forwarded-For: 1.2.3.4:55"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 10.1.1.1, 10.9.9.9"), "10.1.1.1"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: garbage"), "10.0.0.1"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: "), "10.0.0.1"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 1.2.3.4, unknown"), "10.0.0.1"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 1.2.3.4:99999"), "10.0.0.1"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: [2001:db8::5]:443"), "2001:db8::5"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 2001:db8::5"), "2001:db8::5"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: [1.2.3.4]"), "10.0.0.1"},
    {"10.0.0.1", S_INIT("Forwarded: for=1.2.3.4;proto=https"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=\"[2001:db8::7]:80\""), "2001:db8::7"},
    {"10.0.0.1", S_INIT("Forwarded: for=_hidden"), "10.0.0.1"},
    {"10.0.0.1", S_INIT("Forwarded: by=1.2.3.4"), "10.0.0.1"},
    {"10.0.0.1", S_INIT("Forwarded: for=6.6.6.6\nX-Forwarded-For: 1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 1.2.3.4,"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: , 1.2.3.4 , ,"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 1.2.3.4,\t,10.0.0.2"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 1.2.3.4\nX-Forwarded-For: "), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: ,\nForwarded: for=1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: \", 1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: 6.6.6.6, \"5.5.5.5, 1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: \"5.5.5.5, 1.2.3.4\""), "10.0.0.1"},
    {"10.0.0.1", S_INIT("X-Forwarded-For: \"1.2.3.4\""), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=1.2.3.4,"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: ,for=6.6.6.6, for=1.2.3.4, , for=10.0.0.2"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=6.6.6.6;by=\"a,b\";for=1.2.3.4"), "6.6.6.6"},
    {"10.0.0.1", S_INIT("Forwarded: by=\"a,b\";for=1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=1.2.3.4;host=\"a;b, \\\", for=6.6.6.6\""), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=1.2.3.4;host=\"a\\\\\""), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=\"\\1.2.3.\\4\""), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=\"1.2.3.4:_p.1-x\""), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=\"[2001:db8::7]:_x\""), "2001:db8::7"},
    {"10.0.0.1", S_INIT("Forwarded: for=\"1.2.3.4:_\""), "10.0.0.1"},
    {"10.0.0.1", S_INIT("Forwarded: for=\"1.2.3.4:_a!\""), "10.0.0.1"},
    {"10.0.0.1", S_INIT("Forwarded: for=\", for=1.2.3.4"), "1.2.3.4"},
    {"10.0.0.1", S_INIT("Forwarded: for=\"\\, for=\"[2001:db8::7]\""), "2001:db8::7"},
    {"fd00::1", S_INIT("X-Forwarded-For: 1.2.3.4"), "1.2.3.4"},
    {"fe00::1", S_INIT("X-Forwarded-For: 1.2.3.4"), "fe00::1"},
    {NULL, S_INIT("X-Forwarded-For: 1.2.3.4"), "1.2.3.4"},
    {NULL, S_INIT("X-Other: 1"), NULL},
};

static peer peer_named(const char *text)
{
    peer p = {0};
    struct in_addr four;
    if (!text)
        p.unix_path = S("/run/p.sock");
    else if (inet_pton(AF_INET, text, &four) == 1)
        peer_of((const struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_addr = four}, &p);
    else
        inet_pton(AF_INET6, text, &p.address);
    return p;
}

static void believes_trusted_proxies_alone(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    const str trusted[] = {S("10.0.0.0/8"), S("fd00::/9"), S("unix:/run/p.sock")};
    const proxies *list = proxies_parse(a, trusted, 3);
    assert_non_null(list);
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        request_head head;
        peer from = peer_named(sources[i].peer);
        head_of(arena_join(a, S("GET / HTTP/1.1\n"), sources[i].headers), &head);
        str found = source_find(list, &from, &head, a);
        if (!str_eq(found, str_of(sources[i].found)))
            fail_msg("row %zu: %.*s", i, STR_FMT(found));
    }
    for (size_t i = 0; i < 5; i++) {
        static const str wrong[] = {S_INIT("10.0.0.0/33"), S_INIT("host"), S_INIT(""), S_INIT("1.2.3"), S_INIT("::1/")};
        assert_null(proxies_parse(a, &wrong[i], 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_malformed),
        cmocka_unit_test(passes_what_is_sound),
        cmocka_unit_test(tells_path_query_and_length),
        cmocka_unit_test(bounds_the_head),
        cmocka_unit_test(finds_cookies),
        cmocka_unit_test(knows_its_own_pages),
        cmocka_unit_test(joins_lists),
        cmocka_unit_test(believes_trusted_proxies_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
