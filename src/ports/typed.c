/*
 * Walks a text by code points with libunistring's properties: what is unseen goes, but where it joins what is written;
 * what steers or hides other text is refused.
 */
#include "ports/typed.h"

#include <stdlib.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

typedef enum part {
    PART_SEEN,
    PART_WITH,   /* a mark: seen with what it stands on */
    PART_SPACE,  /* seen as a gap */
    PART_BREAK,  /* the same, at the ends alone */
    PART_JOINER, /* says how its neighbours are drawn */
    PART_CHOICE, /* says how what stands before it is drawn */
    PART_UNSEEN,
    PART_REFUSED,
} part;

typedef struct range {
    ucs4_t from, to;
    part is;
} range;

/* What the properties alone do not tell. */
static const range exceptions[] = {
    {0x0009, 0x000D, PART_BREAK},     {0x0085, 0x0085, PART_BREAK}, /* lines, tabs */
    {0x2028, 0x2029, PART_BREAK},     {0x200C, 0x200D, PART_JOINER},
    {0x034F, 0x034F, PART_JOINER}, /* ZWNJ, ZWJ, CGJ */
    {0x180E, 0x180E, PART_JOINER},    {0x180B, 0x180D, PART_CHOICE},
    {0x180F, 0x180F, PART_CHOICE},                                    /* Mongolian */
    {0x202D, 0x202E, PART_REFUSED},   {0xFFF9, 0xFFFB, PART_REFUSED}, /* overrides, rubies */
    {0xE0000, 0xE007F, PART_REFUSED}, {0x2800, 0x2800, PART_SPACE},   /* tags; Braille blank */
    {0x1D159, 0x1D159, PART_SPACE},   {0xFFFC, 0xFFFC, PART_UNSEEN}, /* a note without a head, a picture that is gone */
};

static part part_of(ucs4_t c)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (c >= exceptions[i].from && c <= exceptions[i].to)
            return exceptions[i].is;
    if (uc_is_property_white_space(c))
        return PART_SPACE;
    if (uc_is_property_variation_selector(c))
        return PART_CHOICE;
    if (uc_is_property_default_ignorable_code_point(c))
        return PART_UNSEEN;
    if (uc_is_property_not_a_character(c) || uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc))
        return PART_REFUSED;
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_Cf) ? PART_WITH : PART_SEEN;
}

/*
 * Letters that stand by themselves, and what nobody joins: an unseen character between them only makes two names of
 * one.
 */
static bool is_joined(ucs4_t c)
{
    static const char *const apart[] = {"Latin", "Greek", "Cyrillic"};
    if (c < 0x80 ||
        !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_So | UC_CATEGORY_MASK_Sk))
        return false;
    const uc_script_t *script = uc_script(c);
    for (size_t i = 0; script && i < sizeof apart / sizeof *apart; i++)
        if (str_eq(str_of(script->name), str_of(apart[i])))
            return false;
    return true;
}

typedef struct cleaning {
    char *out; /* as long as the text, and a space */
    size_t n;
    ucs4_t base;      /* the last character that is seen, but for spaces; 0: none yet, or a space came since */
    ucs4_t joiner;    /* waits for a neighbour; 0: none */
    bool gap, broken; /* white space waits; a line break is in it */
    bool seen, unseen, refused;
} cleaning;

static void add(cleaning *c, ucs4_t cp)
{
    c->n += (size_t)u8_uctomb((uint8_t *)c->out + c->n, cp, 4);
}

static void settle_gap(cleaning *c)
{
    if (c->gap && c->n) {
        c->refused |= c->broken;
        c->out[c->n++] = ' ';
    }
    c->gap = c->broken = false;
}

static void take(cleaning *c, ucs4_t cp)
{
    part is = part_of(cp);
    switch (is) {
    case PART_REFUSED:
        c->refused = true;
        break;
    case PART_SPACE:
    case PART_BREAK:
        c->gap = true;
        c->broken |= is == PART_BREAK;
        c->unseen |= !uc_is_property_white_space(cp);
        c->base = c->joiner = 0;
        break;
    case PART_UNSEEN:
        c->unseen = true;
        break;
    case PART_JOINER:
        c->unseen = true;
        c->joiner = is_joined(c->base) ? cp : 0;
        break;
    case PART_CHOICE:
        c->unseen = true;
        if (is_joined(c->base) && !c->joiner)
            add(c, cp);
        break;
    case PART_SEEN:
    case PART_WITH:
        settle_gap(c);
        if (c->joiner)
            add(c, c->joiner);
        c->joiner = 0;
        add(c, cp);
        c->seen |= is == PART_SEEN;
        c->base = is == PART_SEEN ? cp : c->base;
        break;
    }
}

static str normalized(arena *a, str text)
{
    size_t n = 0;
    uint8_t *made = u8_normalize(UNINORM_NFC, (const uint8_t *)text.p, text.n, NULL, &n);
    str out = made ? arena_str(a, (str){(const char *)made, n}) : STR_NONE;
    free(made);
    return out;
}

typed_verdict typed_line(arena *a, str text, str *out)
{
    if (str_empty(text))
        return TYPED_EMPTY;
    if (!str_is_utf8(text))
        return TYPED_REFUSED;
    text = normalized(a, text);
    cleaning c = {.out = arena_alloc(a, text.n + 1)};
    for (size_t i = 0; i < text.n;)
        take(&c, str_next_codepoint(text, &i));
    if (c.refused || !text.p)
        return TYPED_REFUSED;
    if (!c.seen)
        return c.unseen || c.n ? TYPED_UNSEEN : TYPED_EMPTY;
    *out = normalized(a, (str){c.out, c.n});
    return TYPED_FINE;
}

/* ---- codes ---- */

static bool separates(ucs4_t c)
{
    enum { MINUS = 0x2212 };
    part is = part_of(c);
    return is == PART_SPACE || is == PART_BREAK || is == PART_UNSEEN || c == MINUS ||
           uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Pd);
}

/* The ASCII letter or digit that it means; 0: none. */
static char plain(ucs4_t c)
{
    enum { FULL_WIDTH_FIRST = 0xFF01, FULL_WIDTH_LAST = 0xFF5E, FULL_WIDTH_FROM = 0xFEE0 };
    int digit = uc_decimal_value(c);
    if (digit >= 0)
        return (char)('0' + digit);
    if (c >= FULL_WIDTH_FIRST && c <= FULL_WIDTH_LAST)
        c -= FULL_WIDTH_FROM;
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? (char)c : '\0';
}

bool typed_code(str text, char *out, size_t room)
{
    size_t n = 0;
    ucs4_t c;
    for (size_t i = 0; i < text.n;) {
        int length = u8_mbtoucr(&c, (const uint8_t *)text.p + i, text.n - i);
        if (length <= 0)
            return false;
        i += (size_t)length;
        if (separates(c))
            continue;
        if (n + 1 >= room || !plain(c))
            return false;
        out[n++] = plain(c);
    }
    out[n] = '\0';
    return true;
}
