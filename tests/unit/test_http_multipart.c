/* multipart/form-data: what browsers send, and everything else refused. */
#include "http/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define PART(name, content) "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" content "\r\n"
#define END                 "--b--\r\n"

static text_pair parts[MULTIPART_MOST];
static size_t count;

static err read_body(const char *body)
{
    return multipart_read(S(" boundary=b"), str_of(body), parts, &count);
}

static void test_parts(void **state)
{
    (void)state;
    assert_int_equal(read_body(PART("one", "1") PART("two-2", "") PART("three_3", "a\r\n-\r\n--\r\n--c") END), OK);
    assert_int_equal(count, 3);
    assert_true(str_eq(parts[0].name, S("one")) && str_eq(parts[0].value, S("1")));
    assert_true(str_eq(parts[1].name, S("two-2")) && parts[1].value.n == 0);
    assert_true(str_eq(parts[2].value, S("a\r\n-\r\n--\r\n--c")));
    assert_int_equal(read_body("--b--"), OK);
    assert_int_equal(count, 0);
}

static void test_files(void **state)
{
    (void)state;
    assert_int_equal(read_body("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a; name=x.png\"\r\n"
                               "Content-Type: image/png\r\n\r\n\x89PNG\r\n" END),
                     OK);
    assert_true(str_eq(parts[0].name, S("f")) && str_eq(parts[0].value, S("\x89PNG")));
    assert_int_equal(read_body("--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n" END), OK);
}

static void test_boundaries(void **state)
{
    static const char *const none[] = {"",
                                       "b",
                                       "boundary",
                                       "boundary=",
                                       "boundary=\"\"",
                                       "boundary=\"b",
                                       "boundary=b c",
                                       "boundary=b; charset=x",
                                       "charset=x; boundary=b",
                                       "boundary=b\xc3\xa9",
                                       "boundary==\x01"};
    str body = S("--b--");
    (void)state;
    assert_int_equal(multipart_read(S("BOUNDARY=\"b\""), body, parts, &count), OK);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(multipart_read(str_of(none[i]), body, parts, &count), ERR_BAD_REQUEST);
}

static void test_refusals(void **state)
{
    static const char *const bad[] = {
        "",
        "--b",
        "--b\r\n",
        "--b-",
        "x\r\n" PART("a", "1") END,
        "\r\n" PART("a", "1") END,
        PART("a", "1"),
        PART("a", "1") END "x",
        PART("a", "1") END "\r\n",
        PART("", "1") END,
        PART("a b", "1") END,
        PART("a\\\"b", "1") END,
        "--b\r\n\r\n1\r\n" END,
        "--b\r\nContent-Type: text/plain\r\n\r\n1\r\n" END,
        "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n" END,
        "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x\"; other=\"y\"\r\n\r\n1\r\n" END,
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; "
        "name=\"a\"\r\n\r\n1\r\n" END,
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nX-Other: 1\r\n\r\n1\r\n" END,
        "--b\nContent-Disposition: form-data; name=\"a\"\n\n1\n--b--\n",
        "--b\r\nContent-Disposition: form-data; name=\"a\"",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(read_body(bad[i]), ERR_BAD_REQUEST);
}

static void test_how_many(void **state)
{
    char body[8192] = "";
    (void)state;
    for (int i = 0; i < MULTIPART_MOST; i++)
        strncat(body, PART("a", "1"), sizeof body - strlen(body) - 1);
    size_t whole = strlen(body);
    strncat(body, END, sizeof body - whole - 1);
    assert_int_equal(read_body(body), OK);
    assert_int_equal(count, MULTIPART_MOST);
    body[whole] = 0;
    strncat(body, PART("a", "1") END, sizeof body - whole - 1);
    assert_int_equal(read_body(body), ERR_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),    cmocka_unit_test(test_files),    cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_how_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
