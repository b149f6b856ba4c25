/* Whoever is refused a duration is told which ones are taken: its bounds, as they would be typed. */
#include "domain/shared/span.h"

err span_read(arena *a, problem *p, str pointer, str text, msec least, msec most, msec *out)
{
    if (duration_parse(text, out) && *out >= least && *out <= most)
        return OK;
    return problem_among(p, ERR_INVALID_REQUEST, pointer, duration_bounds(a, least, most), true);
}
