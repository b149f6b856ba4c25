/* One-time codes against the vectors of their RFCs, base32, the address in a QR code, and the QR code itself. */
#include "ports/qr.h"
#include "ports/totp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const str secret = S_INIT("12345678901234567890");

/* RFC 4226, appendix D. */
static void test_hotp_vectors(void **state)
{
    static const uint32_t codes[] = {755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_int_equal(totp_code(secret, (int64_t)i), codes[i]);
}

/* RFC 6238, appendix B, its last six digits. */
static void test_totp_vectors(void **state)
{
    static const struct {
        int64_t seconds;
        uint32_t code;
    } vectors[] = {{59, 287082},       {1111111109, 81804},  {1111111111, 50471},
                   {1234567890, 5924}, {2000000000, 279037}, {20000000000, 353130}};
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_int_equal(totp_code(secret, totp_step(vectors[i].seconds * MSEC_SECOND)), vectors[i].code);
}

static void test_window_and_replay(void **state)
{
    enum { STEP = 1000 };
    const msec now = (msec)STEP * TOTP_STEP_SECONDS * MSEC_SECOND;
    (void)state;
    for (int64_t step = STEP - 3; step <= STEP + 3; step++) {
        bool inside = step >= STEP - 1 && step <= STEP + 1;
        assert_int_equal(totp_match(secret, totp_code(secret, step), now, 0), inside ? step : 0);
        assert_int_equal(totp_match(secret, totp_code(secret, step), now, step), 0);
        assert_int_equal(totp_match(secret, totp_code(secret, step), now, STEP), step == STEP + 1 ? step : 0);
    }
    /* the last and the first millisecond of a step */
    assert_int_equal(totp_match(secret, totp_code(secret, STEP + 1), now - 1, 0), 0);
    assert_int_equal(totp_match(secret, totp_code(secret, STEP - 1), now + 30000 - 1, 0), STEP - 1);
    assert_int_equal(totp_match(secret, totp_code(secret, STEP - 1), now + 30000, 0), 0);
}

static void test_typed_codes(void **state)
{
    uint32_t code;
    (void)state;
    assert_true(totp_parse(S("081804"), &code));
    assert_int_equal(code, 81804);
    assert_true(totp_parse(S(" 081 804 "), &code) && totp_parse(S("٠٨١٨٠٤"), &code));
    assert_int_equal(code, 81804);
    static const str wrong[] = {S_INIT(""),       S_INIT("08180"),  S_INIT("0818041"), S_INIT("08180a"),
                                S_INIT("081 80"), S_INIT("81804-"), S_INIT("0818 0")};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(totp_parse(wrong[i], &code));
}

/* RFC 4648, section 10, without padding. */
static void test_base32(void **state)
{
    static const str vectors[][2] = {{S_INIT(""), S_INIT("")},
                                     {S_INIT("f"), S_INIT("MY")},
                                     {S_INIT("fo"), S_INIT("MZXQ")},
                                     {S_INIT("foo"), S_INIT("MZXW6")},
                                     {S_INIT("foob"), S_INIT("MZXW6YQ")},
                                     {S_INIT("fooba"), S_INIT("MZXW6YTB")},
                                     {S_INIT("foobar"), S_INIT("MZXW6YTBOI")}};
    arena *a = arena_new(1 << 16);
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_true(str_eq(base32_encode(a, vectors[i][0]), vectors[i][1]));
    assert_true(str_eq(base32_encode(a, secret), S("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")));
    arena_free(a);
}

static void test_uri(void **state)
{
    arena *a = arena_new(1 << 16);
    (void)state;
    str uri = totp_uri(a, secret, S("Café & Co"), S("zoe+x@example.org"));
    assert_true(str_eq(uri, S("otpauth://totp/Caf%C3%A9%20%26%20Co:zoe%2Bx@example.org"
                              "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Caf%C3%A9%20%26%20Co")));
    arena_free(a);
}

/* A code's three eyes are where they belong, behind the quiet zone; more text than any code holds is refused. */
static void test_qr(void **state)
{
    arena *a = arena_new(1 << 20);
    qr_drawing d;
    (void)state;
    assert_int_equal(qr_draw(a, S("otpauth://totp/x"), &d), OK);
    assert_true(d.size >= 21 + 8 && (d.size - 8 - 17) % 4 == 0);
    assert_true(str_starts(d.path, S("M4 4h7v1h-7z")));
    char *much = arena_alloc(a, 4000);
    memset(much, 'x', 4000);
    assert_int_equal(qr_draw(a, (str){much, 4000}, &d), ERR_INVALID_REQUEST);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hotp_vectors),
        cmocka_unit_test(test_totp_vectors),
        cmocka_unit_test(test_window_and_replay),
        cmocka_unit_test(test_typed_codes),
        cmocka_unit_test(test_base32),
        cmocka_unit_test(test_uri),
        cmocka_unit_test(test_qr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
