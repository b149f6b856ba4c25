/* Founding an organization, with its first owner. */
#include "domain/lifecycle/founding.h"

#include "domain/account/account.h"
#include "domain/account/credential.h"
#include "domain/account/temporary_password.h"
#include "domain/account/ways_in.h"
#include "domain/member/api_key.h"
#include "domain/member/member.h"
#include "domain/organization/organization.h"
#include "domain/shared/actor.h"
#include "domain/shared/audit.h"
#include "domain/shared/installation.h"
#include "domain/shared/name.h"
#include "domain/shared/session.h"
#include "ports/address.h"
#include "ports/fold.h"
#include "queries.h"

enum { SLUG_MIN = 2, SLUG_MAX = 63 };

static bool slug_valid(str s)
{
    if (s.n < SLUG_MIN || s.n > SLUG_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '-' && !(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
    return true;
}

/* "Société Générale & Cie" → "societe-generale-cie" */
static str slug_of_name(arena *a, str name)
{
    str folded = fold_text(a, name);
    char *out = arena_alloc(a, SLUG_MAX + 3);
    size_t n = 0;
    for (size_t i = 0; i < folded.n && n < SLUG_MAX - 8; i++) {
        char c = folded.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain)
            out[n++] = c;
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n && out[n - 1] == '-')
        n--;
    str slug = {out, n};
    return slug_valid(slug) ? slug : S("organization");
}

/* Where its founder is, or says to be. What the operator makes for others begins with the server's. */
static str founders_zone(const actor *by, const founding *f)
{
    return f->time_zone.p ? f->time_zone : by->here_zone.p ? by->here_zone : by->own_zone;
}

static err insert_organization(txn *t, uuid id, const founding *f, str zone, str name, str *slug)
{
    int64_t inserted;
    if (f->slug.p && !slug_valid(f->slug))
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/slug"), S("not-allowed"), 0);
    str base = f->slug.p ? f->slug : slug_of_name(t->a, name);
    for (int i = 1; i <= 100; i++) { /* a made slug tries on: name, name-2, name-3 … */
        *slug = i == 1 ? base : arena_printf(t->a, "%.*s-%d", STR_FMT(base), i);
        TRY(q_organization_insert(t, &inserted, .id = id, .slug = *slug, .name = name, .locale = f->locale,
                                  .time_zone = zone, .created_at = t->now));
        if (inserted)
            return q_seat_insert(t, .organization_id = id, .member_limit = f->member_limit);
        if (f->slug.p)
            break;
    }
    return problem_at(t->problem, ERR_CONFLICT, S("/slug"), S("taken"), 0);
}

static str owner_field(txn *t, const founding *f, str name)
{
    return f->owner_pointer.p ? arena_join(t->a, f->owner_pointer, name) : name;
}

/* A sign-up is for somebody new: an account that proved the address came a moment ago. */
static err taken_meanwhile(const founding *f)
{
    return f->proved ? ERR_UNAVAILABLE : OK;
}

/*
 * Whoever has the address never proved it, and is not taken for its holder. A sign-up proves it, and takes the account
 * over. The operator only names an address: the account stays shut in where it was made, and the place opens to whoever
 * proves the address.
 */
static err unproved_owner(txn *t, const founding *f, const account_view *stands, str given, str family)
{
    if (!f->proved)
        return OK;
    const actor self = {.kind = ACTOR_INVITED, .account_id = stands->id};
    const account_change names = {
        .given_name = given, .family_name = family, .locale = f->locale, .time_zone = f->time_zone};
    TRY(password_put(t, WAYS_TAKEN_OVER, stands->id, f->password_hash));
    TRY(q_account_prove(t, .email_proved_at = t->now, .id = stands->id));
    return account_update(t, &self, &names);
}

/* The first owner: an account that stands, or a new one. The operator vouches for a person who sets a password here. */
static err owner_account(txn *t, const actor *by, const founding *f, uuid organization_id, founded *out)
{
    address where;
    account_view stands;
    str given, family;
    int64_t inserted;
    if (!uuid_none(f->owner_id)) {
        out->account_id = f->owner_id;
        return OK;
    }
    if (!address_parse(t->a, f->email, &where))
        return problem_at(t->problem, ERR_INVALID_ADDRESS, owner_field(t, f, S("/email")), S("not-allowed"), 0);
    TRY(name_clean(t->a, t->problem, owner_field(t, f, S("/given_name")), f->given_name, &given));
    TRY(name_clean(t->a, t->problem, owner_field(t, f, S("/family_name")), f->family_name, &family));
    TRY(temporary_give_way(t, where.key));
    err e = account_by_email(t, where.typed, &stands);
    if (e == OK) {
        out->account_id = stands.id;
        return stands.address_proved ? taken_meanwhile(f) : unproved_owner(t, f, &stands, given, family);
    }
    if (e != ERR_NOT_FOUND)
        return e;
    out->account_id = uuid_new(t->now);
    out->new_account = true;
    /* setup is the operator's own: the address counts as proved; where a link is handed over, nothing is */
    bool proved = f->first || f->proved;
    TRY(q_account_insert(t, &inserted, .id = out->account_id, .email = where.typed, .email_key = where.key,
                         .email_proved_at = proved ? t->now : 0, .confined_to_id = proved ? UUID_NONE : organization_id,
                         .given_name = given, .family_name = family, .locale = f->locale,
                         .time_zone = founders_zone(by, f), .password_hash = f->password_hash, .created_at = t->now));
    return inserted ? OK : ERR_UNAVAILABLE; /* made by somebody else at this very moment: there, when asked again */
}

static err owner_membership(txn *t, uuid organization_id, founded *out)
{
    seats s;
    q_account_by_id_row a;
    TRY(q_account_by_id(t, &a, out->account_id));
    new_member m = {.organization_id = organization_id,
                    .account_id = a.id,
                    .role = role_text(ROLE_OWNER),
                    .email_key = a.email_key,
                    .given_name = a.given_name,
                    .family_name = a.family_name};
    TRY(seats_lock(t, organization_id, &s));
    TRY(seat_hold(t, &s, SEAT_FOUNDED));
    TRY(member_add(t, &m, &out->membership_id));
    return q_owner_insert(t, .organization_id = organization_id, .membership_id = out->membership_id);
}

/* What is shown once at the end: a key, a session, a link to set a password. */
static err founding_secrets(txn *t, const actor *by, const founding *f, founded *out)
{
    if (f->first)
        TRY(api_key_first(t, out->organization_id, out->membership_id, out->account_id, &out->api_key));
    if (f->sign_in) {
        TRY(account_get(t, out->account_id, &out->session.account));
        TRY(session_create(t, by, out->account_id, STAGE_FULL, false, &out->session.session_id, &out->session.token,
                           &out->session.expires_at));
    }
    if (out->new_account && !f->password_hash.p)
        TRY(password_link(t, by, f->email, &out->set_password_url));
    return OK;
}

err organization_found(txn *t, const actor *by, const founding *f, founded *out)
{
    bool none;
    str name;
    if (f->first)
        TRY(installation_lock(t));
    TRY(organization_none(t, &none));
    if (f->first && !none)
        return ERR_CONFLICT;
    TRY(name_clean(t->a, t->problem, S("/name"), f->name, &name));
    out->organization_id = uuid_new(t->now);
    TRY(insert_organization(t, out->organization_id, f, founders_zone(by, f), name, &out->slug));
    TRY(owner_account(t, by, f, out->organization_id, out));
    TRY(owner_membership(t, out->organization_id, out));
    TRY(founding_secrets(t, by, f, out));
    return audit(t, by, EVENT_ORGANIZATION_CREATED, .subject_id = out->organization_id,
                 .organization_id = out->organization_id, .after = {.slug = out->slug}, .detail = {.owner = f->email},
                 .about = out->account_id);
}
