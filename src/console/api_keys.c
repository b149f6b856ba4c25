/* API keys, under the organization's settings: the list, making one, revoking one. */
#include "console/console.h"
#include "domain/member/api_key.h"
#include "domain/shared/permission.h"

enum { NAMED_MOST = 2 }; /* as many permissions stand in the list by name; more of them are counted, and unfold */

/*
 * What a form offers, as people think of it. The rest of the table is for parts of the product that have no routes yet.
 */
typedef struct offer {
    const char *legend;
    permission all[8];
} offer;
static const offer offers[] = {
    {"members",
     {PERM_MEMBERS_READ, PERM_MEMBERS_UPDATE, PERM_MEMBERS_REMOVE, PERM_GROUPS_MANAGE, PERM_ROLES_CHANGE,
      PERM_OWNERSHIP_TRANSFER}},
    {"invitations",
     {PERM_INVITATIONS_READ, PERM_INVITATIONS_CREATE, PERM_ADMINISTRATORS_INVITE, PERM_INVITATIONS_REVOKE,
      PERM_INVITATIONS_LINK, PERM_MAIL_READ}},
    {"organization", {PERM_ORGANIZATION_UPDATE, PERM_API_KEYS_MANAGE}},
};
static const str lifetimes[] = {S_INIT("30d"), S_INIT("90d"), S_INIT("365d")};

static str keys_path(request *r)
{
    return org_path(r, "/settings/api-keys");
}

/* A permission as people read it; its own name where the catalogue has no other. */
static str permission_label(request *r, permission one)
{
    str name = permission_name(one), key = arena_join(r->a, S("permission."), name);
    return catalog_has(key) ? catalog_text(r->lang, key) : name;
}

static void put_key_rights(request *r, mval *m, const api_key_view *k)
{
    permission set = k->permissions, one;
    int64_t count = __builtin_popcountll(set);
    mval *list = m_set_list(m, S("rights"));
    PUT_BOOL(m, "is_limited", k->limited);
    PUT_BOOL(m, "is_long", count > NAMED_MOST);
    PUT(m, "rights_text", text_count(r, "api_keys.rights_count", count));
    while (k->limited && permission_next(&set, &one))
        PUT(m_add_object(list), "text", permission_label(r, one));
}

static void put_key(request *r, txn *t, mval *m, const api_key_view *k)
{
    put_person(r, m, k->given_name, k->family_name, k->email);
    PUT(m, "name", k->name);
    PUT_BOOL(m, "is_mine", uuid_eq(k->membership_id, r->actor.membership_id));
    PUT(m, "created_text", date_text(r, k->created_at));
    PUT(m, "used_text", k->last_used_at ? date_text(r, k->last_used_at) : text(r, "api_keys.never_used"));
    PUT(m, "expires_text", k->expires_at ? until_text(r, k->expires_at, t->now) : text(r, "api_keys.no_end"));
    PUT_BOOL(m, "is_expired", k->expires_at && k->expires_at <= t->now);
    PUT(m, "revoke_url", org_path_id(r, "/settings/api-keys/", ID_KEY, k->id, "/revoke"));
    put_key_rights(r, m, k);
}

/* ---- the form ---- */

static bool is_ticked(const list *words, str word)
{
    const str *texts = words ? words->items : NULL;
    for (size_t i = 0; words && i < words->count; i++)
        if (str_eq(texts[i], word))
            return true;
    return false;
}

/* Nobody is offered what they do not hold. */
static void put_offers(request *r, mval *m, const list *ticked)
{
    mval *groups = m_set_list(m, S("groups"));
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        mval *group = NULL, *rights = NULL;
        for (const permission *one = offers[i].all; *one; one++) {
            if (!(r->actor.may & *one))
                continue;
            if (!group) {
                group = m_add_object(groups);
                PUT(group, "legend", text_of(r, "api_keys.group", str_of(offers[i].legend)));
                rights = m_set_list(group, S("rights"));
            }
            str name = permission_name(*one);
            put_option(rights, name, permission_label(r, *one), is_ticked(ticked, name) ? name : STR_NONE);
        }
    }
}

static void put_lifetimes(request *r, mval *m, str chosen)
{
    mval *list = m_set_list(m, S("lifetime_options"));
    for (size_t i = 0; i < sizeof lifetimes / sizeof lifetimes[0]; i++) {
        msec d;
        if (duration_parse(lifetimes[i], &d))
            put_option(list, lifetimes[i], phrase_duration(r->a, r->lang, d), chosen);
    }
    put_option(list, S(""), text(r, "api_keys.no_end"), chosen);
}

static void put_form(request *r, mval *m, const body_api_keys_form *typed)
{
    mval *form = m_set_object(m, S("form"));
    PUT(form, "name", typed && typed->name.p ? typed->name : S(""));
    PUT_BOOL(form, "all", typed && str_eq(typed->rights, S("all")));
    put_offers(r, m, typed ? &typed->permission : NULL);
    put_lifetimes(r, m, typed && typed->expires_in.p ? typed->expires_in : lifetimes[1]);
    PUT(m, "action_url", keys_path(r));
}

/* ---- the page ---- */

static err keys_open(request *r, txn *t, str cursor, const body_api_keys_form *typed, mval **out)
{
    page p = {.cursor = some(cursor)};
    api_key_view *all;
    size_t n;
    TRY(api_key_list(t, r->actor.organization_id, &p, &all, &n));
    TRY(page_open(r, t, out));
    PUT_BOOL(*out, "has_keys", n > 0);
    mval *list = m_set_list(*out, S("keys"));
    for (size_t i = 0; i < n; i++)
        put_key(r, t, m_add_object(list), &all[i]);
    put_paging(*out, cursor, keys_path(r), p.next, LINK(r->a, keys_path(r), {S("cursor"), p.next}));
    put_form(r, *out, typed);
    page_back(r, *out, org_path(r, "/settings"), "nav.settings");
    return OK;
}

err console_api_keys_page(request *r, txn *t)
{
    const query_api_keys_page *q = r->query;
    mval *m;
    err e = keys_open(r, t, q->cursor, NULL, &m);
    if (e == ERR_INVALID_REQUEST) /* an old or mistyped address: the list from its beginning */
        return answer_redirect(r, keys_path(r));
    TRY(e);
    return page_answer(r, 200, "api_keys", m);
}

static err read_form(request *r, const body_api_keys_form *form, new_api_key *out)
{
    *out = (new_api_key){.name = form->name.p ? form->name : S(""),
                         .limited = !str_eq(form->rights, S("all")),
                         .permissions = form->permission.items,
                         .permission_count = form->permission.count};
    return some(form->expires_in).p ? api_key_lifetime_read(r->a, &r->problem, form->expires_in, &out->lifetime) : OK;
}

/* The key itself, this once: no other page shows it again. */
static err answer_key(request *r, txn *t, uuid id, str key)
{
    api_key_view made;
    mval *m;
    TRY(api_key_get(t, r->actor.organization_id, id, &made));
    TRY(page_open(r, t, &m));
    put_key(r, t, m_set_object(m, S("key")), &made);
    PUT(m, "secret", key);
    page_back(r, m, keys_path(r), "nav.api_keys");
    r->has_secret = true;
    return page_answer(r, 200, "api_key_created", m);
}

err console_api_keys_form(request *r, txn *t)
{
    const body_api_keys_form *form = r->body;
    new_api_key asked;
    uuid id;
    str key;
    mval *m;
    err refusal = read_form(r, form, &asked);
    if (refusal == OK)
        PAGE_ATTEMPT(t, &refusal, api_key_create(t, &r->actor, &asked, &id, &key));
    if (refusal == OK)
        return answer_key(r, t, id, key);
    TRY(keys_open(r, t, STR_NONE, form, &m));
    return page_refused(r, refusal, "api_keys", m);
}

err console_api_key_revoke_page(request *r, txn *t)
{
    api_key_view k;
    mval *m;
    TRY(api_key_get(t, r->actor.organization_id, r->params[1].id, &k));
    TRY(page_open(r, t, &m));
    mval *o = m_set_object(m, S("key"));
    put_key(r, t, o, &k);
    PUT(m, "action_url", org_path_id(r, "/settings/api-keys/", ID_KEY, k.id, "/revoke"));
    page_back(r, m, keys_path(r), "nav.api_keys");
    return page_answer(r, 200, "api_key_revoke", m);
}

err console_api_key_revoke_form(request *r, txn *t)
{
    TRY(api_key_revoke(t, &r->actor, r->params[1].id));
    return page_redirect(r, keys_path(r), NOTICE_API_KEY_REVOKED);
}
