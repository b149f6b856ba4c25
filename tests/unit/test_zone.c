/* What a TZif file says at its end, against what Debian's tables say of the same years. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "ports/zone.h"

static msec at(const char *text)
{
    msec t;
    assert_true(clock_parse(str_of(text), &t));
    return t;
}

static zone_footer footer(const char *text)
{
    zone_footer z;
    if (!zone_footer_read(str_of(text), &z))
        fail_msg("“%s” was not read", text);
    return z;
}

static void offset(const char *rule, const char *moment, int32_t expected)
{
    zone_footer z = footer(rule);
    int32_t got = zone_footer_at(&z, at(moment) / MSEC_SECOND);
    if (got != expected)
        fail_msg("%s at %s: %d", rule, moment, got);
}

static void rules_hold_for_ever(void **state)
{
    (void)state;
    const char *paris = "CET-1CEST,M3.5.0,M10.5.0/3", *dublin = "IST-1GMT0,M10.5.0,M3.5.0/1";
    offset(paris, "2100-03-28T00:59:59Z", 3600);
    offset(paris, "2100-03-28T01:00:00Z", 7200);
    offset(paris, "2100-10-31T00:59:59Z", 7200);
    offset(paris, "2100-10-31T01:00:00Z", 3600);
    offset(dublin, "2100-07-01T12:00:00Z", 3600);
    offset(dublin, "2100-12-25T12:00:00Z", 0);
    offset("NZST-12NZDT,M9.5.0,M4.1.0/3", "2099-12-31T23:59:59Z", 13 * 3600);
    offset("NZST-12NZDT,M9.5.0,M4.1.0/3", "2100-06-01T00:00:00Z", 12 * 3600);
    offset("<+0545>-5:45", "2100-06-01T00:00:00Z", 5 * 3600 + 45 * 60);
    offset("NST3:30NDT,M3.2.0,M11.1.0", "2100-07-01T00:00:00Z", -2 * 3600 - 30 * 60);
    offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2100-03-28T00:59:59Z", -2 * 3600);
    offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2100-03-28T01:00:00Z", -3600);
    offset("EET-2EEST,M3.4.4/50,M10.4.4/50", "2100-03-27T00:00:00Z", 3 * 3600);
    offset("XXX3EDT4,0/0,J365/23", "2100-12-31T23:59:59Z", -4 * 3600); /* summer all year: RFC 8536, 3.3.1 */
    offset("AAA0BBB,J60,J61", "2104-03-01T02:00:00Z", 3600);           /* never counts February 29 */
    offset("AAA0BBB,59,60", "2104-02-29T02:00:00Z", 3600);             /* counts it */
}

static void refuses_what_is_no_rule(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "CET",
                                      "CE-1",
                                      "<CET-1",
                                      "CET-25",
                                      "CET-24",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J60",
                                      "CET-1CEST,J366,J60",
                                      "CET-1CEST,M3.5.0/168,M10.5.0",
                                      "CET-1CEST,M3.5.0,M10.5.0/3x",
                                      "CET-1:60",
                                      "CET-00001"};
    zone_footer z;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (zone_footer_read(str_of(bad[i]), &z))
            fail_msg("“%s” was read", bad[i]);
}

static str whole(arena *a, str name)
{
    str path = arena_join(a, S("/usr/share/zoneinfo/"), name);
    FILE *f = fopen(path.p, "rb");
    char *bytes = arena_alloc(a, 64 << 10);
    assert_non_null(f);
    size_t n = fread(bytes, 1, 64 << 10, f);
    fclose(f);
    return (str){bytes, n};
}

/* Of the years for which Debian writes both; Ramadan, which Morocco and Palestine go by, is no rule of this kind. */
static void rules_say_what_tables_say(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(64 << 20);
    zone_rules *z = malloc(sizeof *z);
    str *names;
    size_t count, compared = 0;
    zone_names(a, &names, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(zone_read(whole(a, names[i]), z) && z->has_footer);
        bool by_moon = z->count && z->at[z->count - 1] > at("2038-01-01T00:00:00Z") / MSEC_SECOND;
        for (size_t k = 0; !by_moon && k + 1 < z->count; k++) {
            if (z->at[k] < at("2030-01-01T00:00:00Z") / MSEC_SECOND)
                continue;
            compared++;
            if (zone_footer_at(&z->footer, z->at[k]) != z->offset[k] ||
                zone_footer_at(&z->footer, z->at[k + 1] - 1) != z->offset[k])
                fail_msg("%.*s from %lld on", STR_FMT(names[i]), (long long)z->at[k]);
        }
    }
    free(z);
    assert_true(count > 200 && compared > 500);
}

/* Of a file without any table, as "slim" tzdata has them. */
static void a_file_may_have_its_rule_alone(void **state)
{
    (void)state;
    char file[256] = {0};
    size_t n = 0;
    for (int block = 0; block < 2; block++) {
        memcpy(file + n, "TZif2", 5);
        file[n + 39] = 1; /* one type */
        file[n + 43] = 4; /* of four letters */
        n += 44;
        memcpy(file + n, "\0\0\x0e\x10\0\0CET\0", 10);
        n += 10;
    }
    const char *end = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    zone_rules *z = malloc(sizeof *z);
    assert_true(zone_read((str){file, n}, z) && !z->has_footer);
    memcpy(file + n, end, strlen(end));
    assert_true(zone_read((str){file, n + strlen(end)}, z) && z->has_footer);
    assert_int_equal(zone_rules_at(z, at("2026-07-01T00:00:00Z") / MSEC_SECOND), 7200);
    file[n] = 'x';
    assert_false(zone_read((str){file, n + strlen(end)}, z));
    free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_hold_for_ever),
        cmocka_unit_test(refuses_what_is_no_rule),
        cmocka_unit_test(rules_say_what_tables_say),
        cmocka_unit_test(a_file_may_have_its_rule_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
