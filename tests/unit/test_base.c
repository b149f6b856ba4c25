/* The foundation: strings, arenas, buffers, time, ids (with the official TypeID cases where they are at hand). */
#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/typeid.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_str(str got, str want)
{
    if (!str_eq(got, want) || (got.p == NULL) != (want.p == NULL))
        fail_msg("got \"%.*s\", want \"%.*s\"", STR_FMT(got), STR_FMT(want));
}

/* ---- strings ---- */

static void cuts_and_finds(void **state)
{
    (void)state;
    str rest = S("a,,b");
    assert_str(str_cut(&rest, ','), S("a"));
    assert_str(str_cut(&rest, ','), S(""));
    assert_str(str_cut(&rest, ','), S("b"));
    assert_null(rest.p);
    assert_int_equal(str_find(S("aab"), S("ab")), 1);
    assert_int_equal(str_find(S("ab"), S("abc")), 2);
    assert_int_equal(str_find(S("ab"), S("")), 0);
    assert_int_equal(str_find_byte(S("ab"), 'c'), 2);
    assert_str(str_slice(S("abc"), 1, 99), S("bc"));
    assert_str(str_slice(S("abc"), 5, 2), S(""));
    assert_null(str_slice(STR_NONE, 0, 3).p);
    assert_str(str_trim(S(" \t\r\na b\n ")), S("a b"));
    assert_true(str_eq_nocase(S("HoSt"), S("hOsT")));
    assert_false(str_eq_nocase(S("[\xC3\x89"), S("{\xC3\xA9")));
    assert_true(str_starts(S("abc"), S("ab")) && str_ends(S("abc"), S("bc")) && !str_starts(S("a"), S("ab")));
    assert_true(str_cmp(S("a"), S("ab")) < 0 && str_cmp(S("b"), S("ab")) > 0 && str_cmp(S("\xFF"), S("a")) > 0);
}

/* The first of the vectors that come with SipHash, and two names that agree under FNV-1a. */
static void hashes_under_a_key(void **state)
{
    (void)state;
    hash_key key, none = {0};
    for (uint8_t i = 0; i < sizeof key.b; i++)
        key.b[i] = i;
    assert_true(hash_under(&key, S("")) == 0x726FDB47DD0E0E31u && hash_under(&key, S("\0")) == 0x74F839C593DC67FDu);
    assert_true(hash_of(S("acme-1")) == hash_of(S("acme-1")) && hash_of(S("acme-1")) != hash_under(&none, S("acme-1")));
    assert_true((hash_of(S("acme-1")) ^ hash_of(S("xcu9j0fc3ueqdsc"))) & (((uint64_t)1 << 42) - 1));
}

static void reads_numbers_strictly(void **state)
{
    (void)state;
    static const str wrong[] = {
        S_INIT(""),   S_INIT("-1"), S_INIT("+1"),  S_INIT(" 1"),  S_INIT("1 "),
        S_INIT("1a"), S_INIT("0x"), S_INIT("1.0"), S_INIT("101"), S_INIT("18446744073709551617")};
    uint64_t v;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(str_to_u64(wrong[i], 100, &v));
    assert_false(str_to_u64(S("18446744073709551616"), UINT64_MAX, &v));
    assert_true(str_to_u64(S("18446744073709551615"), UINT64_MAX, &v) && v == UINT64_MAX);
    assert_true(str_to_u64(S("0100"), 100, &v) && v == 100);
}

static void knows_utf8(void **state)
{
    (void)state;
    static const str good[] = {S_INIT(""),
                               S_INIT("a"),
                               S_INIT("\xC2\x80"),
                               S_INIT("\xE0\xA0\x80"),
                               S_INIT("\xED\x9F\xBF"),
                               S_INIT("\xF0\x90\x80\x80"),
                               S_INIT("\xF4\x8F\xBF\xBF")};
    static const str bad[] = {S_INIT("\x80"),
                              S_INIT("\xC0\x80"),
                              S_INIT("\xC1\xBF"),
                              S_INIT("\xC2"),
                              S_INIT("\xE0\x9F\xBF"),
                              S_INIT("\xED\xA0\x80"),
                              S_INIT("\xF0\x8F\xBF\xBF"),
                              S_INIT("\xF4\x90\x80\x80"),
                              S_INIT("\xF5\x80\x80\x80"),
                              S_INIT("a\xE2\x82"),
                              S_INIT("\xFF")};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(str_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_is_utf8(bad[i]));
    str text = S("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    static const uint32_t points[] = {'a', 0xE9, 0x20AC, 0x1F600};
    size_t at = 0;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(str_next_codepoint(text, &at), points[i]);
    assert_int_equal(at, text.n);
    assert_int_equal(str_codepoints(text), 4);
}

static void sees_control_characters(void **state)
{
    (void)state;
    static const str odd[] = {
        S_INIT("a\nb"),         S_INIT("\x7F"),           S_INIT("a\xC2\x85"), S_INIT("\xE2\x80\xA8"),
        S_INIT("\xE2\x80\xAE"), S_INIT("x\xE2\x81\xA6y"), {"a\0b", 3}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_true(str_has_control(odd[i]));
    assert_false(str_has_control(S("Zo\xC3\xAB \xE2\x80\xAF\xF0\x9F\x98\x80")));
}

static void makes_text_of_bytes(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(4096);
    const struct {
        str bytes;
        size_t most;
        str text;
    } cases[] = {
        {S("Firefox/140"), 300, S("Firefox/140")},
        {S(""), 300, S("")},
        {S("a\xFF\xFE z"), 300, S("a\uFFFD z")},           /* a run is one mark */
        {S("a\xC3"), 300, S("a\uFFFD")},                   /* cut in the middle of a character */
        {S("\xED\xA0\x80"), 300, S("\uFFFD")},             /* a surrogate */
        {S("\xC0\x80z"), 300, S("\uFFFDz")},               /* overlong */
        {S("a\0z"), 300, S("a\uFFFDz")},                   /* NUL */
        {S("a\tb\r\nc"), 300, S("a b  c")},                /* white space */
        {S("x\u202Ey\u200Bz"), 300, S("x\uFFFDy\uFFFDz")}, /* seen by nobody */
        {S("aéé"), 3, S("aé")},                            /* the bound is where a character ends */
        {S("aéé"), 4, S("aé")},
        {S("aé\xFF"), 3, S("aé")},
        {S("é"), 1, S("")},
        {S("éa"), 0, S("")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str made = text_of_bytes(a, cases[i].bytes, cases[i].most);
        assert_str(made, cases[i].text);
        assert_str(text_of_bytes(a, made, cases[i].most), made);
        assert_true(text_is_sound(made));
    }
    assert_null(text_of_bytes(a, STR_NONE, 9).p);
    assert_true(text_is_sound(STR_NONE) && text_is_sound(S("")));
}

/* Eight bytes at a time: what is wrong is found at every place of such a piece. */
static void finds_what_is_no_text_at_every_place(void **state)
{
    (void)state;
    for (size_t n = 1; n < 40; n++)
        for (size_t at = 0; at < n; at++) {
            char bytes[40];
            memset(bytes, 'a', n);
            assert_true(text_is_sound((str){bytes, n}));
            bytes[at] = (char)0xC3;
            assert_false(text_is_sound((str){bytes, n}));
            bytes[at] = 0;
            assert_false(text_is_sound((str){bytes, n}));
        }
}

/* ---- memory ---- */

static void arenas_bound_and_clear(void **state)
{
    (void)state;
    arena *a = arena_new(10000);
    for (int i = 0; i < 40; i++) {
        uint8_t *p = arena_alloc(a, 200);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (int j = 0; j < 200; j++)
            assert_int_equal(p[j], 0);
        memset(p, 0xAA, 200);
    }
    assert_false(arena_full(a));
    assert_non_null(arena_alloc(a, 9000));
    assert_true(arena_full(a));
    arena_reset(a);
    assert_false(arena_full(a));
    assert_int_equal(*(uint8_t *)arena_alloc(a, 1), 0);
    assert_str(arena_printf(a, "%d-%s", 7, "x"), S("7-x"));
    assert_str(arena_join(a, S("a"), STR_NONE, S("bc")), S("abc"));
    assert_null(arena_str(a, STR_NONE).p);
    assert_string_equal(arena_cstr(a, str_slice(S("abc"), 0, 2)), "ab");
    arena_free(a);
    arena_free(NULL);
}

static void buffers_grow(void **state)
{
    (void)state;
    BUF_SCOPED b = {0};
    assert_str(buf_str(&b), S(""));
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%03d,", i);
    assert_int_equal(b.n, 4000);
    assert_str(str_slice(buf_str(&b), 3992, 4000), S("998,999,"));
    buf_int(&b, INT64_MIN);
    assert_true(str_ends(buf_str(&b), S("-9223372036854775808")));
    size_t n;
    char *taken = buf_take(&b, &n);
    assert_int_equal(n, 4020);
    free(taken);
    assert_int_equal(buf_str(&b).n, 0);
}

/* ---- time ---- */

static void times_go_round(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        msec t;
    } cases[] = {{"1970-01-01T00:00:00.000Z", 0},
                 {"2000-02-29T23:59:59.999Z", 951868799999},
                 {"2026-11-21T09:30:00.123Z", 1795253400123},
                 {"9999-12-31T23:59:59.999Z", 253402300799999}};
    char out[CLOCK_TEXT_SIZE];
    msec t;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_str(clock_format(cases[i].t, out), str_of(cases[i].text));
        assert_true(clock_parse(str_of(cases[i].text), &t));
        assert_int_equal(t, cases[i].t);
    }
    assert_true(clock_parse(S("2026-11-21t10:30:00.1234+01:00"), &t));
    assert_int_equal(t, 1795253400123);
    static const str wrong[] = {S_INIT("2026-02-29T00:00:00Z"),
                                S_INIT("2026-13-01T00:00:00Z"),
                                S_INIT("2026-01-01T24:00:00Z"),
                                S_INIT("2026-01-01T00:00:00"),
                                S_INIT("2026-01-01"),
                                S_INIT("1969-12-31T23:59:59Z"),
                                S_INIT("2026-01-01T00:00:00.Z"),
                                S_INIT("2026-1-01T00:00:00Z"),
                                S_INIT("2026-01-01T00:00:00Zx"),
                                S_INIT("1970-01-01T00:00:00+00:01"),
                                S_INIT("")};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(clock_parse(wrong[i], &t));
}

static void durations_go_round(void **state)
{
    (void)state;
    static const char *const same[] = {"7d", "36h", "90s", "30m", "1s"};
    char out[DURATION_TEXT_SIZE];
    msec d;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_true(duration_parse(str_of(same[i]), &d));
        assert_str(duration_format(d, out), str_of(same[i]));
    }
    assert_true(duration_parse(S("24h"), &d));
    assert_str(duration_format(d, out), S("1d"));
    static const char *const wrong[] = {"",     "d",   "7",   "7w",    "-7d",
                                        "7.5d", " 7d", "7d ", "3661d", "99999999999999999999d"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(duration_parse(str_of(wrong[i]), &d));
}

/* ---- the log ---- */

static size_t waiting_in(int fd, char *out, size_t size)
{
    ssize_t n = read(fd, out, size - 1);
    out[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static void *gather_lines(void *context)
{
    int fd = *(int *)context;
    char seen[4096];
    log_linger(true);
    log_(LOG_INFO, "first", LOG_INT("n", 1));
    assert_int_equal(waiting_in(fd, seen, sizeof seen), 0);
    log_plain(LOG_WARNING, "second");
    waiting_in(fd, seen, sizeof seen);
    assert_true(strstr(seen, " info    first n=1\n") < strstr(seen, " warning second\n"));
    assert_non_null(strstr(seen, " info    first n=1\n"));
    log_plain(LOG_INFO, "third");
    log_rest();
    waiting_in(fd, seen, sizeof seen);
    assert_non_null(strstr(seen, " info    third\n"));
    log_linger(false);
    assert_int_equal(waiting_in(fd, seen, sizeof seen), 0);
    return NULL;
}

static void a_lingering_thread_gathers_its_lines(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDERR_FILENO);
    pthread_t thread;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    int started = pthread_create(&thread, NULL, gather_lines, &ends[0]);
    if (started == 0)
        pthread_join(thread, NULL);
    dup2(kept, STDERR_FILENO);
    assert_int_equal(started, 0);
    close(ends[0]);
    close(ends[1]);
    close(kept);
}

/* ---- ids ---- */

static uuid uuid_of_text(const char *text)
{
    uuid u = UUID_NONE;
    int digit = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '-')
            continue;
        int v = *p <= '9' ? *p - '0' : *p - 'a' + 10;
        u.b[digit / 2] = (uint8_t)(u.b[digit / 2] << 4 | v);
        digit++;
    }
    return u;
}

static json_t *official(const char *name)
{
    const char *shared = getenv("PARVIS_SHARED"), *project = getenv("PARVIS_PROJECT");
    char path[1024];
    snprintf(path, sizeof path, "%s%s/vectors/typeid/%s.json",
             shared    ? shared
             : project ? project
                       : ".",
             shared ? "" : "/../shared", name);
    json_t *cases = json_load_file(path, 0, NULL);
    if (!cases)
        print_message("# %s is not here: the official cases were not run (set PARVIS_SHARED)\n", path);
    return cases;
}

static void typeids_as_specified(void **state)
{
    (void)state;
    json_t *good = official("valid"), *bad = official("invalid"), *one;
    size_t i;
    str prefix;
    uuid u;
    json_array_foreach(good, i, one)
    {
        str text = str_of(json_string_value(json_object_get(one, "typeid")));
        str want = str_of(json_string_value(json_object_get(one, "prefix")));
        char out[TYPEID_SIZE];
        assert_true(typeid_parse_any(text, &prefix, &u));
        assert_str(prefix, want);
        assert_true(uuid_eq(u, uuid_of_text(json_string_value(json_object_get(one, "uuid")))));
        assert_str(typeid_format(want, u, out), text);
    }
    json_array_foreach(bad, i, one)
    {
        if (typeid_parse_any(str_of(json_string_value(json_object_get(one, "typeid"))), &prefix, &u))
            fail_msg("accepted: %s", json_string_value(json_object_get(one, "name")));
    }
    json_decref(good);
    json_decref(bad);
}

static void typeids_are_strict(void **state)
{
    (void)state;
    char out[TYPEID_SIZE];
    uuid u = uuid_of_text("0192f4a1-5c3e-7d20-9b11-8a7c6d5e4f30"), back;
    str text = typeid_format(ID_INVITATION, u, out);
    assert_true(typeid_parse(text, ID_INVITATION, &back) && uuid_eq(u, back));
    assert_false(typeid_parse(text, ID_MEMBER, &back));
    assert_false(typeid_parse(str_slice(text, 0, text.n - 1), ID_INVITATION, &back));
    assert_false(typeid_parse(S("inv_81hf2a2q1zfmg9p4ca7hpnwkshx"), ID_INVITATION, &back));
    assert_false(typeid_parse(S("inv_8zzzzzzzzzzzzzzzzzzzzzzzzz"), ID_INVITATION, &back));
    assert_false(typeid_parse(S("inv_0000000000000000000000000I"), ID_INVITATION, &back));
    assert_false(typeid_parse((str){"inv_0000000000000000000000000\0", 30}, ID_INVITATION, &back));
    assert_false(typeid_parse(S("_00000000000000000000000000"), S(""), &back));
}

static void ids_grow(void **state)
{
    (void)state;
    uuid last = uuid_new(1000);
    for (int i = 0; i < 10000; i++) {
        uuid next = uuid_new(i % 100 ? 1000 : 500); /* the clock goes back now and then */
        assert_true(memcmp(last.b, next.b, sizeof last.b) < 0);
        assert_int_equal(next.b[6] >> 4, 7);
        assert_int_equal(next.b[8] >> 6, 2);
        last = next;
    }
    assert_int_equal(uuid_time(uuid_new(1795253400123)), 1795253400123);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_and_finds),
        cmocka_unit_test(hashes_under_a_key),
        cmocka_unit_test(reads_numbers_strictly),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(sees_control_characters),
        cmocka_unit_test(makes_text_of_bytes),
        cmocka_unit_test(finds_what_is_no_text_at_every_place),
        cmocka_unit_test(arenas_bound_and_clear),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(times_go_round),
        cmocka_unit_test(durations_go_round),
        cmocka_unit_test(a_lingering_thread_gathers_its_lines),
        cmocka_unit_test(typeids_as_specified),
        cmocka_unit_test(typeids_are_strict),
        cmocka_unit_test(ids_grow),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
