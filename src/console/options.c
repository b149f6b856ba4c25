/* The options that an organization defines (entitlements), under its settings. */
#include "console/console.h"

static str option_link(request *r, str key, const char *rest)
{
    return arena_join(r->a, org_path(r, "/settings/options/"), key, str_of(rest));
}

static const struct {
    role role;
    unsigned bit;
} roles[] = {{ROLE_MEMBER, FOR_MEMBERS}, {ROLE_ADMINISTRATOR, FOR_ADMINISTRATORS}, {ROLE_OWNER, FOR_OWNERS}};
enum { ROLES = sizeof roles / sizeof roles[0] };

static unsigned roles_ticked(const list *given)
{
    unsigned set = 0;
    const str *words = given->items;
    for (size_t i = 0; i < given->count; i++)
        for (size_t k = 0; k < ROLES; k++)
            set |= role_is(words[i], roles[k].role) ? roles[k].bit : 0;
    return set;
}

/* The fields of one, as they are stored or were typed. */
static void put_fields(request *r, mval *m, const entitlement_view *e)
{
    mval *form = m_set_object(m, S("form"));
    PUT(form, "key", e->key.p ? e->key : S(""));
    PUT(form, "name_fr", e->name_fr.p ? e->name_fr : S(""));
    PUT(form, "name_en", e->name_en.p ? e->name_en : S(""));
    PUT_BOOL(form, "by_default", e->by_default);
    mval *list = m_set_list(m, S("role_options"));
    for (size_t k = 0; k < ROLES; k++)
        put_option(list, role_text(roles[k].role), text_of(r, "role", role_text(roles[k].role)),
                   e->roles & roles[k].bit ? role_text(roles[k].role) : STR_NONE);
}

static str roles_text(request *r, unsigned set)
{
    str out = S("");
    if ((set & FOR_ALL) == FOR_ALL)
        return text(r, "options.everybody");
    for (size_t k = 0; k < ROLES; k++)
        if (set & roles[k].bit)
            out = arena_join(r->a, out, out.n ? S(", ") : S(""), text_of(r, "role", role_text(roles[k].role)));
    return out;
}

static err options_open(request *r, txn *t, const entitlement_view *typed, mval **out)
{
    entitlement_view *all;
    size_t n;
    TRY(entitlement_list(t, r->actor.organization_id, &all, &n));
    TRY(page_open(r, t, out));
    PUT(*out, "action_url", org_path(r, "/settings/options"));
    PUT_BOOL(*out, "has_options", n > 0);
    mval *list = m_set_list(*out, S("options"));
    for (size_t i = 0; i < n; i++) {
        mval *o = m_add_object(list);
        PUT(o, "key", all[i].key);
        PUT(o, "name", r->lang == LANG_FR ? all[i].name_fr : all[i].name_en);
        PUT(o, "url", option_link(r, all[i].key, ""));
        PUT(o, "roles_text", roles_text(r, all[i].roles));
        PUT_BOOL(o, "by_default", all[i].by_default);
    }
    put_fields(r, *out, typed);
    page_back(r, *out, org_path(r, "/settings"), "nav.settings");
    return OK;
}

err console_options_page(request *r, txn *t)
{
    mval *m;
    TRY(options_open(r, t, &(entitlement_view){.roles = FOR_ALL}, &m));
    return page_answer(r, 200, "options", m);
}

err console_options_form(request *r, txn *t)
{
    const body_options_form *form = r->body;
    const entitlement_view e = {.key = str_trim(form->key),
                                .name_en = form->name_en,
                                .name_fr = form->name_fr,
                                .by_default = form->by_default,
                                .roles = roles_ticked(&form->role)};
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, entitlement_create(t, &r->actor, &e));
    if (refusal == OK)
        return page_redirect(r, org_path(r, "/settings/options"), NOTICE_OPTION_CREATED);
    TRY(options_open(r, t, &e, &m));
    return page_refused(r, refusal, "options", m);
}

static err option_open(request *r, txn *t, const entitlement_view *typed, mval **out)
{
    entitlement_view e;
    TRY(entitlement_get(t, r->actor.organization_id, r->params[1].text, &e));
    TRY(page_open(r, t, out));
    PUT(*out, "title", r->lang == LANG_FR ? e.name_fr : e.name_en);
    PUT(*out, "action_url", option_link(r, e.key, ""));
    PUT(*out, "delete_url", option_link(r, e.key, "/delete"));
    put_fields(r, *out, typed ? typed : &e);
    page_back(r, *out, org_path(r, "/settings/options"), "nav.options");
    return OK;
}

err console_option_page(request *r, txn *t)
{
    mval *m;
    TRY(option_open(r, t, NULL, &m));
    return page_answer(r, 200, "option", m);
}

err console_option_form(request *r, txn *t)
{
    const body_option_form *form = r->body;
    const entitlement_view typed = {.key = r->params[1].text,
                                    .name_en = form->name_en,
                                    .name_fr = form->name_fr,
                                    .by_default = form->by_default,
                                    .roles = roles_ticked(&form->role)};
    const entitlement_change c = {.name_en = form->name_en.p ? form->name_en : S(""),
                                  .name_fr = form->name_fr.p ? form->name_fr : S(""),
                                  .has_default = true,
                                  .by_default = form->by_default,
                                  .roles = typed.roles};
    err refusal = typed.roles ? OK : problem_at(&r->problem, ERR_INVALID_REQUEST, S("/roles"), S("too-few"), 1);
    mval *m;
    if (refusal == OK)
        PAGE_ATTEMPT(t, &refusal, entitlement_update(t, &r->actor, r->params[1].text, &c));
    if (refusal == OK)
        return page_redirect(r, org_path(r, "/settings/options"), NOTICE_OPTION_SAVED);
    TRY(option_open(r, t, &typed, &m));
    return page_refused(r, refusal, "option", m);
}

err console_option_delete_page(request *r, txn *t)
{
    mval *m;
    TRY(option_open(r, t, NULL, &m));
    page_back(r, m, option_link(r, r->params[1].text, ""), "title.option");
    return page_answer(r, 200, "option_delete", m);
}

err console_option_delete_form(request *r, txn *t)
{
    TRY(entitlement_delete(t, &r->actor, r->params[1].text));
    return page_redirect(r, org_path(r, "/settings/options"), NOTICE_OPTION_DELETED);
}
