/*
 * Newer tzdata ends its tables with the last change of a rule, years ago, and says the rule itself here; a reader of
 * the tables alone is an hour off for half of the year.
 */
#include "ports/zone_footer.h"

#include "base/clock.h"

enum { HOUR = 3600, DAY = 24 * HOUR, OFFSET_HOURS = 24, TURN_HOURS = 167, JULIAN_MARCH = 60 };

/* ---- reading ---- */

static bool take(str *rest, char c)
{
    if (!rest->n || rest->p[0] != c)
        return false;
    *rest = str_slice(*rest, 1, rest->n);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "CET", "<+03>": at least three of what may stand in it. */
static bool read_name(str *rest)
{
    bool quoted = take(rest, '<');
    size_t n = 0;
    while (n < rest->n &&
           (is_letter(rest->p[n]) || (quoted && (is_digit(rest->p[n]) || rest->p[n] == '+' || rest->p[n] == '-'))))
        n++;
    *rest = str_slice(*rest, n, rest->n);
    return n >= 3 && (!quoted || take(rest, '>'));
}

static bool read_number(str *rest, int least, int most, int *out)
{
    size_t n = 0;
    int value = 0;
    while (n < rest->n && n < 4 && is_digit(rest->p[n]))
        value = 10 * value + (rest->p[n++] - '0');
    *rest = str_slice(*rest, n, rest->n);
    *out = value;
    return n > 0 && value >= least && value <= most;
}

/* "-3:30", "+5", "2:00:00". */
static bool read_time(str *rest, int most_hours, int32_t *out)
{
    int hours, minutes = 0, seconds = 0;
    bool negative = take(rest, '-');
    if (!negative)
        take(rest, '+');
    if (!read_number(rest, 0, most_hours, &hours))
        return false;
    if (take(rest, ':') && !read_number(rest, 0, 59, &minutes))
        return false;
    if (take(rest, ':') && !read_number(rest, 0, 59, &seconds))
        return false;
    *out = (negative ? -1 : 1) * (hours * HOUR + minutes * 60 + seconds);
    return true;
}

/* POSIX counts to the west. */
static bool read_offset(str *rest, int32_t *out)
{
    if (!read_time(rest, OFFSET_HOURS, out))
        return false;
    *out = -*out;
    return *out > -DAY && *out < DAY;
}

static bool read_weekday(str *rest, zone_turn *out)
{
    out->kind = ZONE_WEEKDAY;
    return read_number(rest, 1, 12, &out->month) && take(rest, '.') && read_number(rest, 1, 5, &out->week) &&
           take(rest, '.') && read_number(rest, 0, 6, &out->day);
}

static bool read_day(str *rest, zone_turn *out)
{
    out->kind = take(rest, 'J') ? ZONE_JULIAN : ZONE_DAY;
    return read_number(rest, out->kind == ZONE_JULIAN, 365, &out->day);
}

/* "M3.5.0/-1", "J60", "59/3". */
static bool read_turn(str *rest, zone_turn *out)
{
    *out = (zone_turn){.second = 2 * HOUR};
    if (!take(rest, ',') || !(take(rest, 'M') ? read_weekday(rest, out) : read_day(rest, out)))
        return false;
    return !take(rest, '/') || read_time(rest, TURN_HOURS, &out->second);
}

bool zone_footer_read(str text, zone_footer *out)
{
    *out = (zone_footer){0};
    if (!read_name(&text) || !read_offset(&text, &out->standard))
        return false;
    if (!text.n)
        return true;
    out->has_summer = true;
    out->summer = out->standard + HOUR;
    if (!read_name(&text) || (text.n && text.p[0] != ',' && !read_offset(&text, &out->summer)))
        return false;
    return read_turn(&text, &out->begins) && read_turn(&text, &out->ends) && !text.n;
}

/* ---- when ---- */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970 to the first of January. */
static int64_t year_begins(int64_t year)
{
    int64_t y = year - 1;
    return 365 * (year - 1970) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) + (y / 400 - 1969 / 400);
}

static int64_t month_begins(int64_t year, int month)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    return year_begins(year) + before[month - 1] + (month > 2 && is_leap(year));
}

static int64_t day_of(const zone_turn *turn, int64_t year)
{
    if (turn->kind == ZONE_DAY)
        return year_begins(year) + turn->day;
    if (turn->kind == ZONE_JULIAN)
        return year_begins(year) + turn->day - 1 + (turn->day >= JULIAN_MARCH && is_leap(year));
    int64_t first = month_begins(year, turn->month),
            next = turn->month == 12 ? year_begins(year + 1) : month_begins(year, turn->month + 1);
    int weekday = (int)(((first + 4) % 7 + 7) % 7); /* the first of 1970 was a Thursday */
    int64_t day = first + (turn->day - weekday + 7) % 7 + 7 * (turn->week - 1);
    return day < next ? day : day - 7;
}

static int64_t moment_of(const zone_turn *turn, int64_t year, int32_t offset)
{
    return day_of(turn, year) * DAY + turn->second - offset;
}

int32_t zone_footer_at(const zone_footer *z, int64_t at)
{
    const int64_t first = -62135596800, last = CLOCK_LAST / MSEC_SECOND;
    if (!z->has_summer)
        return z->standard;
    if (at < first + DAY || at > last - DAY)
        return z->standard;
    int64_t year = clock_civil((at + z->standard) * MSEC_SECOND).year;
    int64_t begins = moment_of(&z->begins, year, z->standard), ends = moment_of(&z->ends, year, z->summer);
    bool summer = begins < ends ? at >= begins && at < ends : at >= begins || at < ends;
    return summer ? z->summer : z->standard;
}
