/* The last line of a TZif file: the rule that goes on for ever after the file's last moment (RFC 8536, 3.3). */
#ifndef PARVIS_PORTS_ZONE_FOOTER_H
#define PARVIS_PORTS_ZONE_FOOTER_H

#include "base/str.h"

/** A day of the year, and the second of it (may lie in another day: RFC 8536, 3.3.1) when the other time begins. */
typedef struct zone_turn {
    enum { ZONE_JULIAN, ZONE_DAY, ZONE_WEEKDAY } kind;
    int day;         /* JULIAN: 1 to 365, never February 29; DAY: 0 to 365; WEEKDAY: 0 (Sunday) to 6 */
    int month, week; /* WEEKDAY: 1 to 12; 1 to 5, 5 being the last */
    int32_t second;  /* -167 to 167 hours, by the clock that ends */
} zone_turn;

/** Offsets in seconds east of UTC. Without `has_summer`, `standard` holds for ever. */
typedef struct zone_footer {
    bool has_summer;
    int32_t standard, summer;
    zone_turn begins, ends;
} zone_footer;

/**
 * Reads a TZ string of POSIX.1 (8.3) as RFC 8536, 3.3.1, extends it: "CET-1CEST,M3.5.0,M10.5.0/3". False: it is none.
 */
bool zone_footer_read(str text, zone_footer *out);
/** The offset that it says for a moment, in seconds since 1970; outside the years 1 to 9999 the standard one. */
int32_t zone_footer_at(const zone_footer *z, int64_t at);

#endif
