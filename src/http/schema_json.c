/*
 * From JSON to the operation's struct, by jansson: depth and number are bounded before it reads, and what it had in
 * memory is wiped, for bodies hold passwords.
 */
#include "http/schema.h"

#include "http/schema_check.h"
#include "ports/address.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>

static void wiping_free(void *p)
{
    if (p)
        explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

void schema_setup(void)
{
    json_set_alloc_funcs(malloc, wiping_free);
    json_object_seed(0);
}

/* What brackets, commas and strings make of a text before the reader recurses, and makes an object of each name. */
typedef struct outline {
    unsigned depth, deepest;
    size_t values;
    bool in_string;
} outline;

static void outline_take(outline *o, char c)
{
    if (c == '"')
        o->in_string = true;
    else if (c == '{' || c == '[')
        o->values++, o->depth++;
    else if (c == ',')
        o->values++;
    else if ((c == '}' || c == ']') && o->depth > 0)
        o->depth--;
    if (o->depth > o->deepest)
        o->deepest = o->depth;
}

/* Thousands of names cost far more than their bytes: no body that is right has so many. */
static bool too_much(str text)
{
    outline o = {0};
    for (size_t i = 0; i < text.n; i++) {
        if (!o.in_string)
            outline_take(&o, text.p[i]);
        else if (text.p[i] == '\\')
            i++;
        else if (text.p[i] == '"')
            o.in_string = false;
    }
    size_t most = text.n / JSON_VALUE_BYTES > JSON_VALUES_MAX ? text.n / JSON_VALUE_BYTES : JSON_VALUES_MAX;
    return o.deepest > JSON_DEPTH_MAX || o.values > most;
}

static void read_object(check *c, const field *fields, bool open, const json_t *value, void *object, const place *at);

/* Whatever names it has, within bounds, each with true or false. */
static void read_map(check *c, const field *f, const json_t *value, list *out, const place *at)
{
    const char *key;
    json_t *member;
    if (!check_count(c, f, json_object_size(value), at))
        return;
    flag *flags = arena_array_of(c->a, flag, json_object_size(value));
    *out = (list){.items = flags};
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        place here = {at, str_of(key), 0};
        if (!json_is_boolean(member))
            check_refuse(c, &here, S("wrong-type"), 0);
        else if (check_text(c, f, (bounds){FIELD_STRING, f->item_min, f->item_max}, here.name, &here))
            flags[out->count++] = (flag){arena_str(c->a, here.name), json_is_true(member)};
    }
}

/* Whether the shape is right, and the content alone is not. */
static bool is_of_content(const problem *p)
{
    static const str codes[] = {S_INIT("invalid-characters"), S_INIT("too-long"), S_INIT("too-short")};
    for (size_t i = 0; i < p->field_count; i++)
        if (!str_is_one_of(p->fields[i].code, codes, sizeof codes / sizeof *codes))
            return false;
    return true;
}

/* One of many: what people typed into it is its own refusal; what a program made wrong is that of all. */
static void read_row(check *c, const field *f, const json_t *value, void *row, const place *at)
{
    problem *own = arena_new_of(c->a, problem);
    check alone = {.a = c->a, .problem = own};
    place top = {0};
    read_object(&alone, f->fields, false, value, row, &top);
    if (!alone.refused)
        return;
    if (is_of_content(own))
        *(const problem **)((char *)row + f->refused_offset) = own;
    else
        read_object(c, f->fields, false, value, row, at);
}

static void read_value(check *c, const field *f, bounds b, const json_t *value, void *slot, const place *at)
{
    static const json_type wanted[] = {
        [FIELD_STRING] = JSON_STRING, [FIELD_ENUM] = JSON_STRING,   [FIELD_INTEGER] = JSON_INTEGER,
        [FIELD_BOOLEAN] = JSON_TRUE,  [FIELD_OBJECT] = JSON_OBJECT, [FIELD_ARRAY] = JSON_ARRAY,
        [FIELD_MAP] = JSON_OBJECT,
    };
    json_type type = json_typeof(value) == JSON_FALSE ? JSON_TRUE : json_typeof(value);
    if (type != wanted[b.type]) {
        check_refuse(c, at, S("wrong-type"), 0);
    } else if (type == JSON_STRING) {
        str text = {json_string_value(value), json_string_length(value)};
        if (f->is_address)
            text = address_clean(c->a, text);
        if (check_text(c, f, b, text, at))
            *(str *)slot = arena_str(c->a, text);
    } else if (type == JSON_INTEGER) {
        if (check_integer(c, b, json_integer_value(value), at))
            *(int64_t *)slot = json_integer_value(value);
    } else if (type == JSON_TRUE) {
        *(bool *)slot = json_is_true(value);
    } else if (b.type == FIELD_MAP) {
        read_map(c, f, value, slot, at);
    } else if (type == JSON_OBJECT) {
        read_object(c, f->fields, f->open, value, slot, at);
    } else if (check_count(c, f, json_array_size(value), at)) {
        list *l = slot;
        l->count = json_array_size(value);
        l->items = arena_alloc(c->a, l->count * f->item_size);
        for (size_t i = 0; i < l->count; i++) {
            place here = {at, STR_NONE, i};
            if (f->refused_offset && json_is_object(json_array_get(value, i))) {
                read_row(c, f, json_array_get(value, i), (char *)l->items + i * f->item_size, &here);
                continue;
            }
            read_value(c, f, check_bounds(f, true), json_array_get(value, i), (char *)l->items + i * f->item_size,
                       &here);
        }
    }
}

static void read_object(check *c, const field *fields, bool open, const json_t *value, void *object, const place *at)
{
    size_t known = 0;
    for (const field *f = fields; f->name.p; f++) {
        place here = {at, f->name, 0};
        const json_t *member = json_object_get(value, f->name.p);
        if (!member) {
            if (f->required)
                check_refuse(c, &here, S("required"), 0);
            continue;
        }
        known++;
        check_given(f, object);
        if (!json_is_null(member) || !f->nullable)
            read_value(c, f, check_bounds(f, false), member, (char *)object + f->offset, &here);
    }
    if (open || known == json_object_size(value))
        return;
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        place here = {at, str_of(key), 0};
        if (!check_field(fields, here.name))
            check_refuse(c, &here, S("unknown-field"), 0);
    }
}

err schema_from_json(const schema *s, arena *a, problem *p, str text, void **out)
{
    *out = NULL;
    if (too_much(text) || !str_is_utf8(text))
        return ERR_MALFORMED_JSON;
    json_t *root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
    if (!root)
        return ERR_MALFORMED_JSON;
    check c = {.a = a, .problem = p};
    place top = {0};
    void *object = arena_alloc(a, s->size);
    if (json_is_object(root))
        read_object(&c, s->fields, false, root, object, &top);
    else
        check_refuse(&c, &top, S("wrong-type"), 0);
    json_decref(root);
    if (c.refused)
        return ERR_INVALID_REQUEST;
    *out = object;
    return OK;
}
