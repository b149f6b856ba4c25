/*
 * Texts and their placeholders, numbers, dates and spans as French and English write them: mails, pages and the command
 * line say them alike. No locale of the system's is asked, for which there may be none.
 */
#include "domain/shared/phrase.h"
#include "base/buf.h"
#include "ports/zone.h"

str phrase_fill(arena *a, str template, const str (*pairs)[2], size_t count)
{
    BUF_SCOPED out = {0};
    str rest = template;
    while (rest.n > 0) {
        size_t at = str_find_byte(rest, '{');
        buf_add(&out, str_slice(rest, 0, at));
        rest = str_slice(rest, at, rest.n);
        size_t end = str_find_byte(rest, '}');
        if (end == rest.n) {
            buf_add(&out, rest);
            break;
        }
        str name = str_slice(rest, 1, end), found = str_slice(rest, 0, end + 1);
        for (size_t i = 0; i < count; i++)
            if (str_eq(pairs[i][0], name))
                found = pairs[i][1];
        buf_add(&out, found);
        rest = str_slice(rest, end + 1, rest.n);
    }
    return arena_str(a, buf_str(&out));
}

str phrase_number(arena *a, language lang, int64_t n)
{
    str digits = arena_printf(a, "%lld", (long long)n);
    BUF_SCOPED out = {0};
    for (size_t i = 0; i < digits.n; i++) {
        if (i > 0 && (digits.n - i) % 3 == 0 && digits.p[i - 1] != '-')
            buf_add(&out, lang == LANG_FR ? S("\u202f") : S(","));
        buf_byte(&out, digits.p[i]);
    }
    return arena_str(a, buf_str(&out));
}

str phrase_count(arena *a, language lang, str key, int64_t count)
{
    return phrase_fill(a, catalog_plural(lang, key, count),
                       (const str[][2]){{S("count"), phrase_number(a, lang, count)}}, 1);
}

static str day_text(arena *a, language lang, const civil *c)
{
    return c->day == 1 ? catalog_text(lang, S("date.first")) : arena_printf(a, "%d", c->day);
}

static str month_text(arena *a, language lang, const civil *c)
{
    return catalog_text(lang, arena_printf(a, "date.month_%d", c->month));
}

str phrase_date(arena *a, language lang, msec t)
{
    civil c = clock_civil(t);
    return PHRASE(a, lang, S("date.day"), {S("day"), day_text(a, lang, &c)}, {S("month"), month_text(a, lang, &c)},
                  {S("year"), arena_printf(a, "%d", c.year)});
}

str phrase_day(arena *a, language lang, msec t, msec now)
{
    civil c = clock_civil(t);
    if (c.year != clock_civil(now).year)
        return phrase_date(a, lang, t);
    return PHRASE(a, lang, S("date.day_month"), {S("day"), day_text(a, lang, &c)},
                  {S("month"), month_text(a, lang, &c)});
}

/* "+1", "-3:30"; nothing for UTC itself. The minus is U+2212. */
static str offset_text(arena *a, msec offset)
{
    msec minutes = (offset < 0 ? -offset : offset) / MSEC_MINUTE;
    const char *sign = offset < 0 ? "\u2212" : "+";
    if (minutes == 0)
        return S("");
    if (minutes % 60 == 0)
        return arena_printf(a, "%s%d", sign, (int)(minutes / 60));
    return arena_printf(a, "%s%d:%02d", sign, (int)(minutes / 60), (int)(minutes % 60));
}

/* America/North_Dakota/New_Salem → zone.city.america.north_dakota.new_salem */
static str zone_key(arena *a, str zone)
{
    BUF_SCOPED out = {0};
    buf_lit(&out, "zone.city.");
    for (size_t i = 0; i < zone.n; i++) {
        char c = zone.p[i];
        buf_byte(&out, (char)(c == '/' ? '.' : c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
    }
    return arena_str(a, buf_str(&out));
}

str phrase_zone(arena *a, language lang, str zone)
{
    str key = zone_key(a, zone), city = zone, region = str_cut(&city, '/');
    if (!city.p || str_eq(region, S("Etc")))
        return STR_NONE;
    if (catalog_has(key))
        return catalog_text(lang, key);
    for (str rest = city; rest.p;)
        city = str_cut(&rest, '/');
    char *out = arena_alloc(a, city.n + 1);
    for (size_t i = 0; i < city.n; i++)
        out[i] = (char)(city.p[i] == '_' ? ' ' : city.p[i]);
    return (str){out, city.n};
}

str phrase_moment(arena *a, language lang, str zone, msec t)
{
    msec offset = zone_offset(zone, t);
    civil c = clock_civil(t + offset);
    str hour = arena_printf(a, lang == LANG_FR ? "%d" : "%02d", c.hour);
    str time = PHRASE(a, lang, S("date.time"), {S("hour"), hour}, {S("minute"), arena_printf(a, "%02d", c.minute)});
    str whole =
        PHRASE(a, lang, S("date.day_time"), {S("day"), day_text(a, lang, &c)}, {S("month"), month_text(a, lang, &c)},
               {S("year"), arena_printf(a, "%d", c.year)}, {S("time"), time});
    str place = zone_exists(zone) ? phrase_zone(a, lang, zone) : STR_NONE, distance = offset_text(a, offset);
    if (!place.p)
        return arena_join(a, PHRASE(a, lang, S("date.utc"), {S("text"), whole}), distance);
    return PHRASE(a, lang, S("date.zone"), {S("text"), whole}, {S("zone"), place},
                  {S("utc"), arena_join(a, S("UTC"), distance)});
}

str phrase_access_end(arena *a, language lang, str zone, msec t)
{
    return clock_ends_day(t) ? phrase_date(a, lang, t - 1) : phrase_moment(a, lang, zone, t);
}

str phrase_ago(arena *a, language lang, msec t, msec now)
{
    const struct {
        msec unit;
        str key;
    } units[] = {
        {MSEC_DAY, S("date.days_ago")}, {MSEC_HOUR, S("date.hours_ago")}, {MSEC_MINUTE, S("date.minutes_ago")}};
    msec distance = now > t ? now - t : 0;
    if (distance > 30 * (msec)MSEC_DAY)
        return phrase_date(a, lang, t);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (distance >= units[i].unit)
            return phrase_count(a, lang, units[i].key, distance / units[i].unit);
    return catalog_text(lang, S("date.just_now"));
}

str phrase_duration(arena *a, language lang, msec d)
{
    if (d >= MSEC_DAY && d % MSEC_DAY == 0)
        return phrase_count(a, lang, S("duration.days"), d / MSEC_DAY);
    if (d >= MSEC_HOUR && d % MSEC_HOUR == 0)
        return phrase_count(a, lang, S("duration.hours"), d / MSEC_HOUR);
    char out[DURATION_TEXT_SIZE];
    return arena_str(a, duration_format(d, out));
}

str phrase_name(arena *a, str given, str family)
{
    if (str_empty(given) || str_empty(family))
        return str_empty(given) ? (str_empty(family) ? STR_NONE : family) : given;
    return arena_join(a, given, S(" "), family);
}
