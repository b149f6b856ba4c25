/* Writes answers by their tables. */
#include "http/reply.h"

#include "http/answer_json.h"

typedef struct pen {
    request *r; /* NULL: into a buffer, without secrets */
    json_writer w;
} pen;

static void write_object(pen *p, str key, const reply_shape *shape, const void *value);

static void write_secret(pen *p, str key, str value)
{
    if (p->r)
        answer_secret(p->r, &p->w, key, value);
    else
        json_nothing(&p->w, key);
}

/* A list's items stand behind a pointer of their own type. */
static list list_at(const void *value)
{
    list found;
    memcpy(&found, value, sizeof found);
    return found;
}

static void write_array(pen *p, const reply_field *f, const void *value)
{
    list all = list_at(value);
    size_t size = f->item == REPLY_OBJECT ? f->inner->size : sizeof(str);
    json_open(&p->w, f->name, '[');
    for (size_t i = 0; i < all.count; i++) {
        const void *item = (const char *)all.items + i * size;
        if (f->item == REPLY_OBJECT)
            write_object(p, STR_NONE, f->inner, item);
        else if (f->item == REPLY_SECRET)
            write_secret(p, STR_NONE, *(const str *)item);
        else
            json_str(&p->w, STR_NONE, *(const str *)item);
    }
    json_close(&p->w, ']');
}

static void write_map(pen *p, const reply_field *f, const void *value)
{
    list all = list_at(value);
    const flag *flags = all.items;
    json_open(&p->w, f->name, '{');
    for (size_t i = 0; i < all.count; i++)
        json_bool(&p->w, flags[i].name, flags[i].on);
    json_close(&p->w, '}');
}

static bool is_there(const reply_field *f, const void *object, const void *value)
{
    if (f->has_offset != REPLY_ALWAYS)
        return *(const bool *)((const char *)object + f->has_offset);
    switch (f->kind) {
    case REPLY_TEXT:
    case REPLY_SECRET:
    case REPLY_JSON:
        return ((const str *)value)->p != NULL;
    case REPLY_ID:
        return !uuid_none(*(const uuid *)value);
    case REPLY_TIME:
    case REPLY_DAY:
    case REPLY_DURATION:
        return *(const msec *)value != 0;
    case REPLY_NOTHING:
        return false;
    default:
        return true;
    }
}

static void write_value(pen *p, const reply_field *f, const void *value)
{
    json_writer *w = &p->w;
    switch (f->kind) {
    case REPLY_TEXT:
        return json_str(w, f->name, *(const str *)value);
    case REPLY_SECRET:
        return write_secret(p, f->name, *(const str *)value);
    case REPLY_WORD:
        return json_str(w, f->name, f->text);
    case REPLY_NOTHING:
        return json_nothing(w, f->name);
    case REPLY_ID:
        return json_id(w, f->name, f->text, *(const uuid *)value);
    case REPLY_TIME:
        return json_time(w, f->name, *(const msec *)value);
    case REPLY_DAY:
        return json_day(w, f->name, *(const msec *)value);
    case REPLY_DURATION:
        return json_duration(w, f->name, *(const msec *)value);
    case REPLY_INTEGER:
        return json_int(w, f->name, *(const int64_t *)value);
    case REPLY_BOOLEAN:
        return json_bool(w, f->name, *(const bool *)value);
    case REPLY_JSON:
        return json_raw(w, f->name, *(const str *)value);
    case REPLY_OBJECT:
        return write_object(p, f->name, f->inner, value);
    case REPLY_ARRAY:
        return write_array(p, f, value);
    case REPLY_MAP:
        return write_map(p, f, value);
    }
}

static void write_object(pen *p, str key, const reply_shape *shape, const void *object)
{
    json_open(&p->w, key, '{');
    for (const reply_field *f = shape->fields; f->name.p; f++) {
        const void *value = (const char *)object + f->offset;
        if (is_there(f, object, value))
            write_value(p, f, value);
        else if (!f->optional)
            json_nothing(&p->w, f->name);
    }
    json_close(&p->w, '}');
}

err reply_write(request *r, int status, const reply_shape *shape, const void *value)
{
    pen p = {.r = r, .w = answer_json(r, status)};
    write_object(&p, STR_NONE, shape, value);
    return OK;
}

void reply_text(const reply_shape *shape, const void *value, buf *out)
{
    pen p = {.w = {.out = out}};
    write_object(&p, STR_NONE, shape, value);
}

reply_texts reply_words(arena *a, str text)
{
    size_t most = 1, n = 0;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == ' ';
    str *words = arena_array_of(a, str, most);
    while (text.n)
        words[n++] = str_cut(&text, ' ');
    return (reply_texts){words, n};
}
