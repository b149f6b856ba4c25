/*
 * Reading and changing accounts, and their sessions one by one. A name or an address stands with each membership too,
 * for searching: both change in one transaction.
 */
#include "domain/account/account.h"

#include "domain/account/ways_in.h"
#include "domain/shared/audit.h"
#include "domain/shared/env.h"
#include "domain/shared/held.h"
#include "domain/shared/member_index.h"
#include "ports/address.h"
#include "ports/zone.h"
#include "queries.h"

enum { PLACES_AGAIN_AFTER = MSEC_SECOND };

err account_proved_key(txn *t, const actor *who, str *key)
{
    q_account_by_id_row r;
    *key = STR_NONE;
    if (who->kind != ACTOR_ACCOUNT)
        return OK;
    TRY(q_account_by_id(t, &r, who->account_id));
    if (r.email_proved_at && !r.closed_at)
        *key = r.email_key;
    return OK;
}

err account_get(txn *t, uuid id, account_view *out)
{
    q_account_by_id_row r;
    TRY(q_account_by_id(t, &r, id));
    *out = (account_view){r.id,         r.email,    r.given_name, r.family_name, r.locale, r.email_proved_at != 0,
                          r.created_at, r.time_zone};
    out->servers_zone = t->env->settings->time_zone;
    out->closed = r.closed_at != 0;
    out->factors = (account_factors){.totp = r.totp != 0, .passkeys = r.passkeys, .recovery_codes = r.recovery_codes};
    out->waits = !uuid_none(r.temporary_invitation_id);
    out->browsers = r.browsers;
    return OK;
}

err account_find(txn *t, str email_key, q_account_by_key_row *out)
{
    TRY(q_account_by_key(t, out, email_key));
    if (!t->writes)
        return OK;
    uuid found = out->id;
    TRY(ways_hold(t, found));
    TRY(q_account_by_key(t, out, email_key));
    return uuid_eq(found, out->id) ? OK : row_hold_first(t, HELD_ACCOUNT, out->id);
}

err account_by_email(txn *t, str email, account_view *out)
{
    address where;
    q_account_by_key_row r;
    if (!address_parse(t->a, email, &where))
        return ERR_INVALID_ADDRESS;
    TRY(account_find(t, where.key, &r));
    return account_get(t, r.id, out);
}

err account_named(txn *t, str named, account_view *out)
{
    uuid id;
    if (!typeid_parse(named, ID_ACCOUNT, &id))
        return account_by_email(t, named, out);
    TRY(account_get(t, id, out));
    return out->closed ? ERR_NOT_FOUND : OK;
}

err accounts_waiting(txn *t, account_waiting **out, size_t *count)
{
    q_accounts_waiting_rows rows;
    TRY(q_accounts_waiting(t, &rows));
    *out = arena_array_of(t->a, account_waiting, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (account_waiting){rows.p[i].id, rows.p[i].until_at};
    return OK;
}

/* Those that are free, and how many there are. */
static err places_hold(txn *t, uuid account_id, q_account_memberships_all_rows *held, size_t *there)
{
    q_account_memberships_all_rows all;
    TRY(q_account_memberships_all(t, Q_ACCOUNT_MEMBERSHIPS_ALL_HOW_HELD, held, account_id));
    *there = held->n;
    if (!store_is_shared(t->store))
        return OK;
    TRY(q_account_memberships_all(t, Q_ACCOUNT_MEMBERSHIPS_ALL_HOW_LISTED, &all, account_id));
    *there = all.n;
    return OK;
}

err account_places_rewrite(txn *t, uuid account_id, str given, str family, str email_key)
{
    size_t there;
    q_account_memberships_all_rows places;
    TRY(places_hold(t, account_id, &places, &there));
    if (there > places.n) /* an organization that is busy for long keeps nobody from their account */
        TRY(q_account_places_later(t, .places_at = t->now + PLACES_AGAIN_AFTER, .id = account_id));
    str key = member_family_key(t->a, given, family);
    for (size_t i = 0; i < places.n; i++) {
        TRY(q_member_sort_keys_set(t, .organization_id = places.p[i].organization_id, .id = places.p[i].id,
                                   .family_key = key, .email_key = email_key));
        TRY(member_index(t, places.p[i].organization_id, places.p[i].id, given, family, email_key));
    }
    return OK;
}

err accounts_places_rewrite(txn *t, int64_t limit, int64_t *count)
{
    q_account_places_due_rows due;
    TRY(q_account_places_due(t, &due, .now = t->now, .limit = limit));
    *count = (int64_t)due.n;
    for (size_t i = 0; i < due.n; i++) {
        const q_account_places_due_row *r = &due.p[i];
        TRY(q_account_places_later(t, .places_at = 0, .id = r->id));
        TRY(account_places_rewrite(t, r->id, r->given_name, r->family_name, r->email_key));
    }
    return OK;
}

static err zone_clean(problem *p, str chosen, str *out)
{
    *out = chosen;
    return zone_exists(chosen) ? OK : problem_at(p, ERR_INVALID_REQUEST, S("/time_zone"), S("not-allowed"), 0);
}

err account_update(txn *t, const actor *by, const account_change *c)
{
    q_account_by_id_row was;
    TRY(q_account_by_id(t, &was, by->account_id));
    str given = was.given_name, family = was.family_name, zone = was.time_zone;
    if (c->time_zone.n)
        TRY(zone_clean(t->problem, c->time_zone, &zone));
    if (c->given_name.p)
        TRY(name_clean(t->a, t->problem, S("/given_name"), c->given_name, &given));
    if (c->family_name.p)
        TRY(name_clean(t->a, t->problem, S("/family_name"), c->family_name, &family));
    bool changed = !str_eq(given, was.given_name) || !str_eq(family, was.family_name) || !str_eq(zone, was.time_zone) ||
                   (c->locale.p && !str_eq(c->locale, was.locale));
    if (!changed)
        return OK;
    TRY(q_account_names_set(t, .given_name = given, .family_name = family,
                            .locale = c->locale.p ? c->locale : was.locale, .time_zone = zone, .id = by->account_id));
    if (!str_eq(given, was.given_name) || !str_eq(family, was.family_name))
        TRY(account_places_rewrite(t, by->account_id, given, family, was.email_key));
    return audit(t, by, EVENT_ACCOUNT_UPDATED, .subject_id = by->account_id,
                 .detail = {.given_name = given, .family_name = family});
}

err account_memberships(txn *t, uuid account_id, membership_view **out, size_t *count)
{
    q_account_memberships_rows rows;
    TRY(q_account_memberships(t, &rows, .account_id = account_id, .now = t->now));
    *out = arena_array_of(t->a, membership_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (membership_view){rows.p[i].organization_id,
                                      rows.p[i].id,
                                      rows.p[i].name,
                                      rows.p[i].slug,
                                      rows.p[i].role,
                                      rows.p[i].joined_at,
                                      rows.p[i].last_active_at,
                                      rows.p[i].entitlement_keys,
                                      rows.p[i].entitlements};
    return OK;
}

err account_memberships_out(txn *t, uuid account_id, membership_out **out, size_t *count)
{
    q_account_memberships_out_rows rows;
    TRY(q_account_memberships_out(t, &rows, .account_id = account_id, .now = t->now));
    *out = arena_array_of(t->a, membership_out, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_account_memberships_out_row *r = &rows.p[i];
        bool ended = member_state_is(r->state, MEMBER_ACTIVE);
        (*out)[i] = (membership_out){r->organization_id,
                                     r->id,
                                     r->name,
                                     r->slug,
                                     r->role,
                                     membership_access_text(ended ? ACCESS_IS_ENDED : ACCESS_IS_SUSPENDED),
                                     ended ? r->access_ends_at : r->suspended_at};
    }
    return OK;
}

err account_sessions(txn *t, uuid account_id, session_view **out, size_t *count)
{
    q_session_of_account_rows rows;
    TRY(q_session_of_account(t, &rows, .account_id = account_id, .now = t->now));
    *out = arena_array_of(t->a, session_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (session_view){rows.p[i].id,         rows.p[i].created_at, rows.p[i].seen_at,
                                   rows.p[i].expires_at, rows.p[i].user_agent, rows.p[i].source};
    return OK;
}

err session_end(txn *t, const actor *by, uuid session_id)
{
    int64_t gone;
    TRY(q_session_delete(t, &gone, .id = session_id, .account_id = by->account_id));
    if (gone == 0)
        return ERR_NOT_FOUND;
    TRY(ways_end(t, WAYS_SESSION_ENDED, &(ways_of){.account_id = by->account_id}));
    return audit(t, by, EVENT_SESSION_REVOKED, .subject_id = session_id);
}

err sessions_end_others(txn *t, const actor *by)
{
    TRY(ways_end(t, WAYS_SESSIONS_ENDED, &(ways_of){.account_id = by->account_id, .session_id = by->session_id}));
    return audit(t, by, EVENT_SESSIONS_REVOKED, .subject_id = by->account_id);
}

err sign_out(txn *t, const actor *who)
{
    int64_t gone;
    TRY(q_session_delete(t, &gone, .id = who->session_id, .account_id = who->account_id));
    TRY(ways_end(t, WAYS_SESSION_ENDED, &(ways_of){.account_id = who->account_id}));
    return audit(t, who, EVENT_SESSION_ENDED, .subject_id = who->session_id);
}
