/*
 * How people without an account get in: by a link, or by a temporary password, as far as the organization's terms
 * allow.
 */
#include "console/invite.h"

bool method_allowed(const temporary_terms *terms, bool link, str method)
{
    if (method_is(method, METHOD_LINK))
        return link;
    bool known =
        password_delivery_is(method, PASSWORD_DELIVERY_SEND) || password_delivery_is(method, PASSWORD_DELIVERY_SHOW);
    return known && (password_delivery_is(terms->delivery, PASSWORD_DELIVERY_ASK) || str_eq(terms->delivery, method));
}

str method_usual(const request *r, const temporary_terms *terms, bool link)
{
    if (link)
        return method_text(METHOD_LINK);
    if (!password_delivery_is(terms->delivery, PASSWORD_DELIVERY_ASK))
        return terms->delivery;
    return password_delivery_text(mail_is_kept(r) ? PASSWORD_DELIVERY_SHOW : PASSWORD_DELIVERY_SEND);
}

void put_methods(request *r, mval *m, const temporary_terms *terms, bool link, str chosen)
{
    const str methods[] = {method_text(METHOD_LINK), password_delivery_text(PASSWORD_DELIVERY_SEND),
                           password_delivery_text(PASSWORD_DELIVERY_SHOW)};
    mval *list = m_set_list(m, S("method_options"));
    PUT(m, "method_legend", text(r, "invite.method"));
    size_t count = 0;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
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
    bool link = method_is(method, METHOD_LINK);
    order->method = method_text(link ? METHOD_LINK : METHOD_TEMPORARY_PASSWORD);
    order->delivery = link ? STR_NONE : method;
}
