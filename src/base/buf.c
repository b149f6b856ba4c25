/*
 * Grows by doubling, into new memory: realloc might leave the old copy, which may hold a secret. Without memory the
 * program ends, since half an answer is worth nothing.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->size);
    free(b->p);
    *b = (buf){0};
}

void buf_reserve(buf *b, size_t more)
{
    if (b->size - b->n >= more)
        return;
    size_t size = b->size ? b->size : 512;
    while (size - b->n < more)
        size *= 2;
    char *p = malloc(size);
    if (!p) {
        fputs("parvis: out of memory\n", stderr);
        abort();
    }
    if (b->n)
        memcpy(p, b->p, b->n);
    if (b->p) { /* not realloc: the old copy may hold a secret */
        explicit_bzero(b->p, b->n);
        free(b->p);
    }
    b->p = p;
    b->size = size;
}

void buf_add(buf *b, str s)
{
    if (s.n == 0)
        return;
    buf_reserve(b, s.n);
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

void buf_byte(buf *b, char c)
{
    buf_reserve(b, 1);
    b->p[b->n++] = c;
}

void buf_printf(buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0) {
        buf_reserve(b, (size_t)n + 1);
        vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_percent(buf *b, str s, str kept)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (byte_is_alnum(s.p[i]) || str_has_byte(S("-._~"), s.p[i]) || str_has_byte(kept, s.p[i]))
            buf_byte(b, s.p[i]);
        else
            buf_add(b, (str){(char[]){'%', digits[c >> 4], digits[c & 15]}, 3});
    }
}

void buf_int(buf *b, int64_t v)
{
    char digits[20];
    size_t n = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        digits[n++] = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        buf_byte(b, '-');
    while (n)
        buf_byte(b, digits[--n]);
}

char *buf_take(buf *b, size_t *n)
{
    char *p = b->p;
    *n = b->n;
    *b = (buf){0};
    return p;
}
