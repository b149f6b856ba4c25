/*
 * How hard a password is to guess, by the way guessers work: known words with digits and signs around them, walks over
 * the keyboard, runs, repetitions and dates first. Each predictable step counts little, each surprising one as much as
 * its alphabet. No composition rules.
 */
#include "ports/password_check.h"

#include "ports/password_words.h"

enum {
    WORK_MAX = 256, /* longer passwords are judged by their beginning, which is then already strong */
    WORD_COST = 30, /* tenths of a digit (powers of ten): a word out of a thousand */
};

/*
 * The password as the check sees it. `plain` has letters without case and accents, and signs that stand for letters
 * read as those.
 */
typedef struct work {
    char plain[WORK_MAX]; /* a-z, 0-9, other ASCII as it is, bytes over 0x7f for the rest */
    size_t n;
} work;

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Latin letters with accents, by code point: the letter alone. */
static char without_accent(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        char letter;
    } ranges[] = {{0xE0, 0xE5, 'a'}, {0xE7, 0xE7, 'c'}, {0xE8, 0xEB, 'e'}, {0xEC, 0xEF, 'i'},  {0xF1, 0xF1, 'n'},
                  {0xF2, 0xF6, 'o'}, {0xF9, 0xFC, 'u'}, {0xFD, 0xFF, 'y'}, {0x153, 0x153, 'o'}};
    if (c >= 0xC0 && c <= 0xDE)
        c += 0x20;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return ranges[i].letter;
    return (char)(0x80 | (c & 0x7f)); /* other letters: told apart, no more */
}

static void fold(str s, work *w)
{
    w->n = 0;
    for (size_t i = 0; i < s.n && w->n < WORK_MAX;) {
        uint32_t c = str_next_codepoint(s, &i);
        char plain = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c < 0x80 ? (char)c : without_accent(c);
        w->plain[w->n++] = plain;
    }
}

/* p@$$w0rd → password */
static char unleet(char c)
{
    static const char signs[] = "@4310$57!|", letters[] = "aaeiosstil";
    const char *hit = c ? strchr(signs, c) : NULL;
    return hit ? letters[hit - signs] : c;
}

/* ---- words ---- */

static bool is_common(str word)
{
    size_t low = 0, high = password_word_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(word, password_words[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* The length of the longest common word that begins here, read plainly or with replaced letters; 0: none. */
static size_t word_at(const work *w, const work *soft, size_t at)
{
    size_t longest = w->n - at < 16 ? w->n - at : 16;
    for (size_t n = longest; n >= 3; n--)
        if (is_common((str){w->plain + at, n}) || is_common((str){soft->plain + at, n}))
            return n;
    return 0;
}

/* ---- steps that need no thought ---- */

static bool are_neighbours(char a, char b)
{
    static const char *const rows[] = {"qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
                                       "1234567890", "qaz",       "wsx",     "edc",        "rfv",        "tgb",
                                       "yhn",        "ujm",       "azq",     "zse",        "aqw",        "zsx"};
    if (is_digit(a) != is_digit(b))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *hit = a ? strchr(rows[i], a) : NULL;
        if (hit && ((hit[1] && hit[1] == b) || (hit > rows[i] && hit[-1] == b)))
            return true;
    }
    return false;
}

static bool is_predictable(const work *w, size_t at)
{
    if (at == 0)
        return false;
    char c = w->plain[at], before = w->plain[at - 1];
    bool run = (is_small(c) || is_digit(c)) && (c - before == 1 || before - c == 1);
    if (c == before || run || are_neighbours(before, c))
        return true;
    for (size_t period = 2; period <= 8 && period <= at; period++) /* abab, 123123 */
        if (at >= 2 * period - 1 && c == w->plain[at - period] && before == w->plain[at - 1 - period])
            return true;
    return false;
}

/* 1984, 2024, 14071789: four digits of a year, alone or at the end of a date. */
static size_t year_at(const work *w, size_t at)
{
    if (w->n - at < 4)
        return 0;
    const char *p = w->plain + at;
    bool century = (p[0] == '1' && (p[1] == '7' || p[1] == '8' || p[1] == '9')) || (p[0] == '2' && p[1] == '0');
    return century && is_digit(p[2]) && is_digit(p[3]) ? 4 : 0;
}

/* Tenths of powers of ten: about how many guesses one surprising character takes. */
static int surprise(const work *w, size_t at)
{
    char c = w->plain[at];
    bool sign = c > ' ' && c < 0x7f && !is_digit(c) && !is_small(c);
    if (sign && at + 1 == w->n)
        return 8; /* the "!" at the end */
    return is_digit(c) ? 10 : is_small(c) ? 14 : 15;
}

/* Tenths of powers of ten of the guesses that the whole takes; *words: how many common words stand in it. */
static int guesses(str password, int *words)
{
    work w, soft;
    fold(password, &w);
    soft.n = w.n;
    for (size_t i = 0; i < w.n; i++)
        soft.plain[i] = unleet(w.plain[i]);
    int total = 0, easy = 0; /* steps of a run that count: after a dozen, how long it is says nothing more */
    *words = 0;
    for (size_t at = 0; at < w.n;) {
        size_t word = word_at(&w, &soft, at), year = year_at(&w, at);
        if (word) {
            total += *words > 0 && is_predictable(&w, at) ? 3 : WORD_COST;
            (*words)++;
            at += word;
        } else if (year) {
            total += 20;
            at += year;
        } else {
            easy = is_predictable(&w, at) ? easy + 1 : 0;
            total += easy == 0 ? surprise(&w, at) : easy <= 12 ? 3 : 0;
            at++;
        }
    }
    return total;
}

/* ---- what is known of the person ---- */

/* True when a piece of what is known makes up most of the password. */
static bool is_about(str password, const str *about, size_t count)
{
    work w;
    fold(password, &w);
    str mine = {w.plain, w.n};
    for (size_t i = 0; i < count; i++) {
        if (!about[i].p || !str_is_utf8(about[i]))
            continue;
        work known;
        fold(about[i], &known);
        for (size_t at = 0; at < known.n;) {
            size_t end = at;
            while (end < known.n && (is_small(known.plain[end]) || is_digit(known.plain[end])))
                end++;
            str piece = {known.plain + at, end - at};
            /* a name of four letters or more, with no more than five other characters around it */
            if (piece.n >= 4 && str_find(mine, piece) < mine.n && w.n - piece.n <= 5)
                return true;
            at = end + 1;
        }
        str whole = {known.plain, known.n};
        if (whole.n >= 4 && str_find(mine, whole) < mine.n && w.n - whole.n <= 5)
            return true;
    }
    return false;
}

static int score_of(int total)
{
    static const int steps[] = {65, 85, 105, 130};
    int score = 0;
    while (score < 4 && total >= steps[score])
        score++;
    return score;
}

password_verdict password_check(str password, const str *about, size_t about_count, int64_t min_length, int *score)
{
    int ignored = 0, words = 0;
    score = score ? score : &ignored;
    *score = 0;
    if (password.n > PASSWORD_MAX_BYTES)
        return PASSWORD_TOO_LONG;
    if (!password.p || !str_is_utf8(password) || str_find_byte(password, '\0') < password.n)
        return password.p ? PASSWORD_TOO_LONG : PASSWORD_TOO_SHORT;
    int64_t length = (int64_t)str_codepoints(password);
    if (length < min_length || length > PASSWORD_MAX_LENGTH)
        return length < min_length ? PASSWORD_TOO_SHORT : PASSWORD_TOO_LONG;
    int total = guesses(password, &words);
    if (score_of(total) == 0)
        return PASSWORD_COMMON;
    if (is_about(password, about, about_count))
        return PASSWORD_ABOUT_YOU;
    *score = score_of(total);
    return PASSWORD_OK;
}
