/* Any bytes as a pasted list: bounded, and each address that comes out is one, fit for the wire and for headers. */
#include "ports/address.h"
#include "ports/address_list.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(arena *a, const address_entry *e)
{
    address again;
    if (str_has_control(e->given_name) || str_has_control(e->family_name))
        abort();
    if (!e->address.key.p)
        return;
    if (e->address.key.n > ADDRESS_MAX || e->address.typed.n > ADDRESS_MAX || str_has_control(e->address.key))
        abort();
    for (size_t i = 0; i < e->address.key.n; i++)
        if ((uint8_t)e->address.key.p[i] <= ' ' || (uint8_t)e->address.key.p[i] >= 0x7f)
            abort();
    /* a key is its own key; what goes on the wire has the same */
    if (!address_parse(a, e->address.key, &again) || !str_eq(again.key, e->address.key))
        abort();
    if (!address_parse(a, address_wire(a, e->address.typed), &again) || !str_eq(again.key, e->address.key))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192)
        return 0;
    arena *a = arena_new(64 << 20);
    address_entry *entries = NULL;
    size_t count = 0;
    err e = address_list_parse(a, (str){(const char *)data, size}, 100, &entries, &count);
    if (count > 100 || (e == OK && arena_full(a)))
        abort();
    for (size_t i = 0; i < count; i++)
        check_entry(a, &entries[i]);
    arena_free(a);
    return 0;
}
