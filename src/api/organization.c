/* Organizations: setup, founding, settings. */
#include "api/view.h"
#include "bodies.h"
#include "domain/lifecycle/signup.h"
#include "domain/organization/logo.h"
#include "http/schema.h"
#include "routes.h"

/* ---- setup ---- */

err api_setup_prepare(request *r)
{
    const body_setup *b = r->body;
    str *hash = arena_new_of(r->a, str);
    const str about[] = {b->account.email, b->account.given_name, b->account.family_name, b->organization.name};
    r->scratch = hash;
    if (!b->account.has_password)
        return OK;
    return password_prepare(&(password_terms){.least = r->app->env.settings->password_min_length}, r->a, &r->problem,
                            S("/account/password"), b->account.password, about, 4, hash);
}

static err answer_founded(request *r, txn *t, const founded *f)
{
    organization_view o;
    account_view owner;
    TRY(organization_get(t, f->organization_id, &o));
    TRY(account_get(t, f->account_id, &owner));
    return REPLY(r, 201, founded, .organization = view_organization(&o), .account = view_account(&owner),
                 .api_key = f->api_key, .set_password_url = f->set_password_url);
}

err api_setup(request *r, txn *t)
{
    const body_setup *b = r->body;
    const founding f = {
        .name = b->organization.name,
        .slug = b->organization.slug,
        .locale = b->organization.locale,
        .email = b->account.email,
        .given_name = b->account.given_name,
        .family_name = b->account.family_name,
        .password_hash = *(const str *)r->scratch,
        .owner_pointer = S("/account"),
        .first = true,
    };
    founded made = {0};
    TRY(organization_found(t, &r->actor, &f, &made));
    return answer_founded(r, t, &made);
}

err api_create_organization(request *r, txn *t)
{
    const body_create_organization *b = r->body;
    const founding f = {
        .name = b->name,
        .slug = b->slug,
        .locale = b->locale,
        .member_limit = b->member_limit,
        .email = b->owner.email,
        .given_name = b->owner.given_name,
        .family_name = b->owner.family_name,
        .owner_pointer = S("/owner"),
    };
    founded made = {0};
    TRY(organization_found_by(t, &r->actor, &f, &made));
    return answer_founded(r, t, &made);
}

/* ---- one, and many ---- */

static err answer_organization(request *r, txn *t)
{
    organization_view o;
    TRY(organization_get(t, r->actor.organization_id, &o));
    reply_organization shown = view_organization(&o);
    return REPLY_OF(r, 200, organization, &shown);
}

err api_get_organization(request *r, txn *t)
{
    return answer_organization(r, t);
}

err api_list_organizations(request *r, txn *t)
{
    const query_list_organizations *q = r->query;
    page p = PAGE_OF(q);
    organization_view *list;
    size_t n;
    TRY(organization_list(t, &r->actor, &p, &list, &n));
    reply_organization *items = arena_array_of(r->a, reply_organization, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_organization(&list[i]);
    return REPLY(r, 200, organization_list, .items = {items, n}, .next_cursor = p.next);
}

err api_update_organization(request *r, txn *t)
{
    const body_update_organization *b = r->body;
    const organization_change c = {
        .name = b->name,
        .has_locale = b->has_locale,
        .locale = b->locale,
        .has_member_limit = b->has_member_limit,
        .member_limit = b->member_limit,
    };
    TRY(organization_update(t, &r->actor, &c));
    return answer_organization(r, t);
}

static err answer_settings(request *r, txn *t)
{
    organization_view o;
    organization_look look;
    TRY(organization_get(t, r->actor.organization_id, &o));
    TRY(organization_look_get(t, o.id, &look));
    reply_settings shown =
        view_settings(r->a, r->app->env.settings, &o.settings, organization_logo_path(r->a, o.id, look.logo));
    return REPLY_OF(r, 200, settings, &shown);
}

err api_get_settings(request *r, txn *t)
{
    return answer_settings(r, t);
}

err api_update_settings(request *r, txn *t)
{
    text_pair given[ORGANIZATION_SETTING_COUNT];
    size_t n = schema_given(r->route->body, r->a, r->body, false, given, ORGANIZATION_SETTING_COUNT);
    TRY(organization_settings_update(t, &r->actor, given, n));
    return answer_settings(r, t);
}
