/*
 * Search and order in one form, by libunistring: decomposed, without marks, case folded, letters that stay as people
 * without them type them. Both engines then compare bytes.
 */
#include "ports/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* Letters that no decomposition takes apart, as people without them type them; all small: the case is folded. */
static const struct {
    ucs4_t letter;
    str as;
} plain[] = {
    {0x00E6, S_INIT("ae")},
    {0x00F0, S_INIT("d")},
    {0x00F8, S_INIT("o")},
    {0x00FE, S_INIT("th")}, /* æ ð ø þ */
    {0x0111, S_INIT("d")},
    {0x0127, S_INIT("h")},
    {0x0131, S_INIT("i")},
    {0x0142, S_INIT("l")}, /* đ ħ ı ł */
    {0x014B, S_INIT("n")},
    {0x0153, S_INIT("oe")},
    {0x0167, S_INIT("t")}, /* ŋ œ ŧ */
    /* apostrophes */
    {0x0060, S_INIT("'")},
    {0x02BB, S_INIT("'")},
    {0x02BC, S_INIT("'")},
    {0x2018, S_INIT("'")},
    {0x2019, S_INIT("'")},
    {0x201B, S_INIT("'")},
    {0x2032, S_INIT("'")},
};

static str plain_of(ucs4_t cp, str as_it_is)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].letter == cp)
            return plain[i].as;
    return as_it_is;
}

static bool is_dropped(ucs4_t cp)
{
    return uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_M) || uc_is_property_default_ignorable_code_point(cp);
}

/* Nothing grows: what two letters stand for takes two bytes. */
static str made_plain(arena *a, const uint8_t *p, size_t n)
{
    char *out = arena_alloc(a, n + 1);
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        ucs4_t cp;
        int len = u8_mbtouc(&cp, p + i, n - i);
        str as = is_dropped(cp) ? STR_NONE : plain_of(cp, (str){(const char *)p + i, (size_t)len});
        if (as.n)
            memcpy(out + used, as.p, as.n);
        used += as.n;
        i += (size_t)len;
    }
    return (str){out, used};
}

str fold_text(arena *a, str text)
{
    if (text.n == 0 || !str_is_utf8(text))
        return text;
    size_t n = 0;
    uint8_t *folded = u8_casefold((const uint8_t *)text.p, text.n, NULL, UNINORM_NFKD, NULL, &n);
    if (!folded)
        return text;
    str out = made_plain(a, folded, n);
    free(folded);
    return out;
}

static bool in_word(ucs4_t cp)
{
    return uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_M);
}

static str without_apostrophes(arena *a, str word)
{
    char *out = arena_alloc(a, word.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < word.n; i++)
        if (word.p[i] != '\'')
            out[n++] = word.p[i];
    return (str){out, n};
}

/* One word, and what stands before and behind its apostrophes, where they are asked for. */
static size_t add_word(arena *a, str word, bool parts, str words[FOLD_WORDS_MAX], size_t count)
{
    str whole = without_apostrophes(a, word);
    if (whole.n)
        words[count++] = whole;
    if (!parts || whole.n == word.n)
        return count;
    for (str rest = word, part; rest.p && count < FOLD_WORDS_MAX;) {
        part = str_cut(&rest, '\'');
        if (part.n && part.n < whole.n)
            words[count++] = arena_str(a, part);
    }
    return count;
}

size_t fold_words(arena *a, str folded, bool parts, str words[FOLD_WORDS_MAX])
{
    size_t count = 0, start = 0;
    bool inside = false;
    for (size_t i = 0; i <= folded.n && count < FOLD_WORDS_MAX;) {
        ucs4_t cp = ' ';
        int len = i < folded.n ? u8_mbtouc(&cp, (const uint8_t *)folded.p + i, folded.n - i) : 1;
        bool word = in_word(cp) || (inside && cp == '\'');
        if (word && !inside)
            start = i;
        if (!word && inside)
            count = add_word(a, str_slice(folded, start, i), parts, words, count);
        inside = word;
        i += (size_t)len;
    }
    return count;
}
