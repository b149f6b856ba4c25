/*
 * A thread's own pool of kernel randomness: ids cost one system call in hundreds, and what was handed out is wiped, so
 * that no later look at the memory finds it.
 */
#include "base/random.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* One system call serves many ids: what is handed out is wiped from the pool at once. */
enum { POOL = 4096 };
static _Thread_local struct {
    unsigned char bytes[POOL];
    size_t left;
} pool;

static void fill(unsigned char *p, size_t n)
{
    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got <= 0)
            abort();
        p += got;
        n -= (size_t)got;
    }
}

void random_bytes(void *p, size_t n)
{
    if (n > POOL / 4) {
        fill(p, n);
        return;
    }
    if (pool.left < n) {
        fill(pool.bytes, POOL);
        pool.left = POOL;
    }
    pool.left -= n;
    memcpy(p, pool.bytes + pool.left, n);
    explicit_bzero(pool.bytes + pool.left, n);
}
