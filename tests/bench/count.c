/*
 * Counts what a server does, from inside it: LD_PRELOAD this, and COUNTS names a file of COUNTERS 64-bit numbers that
 * it adds to: allocations, bytes asked for, SQLite's statements, its durable transactions, sends to the database at
 * COUNTS_PORT.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ALLOCATIONS, BYTES, STATEMENTS, COMMITS, SENDS, COUNTERS };

static _Atomic unsigned long spare[COUNTERS], *counts = spare;
static in_port_t database_port;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static void count(int which, unsigned long n)
{
    atomic_fetch_add_explicit(&counts[which], n, memory_order_relaxed);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("COUNTS"), *port = getenv("COUNTS_PORT");
    int fd = path ? open(path, O_RDWR) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof spare, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        counts = map;
    if (fd >= 0)
        close(fd);
    database_port = port ? htons((in_port_t)strtoul(port, NULL, 10)) : 0;
}

void *malloc(size_t size)
{
    count(ALLOCATIONS, 1);
    count(BYTES, size);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    count(ALLOCATIONS, 1);
    count(BYTES, n * size);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    count(ALLOCATIONS, 1);
    count(BYTES, size);
    return __libc_realloc(p, size);
}

/* Every statement that was run is put back once. */
int sqlite3_reset(void *statement)
{
    static _Atomic(int (*)(void *)) real;
    static _Atomic(const char *(*)(void *)) text;
    if (!real) {
        text = (const char *(*)(void *))dlsym(RTLD_NEXT, "sqlite3_sql");
        real = (int (*)(void *))dlsym(RTLD_NEXT, "sqlite3_reset");
    }
    static const char *const controls[] = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"};
    const char *sql = statement ? text(statement) : NULL;
    bool control = !sql;
    for (size_t i = 0; sql && i < sizeof controls / sizeof *controls; i++)
        control = control || strncmp(sql, controls[i], strlen(controls[i])) == 0;
    if (!control)
        count(STATEMENTS, 1);
    if (sql && strcmp(sql, "BEGIN IMMEDIATE") == 0)
        count(COMMITS, 1);
    return real(statement);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    struct sockaddr_in peer = {0};
    socklen_t length = sizeof peer;
    if (database_port && getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_port == database_port)
        count(SENDS, 1);
    return sendto(fd, data, size, flags, NULL, 0);
}
