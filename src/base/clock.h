/* Time, in milliseconds since 1970-01-01T00:00:00Z. A transaction reads it once, after its locks, and passes it on. */
#ifndef PARVIS_BASE_CLOCK_H
#define PARVIS_BASE_CLOCK_H

#include "base/arena.h"

typedef int64_t msec;

enum {
    MSEC_SECOND = 1000,
    MSEC_MINUTE = 60 * MSEC_SECOND,
    MSEC_HOUR = 60 * MSEC_MINUTE,
    MSEC_DAY = 24 * MSEC_HOUR,
};

/**
 * The wall clock. In a build with -Dtest_hooks=true it is shifted by the file named in PARVIS_TEST_CLOCK (8 bytes, ms).
 */
msec clock_now(void);
/** How far that file moves it: for time that comes from elsewhere. 0 in other builds. */
msec clock_moved(void);
/** A clock that never goes back, for deadlines; its zero means nothing. */
msec clock_monotonic(void);

/** 9999-12-31T23:59:59.999Z: what is later cannot be written. */
#define CLOCK_LAST ((msec)253402300799999)
enum { CLOCK_TEXT_SIZE = 25 };
/** "2026-11-21T09:30:00.123Z" and a NUL; RFC 3339. Returns a view of `out`. Years 1970–9999, and CLOCK_LAST beyond. */
str clock_format(msec t, char out[CLOCK_TEXT_SIZE]);
/** Reads RFC 3339 with any offset and 0–9 decimals (cut to ms); false when malformed or outside 1970–9999. */
bool clock_parse(str text, msec *out);
/** Whether what ends then ends with a day, in UTC: of a midnight that is the day before it. */
bool clock_ends_day(msec t);

/** The longest that can be written: a little more than 10 years. */
#define DURATION_MOST ((msec)3660 * MSEC_DAY)
/** "7d", "12h", "30m", "90s" → ms; false when malformed or above DURATION_MOST. */
bool duration_parse(str text, msec *out);
enum { DURATION_TEXT_SIZE = 24 };
/** The shortest exact form of a duration ("7d", "36h"). */
str duration_format(msec d, char out[DURATION_TEXT_SIZE]);
/** "1h–90d". */
str duration_bounds(arena *a, msec least, msec most);

/** Civil date in UTC: for showing. Month and day from 1, weekday 0 = Sunday. */
typedef struct civil {
    int year, month, day, hour, minute, second, weekday;
} civil;
/** By the proleptic Gregorian calendar, also before 1970. */
civil clock_civil(msec t);

#endif
