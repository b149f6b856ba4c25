/* JSON: jansson reads, strictly; this writes, straight into the answer's buffer. */
#ifndef PARVIS_HTTP_JSON_H
#define PARVIS_HTTP_JSON_H

#include "base/buf.h"
#include "base/typeid.h"

/** Remembers whether a comma is due. Keys are program text; values are escaped (invalid UTF-8 becomes U+FFFD). */
typedef struct json_writer {
    buf *out;
    bool comma;
} json_writer;

/* A value each, with its key inside an object; STR_NONE for the key inside an array and at the top. */
void json_open(json_writer *w, str key, char bracket); /* '{' or '['; key STR_NONE inside arrays and at the top */
void json_close(json_writer *w, char bracket);         /* '}' or ']' */
void json_str(json_writer *w, str key, str value);     /* STR_NONE writes null */
void json_int(json_writer *w, str key, int64_t value);
void json_bool(json_writer *w, str key, bool value);
void json_nothing(json_writer *w, str key);
void json_time(json_writer *w, str key, msec value);        /* RFC 3339; 0 writes null */
void json_day(json_writer *w, str key, msec value);         /* "2026-11-21", in UTC; 0 writes null */
void json_id(json_writer *w, str key, str prefix, uuid id); /* TypeID; UUID_NONE writes null */
void json_duration(json_writer *w, str key, msec value);
void json_raw(json_writer *w, str key, str json); /* already JSON; STR_NONE writes null */

#endif
