/* Every template that is compiled in: allowed, complete, and with partials that exist. */
#include "ports/mustache_tree.h"
#include "ports/template_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_allowed(void **state)
{
    int faults = 0;
    (void)state;
    assert_int_equal(template_setup(), OK);
    assert_true(template_count > 10);
    for (size_t i = 0; i < template_count; i++) {
        str name = template_sources[i].name;
        bool html = !str_ends(name, S(".txt"));
        mustache_problem fault = {0};
        if (!template_check(template_sources[i].source, html, &fault)) {
            print_error("%.*s:%zu: %s\n", STR_FMT(name), fault.line, fault.what);
            faults++;
        }
    }
    assert_int_equal(faults, 0);
}

static void test_partials_exist(void **state)
{
    int faults = 0;
    (void)state;
    for (size_t i = 0; i < template_count; i++) {
        const mustache *m = template_find(template_sources[i].name);
        for (size_t n = 0; n < m->count; n++) {
            if (m->nodes[n].kind == NODE_PARTIAL && !template_find(m->nodes[n].text)) {
                print_error("%.*s: no partial %.*s\n", STR_FMT(template_sources[i].name), STR_FMT(m->nodes[n].text));
                faults++;
            }
        }
    }
    assert_int_equal(faults, 0);
}

/* All that are missing, by name: template_check stops at the first. */
static void test_texts_exist(void **state)
{
    int faults = 0;
    (void)state;
    for (size_t i = 0; i < template_count; i++) {
        const mustache *m = template_find(template_sources[i].name);
        for (size_t n = 0; n < m->count; n++) {
            if (m->nodes[n].kind == NODE_CATALOG && !catalog_has(m->nodes[n].text)) {
                print_error("%.*s: no text %.*s\n", STR_FMT(template_sources[i].name), STR_FMT(m->nodes[n].text));
                faults++;
            }
        }
    }
    assert_int_equal(faults, 0);
}

static void test_assets(void **state)
{
    (void)state;
    assert_true(asset_count > 3);
    str path = asset_path(S("app.css"));
    assert_non_null(path.p);
    const asset *css = asset_find(path);
    assert_non_null(css);
    assert_true(str_starts(css->type, S("text/css")) && css->gzip.n > 0 && css->gzip.n < css->bytes.n);
    assert_null(asset_find(S("/assets/app.css")));
    assert_null(asset_path(S("nothing.css")).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_partials_exist),
        cmocka_unit_test(test_texts_exist),
        cmocka_unit_test(test_assets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
