/* Reads the tags of our own pages: names and attributes in lower case, values in double quotes, escaped. */
#ifndef PARVIS_CONSOLE_TAGS_H
#define PARVIS_CONSOLE_TAGS_H

#include "base/arena.h"
#include "base/buf.h"

/** From here to before there. */
typedef struct span {
    size_t from, to;
} span;

typedef struct tag {
    str name;
    bool closing;
    span all; /* "<" to after ">" */
} tag;

/** The next tag from *at on, which is moved behind it; false at the end. */
bool tag_next(str page, size_t *at, tag *out);
/** Where an attribute stands, with its name and quotes; *value (may be NULL): what is in the quotes. */
bool tag_attribute(str page, const tag *t, str name, span *all, span *value);
/** An attribute's text, entities undone; STR_NONE when it is not there. */
str tag_value(arena *a, str page, const tag *t, str name);
/** Whether a word stands in an attribute that is a list of words. */
bool tag_has_word(str page, const tag *t, str name, str word);
/** What a reader sees between two places: without tags, entities undone, white space as one space. */
str tag_text(arena *a, str page, span between);
/** Escapes what HTML would read; drops what no page may hold (C0 controls but tabs and line breaks). */
void tag_escape(buf *out, str text);

#endif
