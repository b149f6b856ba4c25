/* Where an address is, roughly: from a MaxMind DB file that the operator keeps (libmaxminddb). */
#ifndef PARVIS_PORTS_PLACE_H
#define PARVIS_PORTS_PLACE_H

#include "base/arena.h"
#include "ports/catalog.h"

/**
 * An open database. Read by any thread; its file is mapped, so a newer one takes its place by a rename and a restart.
 */
typedef struct places places;

/**
 * Opens a database of cities or countries; freed by places_close. False when it is missing, damaged or no such file.
 */
bool places_open(str path, places **out);
/** NULL is fine. */
void places_close(places *p);

/**
 * "Lyon, France" in the reader's language, else in English, else the country's ISO 3166-1 code; less where the database
 * knows less, STR_NONE where it knows nothing (what is private, what is no IP address) or where `p` is NULL. Lives in
 * `a`.
 */
str place_of(const places *p, arena *a, language l, str source);

#endif
