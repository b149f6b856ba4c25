/*
 * Tokens of links and cookies, typed codes, sealed secrets, cursors of lists: strict, one spelling each, and nothing
 * that was altered opens.
 */
#include "domain/shared/page.h"
#include "domain/shared/secret.h"
#include <stdlib.h>

static const server_key *key(void)
{
    static server_key *k;
    static const uint8_t bytes[32] = {7};
    if (!k)
        k = server_key_of(bytes);
    return k;
}

static void check_base64url(arena *a, str text)
{
    str raw, again;
    if (base64url_decode(a, text, &raw) && !str_eq(base64url_encode(a, raw), text))
        abort();
    if (!base64url_decode(a, base64url_encode(a, text), &again) || !str_eq(again, text))
        abort();
}

static void check_code(arena *a, str text)
{
    char code[CODE_LENGTH + 1], again[CODE_LENGTH + 1];
    if (!code_normalise(text, code))
        return;
    for (int i = 0; i < CODE_LENGTH; i++)
        if (!code[i] || !strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", code[i]))
            abort();
    str shown = code_display(a, (str){code, CODE_LENGTH});
    if (!code_normalise(shown, again) || memcmp(code, again, CODE_LENGTH) != 0)
        abort();
}

static void check_seal(arena *a, str text)
{
    str opened;
    if (unseal(key(), a, text, &opened)) /* nobody guesses a tag of 128 bits */
        abort();
    str blob = seal(key(), a, text);
    if (!unseal(key(), a, blob, &opened) || !str_eq(opened, text))
        abort();
    char *altered = arena_alloc(a, blob.n);
    memcpy(altered, blob.p, blob.n);
    altered[text.n ? (uint8_t)text.p[0] % blob.n : 0] ^= 1;
    if (unseal(key(), a, (str){altered, blob.n}, &opened) || unseal(key(), a, str_slice(blob, 0, blob.n - 1), &opened))
        abort();
}

static void check_token(arena *a, str text)
{
    secret one, two;
    bool is_one = secret_open(a, text, false, &one), is_two = secret_open(a, text, true, &two);
    if (is_one && is_two)
        abort();
    if (is_one && (!uuid_none(one.second) || one.hash.n != TOKEN_HASH_SIZE))
        abort();
}

static page_mark marked; /* what the page ends with */

static page_mark mark_of(const void *rows, size_t index)
{
    (void)rows, (void)index;
    return marked;
}

static void check_cursor(arena *a, str text)
{
    problem refused = {0};
    page p = {.cursor = text, .limit = 1};
    page_mark mark;
    size_t count = 2;
    if (page_start(&p, a, &refused, S("fuzz"), true, &mark) != OK) {
        if (refused.field_count != 1)
            abort();
        return;
    }
    if (!str_is_utf8(mark.key))
        abort();
    marked = mark;
    page_end(&p, a, &count, mark_of, NULL);
    if (count != 1 || (text.p && !str_eq(p.next, text)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    ARENA_SCOPED a = arena_new(1 << 20);
    str text = {(const char *)data, size};
    check_base64url(a, text);
    check_code(a, text);
    check_seal(a, text);
    check_token(a, text);
    check_cursor(a, text);
    return 0;
}
