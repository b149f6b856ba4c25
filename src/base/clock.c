/*
 * The two clocks of the system, the calendar, and the forms of moments and durations. In a build with levers tests move
 * the wall clock through a mapped file; the monotonic one they cannot.
 */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static msec read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (msec)ts.tv_sec * MSEC_SECOND + ts.tv_nsec / 1000000;
}

#ifdef PARVIS_TEST_HOOKS
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static const volatile int64_t *shift;

__attribute__((constructor)) static void map_shift(void)
{
    const char *path = getenv("PARVIS_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *p = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED)
        shift = p;
    close(fd);
}

msec clock_moved(void)
{
    return shift ? *shift : 0;
}
#else
msec clock_moved(void)
{
    return 0;
}
#endif

msec clock_now(void)
{
    return read_clock(CLOCK_REALTIME) + clock_moved();
}

msec clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01 and back; Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

civil clock_civil(msec t)
{
    int64_t seconds = t / MSEC_SECOND - (t % MSEC_SECOND < 0);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0), rest = seconds - days * 86400;
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, m = mp < 10 ? mp + 3 : mp - 9;
    return (civil){
        .year = (int)(yoe + era * 400 + (m <= 2)),
        .month = (int)m,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
        .weekday = (int)(((days % 7) + 11) % 7),
    };
}

static char *digits(char *p, int v, int width)
{
    for (int i = width - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + width;
}

str clock_format(msec t, char out[CLOCK_TEXT_SIZE])
{
    t = t > CLOCK_LAST ? CLOCK_LAST : t;
    civil c = clock_civil(t);
    char *p = digits(out, c.year, 4);
    *p++ = '-';
    p = digits(p, c.month, 2);
    *p++ = '-';
    p = digits(p, c.day, 2);
    *p++ = 'T';
    p = digits(p, c.hour, 2);
    *p++ = ':';
    p = digits(p, c.minute, 2);
    *p++ = ':';
    p = digits(p, c.second, 2);
    *p++ = '.';
    p = digits(p, (int)(t % MSEC_SECOND), 3);
    *p++ = 'Z';
    *p = 0;
    return (str){out, (size_t)(p - out)};
}

static bool number(str text, size_t *at, int width, int *out)
{
    uint64_t v;
    if (!str_to_u64(str_slice(text, *at, *at + (size_t)width), UINT64_MAX, &v) || *at + (size_t)width > text.n)
        return false;
    *at += (size_t)width;
    *out = (int)v;
    return true;
}

static bool byte_in(str text, size_t *at, str any)
{
    if (*at >= text.n || str_find_byte(any, text.p[*at]) == any.n)
        return false;
    (*at)++;
    return true;
}

static bool parse_fraction(str text, size_t *at, int *ms)
{
    *ms = 0;
    if (!byte_in(text, at, S(".")))
        return true;
    int scale = 100, count = 0;
    for (; *at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9'; (*at)++, count++, scale /= 10)
        *ms += (text.p[*at] - '0') * scale;
    return count >= 1 && count <= 9;
}

static bool parse_offset(str text, size_t *at, int *minutes)
{
    *minutes = 0;
    if (byte_in(text, at, S("Zz")))
        return true;
    int sign = *at < text.n && text.p[*at] == '-' ? -1 : 1, h, m;
    if (!byte_in(text, at, S("+-")) || !number(text, at, 2, &h) || !byte_in(text, at, S(":")) ||
        !number(text, at, 2, &m))
        return false;
    *minutes = sign * (h * 60 + m);
    return h < 24 && m < 60;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool clock_parse(str text, msec *out)
{
    int y, mo, d, h, mi, s, ms, offset;
    size_t at = 0;
    bool ok = number(text, &at, 4, &y) && byte_in(text, &at, S("-")) && number(text, &at, 2, &mo) &&
              byte_in(text, &at, S("-")) && number(text, &at, 2, &d) && byte_in(text, &at, S("Tt ")) &&
              number(text, &at, 2, &h) && byte_in(text, &at, S(":")) && number(text, &at, 2, &mi) &&
              byte_in(text, &at, S(":")) && number(text, &at, 2, &s) && parse_fraction(text, &at, &ms) &&
              parse_offset(text, &at, &offset) && at == text.n;
    if (!ok || y < 1970 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) || h > 23 || mi > 59 || s > 60)
        return false;
    *out = ((days_from_civil(y, mo, d) * 24 + h) * 60 + mi - offset) * MSEC_MINUTE + s * MSEC_SECOND + ms;
    return *out >= 0 && *out <= CLOCK_LAST;
}

bool clock_ends_day(msec t)
{
    return t % MSEC_DAY == 0 || t == CLOCK_LAST;
}

static const struct {
    char letter;
    msec unit;
} units[] = {{'d', MSEC_DAY}, {'h', MSEC_HOUR}, {'m', MSEC_MINUTE}, {'s', MSEC_SECOND}};

bool duration_parse(str text, msec *out)
{
    uint64_t v;
    if (text.n < 2 || !str_to_u64(str_slice(text, 0, text.n - 1), 1000000000, &v))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].letter == text.p[text.n - 1]) {
            *out = (msec)v * units[i].unit;
            return *out <= DURATION_MOST;
        }
    return false;
}

str duration_format(msec d, char out[DURATION_TEXT_SIZE])
{
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof *units && (d == 0 || d % units[i].unit))
        i++;
    int n = snprintf(out, DURATION_TEXT_SIZE, "%lld%c", (long long)(d / units[i].unit), units[i].letter);
    return (str){out, (size_t)n};
}

str duration_bounds(arena *a, msec least, msec most)
{
    char from[DURATION_TEXT_SIZE], to[DURATION_TEXT_SIZE];
    return arena_join(a, duration_format(least, from), S("–"), duration_format(most, to));
}
