/* One arena a request or job: everything is freed at once, and wiped. */
#ifndef PARVIS_BASE_ARENA_H
#define PARVIS_BASE_ARENA_H

#include "base/str.h"

typedef struct arena arena;

/** A new arena that will hand out at most `cap` bytes in all. NULL only when the system has no memory. */
arena *arena_new(size_t cap);
/** Frees and wipes everything handed out. arena_free(NULL) is harmless. */
void arena_free(arena *a);
/** Wipes and gives back all but the first block, to use the arena again. */
void arena_reset(arena *a);
/**
 * Zeroed, 16-byte aligned memory that lives as long as the arena. Never NULL: past the cap, or with no memory, the
 * arena's owner is told by arena_full() and the caller gets a scratch block that is thrown away, so that code between
 * needs no checks of its own. Sizes over the cap abort (a bug: sizes that come from outside are bounded before).
 */
void *arena_alloc(arena *a, size_t n);
/** True once an allocation did not fit the cap; the result of the work must then be thrown away (ERR_UNAVAILABLE). */
bool arena_full(const arena *a);
#define arena_new_of(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_array_of(a, type, count) ((type *)arena_alloc((a), sizeof(type) * (size_t)(count)))

/** A copy of s that also ends in a NUL byte (so `.p` serves libraries that want C strings). STR_NONE stays STR_NONE. */
str arena_str(arena *a, str s);
/** A NUL-terminated copy; "" for STR_NONE. */
const char *arena_cstr(arena *a, str s);
/** printf into the arena. */
str arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The strings joined, nothing between. The list ends with STR_NONE. */
str arena_concat(arena *a, const str *parts, size_t count);
#define arena_join(a, ...) \
    arena_concat((a), (const str[]){__VA_ARGS__}, sizeof((const str[]){__VA_ARGS__}) / sizeof(str))

static inline void arena_cleanup_(arena **a)
{
    arena_free(*a);
}
/** `ARENA_SCOPED a = arena_new(cap);` frees at the end of the scope. */
#define ARENA_SCOPED __attribute__((cleanup(arena_cleanup_))) arena *

#endif
