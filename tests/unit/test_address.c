/* Addresses, and lists as mail programs and spreadsheets give them. */
#include "base/arena.h"
#include "base/clock.h"
#include "ports/address.h"
#include "ports/address_list.h"

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

/* Each entry as "key|given|family;" with "!raw" for what is no address. */
static void assert_list(const char *text, const char *want)
{
    ARENA_SCOPED a = arena_new(4 << 20);
    address_entry *entries;
    size_t count;
    assert_int_equal(address_list_parse(a, str_of(text), 1000, &entries, &count), OK);
    str got = S("");
    for (size_t i = 0; i < count; i++) {
        const address_entry *e = &entries[i];
        if (!e->address.key.p)
            got = arena_join(a, got, S("!"), e->raw, S(";"));
        else
            got = arena_join(a, got, e->address.key, S("|"), e->given_name, S("|"), e->family_name, S(";"));
    }
    if (!str_eq(got, str_of(want)))
        fail_msg("%s\n got %.*s\nwant %s", text, STR_FMT(got), want);
}

static void test_lists(void **state)
{
    (void)state;
    assert_list("", "");
    assert_list(" ,;\n\t\r\n ", "");
    assert_list("a@b.fr,c@d.fr;e@f.fr\tg@h.fr\ni@j.fr\r\nk@l.fr m@n.fr",
                "a@b.fr||;c@d.fr||;e@f.fr||;g@h.fr||;i@j.fr||;k@l.fr||;m@n.fr||;");
    assert_list("a@b.fr, a@b.fr", "a@b.fr||;a@b.fr||;");
    assert_list("Zoé Martin <zoe@x.fr>, Ann Lee <ann@x.fr>", "zoe@x.fr|Zoé|Martin;ann@x.fr|Ann|Lee;");
    assert_list("\"Martin, Zoé\" <zoe@x.fr>; \"Lee, Ann\" <ann@x.fr>", "zoe@x.fr|Zoé|Martin;ann@x.fr|Ann|Lee;");
    assert_list("Martin, Zoé <zoe@x.fr>\nLee, Ann <ann@x.fr>", "zoe@x.fr|Zoé|Martin;ann@x.fr|Ann|Lee;");
    assert_list("zoe@x.fr (Zoé Martin)", "zoe@x.fr|Zoé|Martin;");
    assert_list("<zoe@x.fr>, <ann@x.fr>", "zoe@x.fr||;ann@x.fr||;");
    assert_list("<zoe@x.fr> <ann@x.fr>", "zoe@x.fr||;ann@x.fr||;");
    assert_list("zoe@x.fr <zoe@x.fr>", "zoe@x.fr||;");
    assert_list("a@x.fr b@x.fr <c@x.fr>", "a@x.fr||;b@x.fr||;c@x.fr||;");
    assert_list("mailto:zoe@x.fr", "zoe@x.fr||;");
    assert_list("<mailto:zoe@x.fr>", "zoe@x.fr||;");
    assert_list("Zoé\tMartin\tzoe@x.fr\r\nAnn\tLee\tann@x.fr\r\n", "zoe@x.fr|Zoé|Martin;ann@x.fr|Ann|Lee;");
    assert_list("zoe@x.fr\tZoé\tMartin\nann@x.fr\tAnn\tLee", "zoe@x.fr|Zoé|Martin;ann@x.fr|Ann|Lee;");
    assert_list("Zoé Martin\tzoe@x.fr", "zoe@x.fr|Zoé|Martin;");
    assert_list("Zoé Martin\tzoe@x.fr\tSales\nAnn Lee\tann@x.fr\tLaw", "zoe@x.fr|Zoé|Martin;ann@x.fr|Ann|Lee;");
    assert_list("MARTIN\tZoé\tzoe@x.fr", "zoe@x.fr|Zoé|MARTIN;");
    assert_list("Nom\tPrénom\tE-mail\nMARTIN\tZoé\tzoe@x.fr", "zoe@x.fr|Zoé|MARTIN;");
    assert_list("Name\tE-mail\nzoe@x.fr", "!Name;!E-mail;zoe@x.fr||;");
    assert_list("Name\tE-mail\n", "!Name;!E-mail;");
    assert_list("Zoé Martin zoe@x.fr", "zoe@x.fr|Zoé|Martin;");
    assert_list("DE LA TOUR Jeanne <j@x.fr>", "j@x.fr|Jeanne|DE LA TOUR;");
    assert_list("Zoé <zoe@x.fr>", "zoe@x.fr|Zoé|;");
    assert_list("foo, a@b.fr, bar", "!foo;a@b.fr||;!bar;");
    assert_list("zoé@x.fr a@b", "!zoé@x.fr;!a@b;");
    assert_list("not an address", "!not an address;");
    assert_list("\"unclosed, a@b.fr\nc@d.fr", "!\"unclosed;a@b.fr||;c@d.fr||;");
    assert_list("\xef\xbb\xbf"
                "a@b.fr\xc2\xa0;\xe2\x80\x8b"
                "c@d.fr",
                "a@b.fr||;c@d.fr||;");
    assert_list("Ol\xe2\x80\xaeive <o@x.fr>", "o@x.fr|Olive|;");
    assert_list("olive@bücher.example", "olive@xn--bcher-kva.example||;");
    assert_list("Zo\\\"e <script> <z@x.fr>", "z@x.fr|Zoe|script;");
}

static void test_bounds(void **state)
{
    ARENA_SCOPED a = arena_new(64 << 20);
    address_entry *entries;
    size_t count, n = 400 << 10;
    (void)state;
    assert_int_equal(address_list_parse(a, S("a@b.fr c@d.fr e@f.fr"), 2, &entries, &count), ERR_PAYLOAD_TOO_LARGE);
    assert_int_equal(count, 2);
    assert_int_equal(address_list_parse(a, S("a\xff@b.fr"), 2, &entries, &count), ERR_INVALID_REQUEST);
    /* Linear: each of these would take minutes if it were quadratic. */
    static const char *const units[] = {"(", "<", "\"", "\"(<", "a ", ",", "\\\"", "<>", "()", "@ ", "<a", "MA "};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        char *text = arena_alloc(a, n);
        size_t size = strlen(units[u]);
        for (size_t i = 0; i < n; i++)
            text[i] = units[u][i % size];
        msec start = clock_monotonic();
        err e = address_list_parse(a, (str){text, n}, 1000, &entries, &count);
        assert_true(e == OK || e == ERR_PAYLOAD_TOO_LARGE);
        assert_true(clock_monotonic() - start < 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
