/*
 * Answers, from structs. What an answer holds is generated from spec/openapi.yaml (replies.h: a struct reply_NAME and a
 * table shape_NAME for each schema), and the table alone writes it: a field that has no schema has no place to be put
 * in.
 */
#ifndef PARVIS_HTTP_REPLY_H
#define PARVIS_HTTP_REPLY_H

#include "base/typeid.h"
#include "http/request.h"

typedef enum reply_kind {
    REPLY_TEXT,     /* str; STR_NONE is null */
    REPLY_SECRET,   /* str, sent once: kept answers hold null in its place */
    REPLY_WORD,     /* always the same: no member */
    REPLY_NOTHING,  /* always null: no member */
    REPLY_ID,       /* uuid, as a TypeID; UUID_NONE is null */
    REPLY_TIME,     /* msec; 0 is null */
    REPLY_DAY,      /* msec, of which the day is told; 0 is null */
    REPLY_DURATION, /* msec; 0 is null */
    REPLY_INTEGER,
    REPLY_BOOLEAN,
    REPLY_JSON, /* str that is JSON already; STR_NONE is null */
    REPLY_OBJECT,
    REPLY_ARRAY, /* items and count, of texts, secrets or objects */
    REPLY_MAP    /* items and count, of flags */
} reply_kind;

enum { REPLY_ALWAYS = UINT16_MAX };

typedef struct reply_shape reply_shape;
typedef struct reply_field {
    str name;
    reply_kind kind, item; /* item: what an array is of */
    uint16_t offset;
    uint16_t has_offset; /* of the bool that says whether it is there; REPLY_ALWAYS where the value itself says so */
    bool optional;       /* what is not there is left out, not null */
    str text;            /* the word; an id's prefix */
    const reply_shape *inner;
} reply_field;

struct reply_shape {
    const reply_field *fields; /* ended by name STR_NONE */
    uint16_t size;             /* of the struct */
};

/* What maps and arrays of texts are given as. */
typedef struct reply_flags {
    const flag *items;
    size_t count;
} reply_flags;
typedef struct reply_texts {
    const str *items;
    size_t count;
} reply_texts;

/** Answers with a whole object. Always OK, so that a handler can end with it. */
err reply_write(request *r, int status, const reply_shape *shape, const void *value);
/** The same text into a buffer of the caller's. It holds no secrets. */
void reply_text(const reply_shape *shape, const void *value, buf *out);

/** A text's words, in the arena. */
reply_texts reply_words(arena *a, str text);

/** `return REPLY(r, 200, logo, .logo = path);` */
#define REPLY(r, status, name, ...) reply_write((r), (status), &shape_##name, &(const reply_##name){__VA_ARGS__})
/** `return REPLY_OF(r, 200, member, &m);` */
#define REPLY_OF(r, status, name, value) \
    reply_write((r), (status), &shape_##name, 1 ? (value) : (const reply_##name *)NULL)

#endif
