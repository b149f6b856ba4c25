/* Addresses that pages make, and those that they are willing to go to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "console/console.h"

static void is(str found, const char *expected)
{
    if (!str_eq(found, str_of(expected)))
        print_error("found «%.*s»\n", STR_FMT(found));
    assert_true(str_eq(found, str_of(expected)));
}

static void only_paths_of_this_server(void **state)
{
    (void)state;
    static const char *const good[] = {"/", "/me", "/o/bar/users?q=a%20b&sort=-joined_at", "/i/Ab_-9", "/me#address"};
    static const char *const bad[] = {"",
                                      "//evil.example",
                                      "/\\evil.example",
                                      "\\\\evil",
                                      "https://evil.example",
                                      "me",
                                      "/a b",
                                      "/a\tb",
                                      "/a\r\nb",
                                      "/a\x01",
                                      "javascript:alert(1)",
                                      "/\xc3\xa9",
                                      "/<b>",
                                      "/\"",
                                      "/a\x7f"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        is(safe_next(str_of(good[i]), S("/no")), good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        is(safe_next(str_of(bad[i]), S("/no")), "/no");
    is(safe_next(STR_NONE, S("/no")), "/no");
}

static void queries_are_encoded(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    is(LINK(a, S("/x"), {S("q"), STR_NONE}, {S("r"), S("")}), "/x");
    is(LINK(a, S("/x"), {S("q"), S("a b&c=d")}, {S("r"), S("é+?#/%")}), "/x?q=a%20b%26c%3Dd&r=%C3%A9%2B%3F%23/%25");
    is(LINK(a, S("/x?y=1"), {S("z"), S("2")}), "/x?y=1&z=2");
}

static void a_page_comes_back_without_what_was_said_once(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    request r = {.a = a, .path = S("/o/bar/users"), .raw_query = S("q=z&notice=saved&lang=fr&&sort=email")};
    is(link_here(&r), "/o/bar/users?q=z&sort=email");
    r.raw_query = STR_NONE;
    is(link_here(&r), "/o/bar/users");
    r.path = S("//evil.example");
    is(link_here(&r), "/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_paths_of_this_server),
        cmocka_unit_test(queries_are_encoded),
        cmocka_unit_test(a_page_comes_back_without_what_was_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
