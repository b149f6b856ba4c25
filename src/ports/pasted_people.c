/* A growing list beside a table of keys, which doubles with it. */
#include "ports/pasted_people.h"

#include "base/hash.h"
#include "ports/pasted_word.h"

static bool grown(people *p)
{
    if (p->count == p->max) {
        p->full = true;
        return false;
    }
    if (p->count < p->room)
        return true;
    p->room = p->room ? p->room * 2 : 32;
    pasted_entry *entries = arena_array_of(p->a, pasted_entry, p->room);
    if (p->count)
        memcpy(entries, p->entries, p->count * sizeof *entries);
    p->entries = entries;
    return true;
}

/* Where the key stands in the table, or would. */
static size_t slot_of(const people *p, str key)
{
    size_t at = hash_of(key) & (p->seen_room - 1);
    while (p->seen[at] && !str_eq(p->entries[p->seen[at] - 1].address.key, key))
        at = (at + 1) & (p->seen_room - 1);
    return at;
}

/* A table of at least twice as many places as there are entries. */
static void make_table(people *p)
{
    if (p->seen_room > p->room * 2)
        return;
    p->seen_room = p->seen_room ? p->seen_room : 32;
    while (p->seen_room <= p->room * 2)
        p->seen_room *= 2;
    p->seen = arena_array_of(p->a, uint32_t, p->seen_room);
    for (size_t i = 0; i < p->count; i++)
        if (p->entries[i].address.key.p)
            p->seen[slot_of(p, p->entries[i].address.key)] = (uint32_t)(i + 1);
}

long people_refuse(people *p, span at)
{
    str raw = pasted_typed(p->t, at.from, at.to);
    if (!raw.n || !grown(p))
        return NOBODY;
    p->entries[p->count] = (pasted_entry){.raw = raw};
    return (long)p->count++;
}

void people_refuse_on(people *p, long number, span at)
{
    if (number >= 0 && !p->entries[number].address.key.p)
        p->entries[number].raw = pasted_typed(p->t, at.from, at.to);
}

bool people_has(const people *p, const address *address)
{
    return p->seen_room && p->seen[slot_of(p, address->key)];
}

long people_add(people *p, const address *address, span at)
{
    if (people_has(p, address))
        return (long)p->seen[slot_of(p, address->key)] - 1;
    if (!grown(p))
        return NOBODY;
    make_table(p);
    p->entries[p->count] = (pasted_entry){.raw = pasted_typed(p->t, at.from, at.to)};
    p->entries[p->count].address = (struct address){arena_str(p->a, address->typed), arena_str(p->a, address->key)};
    p->entries[p->count].doubtful = address_is_doubtful(address);
    p->seen[slot_of(p, address->key)] = (uint32_t)(p->count + 1);
    return (long)p->count++;
}

void people_take(people *p, const pasted_entry *entry)
{
    if ((entry->address.key.p && people_has(p, &entry->address)) || !grown(p))
        return;
    make_table(p);
    p->entries[p->count] = *entry;
    if (entry->address.key.p)
        p->seen[slot_of(p, entry->address.key)] = (uint32_t)(p->count + 1);
    p->count++;
}

void people_name(people *p, long number, person_name name)
{
    if (!people_nameless(p, number))
        return;
    p->entries[number].given_name = arena_str(p->a, name.given);
    p->entries[number].family_name = arena_str(p->a, name.family);
}

bool people_nameless(const people *p, long number)
{
    const pasted_entry *e = number >= 0 ? &p->entries[number] : NULL;
    return e && e->address.key.p && !e->given_name.p && !e->family_name.p;
}
