/* UUIDv7 (RFC 9562, 5.7) inside, TypeIDs (specification 0.3) outside. */
#ifndef PARVIS_BASE_TYPEID_H
#define PARVIS_BASE_TYPEID_H

#include "base/clock.h"
#include "ids.h" /* their prefixes, generated from spec/openapi.yaml */

typedef struct uuid {
    uint8_t b[16];
} uuid;

#define UUID_NONE ((uuid){{0}})

/** A new id: 48 bits of `now`, then a per-thread counter and random bits, so that ids of one thread grow. */
uuid uuid_new(msec now);
/** No id made at that time or later sorts before it. */
uuid uuid_first(msec at);
/** The time in a UUIDv7. */
msec uuid_time(uuid u);
static inline bool uuid_eq(uuid a, uuid b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}
static inline bool uuid_none(uuid u)
{
    return uuid_eq(u, UUID_NONE);
}

enum { TYPEID_SUFFIX = 26, TYPEID_PREFIX_MAX = 63, TYPEID_SIZE = TYPEID_PREFIX_MAX + 1 + TYPEID_SUFFIX + 1 };
/** "inv_01h455vb4pex5vsknk084sn02q" and a NUL; an empty prefix gives the suffix alone. Returns a view of `out`. */
str typeid_format(str prefix, uuid u, char out[TYPEID_SIZE]);
/** Reads a TypeID whose prefix must be `prefix`; false when it is malformed or of another type. */
bool typeid_parse(str text, str prefix, uuid *out);
/** Reads any TypeID; *prefix is a view into text. */
bool typeid_parse_any(str text, str *prefix, uuid *out);

#endif
