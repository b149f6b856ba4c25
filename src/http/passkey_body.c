/* From a body's passkey to what the domain examines, once for pages and API. */
#include "http/passkey_body.h"

#include "http/app.h"

str passkey_transports(arena *a, const list *transports)
{
    static const str known[] = {S_INIT("usb"),        S_INIT("nfc"),    S_INIT("ble"),
                                S_INIT("smart-card"), S_INIT("hybrid"), S_INIT("internal")};
    str out = S("");
    const str *given = transports->items;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        for (size_t i = 0; i < transports->count; i++)
            if (str_eq(given[i], known[k])) {
                out = arena_join(a, out, out.n ? S(" ") : S(""), known[k]);
                break;
            }
    return out;
}

str passkey_name(const request *r, str name)
{
    return str_empty(str_trim(name)) ? catalog_text(r->lang, S("passkey.unnamed")) : name;
}
