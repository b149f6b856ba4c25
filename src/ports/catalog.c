/* A sorted table, searched by halves, and the choice of a language from what a browser says (RFC 9110, 12.5.4). */
#include "ports/catalog.h"

#include "base/log.h"
#include "catalog_table.h"

str language_code(language l)
{
    return language_text(l);
}

bool language_parse(str code, language *out)
{
    str primary = str_slice(code, 0, str_find_byte(code, '-'));
    primary = str_slice(primary, 0, str_find_byte(primary, '_'));
    for (int l = 0; l < LANG_COUNT; l++) {
        if (str_eq_nocase(primary, language_text(l))) {
            *out = (language)l;
            return true;
        }
    }
    return false;
}

/* "q=0.8" in thousandths; 1000 without one; 0 when malformed. */
static int weight(str parameters)
{
    str piece = str_trim(parameters);
    if (str_empty(piece))
        return 1000;
    if (!str_starts(piece, S("q=")) && !str_starts(piece, S("Q=")))
        return 0;
    str number = str_slice(piece, 2, piece.n);
    uint64_t whole = 0;
    str rest = number, before = str_cut(&rest, '.');
    if (!str_to_u64(before, 1, &whole))
        return 0;
    int thousandths = (int)whole * 1000, unit = 100;
    for (size_t i = 0; rest.p && i < rest.n; i++, unit /= 10) {
        if (rest.p[i] < '0' || rest.p[i] > '9' || i >= 3)
            return 0;
        thousandths += (rest.p[i] - '0') * unit;
    }
    return thousandths > 1000 ? 0 : thousandths;
}

language language_negotiate(str accept_language, language otherwise)
{
    int best[LANG_COUNT] = {0}, any = 0;
    language better = otherwise;
    str rest = accept_language;
    for (int i = 0; i < 32 && rest.p; i++) {
        str parameters = str_cut(&rest, ',');
        str range = str_trim(str_cut(&parameters, ';'));
        int q = weight(parameters);
        language l;
        if (str_eq(range, S("*")))
            any = q;
        else if (language_parse(range, &l) && q > best[l]) {
            best[l] = q;
            better = q > best[better] ? l : better;
        }
    }
    return best[better] >= any || better == otherwise ? better : otherwise;
}

static const catalog_entry *find(str key)
{
    size_t low = 0, high = CATALOG_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(key, catalog_table[middle].key);
        if (order == 0)
            return &catalog_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static str form(language l, str key, bool plural)
{
    const catalog_entry *entry = find(key);
    if (!entry)
        log_(LOG_ERROR, "the catalogue has no such text", LOG_TEXT("key", key));
    return entry ? entry->text[l][plural] : key;
}

bool catalog_has(str key)
{
    return find(key) != NULL;
}

str catalog_text(language l, str key)
{
    return form(l, key, true);
}

str catalog_plural(language l, str key, int64_t n)
{
    bool singular = l == LANG_FR ? n >= -1 && n <= 1 : n == 1;
    return form(l, key, !singular);
}
