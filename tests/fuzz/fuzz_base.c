/* Times, durations, ids: what is accepted has one spelling, and that spelling is read back as the same value. */
#include "base/clock.h"
#include "base/typeid.h"

#include <stdlib.h>

enum { LAST_YEAR_END = 2932897 }; /* days from 1970-01-01 to 10000-01-01 */

static void check_time(str text)
{
    msec t, again;
    char out[CLOCK_TEXT_SIZE];
    if (!clock_parse(text, &t))
        return;
    if (t < 0 || t >= (msec)LAST_YEAR_END * MSEC_DAY)
        abort();
    if (!clock_parse(clock_format(t, out), &again) || again != t)
        abort();
}

static void check_duration(str text)
{
    msec d, again;
    char out[DURATION_TEXT_SIZE];
    if (duration_parse(text, &d) && (d < 0 || !duration_parse(duration_format(d, out), &again) || again != d))
        abort();
}

static void check_id(str text)
{
    str prefix;
    uuid id, again;
    char out[TYPEID_SIZE];
    if (typeid_parse_any(text, &prefix, &id)) {
        if (!str_eq(typeid_format(prefix, id, out), text) || !typeid_parse(text, prefix, &again) || !uuid_eq(id, again))
            abort();
        if (!str_eq(prefix, S("org")) && typeid_parse(text, S("org"), &again))
            abort();
    } else if (typeid_parse(text, S("org"), &again)) {
        abort();
    }
    if (text.n < sizeof id.b)
        return;
    memcpy(id.b, text.p, sizeof id.b);
    if (!typeid_parse(typeid_format(S("mbr"), id, out), S("mbr"), &again) || !uuid_eq(id, again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str text = {(const char *)data, size};
    check_time(text);
    check_duration(text);
    check_id(text);
    return 0;
}
