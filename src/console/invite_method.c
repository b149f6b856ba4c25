/* How people without an account get in: by a link, or by a temporary password, as far as the organization's terms allow. */
#include "console/invite.h"

static const str methods[] = {S_INIT("link"), S_INIT("send"), S_INIT("show")};
enum { METHODS = sizeof methods / sizeof methods[0] };

bool method_allowed(const temporary_terms *terms, bool link, str method)
{
    if (str_eq(method, methods[0]))
        return link;
    bool known = str_eq(method, methods[1]) || str_eq(method, methods[2]);
    return known && (str_eq(terms->delivery, S("ask")) || str_eq(terms->delivery, method));
}

str method_usual(const request *r, const temporary_terms *terms, bool link)
{
    if (link)
        return methods[0];
    return !str_eq(terms->delivery, S("ask")) ? terms->delivery : mail_is_kept(r) ? methods[2] : methods[1];
}

void put_methods(request *r, mval *m, const temporary_terms *terms, bool link, str chosen)
{
    mval *list = m_set_list(m, S("method_options"));
    PUT(m, "method_legend", text(r, "invite.method"));
    size_t count = 0;
    for (size_t i = 0; i < METHODS; i++) {
        if (!method_allowed(terms, link, methods[i]))
            continue;
        str key = arena_join(r->a, S("invite.method."), methods[i]);
        mval *o = m_add_object(list);
        PUT(o, "value", methods[i]);
        PUT(o, "text", catalog_text(r->lang, key));
        PUT(o, "detail",
            PHRASE(r->a, r->lang, arena_join(r->a, key, S(".detail")),
                   {S("lifetime"), phrase_duration(r->a, r->lang, terms->lifetime)}));
        PUT_BOOL(o, "selected", str_eq(chosen, methods[i]));
        count++;
    }
    PUT_BOOL(m, "has_methods", count > 1);
    PUT(m, "method_text", count > 1 ? STR_NONE : text_of(r, "invite.method_fixed", terms->delivery));
}

void method_into(str method, invite_order *order)
{
    bool link = str_eq(method, methods[0]);
    order->method = link ? METHOD_LINK : METHOD_TEMPORARY;
    order->delivery = link ? STR_NONE : method;
}
