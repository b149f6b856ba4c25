/*
 * The bytes of a connection, before the HTTP library reads them. What a lenient parser would pass over in silence (bare
 * line ends, NUL, folded lines, headers without a name, odd lengths) is seen here, and nothing of such a message
 * reaches it.
 */
#ifndef PARVIS_HTTP_WIRE_H
#define PARVIS_HTTP_WIRE_H

#include "base/err.h"

enum { WIRE_LINE_MAX = 64 };

typedef enum wire_state { WIRE_START, WIRE_REQUEST_LINE, WIRE_NAME, WIRE_VALUE, WIRE_BODY } wire_state;

/** Where in the stream we are. Zeros: at the start of a connection. */
typedef struct wire {
    wire_state state;
    bool after_cr;              /* the last byte was a CR: an LF must follow */
    bool line_empty;            /* nothing of this line yet */
    err refusal;                /* set once: nothing passes any more */
    size_t head_bytes;          /* of this message so far */
    uint64_t length;            /* of its body */
    bool has_length, is_length; /* a Content-Length came; this line is one */
    size_t line_n;              /* the line's first bytes: the method, version and header names are short */
    char line[WIRE_LINE_MAX];
    unsigned spaces; /* in the request line */
    uint64_t body_left;
} wire;

/**
 * Looks at the next bytes of the stream and returns how many may pass: all of them, or, when w->refusal was set, those
 * before the message it is about (RFC 9112, 2.2, 3, 5, 6.3). Refusals: ERR_BAD_REQUEST, ERR_HEADERS_TOO_LARGE.
 */
size_t wire_scan(wire *w, str bytes);

#endif
