/* The official Mustache tests, and what Parvis adds: catalogue texts, bounds, the check of templates. */
#include "base/arena.h"
#include "ports/mustache.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static str rendered(const char *source, mval *data, language lang, bool text, buf *out)
{
    arena *a = arena_new(1 << 20);
    mustache_problem fault = {0};
    const mustache *m = mustache_parse(a, str_of(source), &fault);
    assert_non_null(m);
    mustache_run run = {.lang = lang, .text = text};
    assert_int_equal(mustache_render(m, &run, data, out), OK);
    arena_free(a);
    return buf_str(out);
}

static void assert_str(str got, const char *want)
{
    if (!str_eq(got, str_of(want)))
        fail_msg("got \"%.*s\", want \"%s\"", STR_FMT(got), want);
}

/* ---- the official tests ---- */

static mval *data_of(arena *a, const json_t *json)
{
    mval *v;
    const char *key;
    json_t *item;
    size_t i;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        v = m_object(a);
        json_object_foreach((json_t *)json, key, item) m_set(v, str_of(key), data_of(a, item));
        return v;
    case JSON_ARRAY:
        v = m_list(a);
        json_array_foreach(json, i, item) m_add(v, data_of(a, item));
        return v;
    case JSON_STRING:
        return m_str(a, str_of(json_string_value(json)));
    case JSON_INTEGER:
        return m_int(a, json_integer_value(json));
    case JSON_REAL:
        return m_str(a, arena_printf(a, "%g", json_real_value(json)));
    case JSON_TRUE:
    case JSON_FALSE:
        return m_bool(a, json_is_true(json));
    default:
        return m_str(a, STR_NONE);
    }
}

typedef struct partials {
    arena *a;
    const json_t *sources;
} partials;

static const mustache *partial_of(void *context, str name)
{
    partials *p = context;
    mustache_problem fault;
    const char *source = json_string_value(json_object_get(p->sources, arena_cstr(p->a, name)));
    return source ? mustache_parse(p->a, str_of(source), &fault) : NULL;
}

static void run_case(const json_t *test, const char *file)
{
    ARENA_SCOPED a = arena_new(4 << 20);
    BUF_SCOPED out = {0};
    mustache_problem fault = {0};
    const char *source = json_string_value(json_object_get(test, "template"));
    const mustache *m = mustache_parse(a, str_of(source), &fault);
    partials p = {a, json_object_get(test, "partials")};
    mustache_run run = {.lang = LANG_EN, .lookup = partial_of, .lookup_context = &p};
    if (!m || mustache_render(m, &run, data_of(a, json_object_get(test, "data")), &out) != OK)
        fail_msg("%s: %s: %s", file, json_string_value(json_object_get(test, "name")), m ? "rendering" : fault.what);
    const char *want = json_string_value(json_object_get(test, "expected"));
    if (!str_eq(buf_str(&out), str_of(want)))
        fail_msg("%s: %s: got \"%.*s\", want \"%s\"", file, json_string_value(json_object_get(test, "name")),
                 STR_FMT(buf_str(&out)), want);
}

static void test_official(void **state)
{
    static const char *const files[] = {"comments", "delimiters", "interpolation", "inverted", "partials", "sections"};
    static const size_t counts[] = {12, 14, 42, 22, 12, 34};
    const char *shared = getenv("PARVIS_SHARED"), *project = getenv("PARVIS_PROJECT");
    char path[1024];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s%s/vectors/mustache/%s.json",
                 shared    ? shared
                 : project ? project
                           : ".",
                 shared ? "" : "/../shared", files[i]);
        json_error_t error;
        json_t *root = json_load_file(path, 0, &error);
        if (!root) {
            print_message("# %s is not here: the official tests were not run (set PARVIS_SHARED)\n", path);
            continue;
        }
        json_t *tests = json_object_get(root, "tests"), *test;
        size_t at;
        assert_int_equal(json_array_size(tests), counts[i]);
        json_array_foreach(tests, at, test) run_case(test, files[i]);
        json_decref(root);
    }
}

/* ---- what stands on its own ---- */

static void test_values(void **state)
{
    ARENA_SCOPED a = arena_new(1 << 20);
    BUF_SCOPED out = {0};
    (void)state;
    mval *data = m_object(a), *list = m_set_list(data, S("rows"));
    m_set_str(m_add_object(list), S("name"), S("<Zoé & 'co'>"));
    m_set_str(m_add_object(list), S("name"), S("Ann"));
    m_set_int(data, S("none"), 0);
    m_set_str(data, S("empty"), S(""));
    m_set_str(data, S("twice"), S("old"));
    m_set_str(data, S("twice"), S("new"));
    m_set_str(m_set_object(data, S("who")), S("name"), S("Olive"));
    rendered("{{#rows}}{{name}};{{/rows}}{{#none}}x{{/none}}{{#empty}}x{{/empty}}{{^missing}}{{twice}}{{/missing}} "
             "{{who.name}}",
             data, LANG_EN, false, &out);
    assert_str(buf_str(&out), "&lt;Zoé &amp; &#39;co&#39;&gt;;Ann;new Olive");
    out.n = 0;
    rendered("{{#rows}}{{name}};{{/rows}}", data, LANG_EN, true, &out);
    assert_str(buf_str(&out), "<Zoé & 'co'>;Ann;");
}

static void test_catalog_texts(void **state)
{
    ARENA_SCOPED a = arena_new(1 << 20);
    BUF_SCOPED out = {0};
    (void)state;
    mval *data = m_object(a);
    rendered("{{t.language.name}}/{{&t.language.name}}", data, LANG_FR, false, &out);
    assert_str(buf_str(&out), "Français/Français");
}

static void test_malformed(void **state)
{
    static const struct {
        const char *source;
        size_t line;
    } cases[] = {{"{{", 1},
                 {"a\n{{#a}}", 2},
                 {"{{/a}}", 1},
                 {"{{#a}}\n{{/b}}", 2},
                 {"{{}}", 1},
                 {"{{#}}", 1},
                 {"{{a b}}", 1},
                 {"{{=<% %>}}", 1},
                 {"{{=<%>=}}", 1},
                 {"{{{a}}", 1},
                 {"\n\n{{#a}}{{#b}}{{/a}}{{/b}}", 3},
                 {"{{#t.x}}{{/t.x}}", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_SCOPED a = arena_new(1 << 20);
        mustache_problem fault = {0};
        if (mustache_parse(a, str_of(cases[i].source), &fault) || !fault.what)
            fail_msg("accepted: %s", cases[i].source);
        assert_int_equal(fault.line, cases[i].line);
    }
}

static const mustache *itself(void *context, str name)
{
    (void)name;
    return *(const mustache **)context;
}

static void test_bounds(void **state)
{
    ARENA_SCOPED a = arena_new(8 << 20);
    BUF_SCOPED out = {0};
    mustache_problem fault;
    (void)state;
    const mustache *m = mustache_parse(a, S("x{{>me}}"), &fault);
    mustache_run run = {.lookup = itself, .lookup_context = &m};
    assert_int_equal(mustache_render(m, &run, m_object(a), &out), ERR_INTERNAL);

    mval *data = m_object(a), *list = m_set_list(data, S("l"));
    for (int i = 0; i < 100; i++)
        m_add(list, m_bool(a, false));
    m = mustache_parse(a, S("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{^x}}{{/x}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}"),
                       &fault);
    run.lookup = NULL;
    assert_int_equal(mustache_render(m, &run, data, &out), ERR_INTERNAL);
    m = mustache_parse(a, S("{{#l}}{{#l}}{{#l}}{{#l}}0123456789012345678901234567890123456789{{/l}}{{/l}}{{/l}}{{/l}}"),
                       &fault);
    out.n = 0;
    assert_int_equal(mustache_render(m, &run, data, &out), ERR_INTERNAL);
    assert_true(out.n < MUSTACHE_OUTPUT_MAX + 100);
}

/* ---- the check ---- */

static void test_check_accepts(void **state)
{
    static const char *const fine[] = {
        "<p class=\"a{{#b}} c{{/b}}\">{{x}} &amp; {{t.language.name}}</p>",
        "<option value=\"{{v}}\"{{#on}} selected{{/on}}>{{v}}</option>",
        "<input {{#a}}checked{{/a}} {{#b}}disabled{{/b}}>",
        "<a href=\"/i/{{token}}\">{{x}}</a><a href=\"{{page.next_url}}\">n</a><a href=\"mailto:{{email}}\">m</a>",
        "<a href='?q={{q}}'>x</a><a href='#{{id}}'>y</a><a href='{{#a}}{{a_url}}{{/a}}{{^a}}/b{{/a}}'>z</a>",
        "<script src=\"{{asset_js}}\" defer></script><style>a{color:red}</style>",
        "{{! comment }}<title>{{x}} < y</title>{{> partials/head}}<!-- a > b --><!doctype html><br/>",
        "<p style=\"color:red\">{{x}}</p><textarea name=\"a\">{{x}}</textarea>",
        "{{#a}}<b>{{x}}</b>{{/a}}{{^a}}<i>1 < 2</i>{{/a}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        mustache_problem fault = {0};
        if (!template_check(str_of(fine[i]), true, &fault))
            fail_msg("%s: %s", fine[i], fault.what);
    }
}

static void test_check_refuses(void **state)
{
    static const char *const bad[] = {
        "{{{x}}}",
        "{{&x}}",
        "{{=<% %>=}}",
        "{{t.no.such.text}}",
        "{{#a}}",
        "<p class={{x}}>",
        "<p class=a{{x}}>",
        "<p class={{#a}}b{{/a}}>",
        "<p {{x}}>",
        "<p {{x}}=\"y\">",
        "<{{x}}>",
        "</{{x}}>",
        "<p a{{x}}=\"b\">",
        "<p{{x}}>",
        "<script>{{x}}</script>",
        "<style>{{x}}</style>",
        "<script>{{#a}}x{{/a}}</script>",
        "<script></scriptx>{{x}}</script>",
        "<SCRIPT>var a = '</b>{{x}}'</SCRIPT>",
        "<p onclick=\"{{x}}\">",
        "<p OnClick='a({{x}})'>",
        "<p style=\"color:{{x}}\">",
        "<iframe srcdoc=\"{{x}}\"></iframe>",
        "<a href=\"{{x}}\">",
        "<a href=\"javascript:alert(1)\">",
        "<a href=\" javascript:{{x}}\">",
        "<a href=\"/{{x}}\">",
        "<a href=\"https://{{x}}\">",
        "<a href=\"&#106;avascript:x\">",
        "<a href=javascript:x>",
        "<img src='{{#a}}/x{{/a}}{{y}}'>",
        "<form action=\"{{x}}\">",
        "<button formaction=\"data:{{x}}\">",
        "<a href=\"{{#a}}\"{{/a}}>x</a>",
        "{{#a}}<p {{/a}}>",
        "{{#a}}<p title=\"{{/a}}\">",
        "<p title=\"{{#a}}\" alt=\"{{/a}}\">",
        "<scr{{#a}}ipt>x",
        "<p{{#a}}x{{/a}}>",
        "<p {{#a}}a{{/a}}{{#b}}b{{/b}}>",
        "<p",
        "<p title=\"",
        "<script>",
        "<!-- {{x}} -->",
        "<p title=\"{{> partials/x}}\">",
        "<base href=\"/x\">",
        "<plaintext>",
        "<svg><script xlink:href=\"{{x}}\"></script></svg>",
        "<meta http-equiv=\"{{x}}\">",
        "{{#a}}<script>{{/a}}x</script>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mustache_problem fault = {0};
        if (template_check(str_of(bad[i]), true, &fault))
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(fault.what);
        assert_int_equal(fault.line, 1);
    }
    mustache_problem fault = {0};
    assert_true(template_check(S("Bonjour {{x}} <{{y}}>, {{link}}"), false, &fault));
    assert_false(template_check(S("Bonjour\n\n{{&x}}"), false, &fault));
    assert_int_equal(fault.line, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_official),      cmocka_unit_test(test_values), cmocka_unit_test(test_catalog_texts),
        cmocka_unit_test(test_malformed),     cmocka_unit_test(test_bounds), cmocka_unit_test(test_check_accepts),
        cmocka_unit_test(test_check_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
