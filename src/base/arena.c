/*
 * Blocks that double in size, the newest first. Past its cap an arena goes on for a while and says that it is full:
 * nobody has to check each allocation, and whoever ends the work asks once.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BLOCK = 4096 - 64, BLOCK_MAX = 1 << 20, ALIGN = 16 };

typedef struct block {
    struct block *next;
    size_t size, used;
    _Alignas(16) char data[];
} block;

struct arena {
    block *head; /* the newest, from which memory is taken */
    size_t cap, total;
    bool full;
};

static block *block_new(size_t size)
{
    block *b = malloc(sizeof(block) + size);
    if (b) {
        b->next = NULL;
        b->size = size;
        b->used = 0;
    }
    return b;
}

static void block_wipe(block *b)
{
    explicit_bzero(b->data, b->used);
}

arena *arena_new(size_t cap)
{
    arena *a = malloc(sizeof *a);
    if (!a)
        return NULL;
    *a = (arena){.head = block_new(FIRST_BLOCK), .cap = cap};
    if (!a->head) {
        free(a);
        return NULL;
    }
    return a;
}

void arena_free(arena *a)
{
    if (!a)
        return;
    for (block *b = a->head; b;) {
        block *next = b->next;
        block_wipe(b);
        free(b);
        b = next;
    }
    free(a);
}

void arena_reset(arena *a)
{
    while (a->head->next) {
        block *next = a->head->next;
        block_wipe(a->head);
        free(a->head);
        a->head = next;
    }
    block_wipe(a->head);
    a->head->used = 0;
    a->total = 0;
    a->full = false;
}

/* A block of its own for memory over the cap: linked behind the head so that it is freed with the rest. */
static block *block_add(arena *a, size_t n)
{
    size_t size = a->head->size * 2 < BLOCK_MAX ? a->head->size * 2 : BLOCK_MAX;
    block *b = block_new(n > size ? n : size);
    if (!b) {
        fputs("parvis: out of memory\n", stderr);
        abort();
    }
    b->next = a->head;
    a->head = b;
    return b;
}

void *arena_alloc(arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        abort();
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    a->total += n;
    if (a->total > a->cap)
        a->full = true;
    if (a->total > a->cap + a->cap / 2 + BLOCK_MAX) /* the owner did not look at arena_full: a bug, stop here */
        abort();
    block *b = a->head;
    if (b->size - b->used < n)
        b = block_add(a, n);
    void *p = b->data + b->used;
    b->used += n;
    return memset(p, 0, n);
}

bool arena_full(const arena *a)
{
    return a->full;
}

str arena_str(arena *a, str s)
{
    if (!s.p)
        return STR_NONE;
    char *p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return (str){p, s.n};
}

const char *arena_cstr(arena *a, str s)
{
    return s.p ? arena_str(a, s).p : "";
}

str arena_printf(arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *p = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
    if (n > 0)
        vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return (str){p, (size_t)(n < 0 ? 0 : n)};
}

str arena_concat(arena *a, const str *parts, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += parts[i].n;
    char *p = arena_alloc(a, n + 1), *at = p;
    for (size_t i = 0; i < count; i++)
        if (parts[i].n) {
            memcpy(at, parts[i].p, parts[i].n);
            at += parts[i].n;
        }
    return (str){p, n};
}
