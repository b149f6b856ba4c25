/* Rows as they travel. */
#include "store/copy_parts.h"

#include "base/text.h"

#include <endian.h>

static void put16(char *p, uint16_t v)
{
    v = htobe16(v);
    memcpy(p, &v, sizeof v);
}

static void put32(char *p, uint32_t v)
{
    v = htobe32(v);
    memcpy(p, &v, sizeof v);
}

static void put64(char *p, int64_t v)
{
    uint64_t wire = htobe64((uint64_t)v);
    memcpy(p, &wire, sizeof wire);
}

void row_begin(buf *out, size_t count)
{
    buf_reserve(out, sizeof(uint16_t));
    put16(out->p + out->n, (uint16_t)count);
    out->n += sizeof(uint16_t);
}

void row_cell(buf *out, str bytes)
{
    buf_reserve(out, sizeof(uint32_t) + bytes.n);
    put32(out->p + out->n, bytes.p ? (uint32_t)bytes.n : UINT32_MAX);
    out->n += sizeof(uint32_t);
    if (bytes.p)
        memcpy(out->p + out->n, bytes.p, bytes.n);
    out->n += bytes.n;
}

void row_number(buf *out, int64_t value)
{
    char bytes[NUMBER_BYTES];
    put64(bytes, value);
    row_cell(out, (str){bytes, sizeof bytes});
}

cell number_cell(number *room, int64_t value)
{
    put64(room->b, value);
    return (cell){COLUMN_INT, {room->b, sizeof room->b}};
}

cell text_cell(str text)
{
    return (cell){COLUMN_TEXT, {text.p ? text.p : "", text.n}};
}

int64_t cell_number(const cell *c)
{
    uint64_t wire = 0;
    if (c->bytes.n == sizeof wire)
        memcpy(&wire, c->bytes.p, sizeof wire);
    return (int64_t)be64toh(wire);
}

bool cell_fits(column_type type, size_t bytes)
{
    switch (type) {
    case COLUMN_UUID:
        return bytes == sizeof(uuid);
    case COLUMN_INT:
    case COLUMN_TIME:
    case COLUMN_BOOL:
        return bytes == NUMBER_BYTES;
    case COLUMN_TEXT:
    case COLUMN_BLOB:
        return bytes <= INT32_MAX;
    }
    return false;
}

bool row_take(str *rows, const column_type *types, size_t count, cell *cells)
{
    uint16_t written;
    uint32_t size;
    str rest = *rows;
    if (count > CELLS_MAX || rest.n < sizeof written)
        return false;
    memcpy(&written, rest.p, sizeof written);
    rest = str_slice(rest, sizeof written, rest.n);
    if (be16toh(written) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (rest.n < sizeof size)
            return false;
        memcpy(&size, rest.p, sizeof size);
        size = be32toh(size);
        rest = str_slice(rest, sizeof size, rest.n);
        cells[i] = (cell){types[i], STR_NONE};
        if (size == UINT32_MAX)
            continue;
        if (size > rest.n || !cell_fits(types[i], size))
            return false;
        cells[i].bytes = (str){rest.p, size};
        rest = (str){rest.p + size, rest.n - size};
    }
    *rows = rest;
    return true;
}

str hex_of(arena *a, str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(a, 2 * bytes.n + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        out[2 * i] = digits[(unsigned char)bytes.p[i] >> 4];
        out[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    return (str){out, 2 * bytes.n};
}

size_t row_no_text(const table_info *t, const cell *cells)
{
    size_t i = 0;
    while (i < t->type_count && (t->types[i] != COLUMN_TEXT || text_is_sound(cells[i].bytes)))
        i++;
    return i;
}

static str key_value(arena *a, const cell *c)
{
    if (c->type == COLUMN_INT || c->type == COLUMN_TIME || c->type == COLUMN_BOOL)
        return arena_printf(a, "%lld", (long long)cell_number(c));
    return arena_join(a, S("x'"), hex_of(a, c->bytes), S("'"));
}

str row_place(arena *a, const table_info *t, const cell *cells, size_t column)
{
    str out = str_of(t->name);
    for (size_t i = 0; i < t->key_count; i++)
        out = arena_join(a, out, S(", "), str_of(t->columns[t->key[i]]), S(" = "), key_value(a, &cells[t->key[i]]));
    return arena_join(a, out, S(", column "), str_of(t->columns[column]));
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_read(str hex, buf *out)
{
    if (hex.n % 2 != 0)
        return false;
    for (size_t i = 0; i < hex.n; i += 2) {
        int high = digit_of(hex.p[i]), low = digit_of(hex.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        buf_byte(out, (char)(high * 16 + low));
    }
    return true;
}
