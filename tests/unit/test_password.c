/* Hashing, and the judgement of new passwords. */
#include "ports/password_check.h"

#include <jansson.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_hash(void **state)
{
    char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
    bool anew;
    (void)state;
    assert_int_equal(password_hash(S("une phrase de passe"), STR_NONE, hash), OK);
    assert_int_equal(password_hash(S("une phrase de passe"), STR_NONE, again), OK);
    assert_true(str_starts(str_of(hash), S("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_string_not_equal(hash, again);
    assert_true(password_verify(str_of(hash), S("une phrase de passe"), NULL));
    assert_false(password_verify(str_of(hash), S("une phrase de pass"), NULL));
    assert_false(password_verify(str_of(hash), S(""), NULL));
    assert_false(password_verify(str_of(hash), STR_NONE, NULL));
    assert_true(password_verify(str_of(hash), S("une phrase de passe"), &anew));
    assert_false(anew);
}

/* By a salt that is given the same password makes the same text, which libsodium reads as its own. */
static void test_salt(void **state)
{
    char one[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE];
    str salt = S("0123456789abcdef"), another = S("0123456789abcdeF");
    (void)state;
    assert_int_equal(password_hash(S("une phrase de passe"), salt, one), OK);
    assert_int_equal(password_hash(S("une phrase de passe"), salt, again), OK);
    assert_string_equal(one, again);
    assert_int_equal(password_hash(S("une phrase de passe"), another, other), OK);
    assert_string_not_equal(one, other);
    assert_int_equal(crypto_pwhash_str_verify(one, "une phrase de passe", 19), 0);
    assert_int_equal(crypto_pwhash_str_needs_rehash(one, 2, 19 << 20), 0);
    assert_int_equal(password_hash(S("une autre phrase"), salt, other), OK);
    assert_string_not_equal(one, other);
}

static void test_no_hash(void **state)
{
    static const char *const others[] = {"", "x", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=19456,t=2,p=1$$",
                                         "plain"};
    char big[PASSWORD_MAX_BYTES + 2];
    (void)state;
    assert_false(password_verify(STR_NONE, S("anything"), NULL));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(password_verify(str_of(others[i]), S("anything"), NULL));
    memset(big, 'a', sizeof big);
    assert_false(password_verify(STR_NONE, (str){big, sizeof big}, NULL));
}

static bool opens(str set, str typed)
{
    char hash[PASSWORD_HASH_SIZE];
    bool anew;
    assert_int_equal(password_hash(set, STR_NONE, hash), OK);
    bool right = password_verify(str_of(hash), typed, &anew);
    assert_false(anew);
    return right;
}

/* A password set on one keyboard, typed on another. */
static void test_as_other_keyboards_type_it(void **state)
{
    const char *project = getenv("PARVIS_PROJECT");
    char path[1024];
    size_t i;
    json_t *one;
    (void)state;
    snprintf(path, sizeof path, "%s/tests/vectors/people/passwords.json", project ? project : ".");
    json_t *cases = json_load_file(path, 0, NULL);
    assert_non_null(cases);
    json_array_foreach(cases, i, one)
    {
        bool same = json_is_true(json_object_get(one, "same"));
        if (opens(str_of(json_string_value(json_object_get(one, "set"))),
                  str_of(json_string_value(json_object_get(one, "try")))) != same)
            fail_msg("%s", json_string_value(json_object_get(one, "why")));
    }
    assert_true(i > 15);
    json_decref(cases);
}

static void test_what_was_hashed_at_other_costs(void **state)
{
    char hash[crypto_pwhash_STRBYTES];
    str typed = S("une phrase de passe");
    bool anew;
    (void)state;
    assert_int_equal(crypto_pwhash_str_alg(hash, typed.p, typed.n, 1, 8 << 20, crypto_pwhash_ALG_ARGON2ID13), 0);
    assert_true(password_verify(str_of(hash), typed, &anew));
    assert_true(anew);
    assert_false(password_verify(str_of(hash), S("une phrase de pass"), &anew));
    assert_false(anew);
}

/* Hashed as it was typed, before: it opens when it is typed so, and is to be hashed anew. */
static void test_what_was_hashed_as_typed(void **state)
{
    char hash[crypto_pwhash_STRBYTES];
    const char *typed = "Cre\u0300me bru\u0302le\u0301e 42";
    bool anew;
    (void)state;
    assert_int_equal(crypto_pwhash_str_alg(hash, typed, strlen(typed), 2, 19 << 20, crypto_pwhash_ALG_ARGON2ID13), 0);
    assert_true(password_verify(str_of(hash), str_of(typed), &anew));
    assert_true(anew);
    assert_false(password_verify(str_of(hash), S("Crème brûlée 42"), &anew));
    assert_false(anew);
}

static void test_verdicts(void **state)
{
    static const str about[] = {S_INIT("Zoé"), S_INIT("Martineau"), S_INIT("zoe.martineau@example.org"), STR_NONE,
                                S_INIT("Ville de Brest")};
    static const struct {
        const char *password;
        password_verdict verdict;
    } cases[] = {
        {"", PASSWORD_TOO_SHORT},
        {"abc", PASSWORD_TOO_SHORT},
        {"éèàùçôî", PASSWORD_TOO_SHORT},
        {"password", PASSWORD_COMMON},
        {"Password1", PASSWORD_COMMON},
        {"P@ssw0rd!", PASSWORD_COMMON},
        {"Password123", PASSWORD_COMMON},
        {"motdepasse", PASSWORD_COMMON},
        {"MotDePasse2024", PASSWORD_COMMON},
        {"azertyuiop", PASSWORD_COMMON},
        {"qwerty123456", PASSWORD_COMMON},
        {"1q2w3e4r5t", PASSWORD_COMMON},
        {"Trustno1!", PASSWORD_COMMON},
        {"dr@g0n99", PASSWORD_COMMON},
        {"starwars2024", PASSWORD_COMMON},
        {"12345678", PASSWORD_COMMON},
        {"aaaaaaaaaaaa", PASSWORD_COMMON},
        {"abababababab", PASSWORD_COMMON},
        {"abcdefghijkl", PASSWORD_COMMON},
        {"14071789", PASSWORD_COMMON},
        {"soleil2023", PASSWORD_COMMON},
        {"Marseille13", PASSWORD_COMMON},
        {"iloveyou", PASSWORD_COMMON},
        {"Été2024!", PASSWORD_COMMON},
        {"passwordpassword", PASSWORD_COMMON},
        {"Martineau75!", PASSWORD_ABOUT_YOU},
        {"zoe.martineau@example.org", PASSWORD_ABOUT_YOU},
        {"correct horse battery staple", PASSWORD_OK},
        {"kX9#vQ2m", PASSWORD_OK},
        {"un été à Ouessant sous la pluie", PASSWORD_OK},
        {"tracteur-violon-42", PASSWORD_OK},
        {"日本語のパスワード", PASSWORD_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int score = -1;
        password_verdict got = password_check(str_of(cases[i].password), about, 5, 8, &score);
        if (got != cases[i].verdict)
            fail_msg("%s: verdict %d, score %d", cases[i].password, got, score);
        assert_true((got == PASSWORD_OK) == (score > 0) && score <= 4);
    }
    char big[PASSWORD_MAX_BYTES + 1];
    memset(big, 'x', sizeof big);
    assert_int_equal(password_check((str){big, sizeof big}, NULL, 0, 8, NULL), PASSWORD_TOO_LONG);
    assert_int_equal(password_check((str){"kX9#\0vQ2mzz", 11}, NULL, 0, 8, NULL), PASSWORD_TOO_LONG);
    assert_int_equal(password_check(S("kX9#\xff"
                                      "vQ2mzz"),
                                    NULL, 0, 8, NULL),
                     PASSWORD_TOO_LONG);
}

static void test_score_grows(void **state)
{
    static const char *const ladder[] = {"vmqkdwru", "vmqkdwru7x", "vmqkdwru7x!pz", "vmqkdwru7x!pzkwe wqb"};
    int last = 0;
    (void)state;
    for (size_t i = 0; i < sizeof ladder / sizeof *ladder; i++) {
        int score;
        assert_int_equal(password_check(str_of(ladder[i]), NULL, 0, 8, &score), PASSWORD_OK);
        assert_true(score >= last);
        last = score;
    }
    assert_int_equal(last, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_salt),
        cmocka_unit_test(test_no_hash),
        cmocka_unit_test(test_as_other_keyboards_type_it),
        cmocka_unit_test(test_what_was_hashed_as_typed),
        cmocka_unit_test(test_what_was_hashed_at_other_costs),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_score_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
