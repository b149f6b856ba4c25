/* One pass over the code points, by a table of what is spelt in many ways; where each byte came from is kept beside. */
#include "ports/pasted_text.h"

#include <unictype.h>
#include <unistr.h>

enum { REFERENCE_MAX = 12 }; /* bytes of a character reference */

/* What a code point means, beside its properties. */
enum { AS_TYPED = 0, DROPPED = 1, BULLET = 2 };

static const struct {
    uint32_t from, to;
    char as;
} meant[] = {
    {0x0009, 0x000A, AS_TYPED}, {0x000B, 0x000D, '\n'},   {0x0085, 0x0085, '\n'},     {0x00B7, 0x00B7, BULLET},
    {0x034F, 0x034F, AS_TYPED}, {0x037E, 0x037E, ';'},    {0x055D, 0x055D, ','},      {0x060C, 0x060C, ','},
    {0x061B, 0x061B, ';'},      {0x07F8, 0x07F8, ','},    {0x1363, 0x1363, ','},      {0x1364, 0x1364, ';'},
    {0x1802, 0x1802, ','},      {0x1808, 0x1808, ','},    {0x180B, 0x180D, AS_TYPED}, {0x180F, 0x180F, AS_TYPED},
    {0x200C, 0x200D, AS_TYPED}, {0x2022, 0x2023, BULLET}, {0x2028, 0x2029, '\n'},     {0x2043, 0x2043, BULLET},
    {0x204F, 0x204F, ';'},      {0x2190, 0x21FF, BULLET}, {0x2219, 0x2219, BULLET},   {0x22C5, 0x22C5, BULLET},
    {0x25A0, 0x25FF, BULLET},   {0x2605, 0x2606, BULLET}, {0x2610, 0x2612, BULLET},   {0x2713, 0x2718, BULLET},
    {0x2756, 0x2756, BULLET},   {0x2794, 0x27BF, BULLET}, {0x2800, 0x2800, ' '},      {0x2981, 0x2981, BULLET},
    {0x29BF, 0x29BF, BULLET},   {0x2B1B, 0x2B1C, BULLET}, {0x3001, 0x3001, ','},      {0x3002, 0x3002, '.'},
    {0x30FB, 0x30FB, BULLET},   {0xE000, 0xF8FF, BULLET}, {0xFE00, 0xFE0F, AS_TYPED}, {0xFE10, 0xFE11, ','},
    {0xFE14, 0xFE14, ';'},      {0xFE50, 0xFE51, ','},    {0xFE52, 0xFE52, '.'},      {0xFE54, 0xFE54, ';'},
    {0xFE6B, 0xFE6B, '@'},      {0xFF61, 0xFF61, '.'},    {0xFF64, 0xFF64, ','},      {0xFF65, 0xFF65, BULLET},
    {0xFFF9, 0xFFFC, DROPPED},
};

static char meaning(uint32_t cp)
{
    size_t low = 0, high = sizeof meant / sizeof *meant;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cp > meant[middle].to)
            low = middle + 1;
        else if (cp < meant[middle].from)
            high = middle;
        else
            return meant[middle].as;
    }
    if (cp < 0x80)
        return AS_TYPED;
    if (cp >= 0xFF01 && cp <= 0xFF5E) { /* full-width; letters are a name's, too, and stay */
        char ascii = (char)(cp - 0xFF01 + '!');
        return uc_is_alnum(cp) ? AS_TYPED : ascii;
    }
    if (uc_is_property_white_space(cp))
        return ' ';
    return uc_is_property_default_ignorable_code_point(cp) ? DROPPED : AS_TYPED;
}

/* ---- character references ---- */

static const struct {
    str name;
    uint32_t cp;
} references[] = {
    {S_INIT("Eacute"), 0xC9}, {S_INIT("Egrave"), 0xC8},  {S_INIT("aacute"), 0xE1},  {S_INIT("acirc"), 0xE2},
    {S_INIT("aelig"), 0xE6},  {S_INIT("agrave"), 0xE0},  {S_INIT("amp"), '&'},      {S_INIT("apos"), '\''},
    {S_INIT("aring"), 0xE5},  {S_INIT("atilde"), 0xE3},  {S_INIT("auml"), 0xE4},    {S_INIT("bull"), 0x2022},
    {S_INIT("ccedil"), 0xE7}, {S_INIT("colon"), ':'},    {S_INIT("comma"), ','},    {S_INIT("commat"), '@'},
    {S_INIT("eacute"), 0xE9}, {S_INIT("ecirc"), 0xEA},   {S_INIT("egrave"), 0xE8},  {S_INIT("emsp"), 0x2003},
    {S_INIT("ensp"), 0x2002}, {S_INIT("euml"), 0xEB},    {S_INIT("gt"), '>'},       {S_INIT("iacute"), 0xED},
    {S_INIT("icirc"), 0xEE},  {S_INIT("iuml"), 0xEF},    {S_INIT("laquo"), 0xAB},   {S_INIT("ldquo"), 0x201C},
    {S_INIT("lpar"), '('},    {S_INIT("lsquo"), 0x2018}, {S_INIT("lt"), '<'},       {S_INIT("mdash"), 0x2014},
    {S_INIT("middot"), 0xB7}, {S_INIT("nbsp"), 0xA0},    {S_INIT("ndash"), 0x2013}, {S_INIT("ntilde"), 0xF1},
    {S_INIT("oacute"), 0xF3}, {S_INIT("ocirc"), 0xF4},   {S_INIT("oelig"), 0x153},  {S_INIT("oslash"), 0xF8},
    {S_INIT("otilde"), 0xF5}, {S_INIT("ouml"), 0xF6},    {S_INIT("period"), '.'},   {S_INIT("quot"), '"'},
    {S_INIT("raquo"), 0xBB},  {S_INIT("rdquo"), 0x201D}, {S_INIT("rpar"), ')'},     {S_INIT("rsquo"), 0x2019},
    {S_INIT("semi"), ';'},    {S_INIT("shy"), 0xAD},     {S_INIT("szlig"), 0xDF},   {S_INIT("thinsp"), 0x2009},
    {S_INIT("uacute"), 0xFA}, {S_INIT("ucirc"), 0xFB},   {S_INIT("ugrave"), 0xF9},  {S_INIT("uuml"), 0xFC},
    {S_INIT("zwj"), 0x200D},  {S_INIT("zwnj"), 0x200C},
};

static bool number_of(str digits, uint32_t base, uint32_t *cp)
{
    *cp = 0;
    for (size_t i = 0; i < digits.n; i++) {
        char c = digits.p[i];
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
        if (digit >= base || (c < '0') || *cp > 0x10FFFF)
            return false;
        *cp = *cp * base + digit;
    }
    return digits.n && *cp && *cp <= 0x10FFFF && (*cp < 0xD800 || *cp > 0xDFFF);
}

/* The code point that a reference at the beginning stands for, and its length; 0: none. */
static size_t reference(str text, uint32_t *cp)
{
    str head = str_slice(text, 0, REFERENCE_MAX);
    size_t end = str_find_byte(head, ';');
    if (head.p[0] != '&' || end == head.n)
        return 0;
    str name = str_slice(head, 1, end);
    if (name.n > 1 && name.p[0] == '#') {
        bool hex = (name.p[1] | 0x20) == 'x';
        return number_of(str_slice(name, hex ? 2 : 1, name.n), hex ? 16 : 10, cp) ? end + 1 : 0;
    }
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (str_eq(references[i].name, name)) {
            *cp = references[i].cp;
            return end + 1;
        }
    return 0;
}

/* ---- the pass ---- */

typedef struct making {
    char *out;
    uint32_t *at;
    size_t n;
    bool after_letter; /* the last character but for what was dropped */
} making;

static void put(making *m, const char *bytes, size_t n, size_t from)
{
    for (size_t i = 0; i < n; i++) {
        m->out[m->n] = bytes[i];
        m->at[m->n++] = (uint32_t)from;
    }
}

static bool is_letter_at(str text, size_t at)
{
    return at < text.n && uc_is_alnum(str_next_codepoint(text, &at));
}

/* One code point, which stood from..to. */
static void take(making *m, str text, uint32_t cp, size_t from, size_t to)
{
    uint8_t bytes[4];
    char as = meaning(cp);
    if (as == DROPPED)
        return;
    if (as == BULLET)
        as = m->after_letter && is_letter_at(text, to) ? AS_TYPED : ' ';
    m->after_letter = uc_is_alnum(cp);
    if (as == AS_TYPED)
        put(m, (const char *)bytes, (size_t)u8_uctomb(bytes, cp, sizeof bytes), from);
    else
        put(m, &as, 1, from);
}

plain_text pasted_plain(arena *a, str typed)
{
    making m = {.out = arena_alloc(a, typed.n + 1), .at = arena_array_of(a, uint32_t, typed.n + 1)};
    for (size_t i = 0; i < typed.n;) {
        size_t from = i;
        uint32_t cp = 0;
        size_t length = typed.p[i] == '&' ? reference(str_slice(typed, i, typed.n), &cp) : 0;
        if (length)
            i += length;
        else
            cp = str_next_codepoint(typed, &i);
        if (cp == '\r' && i < typed.n && typed.p[i] == '\n')
            continue;
        take(&m, typed, cp, from, i);
    }
    m.at[m.n] = (uint32_t)typed.n;
    return (plain_text){{m.out, m.n}, typed, m.at};
}

str pasted_typed(const plain_text *t, size_t from, size_t to)
{
    while (from < to && str_has_byte(S(" \t\n"), t->text.p[from]))
        from++;
    while (to > from && str_has_byte(S(" \t\n"), t->text.p[to - 1]))
        to--;
    if (from >= to)
        return S("");
    size_t end = t->at[to - 1]; /* what was dropped behind it goes */
    uint32_t ignored;
    size_t length = reference(str_slice(t->typed, end, t->typed.n), &ignored);
    if (length)
        end += length;
    else
        str_next_codepoint(t->typed, &end);
    return str_slice(t->typed, t->at[from], end);
}
