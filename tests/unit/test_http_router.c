/* From method and path to a route. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "http/router.h"

#define ROW(m, path, id)                                         \
    {                                                            \
        .method = S_INIT(m), .pattern = S_INIT(path), .name = id \
    }
static const route table[] = {
    ROW("GET", "/", "root"),
    {.method = S_INIT("GET"), .pattern = S_INIT("/o/{org}"), .name = "home", .params = {{S_INIT("org"), {NULL, 0}}}},
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/o/{org}/users"),
     .name = "users",
     .params = {{S_INIT("org"), {NULL, 0}}}},
    {.method = S_INIT("POST"),
     .pattern = S_INIT("/o/{org}/users/remove"),
     .name = "remove",
     .params = {{S_INIT("org"), {NULL, 0}}}},
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/o/{org}/users/{member}"),
     .name = "member",
     .params = {{S_INIT("org"), {NULL, 0}}, {S_INIT("member"), S_INIT("mbr")}}},
    {.method = S_INIT("DELETE"),
     .pattern = S_INIT("/o/{org}/users/{member}"),
     .name = "delete",
     .params = {{S_INIT("org"), {NULL, 0}}, {S_INIT("member"), S_INIT("mbr")}}},
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/o/{org}/users/{member}/role"),
     .name = "role",
     .params = {{S_INIT("org"), {NULL, 0}}, {S_INIT("member"), S_INIT("mbr")}}},
    {.method = S_INIT("POST"),
     .pattern = S_INIT("/o/{org}/users/remove/all/now"),
     .name = "deep",
     .params = {{S_INIT("org"), {NULL, 0}}}},
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/i/{token}"),
     .name = "invited",
     .params = {{S_INIT("token"), {NULL, 0}, .secret = true}}},
};

static arena *a;
static const router *r;
static route_match m;

static int begin(void **state)
{
    (void)state;
    a = arena_new(1 << 20);
    r = router_new(a, table, sizeof table / sizeof table[0]);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static const char *find(str method, str path)
{
    err e = router_find(r, a, method, path, &m);
    return e == OK ? m.route->name : e == ERR_NOT_FOUND ? "404" : "405";
}

static void finds_routes(void **state)
{
    (void)state;
    assert_string_equal(find(S("GET"), S("/")), "root");
    assert_string_equal(find(S("HEAD"), S("/")), "root");
    assert_string_equal(find(S("GET"), S("/o/caf%C3%A9")), "home");
    assert_true(str_eq(m.params[0].text, S("caf\xc3\xa9")));
    assert_string_equal(find(S("GET"), S("/%6F/acme/users")), "users");
    assert_string_equal(find(S("POST"), S("/o/acme/users/remove")), "remove");
    assert_string_equal(find(S("POST"), S("/o/acme/users/remove/all/now")), "deep");
}

static void reads_secrets_without_what_stands_around(void **state)
{
    (void)state;
    assert_string_equal(find(S("GET"), S("/i/Ab-_9")), "invited");
    assert_true(str_eq(m.params[0].text, S("Ab-_9")));
    static const str around[] = {S_INIT("/i/Ab-_9."), S_INIT("/i/Ab-_9%3E%3E"), S_INIT("/i/%E2%80%8BAb-_9%20x"),
                                 S_INIT("/i/Ab-_9&lt;br")};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        assert_string_equal(find(S("GET"), around[i]), "invited");
        assert_true(str_eq(m.params[0].text, S("Ab-_9")));
    }
    assert_string_equal(find(S("GET"), S("/i/%E2%80%8B.")), "404");
}

static void reads_ids(void **state)
{
    (void)state;
    uuid u = uuid_new(1), back;
    char text[TYPEID_SIZE];
    str path = arena_join(a, S("/o/acme/users/"), typeid_format(S("mbr"), u, text));
    assert_string_equal(find(S("GET"), path), "member");
    assert_true(uuid_eq(m.params[1].id, u) && typeid_parse(m.params[1].text, S("mbr"), &back));
    assert_string_equal(find(S("GET"), arena_join(a, path, S("/role"))), "role");
    assert_string_equal(find(S("GET"), arena_join(a, S("/o/acme/users/"), typeid_format(S("inv"), u, text))), "404");
    assert_string_equal(find(S("DELETE"), S("/o/acme/users/mbr_0")), "404");
}

static void tells_what_is_allowed(void **state)
{
    (void)state;
    assert_string_equal(find(S("PUT"), S("/")), "405");
    assert_true(str_eq(m.allow, S("GET, HEAD, OPTIONS")));
    assert_string_equal(find(S("GET"), S("/o/acme/users/remove")), "405");
    assert_true(str_eq(m.allow, S("POST, OPTIONS")));
    assert_string_equal(find(S("POST"), S("/o/acme/users/x")), "405");
    assert_true(str_eq(m.allow, S("GET, HEAD, DELETE, OPTIONS")));
}

static void finds_nothing(void **state)
{
    (void)state;
    static const str unknown[] = {S_INIT("/o"),
                                  S_INIT("/o/"),
                                  S_INIT("/o/acme/"),
                                  S_INIT("/O/acme"),
                                  S_INIT("/o/acme/user"),
                                  S_INIT("/o/acme/users/remove/all"),
                                  S_INIT(""),
                                  S_INIT("o"),
                                  S_INIT("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18")};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_string_equal(find(S("GET"), unknown[i]), "404");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_routes),  cmocka_unit_test(reads_secrets_without_what_stands_around),
        cmocka_unit_test(reads_ids),     cmocka_unit_test(tells_what_is_allowed),
        cmocka_unit_test(finds_nothing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
