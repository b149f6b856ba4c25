/* Time zones, from the system's tzdata (/usr/share/zoneinfo). Without it everything is UTC. */
#ifndef PARVIS_PORTS_ZONE_H
#define PARVIS_PORTS_ZONE_H

#include "base/arena.h"
#include "base/clock.h"
#include "ports/zone_footer.h"

/**
 * Whether the system knows a zone by this IANA name ("Europe/Paris"). Names that lead anywhere else are none; "UTC"
 * needs no tzdata.
 */
bool zone_exists(str name);
/** Milliseconds to add to UTC in a zone at a moment; 0 for a zone that is not known or STR_NONE. Any thread. */
msec zone_offset(str name, msec t);
/** t + zone_offset: what clock_civil and phrase_date then show as the zone's own day. */
msec zone_local(str name, msec t);
/** The zones that people live in (zone1970.tab), sorted; none without tzdata. Names live in `a`. */
void zone_names(arena *a, str **names, size_t *count);

/* ---- the format, for the fuzzer ---- */

enum { ZONE_MOMENTS_MAX = 2000 };
/** When which offset begins, in seconds; `first` holds before. */
typedef struct zone_rules {
    size_t count;
    int32_t first;
    int64_t at[ZONE_MOMENTS_MAX];
    int32_t offset[ZONE_MOMENTS_MAX];
    bool has_footer; /* what holds after the last moment; else its offset goes on */
    zone_footer footer;
} zone_rules;
/**
 * Reads a TZif file (RFC 8536), version 2 or later: its 64-bit block and its footer. False for anything that does not
 * hold together.
 */
bool zone_read(str file, zone_rules *out);
/** The offset in seconds at a moment in seconds. */
int32_t zone_rules_at(const zone_rules *z, int64_t at);

#endif
