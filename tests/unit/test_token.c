/* The key file, hashes, sealing, base64url, typed codes. */
#include "base/random.h"
#include "ports/token.h"
#include "ports/totp.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const uint8_t bytes_a[32] = {1}, bytes_b[32] = {2};

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

static void a_key_file_is_the_same_however_its_line_ends(void **state)
{
    static const char *const alike[] = {HEX,      HEX "\n", HEX "\r\n", "\xEF\xBB\xBF" HEX "\r\n", HEX "\n\n\r\n",
                                        HEX " \n"};
    static const char *const others[] = {HEX "\n" HEX "\n", HEX "\n#", "\xEF\xBB" HEX, HEX HEX};
    char folder[] = "/tmp/parvis-key-XXXXXX", path[64], blank[300] = HEX;
    server_key *k = NULL;
    token_digest first;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    umask(077);
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        put_file(path, alike[i]);
        assert_int_equal(server_key_load(str_of(path), false, &k), OK);
        token_digest one = token_mac(k, KEY_CODE, S("x"));
        first = i ? first : one;
        assert_true(token_equal(token_digest_str(&one), token_digest_str(&first)));
        server_key_free(k);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        put_file(path, others[i]);
        assert_int_equal(server_key_load(str_of(path), false, &k), ERR_UNAVAILABLE);
    }
    memset(blank + strlen(HEX), '\n', sizeof blank - strlen(HEX) - 1); /* longer than is looked at */
    put_file(path, blank);
    assert_int_equal(server_key_load(str_of(path), false, &k), ERR_UNAVAILABLE);
    unlink(path);
    rmdir(folder);
}

static void test_key_file(void **state)
{
    char folder[] = "/tmp/parvis-key-XXXXXX", path[64];
    server_key *k = NULL, *again = NULL;
    struct stat about;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    assert_int_equal(server_key_load(str_of(path), false, &k), ERR_UNAVAILABLE);
    assert_int_equal(server_key_load(str_of(path), true, &k), OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(about.st_size, 65);
    assert_int_equal(server_key_load(str_of(path), true, &again), OK);
    token_digest one = token_mac(k, KEY_CODE, S("x")), two = token_mac(again, KEY_CODE, S("x"));
    assert_true(token_equal(token_digest_str(&one), token_digest_str(&two)));
    server_key_free(k);
    server_key_free(again);

    chmod(path, 0640);
    assert_int_equal(server_key_load(str_of(path), true, &k), ERR_UNAVAILABLE);
    chmod(path, 0600);
    static const char *const broken[] = {"", "zz", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n",
                                         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefff\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        put_file(path, broken[i]);
        assert_int_equal(server_key_load(str_of(path), true, &k), ERR_UNAVAILABLE);
    }
    unlink(path);
    mkdir(path, 0700);
    assert_int_equal(server_key_load(str_of(path), true, &k), ERR_UNAVAILABLE);
    rmdir(path);
    rmdir(folder);
    server_key_free(NULL);
}

static void test_hashes(void **state)
{
    server_key *a = server_key_of(bytes_a), *b = server_key_of(bytes_b);
    token_digest d[5] = {token_hash(S("x")), token_mac(a, KEY_CODE, S("x")), token_mac(a, KEY_THROTTLE, S("x")),
                         token_mac(b, KEY_CODE, S("x")), token_mac(a, KEY_CODE, S("y"))};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            assert_int_equal(token_equal(token_digest_str(&d[i]), token_digest_str(&d[j])), i == j);
    assert_false(token_equal(S(""), S("")));
    assert_false(token_equal(STR_NONE, STR_NONE));
    assert_false(token_equal(S("ab"), S("abc")));
    /* BLAKE2b-256 of "abc" */
    static const uint8_t abc[4] = {0xbd, 0xdd, 0x81, 0x3c};
    token_digest known = token_hash(S("abc"));
    assert_memory_equal(known.b, abc, sizeof abc);
    server_key_free(a);
    server_key_free(b);
}

static void test_sealing(void **state)
{
    ARENA_SCOPED mem = arena_new(1 << 20);
    server_key *a = server_key_of(bytes_a), *b = server_key_of(bytes_b);
    str blob = seal(a, mem, S("the secret")), open = STR_NONE;
    (void)state;
    assert_true(unseal(a, mem, blob, &open));
    assert_true(str_eq(open, S("the secret")));
    assert_false(str_eq(blob, seal(a, mem, S("the secret"))));
    assert_false(unseal(b, mem, blob, &open));
    for (size_t n = 0; n < blob.n; n++)
        assert_false(unseal(a, mem, str_slice(blob, 0, n), &open));
    for (size_t i = 0; i < blob.n; i++) {
        char *altered = arena_alloc(mem, blob.n);
        memcpy(altered, blob.p, blob.n);
        altered[i] ^= 1;
        assert_false(unseal(a, mem, (str){altered, blob.n}, &open));
    }
    assert_true(unseal(a, mem, seal(a, mem, S("")), &open));
    assert_int_equal(open.n, 0);
    server_key_free(a);
    server_key_free(b);
}

static void test_base64url(void **state)
{
    static const char *const refused[] = {"A",    "AA=", "AA==", "AB",    "AAB", "A A",
                                          "AA\n", "A+",  "A/AA", "AAAA=", "é",   "éé"};
    ARENA_SCOPED mem = arena_new(1 << 20);
    str back = STR_NONE;
    (void)state;
    for (size_t n = 0; n < 70; n++) {
        uint8_t bytes[70];
        random_bytes(bytes, sizeof bytes);
        str text = base64url_encode(mem, (str){(char *)bytes, n});
        assert_int_equal(text.n, (n * 8 + 5) / 6);
        assert_true(base64url_decode(mem, text, &back));
        assert_true(str_eq(back, (str){(char *)bytes, n}));
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (base64url_decode(mem, str_of(refused[i]), &back))
            fail_msg("accepted: %s", refused[i]);
    assert_false(base64url_decode(mem, STR_NONE, &back));
    assert_true(str_eq(base64url_encode(mem, S("\xfb\xff")), S("-_8")));
}

static void test_codes(void **state)
{
    ARENA_SCOPED mem = arena_new(1 << 16);
    char code[CODE_LENGTH + 1], read[CODE_LENGTH + 1];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        str made = code_make(code);
        assert_int_equal(made.n, CODE_LENGTH);
        str shown = code_display(mem, made);
        assert_int_equal(shown.n, CODE_LENGTH + 1);
        assert_true(code_normalise(shown, read));
        assert_string_equal(code, read);
        assert_null(strpbrk(code, "ILOU"));
    }
    const uint8_t bytes[CODE_LENGTH] = {0, 9, 10, 17, 18, 31, 32, 63, 224, 255}; /* five bits of each */
    assert_string_equal(code_of(bytes, code).p, "09AHJZ0Z0Z");
    assert_true(code_normalise(S(" 0oiL1-abcd z"), read));
    assert_string_equal(read, "00111ABCDZ");
    assert_false(code_normalise(S("0123456789A"), read));
    assert_false(code_normalise(S("012345678"), read));
    assert_false(code_normalise(S("012345678u"), read));
    assert_false(code_normalise((str){"012345678\0", 10}, read));
    assert_false(code_normalise(STR_NONE, read));
}

static void test_temporary_passwords(void **state)
{
    char text[TEMPORARY_TEXT_LENGTH + 1], last[TEMPORARY_TEXT_LENGTH + 1] = "", read[TEMPORARY_LENGTH + 1];
    bool seen[256] = {false};
    int letters = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        str made = temporary_make(text);
        assert_int_equal(made.n, TEMPORARY_TEXT_LENGTH);
        assert_true(text[6] == '-' && text[13] == '-');
        assert_null(strpbrk(text, "01ilo"));
        assert_true(temporary_normalise(made, read));
        assert_int_equal(strlen(read), TEMPORARY_LENGTH);
        assert_string_not_equal(text, last);
        memcpy(last, text, sizeof last);
        for (size_t k = 0; k < TEMPORARY_LENGTH; k++)
            seen[(unsigned char)read[k]] = true;
    }
    for (size_t c = 0; c < sizeof seen; c++)
        letters += seen[c];
    assert_int_equal(letters, 31);
    assert_true(temporary_normalise(S(" ABCDEF ghjkmn\t-pqrs23 "), read));
    assert_string_equal(read, "abcdefghjkmnpqrs23");
    assert_false(temporary_normalise(S("abcdef-ghjkmn-pqrs2"), read));
    assert_false(temporary_normalise(S("abcdef-ghjkmn-pqrs234"), read));
    assert_false(temporary_normalise(S("abcdef-ghjkmn-pqrsl3"), read));
    assert_false(temporary_normalise((str){"abcdefghjkmnpqrs2\0", 18}, read));
    assert_false(temporary_normalise(STR_NONE, read));
}

/* Whether `typed` is the code, by what reads that kind of it. */
static bool is_code(const char *kind, const char *code, str typed)
{
    char read[TEMPORARY_LENGTH + 1] = "", want[TEMPORARY_LENGTH + 1] = "";
    uint32_t number;
    if (strcmp(kind, "totp") == 0)
        return totp_parse(typed, &number) && number == strtoul(code, NULL, 10);
    if (strcmp(kind, "temporary") == 0)
        return temporary_normalise(typed, read) && temporary_normalise(str_of(code), want) && strcmp(read, want) == 0;
    return code_normalise(typed, read) && strcmp(read, code) == 0;
}

static void test_codes_as_people_type_them(void **state)
{
    const char *project = getenv("PARVIS_PROJECT");
    char path[1024];
    size_t i;
    json_t *one;
    (void)state;
    snprintf(path, sizeof path, "%s/tests/vectors/people/codes.json", project ? project : ".");
    json_t *cases = json_load_file(path, 0, NULL);
    assert_non_null(cases);
    json_array_foreach(cases, i, one)
    {
        const char *kind = json_string_value(json_object_get(one, "kind"));
        str typed = str_of(json_string_value(json_object_get(one, "typed")));
        bool accepted = json_is_true(json_object_get(one, "accepted"));
        if (is_code(kind, json_string_value(json_object_get(one, "code")), typed) != accepted)
            fail_msg("%s: %s", kind, json_string_value(json_object_get(one, "why")));
    }
    assert_true(i > 30);
    json_decref(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_file),
        cmocka_unit_test(a_key_file_is_the_same_however_its_line_ends),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_sealing),
        cmocka_unit_test(test_base64url),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_codes_as_people_type_them),
        cmocka_unit_test(test_temporary_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
