/* Reads TZif files (RFC 8536) itself: libc's zone is one a process, and each reader here has their own. */
#include "ports/zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_FOLDER "/usr/share/zoneinfo/"

enum { NAME_MOST = 64, FILE_MOST = 64 << 10, HEADER = 44 };

/* ---- the format ---- */

static int64_t big_endian(const char *p, size_t bytes)
{
    uint64_t v = (unsigned char)p[0] & 0x80 ? ~(uint64_t)0 : 0;
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)p[i];
    return (int64_t)v;
}

/* The six counts of a header (RFC 8536, 3.1), each small enough that sums cannot overflow. */
typedef struct counts {
    size_t utc, standard, leaps, times, types, letters;
} counts;

static bool read_header(str file, size_t at, counts *c)
{
    size_t *const fields[] = {&c->utc, &c->standard, &c->leaps, &c->times, &c->types, &c->letters};
    if (file.n < at + HEADER || memcmp(file.p + at, "TZif", 4) != 0 || file.p[at + 4] < '2')
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        int64_t n = big_endian(file.p + at + 20 + 4 * i, 4);
        if (n < 0 || n > FILE_MOST)
            return false;
        *fields[i] = (size_t)n;
    }
    return c->types > 0;
}

static size_t block_size(const counts *c, size_t time_size)
{
    return c->times * (time_size + 1) + c->types * 6 + c->letters + c->leaps * (time_size + 4) + c->standard + c->utc;
}

/* A line of its own behind the second block; an empty one says nothing (RFC 8536, 3.3). */
static bool read_footer(str file, size_t at, zone_rules *out)
{
    str rest = str_slice(file, at < file.n ? at : file.n, file.n), line;
    out->has_footer = false;
    if (!str_starts(rest, S("\n")))
        return rest.n == 0;
    str_cut(&rest, '\n');
    line = str_cut(&rest, '\n');
    out->has_footer = line.n > 0;
    return !out->has_footer || zone_footer_read(line, &out->footer);
}

bool zone_read(str file, zone_rules *out)
{
    counts old, c;
    if (!read_header(file, 0, &old))
        return false;
    size_t second = HEADER + block_size(&old, 4), data = second + HEADER;
    if (!read_header(file, second, &c) || c.times > ZONE_MOMENTS_MAX || file.n < data + block_size(&c, 8))
        return false;
    const char *times = file.p + data, *kinds = times + 8 * c.times, *types = kinds + c.times;
    out->count = c.times;
    out->first = (int32_t)big_endian(types, 4);
    for (size_t i = 0; i < c.times; i++) {
        size_t kind = (unsigned char)kinds[i];
        out->at[i] = big_endian(times + 8 * i, 8);
        if (kind >= c.types || (i > 0 && out->at[i] <= out->at[i - 1]))
            return false;
        out->offset[i] = (int32_t)big_endian(types + 6 * kind, 4);
    }
    return read_footer(file, data + block_size(&c, 8), out);
}

int32_t zone_rules_at(const zone_rules *z, int64_t at)
{
    size_t low = 0, high = z->count; /* how many have begun */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    int32_t offset = low ? z->offset[low - 1] : z->first;
    if (low == z->count && z->has_footer)
        offset = zone_footer_at(&z->footer, at);
    return offset > -86400 && offset < 86400 ? offset : 0;
}

/* ---- the system's files, each read once ---- */

/*
 * Segments of letters, digits, '_', '+' and '-', each begun by a capital: neither "..", nor "posix/", nor "localtime".
 */
static bool is_name(str name)
{
    if (!name.n || name.n > NAME_MOST)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool begins = i == 0 || name.p[i - 1] == '/', capital = c >= 'A' && c <= 'Z';
        bool plain = capital || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        if (begins ? !capital : !plain && c != '/')
            return false;
    }
    return name.p[name.n - 1] != '/';
}

static bool read_whole(const char *path, arena *a, str *out)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    char *bytes = arena_alloc(a, FILE_MOST);
    bool plain = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    ssize_t n = plain ? read(fd, bytes, FILE_MOST) : -1;
    close(fd);
    *out = (str){bytes, n > 0 ? (size_t)n : 0};
    return n > 0;
}

typedef struct zone zone;
struct zone {
    zone *next;
    char name[NAME_MOST + 1];
    zone_rules rules;
};

/* As many as people have chosen, at most as many as the system has. They stay. */
static struct {
    pthread_mutex_t lock;
    zone *first;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

static zone *load(str name)
{
    ARENA_SCOPED a = arena_new(256 << 10);
    str file, path = arena_join(a, S(ZONE_FOLDER), name);
    zone *z = calloc(1, sizeof *z);
    if (!z || !read_whole(path.p, a, &file) || !zone_read(file, &z->rules)) {
        free(z);
        return NULL;
    }
    memcpy(z->name, name.p, name.n);
    return z;
}

static const zone *find(str name)
{
    if (!is_name(name))
        return NULL;
    pthread_mutex_lock(&known.lock);
    zone *z = known.first;
    while (z && !str_eq(str_of(z->name), name))
        z = z->next;
    if (!z && (z = load(name))) {
        z->next = known.first;
        known.first = z;
    }
    pthread_mutex_unlock(&known.lock);
    return z;
}

bool zone_exists(str name)
{
    return str_eq(name, S("UTC")) || find(name) != NULL;
}

msec zone_offset(str name, msec t)
{
    const zone *z = name.p ? find(name) : NULL;
    int64_t seconds = t / MSEC_SECOND - (t % MSEC_SECOND < 0);
    return z ? (msec)zone_rules_at(&z->rules, seconds) * MSEC_SECOND : 0;
}

msec zone_local(str name, msec t)
{
    return t + zone_offset(name, t);
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const str *)a, *(const str *)b);
}

void zone_names(arena *a, str **names, size_t *count)
{
    enum { NAMES_MOST = 600 };
    str rest;
    *count = 0;
    *names = arena_array_of(a, str, NAMES_MOST);
    if (!read_whole(ZONE_FOLDER "zone1970.tab", a, &rest))
        return;
    while (rest.n && *count < NAMES_MOST) {
        str line = str_cut(&rest, '\n');
        if (str_starts(line, S("#")))
            continue;
        str_cut(&line, '\t');
        str_cut(&line, '\t');
        str name = str_cut(&line, '\t');
        if (is_name(name))
            (*names)[(*count)++] = name;
    }
    qsort(*names, *count, sizeof **names, by_name);
}
