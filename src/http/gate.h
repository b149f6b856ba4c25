/*
 * The gate: is this well-formed HTTP that nobody between us and the client could read in another way? Pure functions.
 */
#ifndef PARVIS_HTTP_GATE_H
#define PARVIS_HTTP_GATE_H

#include "base/arena.h"
#include "base/err.h"

/* What a head may weigh leaves room, in the memory that each connection has, for the head of its answer. */
enum { HEADERS_MAX = 100, HEADER_BYTES_MAX = 12 * 1024, TARGET_BYTES_MAX = 8 * 1024 };

typedef struct header {
    str name, value;
} header;

/** The raw facts of a request, as the socket's library read them, before anything is unescaped. Views are borrowed. */
typedef struct request_head {
    str method, target, version; /* "GET", "/me?x=1", "HTTP/1.1" */
    size_t header_count;
    bool overflow;               /* there were more than HEADERS_MAX */
    header headers[HEADERS_MAX]; /* only the first header_count hold anything */
} request_head;

/** What is known once the gate let a request pass. */
typedef struct gate_pass {
    str path;        /* raw: starts with "/", every escape of it is sound */
    str query;       /* raw, without "?"; STR_NONE when there is none */
    uint64_t length; /* of the body; 0 without one */
} gate_pass;

/**
 * Refuses whatever is ambiguous: any Transfer-Encoding, repeated or odd lengths, not exactly one Host, control bytes,
 * targets that are not a plain path, unsound escapes, dot segments (RFC 9112, 2.2, 3.2, 5, 6; RFC 3986, 2.1, 6.2.2).
 * A refused connection must be closed.
 * Errors: ERR_BAD_REQUEST, ERR_LENGTH_REQUIRED, ERR_HEADERS_TOO_LARGE, ERR_METHOD_NOT_ALLOWED (a method nobody here
 * knows).
 */
err gate_check(const request_head *head, gate_pass *out);

/** The value of a header, names compared without case; STR_NONE when absent. */
str head_value(const request_head *head, str name);
/** The same of a header that holds a list: its repetitions in order, commas between (RFC 9110, 5.3); lives in `a`. */
str head_list(arena *a, const request_head *head, str name);

/**
 * Undoes %XX (and, in forms, "+" for a space). False on an unsound escape, a NUL, or what is not UTF-8 afterwards; *out
 * then is STR_NONE. The text lives in the arena.
 */
bool percent_decode(arena *a, str text, bool plus, str *out);
/** The same for what people type into forms: "+" is a space, and a NUL is theirs to be told of. */
bool percent_decode_typed(arena *a, str text, str *out);

#endif
