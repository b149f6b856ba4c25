/*
 * Reading organizations, changing their name and language, and recounting: what the counters say is held against the
 * rows.
 */
#include "domain/organization/organization.h"

#include "domain/account/ways_in.h"
#include "domain/shared/audit.h"
#include "domain/shared/env.h"
#include "domain/shared/installation.h"
#include "domain/shared/session.h"
#include "ports/address.h"
#include "ports/fold.h"
#include "queries.h"

static err with_counts(txn *t, organization_view *o)
{
    q_organization_administering_rows people;
    TRY(seats_read(t, o->id, &o->seats));
    TRY(q_organization_administering(t, &people, .organization_id = o->id, .now = t->now));
    o->administering = (int64_t)people.n;
    return OK;
}

err organization_get(txn *t, uuid id, organization_view *out)
{
    q_organization_by_id_row r;
    TRY(q_organization_by_id(t, &r, id));
    *out = (organization_view){
        .id = r.id,
        .slug = r.slug,
        .name = r.name,
        .locale = r.locale,
        .created_at = r.created_at,
        .settings = {.existing_accounts = r.existing_accounts,
                     .administrators_invite = r.is_administrators_invite,
                     .invitation_lifetime = r.invitation_lifetime,
                     .reminder_after = r.reminder_after,
                     .reminder_max = r.reminder_max,
                     .temporary_password_delivery = r.temporary_password_delivery,
                     .temporary_password_lifetime = r.temporary_password_lifetime,
                     .password_min_length = r.password_min_length,
                     .session_lifetime = r.session_lifetime,
                     .session_idle = r.session_idle,
                     .second_factor = r.second_factor,
                     .allowed_domains = r.allowed_domains,
                     .refused_domains = r.refused_domains,
                     .accent = r.accent,
                     .time_zone = r.time_zone},
    };
    return with_counts(t, out);
}

static page_mark mark_of(const void *rows, size_t i)
{
    return (page_mark){S(""), ((const organization_view *)rows)[i].id};
}

err organization_list(txn *t, const actor *who, page *p, organization_view **out, size_t *count)
{
    page_mark from;
    q_organization_page_rows rows;
    bool operates = who->kind == ACTOR_OPERATOR || who->kind == ACTOR_INSTANCE_KEY;
    size_t whose = operates ? Q_ORGANIZATION_PAGE_WHOSE_ALL : Q_ORGANIZATION_PAGE_WHOSE_OWN;
    uuid only = uuid_none(who->key_organization_id) ? who->confined_to_id : who->key_organization_id;
    TRY(page_start(p, t->a, t->problem, S("organizations"), true, &from));
    TRY(q_organization_page(t, whose, &rows, .account_id = who->account_id, .now = t->now, .after = from.id,
                            .only_organization = only, .limit = page_fetch(p)));
    *out = arena_array_of(t->a, organization_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_organization_page_row *r = &rows.p[i];
        (*out)[i] = (organization_view){
            .id = r->id,
            .slug = r->slug,
            .name = r->name,
            .locale = r->locale,
            .created_at = r->created_at,
            .seats = {.limit = r->member_limit, .used = r->used, .held = r->held},
        };
    }
    page_end(p, t->a, count, mark_of, *out);
    return OK;
}

err organization_contacts(txn *t, uuid id, int64_t most, account_view **out, size_t *count)
{
    q_organization_contacts_rows rows;
    TRY(q_organization_contacts(t, &rows, .organization_id = id, .now = t->now, .limit = most));
    *out = arena_array_of(t->a, account_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (account_view){.id = rows.p[i].id,
                                   .email = rows.p[i].email,
                                   .given_name = rows.p[i].given_name,
                                   .family_name = rows.p[i].family_name,
                                   .locale = rows.p[i].locale,
                                   .role = rows.p[i].role};
    return OK;
}

err organization_none(txn *t, bool *out)
{
    q_organization_any_rows rows;
    TRY(q_organization_any(t, &rows));
    *out = rows.n == 0;
    return OK;
}

static said_organization described(arena *a, const organization_view *o)
{
    return (said_organization){.name = audit_given(o->name),
                               .locale = audit_given(o->locale),
                               .member_limit = arena_printf(a, "%lld", (long long)o->seats.limit)};
}

err organization_update(txn *t, const actor *by, const organization_change *c)
{
    organization_view o;
    if (c->has_member_limit && by->kind != ACTOR_OPERATOR)
        return ERR_FORBIDDEN;
    TRY(organization_get(t, by->organization_id, &o));
    const organization_view was = o;
    const said_organization before = described(t->a, &o);
    if (c->name.p)
        TRY(name_clean(t->a, t->problem, S("/name"), c->name, &o.name));
    if (c->has_locale)
        o.locale = c->locale;
    if (c->has_member_limit) {
        o.seats.limit = c->member_limit;
        TRY(q_seat_limit_set(t, .member_limit = c->member_limit, .organization_id = o.id));
    }
    if (str_eq(was.name, o.name) && str_eq(was.locale, o.locale) && was.seats.limit == o.seats.limit)
        return OK;
    TRY(q_organization_set(t, .name = o.name, .locale = o.locale, .id = o.id));
    return audit(t, by, EVENT_ORGANIZATION_UPDATED, .subject_id = o.id, .before = before, .after = described(t->a, &o));
}

err organization_recount(txn *t, str **findings, size_t *count)
{
    q_recount_seats_rows seats;
    q_recount_owners_rows orphans;
    TRY(q_recount_seats(t, &seats));
    TRY(q_recount_owners(t, &orphans));
    *findings = arena_array_of(t->a, str, seats.n + orphans.n);
    *count = 0;
    for (size_t i = 0; i < seats.n; i++) {
        const q_recount_seats_row *r = &seats.p[i];
        if (r->used != r->members || r->held != r->pending)
            (*findings)[(*count)++] = arena_printf(
                t->a, "%.*s: the seat row says %lld members and %lld held, there are %lld and %lld", STR_FMT(r->slug),
                (long long)r->used, (long long)r->held, (long long)r->members, (long long)r->pending);
    }
    for (size_t i = 0; i < orphans.n; i++)
        (*findings)[(*count)++] = arena_printf(t->a, "%.*s: no active owner", STR_FMT(orphans.p[i].slug));
    return OK;
}
