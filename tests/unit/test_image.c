/* Pictures are shrunk by means, and nothing but a PNG comes out; the hostile ones are in tests/api/test_logo.py. */
#include "ports/image.h"

#include <png.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* A PNG of stripes a pixel wide, black and white, opaque at the left half and clear at the right. */
static str stripes(arena *a, int width, int height)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGBA};
    uint8_t *p = arena_alloc(a, (size_t)width * (size_t)height * 4);
    for (int i = 0; i < width * height; i++) {
        p[4 * i] = p[4 * i + 1] = p[4 * i + 2] = i % width % 2 ? 255 : 0;
        p[4 * i + 3] = i % width < width / 2 ? 255 : 0;
    }
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    char *out = arena_alloc(a, size);
    assert_true(png_image_write_to_memory(&image, out, &size, 0, p, 0, NULL));
    return (str){out, size};
}

static void test_means(void **state)
{
    ARENA_SCOPED a = arena_new(64 << 20);
    image made;
    (void)state;
    assert_int_equal(image_normalise(a, stripes(a, 80, 40), 20, 100, &made), IMAGE_OK);
    assert_true(made.width == 20 && made.height == 10);
    png_image back = {.version = PNG_IMAGE_VERSION};
    uint8_t *p = arena_alloc(a, 20 * 10 * 4);
    assert_true(png_image_begin_read_from_memory(&back, made.png.p, made.png.n));
    back.format = PNG_FORMAT_RGBA;
    assert_true(png_image_finish_read(&back, NULL, p, 0, NULL));
    for (int i = 0; i < 200; i++) {
        bool left = i % 20 < 10;
        assert_int_equal(p[4 * i + 3], left ? 255 : 0);
        if (left)
            assert_in_range(p[4 * i], 127, 128);
    }
}

static void test_small_ones_stay(void **state)
{
    ARENA_SCOPED a = arena_new(64 << 20);
    image made, again;
    (void)state;
    assert_int_equal(image_normalise(a, stripes(a, 7, 5), 512, 160, &made), IMAGE_OK);
    assert_true(made.width == 7 && made.height == 5);
    assert_int_equal(image_normalise(a, made.png, 512, 160, &again), IMAGE_OK);
    assert_true(str_eq(made.png, again.png));
}

static void test_every_cut_is_refused(void **state)
{
    ARENA_SCOPED a = arena_new(64 << 20);
    str whole = stripes(a, 30, 20);
    image made;
    (void)state;
    for (size_t n = 0; n + 12 < whole.n; n++) /* without its last chunk, which says nothing, it may be taken */
        assert_int_not_equal(image_normalise(a, str_slice(whole, 0, n), 512, 160, &made), IMAGE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_small_ones_stay),
        cmocka_unit_test(test_every_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
