/*
 * The way back from a struct to pairs, by the same table: for pages that show a query again, and links that carry it
 * on.
 */
#include "http/schema.h"

static str texts_joined(arena *a, const list *l)
{
    str out = S("");
    for (size_t i = 0; i < l->count; i++)
        out = arena_join(a, out, i ? S(" ") : S(""), ((const str *)l->items)[i]);
    return out;
}

/* A number that may be null has a least value above zero, so that zero is none. */
static str text_of(arena *a, const field *f, const void *at)
{
    if (f->type == FIELD_ARRAY)
        return f->item == FIELD_STRING ? texts_joined(a, at) : STR_NONE;
    if (f->type == FIELD_BOOLEAN)
        return *(const bool *)at ? S("true") : S("false");
    if (f->type == FIELD_INTEGER)
        return f->nullable && !*(const int64_t *)at ? STR_NONE
                                                    : arena_printf(a, "%lld", (long long)*(const int64_t *)at);
    return f->type == FIELD_OBJECT ? STR_NONE : *(const str *)at;
}

size_t schema_given(const schema *s, arena *a, const void *object, bool empty_is_none, text_pair *out, size_t most)
{
    size_t n = 0;
    for (const field *f = s->fields; f->name.p && n < most; f++) {
        bool given = f->has_offset == FIELD_ALWAYS || *(const bool *)((const char *)object + f->has_offset);
        if (!given)
            continue;
        str value = text_of(a, f, (const char *)object + f->offset);
        out[n++] = (text_pair){f->name, empty_is_none && f->type != FIELD_BOOLEAN && !value.n ? STR_NONE : value};
    }
    return n;
}
