/* Texts of the catalogue with their placeholders filled; dates, numbers and durations as a language writes them. */
#ifndef PARVIS_DOMAIN_SHARED_PHRASE_H
#define PARVIS_DOMAIN_SHARED_PHRASE_H

#include "base/arena.h"
#include "base/clock.h"
#include "ports/catalog.h"

/** `template` with {name} replaced, from name, value pairs; what they bring is not looked at again. In the arena. */
str phrase_fill(arena *a, str template, const str (*pairs)[2], size_t count);
#define PHRASE(a, lang, key, ...)                                                \
    phrase_fill((a), catalog_text((lang), (key)), (const str[][2]){__VA_ARGS__}, \
                sizeof((const str[][2]){__VA_ARGS__}) / sizeof(str[2]))
/** A plural entry with its {count}. */
str phrase_count(arena *a, language lang, str key, int64_t count);
/** « 1 234 », "1,234". */
str phrase_number(arena *a, language lang, int64_t n);
/** « 1er novembre 2026 », "1 November 2026"; the day in UTC, or in a zone whose zone_local is given. */
str phrase_date(arena *a, language lang, msec t);
/** The same without the year, when it is that of `now`: for lists. */
str phrase_day(arena *a, language lang, msec t, msec now);
/** What a zone is called: « Londres », "New York"; STR_NONE for one that is no place ("UTC", "Etc/GMT+3"). */
str phrase_zone(arena *a, language lang, str zone);
/** « 21 novembre 2026 à 9 h 30 UTC », "21 November 2026, 10:30 (Paris, UTC+1)" in a zone; STR_NONE: UTC. */
str phrase_moment(arena *a, language lang, str zone, msec t);
/** When an access ends, as it was chosen: its last day, in UTC, or a moment. */
str phrase_access_end(arena *a, language lang, str zone, msec t);
/** "3 days ago"; a date beyond 30 days. */
str phrase_ago(arena *a, language lang, msec t, msec now);
/** "7 days", "12 hours". */
str phrase_duration(arena *a, language lang, msec d);
/** Given and family name; of one only, that one; STR_NONE of none. */
str phrase_name(arena *a, str given, str family);

#endif
