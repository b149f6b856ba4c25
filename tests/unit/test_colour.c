/* Contrast as WCAG 2.2 has it, and what follows from a colour. */
#include "domain/shared/colour.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static colour of(const char *text)
{
    colour c;
    assert_true(colour_parse(str_of(text), &c));
    return c;
}

static void test_parsing(void **state)
{
    static const char *const none[] = {"",        "#",        "1f5f5b",   "#1f5f5",    "#1f5f5b0",
                                       "#1f5f5g", "#1F5F5B ", " #1f5f5b", "#12345\xc3"};
    ARENA_SCOPED a = arena_new(1 << 16);
    colour c;
    (void)state;
    assert_true(str_eq(colour_text(a, of("#1F5f5B")), S("#1f5f5b")));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(colour_parse(str_of(none[i]), &c));
}

/* Ratios that the W3C's own examples and every checker give. */
static void test_contrast(void **state)
{
    (void)state;
    assert_int_equal(colour_contrast(of("#000000"), of("#ffffff")), 2100);
    assert_int_equal(colour_contrast(of("#ffffff"), of("#ffffff")), 100);
    assert_int_equal(colour_contrast(of("#767676"), of("#ffffff")), 454);
    assert_int_equal(colour_contrast(of("#ffffff"), of("#777777")), 447);
    assert_int_equal(colour_contrast(of("#ff0000"), of("#ffffff")), 399);
}

/* Each colour that is taken can be read in the dark, too. */
static void test_every_theme_can_be_read(void **state)
{
    const colour raised = of("#1f2428");
    (void)state;
    for (int i = 0; i < 4096; i++) {
        ARENA_SCOPED a = arena_new(1 << 16);
        colour accent = {(uint8_t)((i >> 8) * 17), (uint8_t)((i >> 4 & 15) * 17), (uint8_t)((i & 15) * 17)}, dark, ink;
        if (colour_legible(accent) < COLOUR_LEAST)
            continue;
        str css = colour_theme(a, accent);
        str part = str_slice(css, str_find(css, S("@media")), css.n);
        size_t at = str_find(part, S("--accent:")) + 9, on = str_find(part, S("--on-accent:")) + 12;
        assert_true(colour_parse(str_slice(part, at, at + 7), &dark) &&
                    colour_parse(str_slice(part, on, on + 7), &ink));
        assert_true(colour_contrast(dark, raised) >= COLOUR_LEAST);
        assert_true(colour_contrast(dark, ink) >= COLOUR_LEAST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parsing),
        cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_every_theme_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
