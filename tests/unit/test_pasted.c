/* People as they are pasted: the vectors, what they leave open, and that time grows with the length alone. */
#include "base/arena.h"
#include "ports/pasted.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static void put(json_t *o, const char *name, str value)
{
    if (value.p)
        json_object_set_new(o, name, json_stringn(value.p, value.n));
}

/* As the vectors have it: {people: [{email, given_name?, family_name?}], refused: [text]}. */
static json_t *as_json(const pasted *read)
{
    json_t *people = json_array(), *refused = json_array();
    for (size_t i = 0; i < read->count; i++) {
        const pasted_entry *e = &read->entries[i];
        if (!e->address.key.p) {
            json_array_append_new(refused, json_stringn(e->raw.p, e->raw.n));
            continue;
        }
        json_t *person = json_object();
        put(person, "email", e->address.typed);
        put(person, "given_name", e->given_name);
        put(person, "family_name", e->family_name);
        json_array_append_new(people, person);
    }
    return json_pack("{s:o, s:o}", "people", people, "refused", refused);
}

static json_t *read_text(arena *a, str text)
{
    pasted read;
    assert_int_equal(pasted_read(a, text, NULL, 0, 1000, &read), OK);
    return as_json(&read);
}

static void assert_same(const char *name, const json_t *got, const json_t *want)
{
    if (json_equal(got, want))
        return;
    char *ours = json_dumps(got, JSON_SORT_KEYS), *theirs = json_dumps(want, JSON_SORT_KEYS);
    fail_msg("%s\n got %s\nwant %s", name, ours, theirs);
}

static json_t *vectors(void)
{
    const char *project = getenv("PARVIS_PROJECT");
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/vectors/people/pasted.json", project ? project : ".");
    json_t *cases = json_load_file(path, 0, NULL);
    assert_non_null(cases);
    assert_true(json_array_size(cases) > 130);
    return cases;
}

static const char *text_of(const json_t *one, const char *field)
{
    return json_string_value(json_object_get(one, field));
}

static void test_as_people_paste_them(void **state)
{
    json_t *cases = vectors(), *one;
    size_t i;
    (void)state;
    json_array_foreach(cases, i, one)
    {
        ARENA_SCOPED a = arena_new(4 << 20);
        json_t *got = read_text(a, str_of(text_of(one, "text")));
        json_t *want = json_pack("{s:O, s:O}", "people", json_object_get(one, "people"), "refused",
                                 json_object_get(one, "refused"));
        assert_same(text_of(one, "name"), got, want);
        json_decref(got);
        json_decref(want);
    }
    json_decref(cases);
}

/* The lines that stand for what was read say the same again, in whatever form it came. */
static void test_lines_read_the_same_again(void **state)
{
    json_t *cases = vectors(), *one;
    size_t i;
    (void)state;
    json_array_foreach(cases, i, one)
    {
        ARENA_SCOPED a = arena_new(4 << 20);
        pasted read;
        str lines = S("");
        assert_int_equal(pasted_read(a, str_of(text_of(one, "text")), NULL, 0, 1000, &read), OK);
        for (size_t k = 0; k < read.count; k++)
            lines = arena_join(a, lines, pasted_line(a, &read.entries[k]), S("\n"));
        json_t *first = as_json(&read), *again = read_text(a, lines);
        assert_same(text_of(one, "name"), again, first);
        json_decref(first);
        json_decref(again);
    }
    json_decref(cases);
}

/* Each entry as "address|given|family;" with "!raw" for what is no address. */
static str listed(arena *a, const pasted *read)
{
    str got = S("");
    for (size_t i = 0; i < read->count; i++) {
        const pasted_entry *e = &read->entries[i];
        got = e->address.key.p
                  ? arena_join(a, got, e->address.typed, S("|"), e->given_name, S("|"), e->family_name, S(";"))
                  : arena_join(a, got, S("!"), e->raw, S(";"));
    }
    return got;
}

static void test_other_forms(void **state)
{
    static const char *const cases[][2] = {
        {"a@x.fr b@x.fr <c@x.fr>", "a@x.fr||;b@x.fr||;c@x.fr||;"},
        {"MARTIN\tZoé\tzoe@x.fr", "zoe@x.fr|Zoé|MARTIN;"},
        {"Zoé Martin zoe@x.fr", "zoe@x.fr|Zoé|Martin;"},
        {"DE LA TOUR Jeanne <j@x.fr>; Anne Marie DUPONT <a@x.fr>",
         "j@x.fr|Jeanne|DE LA TOUR;a@x.fr|Anne Marie|DUPONT;"},
        {"foo, a@b.fr, bar", "!foo;a@b.fr||;!bar;"},
        {"zoé@x.fr a@b", "!zoé@x.fr;!a@b;"},
        {"nadia @ x.fr", "!nadia @ x.fr;"},
        {"\"nadia b\"@x.fr, c@d.fr", "!\"nadia b\"@x.fr;c@d.fr||;"},
        {"\"unclosed, a@b.fr\nc@d.fr", "!\"unclosed;a@b.fr||;c@d.fr||;"},
        {"Zo\\\"e <script> <z@x.fr>", "z@x.fr|Zoe|;"},
        {"Olive <a@x.fr<mailto:a@x.fr>>", "a@x.fr|Olive|;"},
        {"Bonjour, merci d'inviter a@x.fr et b@x.fr svp", "!Bonjour;!merci d'inviter;a@x.fr||;b@x.fr||;"},
        {"ada lovelace ada.l@x.fr", "ada.l@x.fr|ada|lovelace;"},
        {"Ada Lovelace, ada.l@x.fr", "ada.l@x.fr|Ada|Lovelace;"},
        {"Ada: a@x.fr, Bob King: b@x.fr; Team: c@x.fr, d@x.fr;", "a@x.fr|Ada|;b@x.fr|Bob|King;c@x.fr||;d@x.fr||;"},
        {"sip:a@x.fr, https://x.fr/@ada", "!sip:a@x.fr;!https://x.fr/@ada;"},
        {"mailto:?to=a@x.fr&cc=b%40x.fr&subject=c@x.fr", "a@x.fr||;b@x.fr||;"},
        {"mailto:a@x.fr?subject=Hi,mailto:b@x.fr?body=x", "a@x.fr||;b@x.fr||;"},
        {"Smith, John, MD <j@x.fr>; \"Smith, Jr., John\" <k@x.fr>", "j@x.fr|John|Smith;k@x.fr|John|Smith, Jr.;"},
        {"| Nom | Prénom | E-mail |\n|---|---|---|\n| Lee | Ann | a@x.fr |", "a@x.fr|Ann|Lee;"},
        {"Liste\nNom\tPrénom\tCourriel\nLee\tAnn\ta@x.fr", "!Liste;a@x.fr|Ann|Lee;"},
        {"Nom;E-mail;E-mail du responsable\nAnn Lee;a@x.fr;b@x.fr", "a@x.fr|Ann|Lee;!b@x.fr;"},
        {"Name;Vorname;E-Mail\nLee;Ann;a@x.fr", "a@x.fr|Ann|Lee;"},
        {"Nom\tPrénom\tE-mail\nLee\tAnn\t\nRay\tBo\tb@x.fr", "!Lee\tAnn;b@x.fr|Bo|Ray;"},
        {"Ann Lee\ta@x.fr\nsalle\tB12\nBo Ray\tb@x.fr", "a@x.fr|Ann|Lee;!salle\tB12;b@x.fr|Bo|Ray;"},
        {"Ann <a@x.fr>; \"Ray, Bo\" <b@x.fr>\nCy\tFox\tc@x.fr", "a@x.fr|Ann|;b@x.fr|Bo|Ray;c@x.fr|Cy|Fox;"},
        {"Ann\tLee\ta@x.fr\nBo\tRay\tb@x.fr\nc@x.fr\tCy\tFox", "a@x.fr|Ann|Lee;b@x.fr|Bo|Ray;c@x.fr|Cy|Fox;"},
        {"\"'a@x.fr' via Team\" <b@x.fr>", "a@x.fr||;b@x.fr||;"},
        {"a@x.fr\u200b|b@x.fr\u00ad", "a@x.fr||;b@x.fr||;"},
        {"=?utf-8?Q?Zo=C3?= =?utf-8?Q?=A9?= <z@x.fr>; =?x-unknown?Q?Zo?= <y@x.fr>", "z@x.fr|Zoé|;y@x.fr||;"},
        {"=?windows-1252?Q?Zo=E9_=8Cuvre?= <z@x.fr>", "z@x.fr|Zoé|Œuvre;"},
        {"www.x.fr <a@x.fr>", "a@x.fr||;"},
        {"((((((a@x.fr))))))", "a@x.fr||;"},
        {"Ada Lovelace: a@x.fr, b@x.fr", "a@x.fr||;b@x.fr||;"},
        {"Team: c@x.fr;", "c@x.fr||;"},
        {"To: Ada\n Lovelace <a@x.fr>", "a@x.fr|Ada|Lovelace;"},
        {"a@x.fr Ada Lovelace", "a@x.fr|Ada|Lovelace;"},
        {"Prénom;Nom;Nom complet;E-mail\nZoé;Martin;Mme Zoé Martin-Roy;z@x.fr", "z@x.fr|Zoé|Martin;"},
        {"Service;Nom\nDupont;d@x.fr\nMartin;m@x.fr", "d@x.fr|Dupont|;m@x.fr|Martin|;"},
        {"Liste des e-mails;;\nNom;Prénom;E-mail\nMartin;Zoé;z@x.fr", "!Liste des e-mails;;;z@x.fr|Zoé|Martin;"},
        {"Date e-mail;Nom;E-mail\n2024;Martin;m@x.fr", "m@x.fr|Martin|;"},
        {"=?utf-8?B?QWRh?= =?utf-8?B?!!?= <a@x.fr>", "a@x.fr||;"},
        {"\uff41da@\uff58.fr", "ada@x.fr||;"},
        {"a\u200dda@x.fr", "ada@x.fr||;"},
        {"a@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "a@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com||;"},
        {"Skype:ada@x.fr", "!Skype:ada@x.fr;"},
        {"Ada (chez (X) Y) <a@x.fr>", "a@x.fr|Ada|;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_SCOPED a = arena_new(4 << 20);
        pasted read;
        assert_int_equal(pasted_read(a, str_of(cases[i][0]), NULL, 0, 1000, &read), OK);
        if (!str_eq(listed(a, &read), str_of(cases[i][1])))
            fail_msg("%s\n got %.*s\nwant %s", cases[i][0], STR_FMT(listed(a, &read)), cases[i][1]);
    }
}

/* Which column is which: told by a heading, by capitals, by whoever was asked; else guessed, and said so. */
static void test_columns(void **state)
{
    static const struct {
        const char *text, *roles;
        bool unclear;
    } cases[] = {
        {"Nom\tPrénom\tE-mail\nLee\tAnn\ta@x.fr", "family given address ", false},
        {"Ann\tLee\ta@x.fr\nBo\tRay\tb@x.fr", "given family address ", true},
        {"LEE\tAnn\ta@x.fr\nRAY\tBo\tb@x.fr", "family given address ", false},
        {"Ann\tLEE\ta@x.fr\nBo\tRAY\tb@x.fr", "given family address ", false},
        {"Ann Lee\ta@x.fr\nBo Ray\tb@x.fr", "whole address ", false},
        {"Paris\tAnn\tLee\ta@x.fr", "given family ignored address ", true},
        {"Wer\tWas\tWo\nAnn\tLee\ta@x.fr", "given family address ", true},
        {"Nom et prénom;E-mail\nLee Ann;a@x.fr", "family_first address ", false},
        {"Mail;Quoi\na@x.fr;Lee", "address ignored ", true},
        {"Ada\ta@x.fr\t\nBob\t\tb@y.fr", "whole address ignored ", true},
        {"a@x.fr, b@x.fr", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_SCOPED a = arena_new(4 << 20);
        pasted read;
        str roles = S("");
        assert_int_equal(pasted_read(a, str_of(cases[i].text), NULL, 0, 1000, &read), OK);
        for (size_t k = 0; k < read.column_count; k++)
            roles = arena_join(a, roles, pasted_role_text(read.columns[k].role), S(" "));
        if (!str_eq(roles, str_of(cases[i].roles)) || read.unclear != cases[i].unclear)
            fail_msg("%s: %.*s, %s", cases[i].text, STR_FMT(roles), read.unclear ? "unclear" : "clear");
    }
    ARENA_SCOPED a = arena_new(4 << 20);
    pasted read;
    pasted_role roles[] = {PASTED_IGNORED, PASTED_FAMILY, PASTED_GIVEN, PASTED_ADDRESS};
    assert_int_equal(pasted_read(a, S("Paris\tLee\tAnn\ta@x.fr\nRome\tRay\tBo\tb@x.fr"), roles, 4, 1000, &read), OK);
    assert_true(str_eq(listed(a, &read), S("a@x.fr|Ann|Lee;b@x.fr|Bo|Ray;")));
    assert_string_equal(arena_cstr(a, read.columns[1].sample), "Lee");
    assert_false(read.unclear);
}

static void test_doubt(void **state)
{
    static const char *const doubtful[] = {"-a@x.fr", "1.a@x.fr", "*a@x.fr", "12-a@x.fr", "'a@x.fr"};
    static const char *const plain[] = {"a@x.fr", "1a@x.fr", "12@x.fr", "- a@x.fr"};
    (void)state;
    for (size_t i = 0; i < 5 + 4; i++) {
        ARENA_SCOPED a = arena_new(1 << 20);
        pasted read;
        const char *text = i < 5 ? doubtful[i] : plain[i - 5];
        assert_int_equal(pasted_read(a, str_of(text), NULL, 0, 10, &read), OK);
        if (read.count != 1 || !read.entries[0].address.key.p || read.entries[0].doubtful != (i < 5))
            fail_msg("%s", text);
    }
}

static void test_bounds(void **state)
{
    ARENA_SCOPED a = arena_new(128 << 20);
    pasted read;
    (void)state;
    assert_int_equal(pasted_read(a, S("a@b.fr c@d.fr e@f.fr"), NULL, 0, 2, &read), ERR_PAYLOAD_TOO_LARGE);
    assert_int_equal(read.count, 2);
    assert_int_equal(pasted_read(a, S("a@b.fr, c@d.fr, a@b.fr"), NULL, 0, 2, &read), OK);
    assert_int_equal(pasted_read(a, S("a\xff@b.fr"), NULL, 0, 2, &read), ERR_INVALID_REQUEST);
    assert_int_equal(pasted_read(a, STR_NONE, NULL, 0, 2, &read), ERR_INVALID_REQUEST);
    char *large = arena_alloc(a, PASTED_BYTES_MAX + 1);
    memset(large, ' ', PASTED_BYTES_MAX + 1);
    assert_int_equal(pasted_read(a, (str){large, PASTED_BYTES_MAX}, NULL, 0, 2, &read), OK);
    assert_int_equal(pasted_read(a, (str){large, PASTED_BYTES_MAX + 1}, NULL, 0, 2, &read), ERR_PAYLOAD_TOO_LARGE);
}

/* Microseconds of the processor, the least of some tries. */
static double cost(const char *unit, size_t bytes, int tries)
{
    double least = 1e12;
    size_t size = strlen(unit);
    char *text = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        text[i] = unit[i % size];
    bytes -= bytes % size;
    for (int i = 0; i < tries; i++) {
        ARENA_SCOPED a = arena_new(64 << 20);
        pasted read;
        struct timespec from, to;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
        err e = pasted_read(a, (str){text, bytes}, NULL, 0, 1000000, &read);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        assert_int_equal(e, OK);
        assert_false(arena_full(a));
        double took = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
        least = took < least ? took : least;
    }
    free(text);
    return least;
}

/* A hundred times the bytes cost about a hundred times the work, by each thing that is searched for: were one search
 * quadratic, it were ten thousand times. */
static void test_time_grows_with_the_length(void **state)
{
    enum { SHORT = 1000, LONG = 100000, GROWTH = 100, SLACK = 5 };
    static const double least = 20; /* below it a clock tells nothing */
    static const char *const units[] = {
        "(",
        "<",
        "\"",
        "\"(<",
        "a ",
        ",",
        "\\\"",
        "<>",
        "()",
        "@ ",
        "<a",
        "MA ",
        "[",
        "'a ",
        "\u201ca ",
        "\u00ab",
        "=?",
        "=?utf-8?q?a?= ",
        "&lt;",
        "&#",
        "a:",
        "a: b@",
        "mailto:",
        "mailto:a@b.fr,",
        "mailto:?to=a,",
        "a\t",
        "\"a\t",
        "\"\"",
        "\"a@\n\"",
        "a;b\n",
        "1.\n",
        "\n ",
        "a\n <",
        "et ",
        "a@b.fr,",
        "a@@b.fr....... ",
        "(a@b.fr ",
        "a,(b@c.fr),",
        "Nom\tE-mail\n",
        "|-",
        "a, <b@",
        "\u200b",
        "\u2022a",
        "x@[",
        "((a@b.fr",
        "<mailto:",
        "a@b.fr (c) ",
        "[a](b@c.fr",
        "To: a\n b,\n ",
    };
    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double small = cost(units[i], SHORT, 3), large = cost(units[i], LONG, 1);
        small = small > least ? small : least;
        if (large > small * GROWTH * SLACK)
            fail_msg("%s: %.0f µs for %d bytes, %.0f µs for %d", units[i], small, SHORT, large, LONG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_people_paste_them),
        cmocka_unit_test(test_lines_read_the_same_again),
        cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_doubt),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_time_grows_with_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
