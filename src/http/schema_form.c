/*
 * From name=value pairs to the operation's struct. A form knows no types: each field's own row says how its text is
 * read. People's forms are cleaned before they are checked, and every character of them belongs to a field that can be
 * named; programs' queries are taken as they are or refused.
 */
#include "http/schema.h"

#include "http/gate.h"
#include "http/multipart.h"
#include "http/schema_check.h"
#include "ports/address.h"
#include "ports/typed.h"

typedef text_pair pair;

/*
 * Decodes all pairs; the WHATWG's parser of application/x-www-form-urlencoded, but that what is unsound is refused, or
 * left out of the query of a page: to links, mail programs add what they like.
 */
static err read_pairs(arena *a, str text, bool typed, bool of_page, pair **out, size_t *count)
{
    size_t most = 1;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == '&';
    *count = 0;
    if (most > FORM_PAIRS_MAX)
        return ERR_BAD_REQUEST;
    *out = arena_array_of(a, pair, most);
    while (text.p) {
        str value = str_cut(&text, '&');
        if (value.n == 0)
            continue;
        str name = str_cut(&value, '=');
        pair *p = &(*out)[*count];
        str given = value.p ? value : S("");
        bool sound = typed ? percent_decode_typed(a, given, &p->value) : percent_decode(a, given, true, &p->value);
        sound = sound && percent_decode(a, name, true, &p->name);
        if (!sound && !of_page)
            return ERR_BAD_REQUEST;
        *count += sound;
    }
    return OK;
}

/* Browsers send line breaks as CR LF; inside they are LF alone. */
static str unix_lines(arena *a, str text)
{
    char *p = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '\r' || (i + 1 < text.n && text.p[i + 1] != '\n') || i + 1 == text.n)
            p[n++] = text.p[i] == '\r' ? '\n' : text.p[i];
    return (str){p, n};
}

/* Lines keep their breaks and tabs, and lose what nobody sees and str_has_control names. */
static str clean_lines(arena *a, str text)
{
    text = unix_lines(a, text);
    char *p = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0, from = 0; i < text.n; from = i) {
        str_next_codepoint(text, &i);
        str one = str_slice(text, from, i);
        bool kept = !str_has_control(one) || one.p[0] == '\n' || one.p[0] == '\t';
        memcpy(p + n, one.p, kept ? one.n : 0);
        n += kept ? one.n : 0;
    }
    return (str){p, n};
}

/*
 * What came along unseen is not worth a refusal. Left as typed: names and codes, which the rules clean, what a parser
 * of its own reads, and secrets, of which no character is dropped unsaid.
 */
static str clean(arena *a, const field *f, str text)
{
    str line;
    if (f->is_name || f->is_secret || f->is_pasted)
        return f->multiline ? unix_lines(a, text) : text;
    if (f->is_code) {
        char *code = arena_alloc(a, text.n + 1);
        return typed_code(text, code, text.n + 1) ? str_of(code) : text;
    }
    if (f->multiline)
        return clean_lines(a, text);
    switch (typed_line(a, text, &line)) {
    case TYPED_FINE:
        return line;
    case TYPED_REFUSED:
        return text;
    case TYPED_EMPTY:
    case TYPED_UNSEEN:
        break;
    }
    return S("");
}

static bool read_boolean(str text, bool *out)
{
    *out = str_eq(text, S("true")) || str_eq(text, S("on")) || str_eq(text, S("1"));
    return *out || text.n == 0 || str_eq(text, S("false")) || str_eq(text, S("off")) || str_eq(text, S("0"));
}

static bool read_integer(str text, int64_t *out)
{
    uint64_t magnitude;
    bool negative = text.n && text.p[0] == '-';
    if (!str_to_u64(negative ? str_slice(text, 1, text.n) : text, INT64_MAX, &magnitude))
        return false;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

static void store_text(check *c, const field *f, bounds b, str text, void *slot, const place *at)
{
    int64_t number;
    bool truth;
    if (b.type == FIELD_BOOLEAN) {
        if (read_boolean(text, &truth))
            *(bool *)slot = truth;
        else
            check_refuse(c, at, S("wrong-type"), 0);
    } else if (b.type == FIELD_INTEGER) {
        if (!read_integer(text, &number))
            check_refuse(c, at, S("wrong-type"), 0);
        else if (check_integer(c, b, number, at))
            *(int64_t *)slot = number;
    } else if (b.type == FIELD_BYTES) {
        if (check_length(c, b, (int64_t)text.n, at))
            *(str *)slot = text;
    } else {
        if (c->typed)
            text = clean(c->a, f, text);
        else if (f->multiline)
            text = unix_lines(c->a, text);
        else if (f->is_address)
            text = address_clean(c->a, text);
        if (check_text(c, f, b, text, at))
            *(str *)slot = text;
    }
}

static void read_array(check *c, const field *f, const pair *pairs, size_t count, list *out, const place *at)
{
    size_t given = 0, next = 0;
    for (size_t i = 0; i < count; i++)
        given += str_eq(pairs[i].name, f->name);
    if (!check_count(c, f, given, at))
        return;
    out->count = given;
    out->items = arena_alloc(c->a, given * f->item_size);
    for (size_t i = 0; i < count; i++)
        if (str_eq(pairs[i].name, f->name)) {
            place here = {at, STR_NONE, next};
            store_text(c, f, check_bounds(f, true), pairs[i].value, (char *)out->items + next * f->item_size, &here);
            next++;
        }
}

static void read_field(check *c, const field *f, const pair *pairs, size_t count, void *object, const place *top)
{
    place at = {top, f->name, 0};
    void *slot = (char *)object + f->offset;
    const pair *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (str_eq(pairs[i].name, f->name)) {
            if (found && f->type != FIELD_ARRAY) {
                check_refuse(c, &at, S("wrong-type"), 0);
                return;
            }
            found = &pairs[i];
        }
    if (!found) {
        if (f->required)
            check_refuse(c, &at, S("required"), 0);
        return;
    }
    check_given(f, object);
    if (f->type == FIELD_ARRAY)
        read_array(c, f, pairs, count, slot, &at);
    else
        store_text(c, f, check_bounds(f, false), found->value, slot, &at);
}

/* What any page may send along: its language, by which a repeat is known, and where the browser is. */
static bool is_of_every_page(str name)
{
    return str_eq(name, S("lang")) || str_eq(name, S("once")) || str_eq(name, S("here"));
}

/* What is sound of a refused one is there, too: for the page that shows it again. */
static err fill(const schema *s, check *c, typed_form form, bool strict, bool boxes, void **out)
{
    place top = {0};
    void *object = *out = arena_alloc(c->a, s->size);
    for (size_t i = 0; strict && i < form.count; i++) {
        place here = {&top, form.pairs[i].name, 0};
        if (!check_field(s->fields, form.pairs[i].name) && !is_of_every_page(form.pairs[i].name))
            check_refuse(c, &here, S("unknown-field"), 0);
    }
    for (const field *f = s->fields; f->name.p; f++) {
        read_field(c, f, form.pairs, form.count, object, &top);
        if (boxes && f->type == FIELD_BOOLEAN)
            check_given(f, object); /* an empty box is an answer too */
    }
    if (!c->refused)
        return OK;
    if (!c->typed)
        *out = NULL;
    return ERR_INVALID_REQUEST;
}

err schema_from_multipart(const schema *s, arena *a, problem *p, str parameters, str body, void **out)
{
    text_pair parts[MULTIPART_MOST];
    check c = {.a = a, .problem = p, .typed = true};
    size_t count;
    *out = NULL;
    TRY(multipart_read(parameters, body, parts, &count));
    for (size_t i = 0; i < count; i++) {
        const field *f = check_field(s->fields, parts[i].name);
        if ((!f || f->type != FIELD_BYTES) && !str_is_utf8(parts[i].value))
            return ERR_BAD_REQUEST;
    }
    return fill(s, &c, (typed_form){parts, count}, true, true, out);
}

err schema_from_form(const schema *s, arena *a, problem *p, str text, typed_form *typed, void **out)
{
    pair *pairs;
    check c = {.a = a, .problem = p, .typed = true};
    *out = NULL;
    *typed = (typed_form){0};
    TRY(read_pairs(a, text, true, false, &pairs, &typed->count));
    typed->pairs = pairs;
    return fill(s, &c, *typed, true, true, out);
}

err schema_from_query(const schema *s, arena *a, problem *p, str text, typed_form *typed, void **out)
{
    pair *pairs;
    check c = {.a = a, .problem = p, .typed = typed != NULL};
    typed_form form = {0};
    *out = NULL;
    TRY(read_pairs(a, text, typed != NULL, typed != NULL, &pairs, &form.count));
    form.pairs = pairs;
    if (typed)
        *typed = form;
    return fill(s, &c, form, !typed, false, out);
}

str form_value(arena *a, str text, str name)
{
    while (text.p) {
        str value = str_cut(&text, '&'), plain;
        str key = str_cut(&value, '=');
        if (str_eq(key, name) && percent_decode(a, value.p ? value : S(""), true, &plain))
            return plain;
    }
    return STR_NONE;
}
