/* Who was found in pasted text: each address once, in order, and between them what was none. */
#ifndef PARVIS_PORTS_PASTED_PEOPLE_H
#define PARVIS_PORTS_PASTED_PEOPLE_H

#include "ports/pasted.h"
#include "ports/pasted_name.h"
#include "ports/pasted_text.h"

enum { NOBODY = -1 };

typedef struct span {
    size_t from, to; /* of the plain text */
} span;

typedef struct people {
    arena *a;
    arena *scratch; /* what is only looked at; emptied after each word and row */
    const plain_text *t;
    pasted_entry *entries;
    size_t count, room, max;
    uint32_t *seen; /* by the address's key: an entry's number, and one; open addressing */
    size_t seen_room;
    bool full; /* more than `max` were there */
} people;

/** Adds what is no address, as typed; its number, or NOBODY when they are full or nothing is there. */
long people_refuse(people *p, span at);
/** What was refused goes on to `to`. */
void people_refuse_on(people *p, long number, span at);
/** Adds a copy of somebody, or finds them where they stand already; NOBODY when they are full. */
long people_add(people *p, const address *address, span at);
/** Adds a person or what was refused as it was read before. */
void people_take(people *p, const pasted_entry *entry);
/** Whether the address is somebody's. */
bool people_has(const people *p, const address *address);
/** Gives them a copy of the name, unless they have one. */
void people_name(people *p, long number, person_name name);
/** Whether the entry is somebody without a name. */
bool people_nameless(const people *p, long number);

#endif
