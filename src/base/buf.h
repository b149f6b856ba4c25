/* A growing byte buffer for answers, mails and pages. */
#ifndef PARVIS_BASE_BUF_H
#define PARVIS_BASE_BUF_H

#include "base/str.h"

/** Zero-initialize to start: `buf b = {0};`. Owns its memory; buf_free wipes and frees it. */
typedef struct buf {
    char *p;
    size_t n, size;
} buf;

/** Wipes and frees; the buffer may be used again. */
void buf_free(buf *b);
/** Makes room for `more` bytes; aborts only when the system has no memory. */
void buf_reserve(buf *b, size_t more);
void buf_add(buf *b, str s);
void buf_byte(buf *b, char c);
#define buf_lit(b, lit) buf_add((b), S(lit))
/** Adds what printf would print, of any length. */
void buf_printf(buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Escapes with %XX all but what RFC 3986 calls unreserved (2.3) and what is in `kept`. */
void buf_percent(buf *b, str s, str kept);
/** Decimal digits of v. */
void buf_int(buf *b, int64_t v);
/** What is in it now, borrowed until the next change. */
static inline str buf_str(const buf *b)
{
    return (str){b->p ? b->p : "", b->n};
}
/** Gives the memory away as a malloc'd block of *n bytes; the buffer is empty afterwards. */
char *buf_take(buf *b, size_t *n);

#define BUF_SCOPED __attribute__((cleanup(buf_free))) buf

#endif
