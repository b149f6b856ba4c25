/*
 * City and country of an address, in the reader's language, for lists of one's own sessions. No file, no places:
 * nothing depends on them.
 */
#include "ports/place.h"

#include <maxminddb.h>
#include <stdlib.h>

struct places {
    MMDB_s file;
};

bool places_open(str path, places **out)
{
    ARENA_SCOPED a = arena_new(4096);
    *out = calloc(1, sizeof **out);
    if (*out && MMDB_open(arena_cstr(a, path), MMDB_MODE_MMAP, &(*out)->file) == MMDB_SUCCESS)
        return true;
    free(*out);
    *out = NULL;
    return false;
}

void places_close(places *p)
{
    if (p)
        MMDB_close(&p->file);
    free(p);
}

/* The text at a path; STR_NONE where there is none, and for bytes that are no text. */
static str text_at(arena *a, MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s found;
    if (MMDB_aget_value(entry, &found, path) != MMDB_SUCCESS || !found.has_data ||
        found.type != MMDB_DATA_TYPE_UTF8_STRING)
        return STR_NONE;
    str text = {found.utf8_string, found.data_size};
    return str_is_utf8(text) && !str_has_control(text) && text.n ? arena_str(a, text) : STR_NONE;
}

static str name_of(arena *a, MMDB_entry_s *entry, language l, const char *what)
{
    str name = text_at(a, entry, (const char *const[]){what, "names", language_code(l).p, NULL});
    return name.p ? name : text_at(a, entry, (const char *const[]){what, "names", language_code(LANG_EN).p, NULL});
}

str place_of(const places *p, arena *a, language l, str source)
{
    int no_address = 0, trouble = 0;
    if (!p || !source.p)
        return STR_NONE;
    MMDB_lookup_result_s at = MMDB_lookup_string(&p->file, arena_cstr(a, source), &no_address, &trouble);
    if (no_address || trouble || !at.found_entry)
        return STR_NONE;
    str city = name_of(a, &at.entry, l, "city"), country = name_of(a, &at.entry, l, "country");
    if (!country.p)
        country = text_at(a, &at.entry, (const char *const[]){"country", "iso_code", NULL});
    if (!city.p || !country.p)
        return city.p ? city : country;
    return arena_join(a, city, S(", "), country);
}
