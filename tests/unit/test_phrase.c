/* Dates, numbers and durations as each language writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "domain/shared/phrase.h"
#include "ports/zone.h"

static void is(str found, const char *expected)
{
    if (!str_eq(found, str_of(expected)))
        print_error("found «%.*s»\n", STR_FMT(found));
    assert_true(str_eq(found, str_of(expected)));
}

static msec at(const char *text)
{
    msec t;
    assert_true(clock_parse(str_of(text), &t));
    return t;
}

static void dates(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    is(phrase_date(a, LANG_FR, at("2026-11-21T09:30:00Z")), "21 novembre 2026");
    is(phrase_date(a, LANG_EN, at("2026-11-21T09:30:00Z")), "21 November 2026");
    is(phrase_date(a, LANG_FR, at("2026-08-01T00:00:00Z")), "1er août 2026");
    is(phrase_date(a, LANG_EN, at("2026-08-01T00:00:00Z")), "1 August 2026");
    is(phrase_date(a, LANG_FR, at("2024-02-29T23:59:59.999Z")), "29 février 2024");
    is(phrase_day(a, LANG_FR, at("2026-08-01T00:00:00Z"), at("2026-12-31T23:59:59Z")), "1er août");
    is(phrase_day(a, LANG_EN, at("2025-12-31T23:59:59Z"), at("2026-01-01T00:00:00Z")), "31 December 2025");
    is(phrase_moment(a, LANG_EN, STR_NONE, at("2026-11-21T09:05:00Z")), "21 November 2026, 09:05 UTC");
    is(phrase_moment(a, LANG_FR, STR_NONE, at("2026-11-21T09:05:00Z")), "21 novembre 2026 à 9\u202fh\u202f05 UTC");
}

static void zones(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    msec winter = at("2026-11-21T23:30:00Z"), summer = at("2026-07-21T23:30:00Z");
    is(phrase_moment(a, LANG_FR, S("Europe/Paris"), winter), "22 novembre 2026 à 0\u202fh\u202f30 (Paris, UTC+1)");
    is(phrase_moment(a, LANG_EN, S("Europe/Paris"), summer), "22 July 2026, 01:30 (Paris, UTC+2)");
    is(phrase_moment(a, LANG_EN, S("America/St_Johns"), winter), "21 November 2026, 20:00 (St. John’s, UTC\u22123:30)");
    is(phrase_moment(a, LANG_EN, S("Asia/Kolkata"), winter), "22 November 2026, 05:00 (Kolkata, UTC+5:30)");
    is(phrase_moment(a, LANG_EN, S("Etc/UTC"), winter), "21 November 2026, 23:30 UTC");
    is(phrase_moment(a, LANG_EN, S("No/Where"), winter), "21 November 2026, 23:30 UTC");
    is(phrase_moment(a, LANG_EN, S("Europe/London"), winter), "21 November 2026, 23:30 (London, UTC)");
    is(phrase_moment(a, LANG_FR, S("Europe/London"), winter), "21 novembre 2026 à 23\u202fh\u202f30 (Londres, UTC)");
    is(phrase_moment(a, LANG_EN, S("Etc/GMT-3"), winter), "22 November 2026, 02:30 UTC+3");
    is(phrase_zone(a, LANG_FR, S("America/North_Dakota/New_Salem")), "New Salem (Dakota du Nord)");
    is(phrase_zone(a, LANG_FR, S("America/Argentina/Buenos_Aires")), "Buenos Aires");
    assert_false(phrase_zone(a, LANG_FR, S("UTC")).p);
    is(phrase_date(a, LANG_EN, zone_local(S("Pacific/Auckland"), winter)), "22 November 2026");
    /* the hour that is twice, told apart, and the one that is not there */
    is(phrase_moment(a, LANG_EN, S("Europe/Paris"), at("2026-10-25T00:30:00Z")),
       "25 October 2026, 02:30 (Paris, UTC+2)");
    is(phrase_moment(a, LANG_EN, S("Europe/Paris"), at("2026-10-25T01:30:00Z")),
       "25 October 2026, 02:30 (Paris, UTC+1)");
    is(phrase_moment(a, LANG_EN, S("Europe/Paris"), at("2026-03-29T00:59:00Z")), "29 March 2026, 01:59 (Paris, UTC+1)");
    is(phrase_moment(a, LANG_EN, S("Europe/Paris"), at("2026-03-29T01:00:00Z")), "29 March 2026, 03:00 (Paris, UTC+2)");
    /* half an hour of summer, and none at all */
    is(phrase_moment(a, LANG_EN, S("Australia/Lord_Howe"), winter),
       "22 November 2026, 10:30 (Lord Howe Island, UTC+11)");
    is(phrase_moment(a, LANG_EN, S("Australia/Lord_Howe"), summer),
       "22 July 2026, 10:00 (Lord Howe Island, UTC+10:30)");
    is(phrase_moment(a, LANG_EN, S("Asia/Tokyo"), winter), "22 November 2026, 08:30 (Tokyo, UTC+9)");
    is(phrase_moment(a, LANG_EN, S("Asia/Tokyo"), summer), "22 July 2026, 08:30 (Tokyo, UTC+9)");
    /* the minute at which the clocks go back */
    assert_true(zone_offset(S("Europe/Paris"), at("2026-10-25T00:59:59.999Z")) == 2 * MSEC_HOUR);
    assert_true(zone_offset(S("Europe/Paris"), at("2026-10-25T01:00:00Z")) == MSEC_HOUR);
    /* beyond the file's table, which ends with 2037 */
    is(phrase_moment(a, LANG_EN, S("Europe/Paris"), at("2040-01-15T12:00:00Z")),
       "15 January 2040, 13:00 (Paris, UTC+1)");
    is(phrase_moment(a, LANG_EN, S("Europe/Paris"), at("2040-07-15T12:00:00Z")), "15 July 2040, 14:00 (Paris, UTC+2)");
    is(phrase_moment(a, LANG_EN, S("Pacific/Auckland"), at("2040-01-15T12:00:00Z")),
       "16 January 2040, 01:00 (Auckland, UTC+13)");
    assert_true(zone_offset(S("Europe/Paris"), at("2099-07-01T00:00:00Z")) == 2 * MSEC_HOUR);
    static const char *const hostile[] = {"",
                                          "/etc/passwd",
                                          "../../../etc/passwd",
                                          "Europe/../Europe/Paris",
                                          "localtime",
                                          "posix/UTC",
                                          "Europe",
                                          "Europe/Paris/",
                                          "zone.tab",
                                          "Europe//Paris"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        assert_false(zone_exists(str_of(hostile[i])));
    assert_false(zone_exists((str){"Europe/Paris\0x", 14}));
    str *names;
    size_t count;
    zone_names(a, &names, &count);
    assert_true(count > 200);
    for (size_t i = 0; i < count; i++)
        assert_true(zone_exists(names[i]));
}

static void distances(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    msec now = at("2026-11-21T09:30:00Z");
    is(phrase_ago(a, LANG_EN, now, now), "just now");
    is(phrase_ago(a, LANG_EN, now + MSEC_HOUR, now), "just now");
    is(phrase_ago(a, LANG_EN, now - 61 * MSEC_SECOND, now), "1 minute ago");
    is(phrase_ago(a, LANG_EN, now - 3 * MSEC_HOUR, now), "3 hours ago");
    is(phrase_ago(a, LANG_FR, now - 3 * (msec)MSEC_DAY, now), "il y a 3 jours");
    is(phrase_ago(a, LANG_FR, now - MSEC_DAY, now), "il y a 1 jour");
    is(phrase_ago(a, LANG_EN, now - 31 * (msec)MSEC_DAY, now), "21 October 2026");
    is(phrase_duration(a, LANG_EN, 7 * (msec)MSEC_DAY), "7 days");
    is(phrase_duration(a, LANG_EN, MSEC_DAY), "1 day");
    is(phrase_duration(a, LANG_FR, 36 * (msec)MSEC_HOUR), "36 heures");
    is(phrase_duration(a, LANG_EN, 90 * MSEC_MINUTE), "90m");
}

static void numbers_and_placeholders(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    is(phrase_number(a, LANG_EN, 0), "0");
    is(phrase_number(a, LANG_EN, 999), "999");
    is(phrase_number(a, LANG_EN, 1234567), "1,234,567");
    is(phrase_number(a, LANG_FR, -1234), "-1\u202f234");
    const str pairs[][2] = {{S("name"), S("{count}")}, {S("count"), S("3")}};
    is(phrase_fill(a, S("{name} and {count}"), pairs, 2), "{count} and 3");
    is(phrase_fill(a, S("{unknown} {count"), pairs, 2), "{unknown} {count");
    is(phrase_name(a, S("Olive"), S("Martin")), "Olive Martin");
    is(phrase_name(a, STR_NONE, S("Martin")), "Martin");
    assert_null(phrase_name(a, STR_NONE, S("")).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(zones),
        cmocka_unit_test(distances),
        cmocka_unit_test(numbers_and_placeholders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
