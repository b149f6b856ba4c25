/* A body that is one file: only its size and its being there are judged here, its content by whoever decodes it. */
#include "http/schema.h"

#include "http/schema_check.h"

/* The table of such a body has one row, its content. */
err schema_from_bytes(const schema *s, arena *a, problem *p, str bytes, void **out)
{
    check c = {.a = a, .problem = p};
    place top = {0}, at = {&top, s->fields->name, 0};
    char *object = arena_alloc(a, s->size);
    *out = NULL;
    if (!check_length(&c, check_bounds(s->fields, false), (int64_t)bytes.n, &at))
        return ERR_INVALID_REQUEST;
    *(str *)(object + s->fields->offset) = bytes;
    *out = object;
    return OK;
}
