/* A display name is first brought on one line of words, then stripped by tables, then cut in two. */
#include "ports/pasted_name.h"
#include "ports/fold.h"
#include "ports/pasted_line.h"
#include "ports/typed.h"

#include <unictype.h>

/* ---- words ---- */

static str first_word(str line)
{
    return str_slice(line, 0, str_find_byte(line, ' '));
}

static str last_word(str line)
{
    size_t at = line.n;
    while (at > 0 && line.p[at - 1] != ' ')
        at--;
    return str_slice(line, at, line.n);
}

static str behind_first(str line)
{
    return str_trim(str_slice(line, first_word(line).n, line.n));
}

static str before_last(str line)
{
    return str_trim(str_slice(line, 0, line.n - last_word(line).n));
}

static bool has_letter(str word, bool digits)
{
    for (size_t i = 0; i < word.n;) {
        uint32_t cp = str_next_codepoint(word, &i);
        if (digits ? uc_is_alnum(cp) : uc_is_alpha(cp))
            return true;
    }
    return false;
}

/* 1, 2. 3) n° 4 */
static bool is_number(str word)
{
    size_t digits = 0;
    for (size_t i = 0; i < word.n; i++)
        digits += word.p[i] >= '0' && word.p[i] <= '9';
    return digits > 0 && digits <= 4 && !has_letter(word, false);
}

static bool is_in_sign(char c)
{
    return str_has_byte(S("-:,;/|=*_~#"), c);
}

/* Without bullets, dashes and numbers before it, and dashes and colons behind it. */
static str without_noise(str line)
{
    line = str_trim(line);
    while (line.n && (!has_letter(first_word(line), true) || is_number(first_word(line))))
        line = behind_first(line);
    while (line.n && !has_letter(last_word(line), true))
        line = before_last(line);
    while (line.n && is_in_sign(line.p[line.n - 1]))
        line = str_trim(str_slice(line, 0, line.n - 1));
    while (line.n && is_in_sign(line.p[0]))
        line = str_trim(str_slice(line, 1, line.n));
    return line;
}

str name_folded(arena *a, str text)
{
    str folded = fold_text(a, str_slice(text, 0, NAME_SPAN_MAX));
    char *out = arena_alloc(a, folded.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < folded.n;) {
        size_t from = i;
        uint32_t cp = str_next_codepoint(folded, &i);
        if (!uc_is_alnum(cp)) {
            if (n && out[n - 1] != ' ')
                out[n++] = ' ';
            continue;
        }
        memcpy(out + n, folded.p + from, i - from);
        n += i - from;
    }
    return str_trim((str){out, n});
}

/* ---- titles and degrees ---- */

enum { FRONT = 1, BEHIND = 2, BEHIND_COMMA = 4 };

/* Folded, without dots: where in a part it is none of the name. */
static const struct {
    str word;
    int where;
} titles[] = {
    {S_INIT("m"), FRONT},
    {S_INIT("mr"), FRONT | BEHIND_COMMA},
    {S_INIT("mrs"), FRONT | BEHIND_COMMA},
    {S_INIT("ms"), FRONT | BEHIND_COMMA},
    {S_INIT("mx"), FRONT | BEHIND_COMMA},
    {S_INIT("miss"), FRONT | BEHIND_COMMA},
    {S_INIT("mm"), FRONT},
    {S_INIT("mme"), FRONT | BEHIND},
    {S_INIT("mmes"), FRONT | BEHIND},
    {S_INIT("mlle"), FRONT | BEHIND},
    {S_INIT("mle"), FRONT},
    {S_INIT("me"), FRONT},
    {S_INIT("monsieur"), FRONT | BEHIND},
    {S_INIT("madame"), FRONT | BEHIND},
    {S_INIT("mademoiselle"), FRONT | BEHIND},
    {S_INIT("maitre"), FRONT},
    {S_INIT("dr"), FRONT | BEHIND_COMMA},
    {S_INIT("dre"), FRONT},
    {S_INIT("docteur"), FRONT},
    {S_INIT("docteure"), FRONT},
    {S_INIT("pr"), FRONT | BEHIND_COMMA},
    {S_INIT("pre"), FRONT},
    {S_INIT("prof"), FRONT | BEHIND_COMMA},
    {S_INIT("professeur"), FRONT},
    {S_INIT("professeure"), FRONT},
    {S_INIT("professor"), FRONT},
    {S_INIT("doctor"), FRONT},
    {S_INIT("sir"), FRONT},
    {S_INIT("herr"), FRONT},
    {S_INIT("frau"), FRONT},
    {S_INIT("sr"), FRONT},
    {S_INIT("sra"), FRONT},
    {S_INIT("phd"), BEHIND | BEHIND_COMMA},
    {S_INIT("dphil"), BEHIND | BEHIND_COMMA},
    {S_INIT("mba"), BEHIND | BEHIND_COMMA},
    {S_INIT("msc"), BEHIND | BEHIND_COMMA},
    {S_INIT("bsc"), BEHIND | BEHIND_COMMA},
    {S_INIT("md"), BEHIND_COMMA},
    {S_INIT("ma"), BEHIND_COMMA},
    {S_INIT("ba"), BEHIND_COMMA},
    {S_INIT("jd"), BEHIND_COMMA},
    {S_INIT("llm"), BEHIND_COMMA},
    {S_INIT("cpa"), BEHIND_COMMA},
    {S_INIT("dds"), BEHIND_COMMA},
    {S_INIT("dvm"), BEHIND_COMMA},
    {S_INIT("rn"), BEHIND_COMMA},
    {S_INIT("pe"), BEHIND_COMMA},
    {S_INIT("pmp"), BEHIND_COMMA},
    {S_INIT("esq"), BEHIND_COMMA},
    {S_INIT("ing"), BEHIND_COMMA},
};

/* Folded, without dots and whatever else: "Ph.D." is phd. Longer words are none of the tables. */
static str bare(arena *a, str word)
{
    enum { LONGEST = 32 };
    if (word.n > LONGEST)
        return S("");
    str folded = name_folded(a, word);
    char *out = arena_alloc(a, folded.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < folded.n; i++)
        if (folded.p[i] != ' ')
            out[n++] = folded.p[i];
    return (str){out, n};
}

static bool is_title(arena *a, str word, int where)
{
    str folded = bare(a, word);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if ((titles[i].where & where) && str_eq(titles[i].word, folded))
            return true;
    return false;
}

static bool is_suffix(arena *a, str word)
{
    static const str suffixes[] = {S_INIT("jr"), S_INIT("sr"), S_INIT("ii"), S_INIT("iii"), S_INIT("iv")};
    return str_is_one_of(bare(a, word), suffixes, sizeof suffixes / sizeof *suffixes);
}

/* A part that is degrees alone: « MD », "PhD, MBA" comes as two. */
static bool is_all_titles(arena *a, str part)
{
    for (; part.n; part = behind_first(part))
        if (!is_title(a, first_word(part), BEHIND_COMMA | BEHIND))
            return false;
    return true;
}

static str without_titles(arena *a, str part)
{
    while (part.n && is_title(a, first_word(part), FRONT) && behind_first(part).n) {
        part = behind_first(part);
        str next = behind_first(part); /* « M. et Mme » */
        if ((str_eq(first_word(part), S("et")) || str_eq(first_word(part), S("&"))) &&
            is_title(a, first_word(next), FRONT))
            part = next;
    }
    while (before_last(part).n && is_title(a, last_word(part), BEHIND))
        part = before_last(part);
    return part;
}

/* ---- two halves ---- */

/* No small letter, two capitals at least, and no dot, which initials have: « MARTIN », "D'ALMEIDA". */
static bool is_shouted(str word)
{
    size_t capitals = 0;
    for (size_t i = 0; i < word.n;) {
        uint32_t cp = str_next_codepoint(word, &i);
        if (cp == '.' || uc_is_property_lowercase(cp))
            return false;
        capitals += uc_is_property_uppercase(cp);
    }
    return capitals > 1;
}

/* Nothing that a mail would make a link of, and no encoded word that could not be read. */
static bool is_link(str line)
{
    static const str signs[] = {S_INIT("://"), S_INIT("www."), S_INIT("<"), S_INIT(">"), S_INIT("@"), S_INIT("=?")};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_find(line, signs[i]) < line.n)
            return true;
    return false;
}

static str fit(str half)
{
    half = str_trim(half);
    bool fits = half.n && str_codepoints(half) <= ADDRESS_NAME_MAX && has_letter(half, true) && !is_link(half);
    return fits ? half : STR_NONE;
}

/* Where the words in capitals end that it begins with (from the end: begin). 0 and its length: none are. */
static size_t shouted_first(str line)
{
    size_t at = 0;
    while (at < line.n) {
        str word = first_word(str_slice(line, at, line.n));
        if (!is_shouted(word))
            break;
        at += word.n + (at + word.n < line.n);
    }
    return at;
}

static size_t shouted_last(str line)
{
    size_t at = line.n;
    while (at > 0) {
        str word = last_word(str_slice(line, 0, at));
        if (!is_shouted(word))
            break;
        at -= word.n;
        at -= at > 0;
    }
    return at ? at + (at < line.n) : 0;
}

/* Words without a comma: capitals are the family name; else the first word is the given name. */
static person_name halves(str line, bool family_first)
{
    size_t front = shouted_first(line), back = shouted_last(line);
    size_t cut = first_word(line).n;
    if (front > 0 && front < line.n)
        return (person_name){fit(str_slice(line, front, line.n)), fit(str_slice(line, 0, front))};
    if (back > 0 && back < line.n)
        cut = back;
    str first = str_slice(line, 0, cut), second = str_slice(line, cut, line.n);
    if (family_first && second.n)
        return (person_name){fit(second), fit(first)};
    return (person_name){fit(first), fit(second)};
}

/* Takes the next part off, without its titles; degrees are passed over. `more`: whether there was one. */
static str next_part(arena *a, str *rest, bool *more)
{
    while (rest->p) {
        str part = without_noise(str_cut(rest, ','));
        if (part.n && is_all_titles(a, part))
            continue;
        *more = true;
        return without_titles(a, part);
    }
    *more = false;
    return S("");
}

static person_name split(arena *a, str line, bool family_first)
{
    str rest = line;
    bool more, again;
    str first = next_part(a, &rest, &more), second = next_part(a, &rest, &again);
    if (!again)
        return halves(first, family_first);
    if (!second.n || !is_suffix(a, second))
        return (person_name){fit(second), fit(first)};
    str third = next_part(a, &rest, &more);
    if (more)
        return (person_name){fit(third), fit(arena_join(a, first, S(", "), second))};
    person_name name = halves(first, family_first);
    if (name.family.p)
        name.family = fit(arena_join(a, name.family, S(", "), second));
    return name;
}

person_name name_in(arena *a, str text, bool family_first)
{
    str aside = STR_NONE, ignored;
    str line = name_line(a, text, &aside);
    if (!without_noise(line).n && aside.p)
        line = name_line(a, aside, &ignored);
    if (is_link(line))
        return (person_name){STR_NONE, STR_NONE};
    return split(a, without_noise(line), family_first);
}

str name_alone(arena *a, str text)
{
    str aside;
    return fit(without_noise(name_line(a, text, &aside)));
}

/* ---- what it looks like ---- */

static str line_of(arena *a, str text)
{
    str aside = STR_NONE, ignored;
    str line = name_line(a, text, &aside);
    return without_noise(line.n || !aside.p ? line : name_line(a, aside, &ignored));
}

bool name_is_noise(arena *a, str text)
{
    str line = line_of(a, text);
    return text.n <= NAME_SPAN_MAX && (!line.n || is_title(a, line, FRONT | BEHIND));
}

size_t name_words(str text)
{
    size_t words = 0;
    for (str rest = str_trim(text); rest.n && words <= NAME_WORDS_MAX; rest = behind_first(rest))
        words++;
    return words;
}

bool name_is_possible(arena *a, str text)
{
    str line = line_of(a, text);
    if (!line.n || name_words(line) > NAME_WORDS_MAX || is_link(line))
        return false;
    for (size_t i = 0; i < line.n;)
        if (uc_is_digit(str_next_codepoint(line, &i)))
            return false;
    return true;
}

static bool is_particle(arena *a, str word)
{
    static const str particles[] = {S_INIT("de"),  S_INIT("du"),  S_INIT("des"), S_INIT("la"),  S_INIT("le"),
                                    S_INIT("les"), S_INIT("d"),   S_INIT("da"),  S_INIT("do"),  S_INIT("dos"),
                                    S_INIT("van"), S_INIT("von"), S_INIT("der"), S_INIT("den"), S_INIT("el"),
                                    S_INIT("al"),  S_INIT("bin"), S_INIT("ben"), S_INIT("y"),   S_INIT("zu")};
    return str_is_one_of(bare(a, word), particles, sizeof particles / sizeof *particles);
}

bool name_is_likely(arena *a, str text)
{
    if (!name_is_possible(a, text))
        return false;
    for (str rest = line_of(a, text); rest.n; rest = behind_first(rest)) {
        size_t at = 0;
        str word = first_word(rest);
        uint32_t cp = str_next_codepoint(word, &at);
        bool apostrophe = str_find_byte(word, '\'') < word.n || str_find(word, S("\u2019")) < word.n;
        if (uc_is_property_lowercase(cp) && !is_particle(a, word) && !apostrophe)
            return false;
        if (str_ends(word, S("!")) || str_ends(word, S("?")))
            return false;
    }
    return true;
}

bool name_is_shouted(arena *a, str text)
{
    str line = line_of(a, text);
    return line.n && shouted_first(line) == line.n;
}

bool name_is_degree(arena *a, str text)
{
    str line = line_of(a, text);
    return line.n && is_all_titles(a, line);
}

bool name_is_told_by(arena *a, str text, const address *address)
{
    enum { TELLS = 3 };
    str local = str_slice(address->key, 0, str_find_byte(address->key, '@'));
    for (str rest = name_folded(a, line_of(a, text)); rest.n; rest = behind_first(rest)) {
        str word = first_word(rest);
        if (word.n >= TELLS && str_find(local, word) < local.n)
            return true;
    }
    return false;
}
