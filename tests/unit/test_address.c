/* Addresses: what is one, and by which key it is compared. */
#include "base/arena.h"
#include "ports/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_keys(void **state)
{
    static const char *const cases[][3] = {
        {"zoe@example.org", "zoe@example.org", "zoe@example.org"},
        {"  Zoe.Martin+List@Example.ORG ", "zoe.martin+list@example.org", "Zoe.Martin+List@example.org"},
        {"mailto:a@b.fr?subject=x", "a@b.fr", "a@b.fr"},
        {"olive@bücher.example", "olive@xn--bcher-kva.example", "olive@xn--bcher-kva.example"},
        {"olive@BÜCHER.example", "olive@xn--bcher-kva.example", "olive@xn--bcher-kva.example"},
        {"olive@straße.example", "olive@xn--strae-oqa.example", "olive@xn--strae-oqa.example"},
        {"olive@ｅxample。org", "olive@example.org", "olive@example.org"},
        {"o'neil@x-y.co", "o'neil@x-y.co", "o'neil@x-y.co"},
        {"parvis@localhost", "parvis@localhost", "parvis@localhost"},
        {"a@xn--bcher-kva.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
        {"I@EXAMPLE.org", "i@example.org", "I@example.org"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_SCOPED a = arena_new(1 << 16);
        address got;
        if (!address_parse(a, str_of(cases[i][0]), &got))
            fail_msg("refused: %s", cases[i][0]);
        if (!str_eq(got.key, str_of(cases[i][1])))
            fail_msg("%s: key %.*s", cases[i][0], STR_FMT(got.key));
        if (!str_eq(address_wire(a, got.typed), str_of(cases[i][2])))
            fail_msg("%s: wire %.*s", cases[i][0], STR_FMT(address_wire(a, got.typed)));
    }
}

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void test_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "a",
        "@",
        "a@",
        "@b.fr",
        "a@b",
        "a b@c.fr",
        "a@b c.fr",
        "a@@b.fr",
        "a@b@c.fr",
        ".a@b.fr",
        "a.@b.fr",
        "a..b@c.fr",
        "\"a b\"@c.fr",
        "zoé@example.org",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@b..fr",
        "a@-b.fr",
        "a@b-.fr",
        "a@b_c.fr",
        "a@b.fr.",
        "a\n@b.fr",
        "a@b.fr\r\nBcc: x@y.z",
        "a@b\tc.fr",
        "a(c)@b.fr",
        "a@b.fr,",
        "<a@b.fr>",
        "a@b\xc2\xad.fr\xff",
        "a@\xe2\x80\xae.fr",
        X60 "12345@b.fr",
        "a@" X60 "1234.fr",
        "a@" X60 "." X60 "." X60 "." X60 ".abcdefgh.fr",
        "ada@exa\xe2\x88\x95mple.org",
        "a@exam\xef\xbc\x9fple.org",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_SCOPED a = arena_new(1 << 16);
        address got;
        if (address_parse(a, str_of(cases[i]), &got))
            fail_msg("accepted: %s as %.*s", cases[i], STR_FMT(got.key));
    }
    ARENA_SCOPED a = arena_new(1 << 16);
    address got;
    assert_false(address_parse(a, (str){"a@b\0c.fr", 8}, &got));
    assert_false(address_parse(a, STR_NONE, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
