/* What JSON and forms share: checking one value and noting what is wrong with it. Inside this room. */
#ifndef PARVIS_HTTP_SCHEMA_CHECK_H
#define PARVIS_HTTP_SCHEMA_CHECK_H

#include "http/request.h"

/** Where a value stands, linked upwards; its pointer is written only when something is refused. */
typedef struct place {
    const struct place *up;
    str name;     /* of a member */
    size_t index; /* of an item, when name is STR_NONE */
} place;

typedef struct check {
    arena *a;
    problem *problem;
    bool typed; /* by people, into a form */
    bool refused;
} check;

/** Notes a refusal at a place. */
void check_refuse(check *c, const place *at, str code, int64_t limit);
/** Bounds of a single value: the field's own, or of each item of an array. */
typedef struct bounds {
    field_type type;
    int64_t min, max;
} bounds;
/** Those of the field itself, or (`item`) of what stands in its array. */
bounds check_bounds(const field *f, bool item);

/** Checks text against an enum or a string's bounds; true when it may be stored. The text is UTF-8. */
bool check_text(check *c, const field *f, bounds b, str text, const place *at);
/** The length of bytes or text against its bounds. */
bool check_length(check *c, bounds b, int64_t length, const place *at);
bool check_integer(check *c, bounds b, int64_t value, const place *at);
bool check_count(check *c, const field *f, size_t count, const place *at);

/** Notes in the struct that a field was given. */
void check_given(const field *f, void *object);
/** The field of this name; NULL when unknown. */
const field *check_field(const field *fields, str name);

#endif
