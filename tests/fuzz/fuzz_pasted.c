/*
 * Any bytes as pasted text. No address is made up: each that comes out stands in the text, once that is decoded as the
 * parser's headers say. None is lost: each that stands between plain spaces and separators is a person's, or in what
 * was refused. What was read reads the same again by its lines. A key is its own key, also by way of the wire.
 */
#include "ports/address.h"
#include "ports/pasted.h"
#include "ports/pasted_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 100 };

static void check_key(arena *a, const address *one)
{
    address again;
    if (one->key.n > ADDRESS_MAX || one->typed.n > ADDRESS_MAX || str_has_control(one->key))
        abort();
    for (size_t i = 0; i < one->key.n; i++)
        if ((uint8_t)one->key.p[i] <= ' ' || (uint8_t)one->key.p[i] >= 0x7f)
            abort();
    if (!address_parse(a, one->key, &again) || !str_eq(again.key, one->key))
        abort();
    if (!address_parse(a, address_wire(a, one->typed), &again) || !str_eq(again.key, one->key))
        abort();
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Joiners gone, full-width letters in ASCII and, if asked, percent signs decoded. */
static str decoded(arena *a, str plain, bool percent)
{
    char *out = arena_alloc(a, plain.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < plain.n;) {
        size_t from = i;
        uint32_t cp = str_next_codepoint(plain, &i);
        if (cp == 0x200C || cp == 0x200D || cp == 0x034F || (cp >= 0xFE00 && cp <= 0xFE0F) ||
            (cp >= 0x180B && cp <= 0x180F))
            continue;
        if (cp >= 0xFF01 && cp <= 0xFF5E) {
            out[n++] = (char)(cp - 0xFF01 + '!');
        } else if (percent && cp == '%' && i + 1 < plain.n && hex(plain.p[i]) >= 0 && hex(plain.p[i + 1]) >= 0) {
            out[n++] = (char)(hex(plain.p[i]) * 16 + hex(plain.p[i + 1]));
            i += 2;
        } else {
            memcpy(out + n, plain.p + from, i - from);
            n += i - from;
        }
    }
    return (str){out, n};
}

static bool holds(str text, str piece)
{
    return str_find(text, piece) < text.n;
}

static void check_none_made_up(arena *a, str text, const pasted *read)
{
    str plain = pasted_plain(a, text).text;
    str once = decoded(a, plain, false), twice = decoded(a, plain, true);
    for (size_t i = 0; i < read->count; i++) {
        const pasted_entry *e = &read->entries[i];
        str typed = decoded(a, e->address.typed, false);
        if (e->address.key.p && !holds(once, typed) && !holds(twice, typed))
            abort();
    }
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '@';
}

static bool is_told(const pasted *read, const address *one, str piece)
{
    for (size_t i = 0; i < read->count; i++) {
        const pasted_entry *e = &read->entries[i];
        if (e->address.key.p ? str_eq(e->address.key, one->key) : holds(e->raw, piece))
            return true;
    }
    return false;
}

/* Behind the number of a list that may be glued to it. */
static str behind_number(str piece)
{
    size_t digits = 0;
    while (digits < piece.n && piece.p[digits] >= '0' && piece.p[digits] <= '9')
        digits++;
    return digits && digits < piece.n && piece.p[digits] == '.' ? str_slice(piece, digits + 1, piece.n) : piece;
}

/* Letters, digits, dots and one @ between spaces and separators; what a link holds behind its "?" is not meant. */
static void check_none_lost(arena *a, str text, const pasted *read)
{
    bool link = false;
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        while (i < text.n && !memchr(" \t\r\n,;", text.p[i], 6))
            i++;
        str piece = str_slice(text, from, i);
        bool plain = piece.n > 0;
        address one;
        for (size_t k = 0; k < piece.n; k++)
            plain = plain && is_plain(piece.p[k]);
        link = link || str_find_byte(piece, '?') < piece.n;
        if (plain && !link && address_parse(a, piece, &one) && !is_told(read, &one, piece) &&
            !(address_parse(a, behind_number(piece), &one) && is_told(read, &one, piece)))
            abort();
        for (; i < text.n && memchr(" \t\r\n,;", text.p[i], 6); i++)
            link = link && !memchr(" \t\r\n", text.p[i], 4);
    }
}

static void check_again(arena *a, const pasted *read)
{
    for (size_t i = 0; i < read->count; i++) {
        const pasted_entry *e = &read->entries[i];
        pasted again;
        if (!e->address.key.p)
            continue;
        if (pasted_read(a, pasted_line(a, e), NULL, 0, 2, &again) != OK || again.count != 1 ||
            !str_eq(again.entries[0].address.key, e->address.key))
            abort();
    }
}

static void check_names(const pasted *read)
{
    for (size_t i = 0; i < read->count; i++) {
        const pasted_entry *e = &read->entries[i];
        if (str_has_control(e->given_name) || str_has_control(e->family_name) ||
            str_codepoints(e->given_name) > ADDRESS_NAME_MAX || str_codepoints(e->family_name) > ADDRESS_NAME_MAX)
            abort();
        for (size_t k = 0; k < i && e->address.key.p; k++)
            if (str_eq(read->entries[k].address.key, e->address.key))
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192)
        return 0;
    arena *a = arena_new(64 << 20);
    str text = {(const char *)data, size};
    pasted read;
    err e = pasted_read(a, text, NULL, 0, MOST, &read);
    if (read.count > MOST || (e == OK && arena_full(a)))
        abort();
    if (e == OK) {
        for (size_t i = 0; i < read.count; i++)
            if (read.entries[i].address.key.p)
                check_key(a, &read.entries[i].address);
        check_names(&read);
        check_none_made_up(a, text, &read);
        check_none_lost(a, text, &read);
        check_again(a, &read);
    }
    arena_free(a);
    return 0;
}
