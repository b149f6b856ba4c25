/*
 * Bounds, words, formats and where a fault is (RFC 6901), alike for JSON and forms. All that is wrong is noted, not the
 * first fault alone.
 */
#include "http/schema_check.h"

enum { POINTER_NAME_MAX = 64 };

/* RFC 6901, 3: "~" and "/" are escaped; names that somebody else made up are cut, at a character's end. */
static str pointer_part(arena *a, const place *at)
{
    if (!at->name.p)
        return arena_printf(a, "%zu", at->index);
    char *p = arena_alloc(a, 2 * POINTER_NAME_MAX + 8);
    size_t n = 0;
    for (size_t i = 0; i < at->name.n; i++) {
        char c = at->name.p[i];
        if (i >= POINTER_NAME_MAX && (c & 0xC0) != 0x80)
            break;
        if (c == '~' || c == '/') {
            p[n++] = '~';
            c = c == '~' ? '0' : '1';
        }
        p[n++] = c;
    }
    return (str){p, n};
}

static str pointer_of(arena *a, const place *at)
{
    if (!at->up)
        return S("");
    return arena_join(a, pointer_of(a, at->up), S("/"), pointer_part(a, at));
}

void check_refuse(check *c, const place *at, str code, int64_t limit)
{
    c->refused = true;
    if (c->problem->field_count < PROBLEM_FIELDS_MAX) {
        err noted = problem_at(c->problem, ERR_INVALID_REQUEST, pointer_of(c->a, at), code, limit);
        (void)noted; /* c->refused already says so */
    }
}

bounds check_bounds(const field *f, bool item)
{
    return item ? (bounds){f->item, f->item_min, f->item_max} : (bounds){f->type, f->min, f->max};
}

static bool has_refused_character(const check *c, const field *f, str text)
{
    bool left = f->is_name || (c->typed && (f->is_code || f->is_pasted)); /* to those who read it */
    if (left || !str_has_control(text))
        return false;
    if (!f->multiline)
        return true;
    for (size_t i = 0, from = 0; i <= text.n; i++)
        if (i == text.n || text.p[i] == '\t' || text.p[i] == '\n' || text.p[i] == '\r') {
            if (str_has_control(str_slice(text, from, i)))
                return true;
            from = i + 1;
        }
    return false;
}

/* All words that would have been taken: whoever reads the refusal need not look them up. */
static void refuse_word(check *c, const place *at, const str *words)
{
    str all = S("");
    for (const str *word = words; word->p; word++)
        all = arena_join(c->a, all, all.n ? S(", ") : S(""), *word);
    c->refused = true;
    err noted = problem_among(c->problem, ERR_INVALID_REQUEST, pointer_of(c->a, at), all, false);
    (void)noted; /* c->refused already says so */
}

static bool is_word(const str *words, str text)
{
    while (words->p && !str_eq(*words, text))
        words++;
    return words->p != NULL;
}

bool check_length(check *c, bounds b, int64_t length, const place *at)
{
    if (length >= b.min && length <= b.max)
        return true;
    bool is_short = length < b.min;
    check_refuse(c, at, is_short ? S("too-short") : S("too-long"), is_short ? b.min : b.max);
    return false;
}

bool check_text(check *c, const field *f, bounds b, str text, const place *at)
{
    if (b.type == FIELD_ENUM) {
        if (is_word(f->words, text))
            return true;
        refuse_word(c, at, f->words);
        return false;
    }
    if (has_refused_character(c, f, text)) {
        check_refuse(c, at, c->typed && f->is_secret ? S("not-in-a-password") : S("invalid-characters"), 0);
        return false;
    }
    return check_length(c, b, (int64_t)str_codepoints(text), at);
}

bool check_integer(check *c, bounds b, int64_t value, const place *at)
{
    if (value >= b.min && value <= b.max)
        return true;
    bool is_small = value < b.min;
    check_refuse(c, at, is_small ? S("too-small") : S("too-large"), is_small ? b.min : b.max);
    return false;
}

bool check_count(check *c, const field *f, size_t count, const place *at)
{
    if ((int64_t)count >= f->min && (int64_t)count <= f->max)
        return true;
    bool is_few = (int64_t)count < f->min;
    check_refuse(c, at, is_few ? S("too-few") : S("too-many"), is_few ? f->min : f->max);
    return false;
}

void check_given(const field *f, void *object)
{
    if (f->has_offset != FIELD_ALWAYS)
        *(bool *)((char *)object + f->has_offset) = true;
}

const field *check_field(const field *fields, str name)
{
    for (; fields->name.p; fields++)
        if (str_eq(fields->name, name))
            return fields;
    return NULL;
}
