/* Which language an answer is in. */
#include "http/language_choice.h"

#include "http/cookie.h"
#include "http/gate.h"
#include "http/schema.h"

/* The reader's own choice comes first: in the address, then by the switch on a page, then with the account. */
void language_choose(exchange *x)
{
    request *r = &x->r;
    r->lang_chosen = language_parse(form_value(r->a, r->raw_query, S("lang")), &r->lang) ||
                     language_parse(cookie_find(&x->head, S("parvis_lang")), &r->lang) ||
                     language_parse(r->actor.locale, &r->lang);
    if (!r->lang_chosen)
        r->lang = language_negotiate(head_list(r->a, &x->head, S("accept-language")), LANG_EN);
}
