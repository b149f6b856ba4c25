/*
 * A key acts as its member does at this moment: rights are read with each use, and what the key was given lessens them.
 * With the membership it goes by foreign key.
 */
#include "domain/member/api_key.h"

#include "domain/mail/mail.h"
#include "domain/member/member.h"
#include "domain/member/notice.h"
#include "domain/organization/organization.h"
#include "domain/shared/audit.h"
#include "domain/shared/held.h"
#include "domain/shared/permission.h"
#include "domain/shared/secret.h"
#include "domain/shared/session.h"
#include "domain/shared/span.h"
#include "limits_table.h"
#include "queries.h"

/* ---- showing one ---- */

/* As a session is held. */
static err lock_bearer(txn *t, bool waits, void *of, uuid *id)
{
    q_api_key_hold_row row;
    const secret *s = of;
    TRY(q_api_key_hold(t, waits ? Q_API_KEY_HOLD_HOW_WAITS : Q_API_KEY_HOLD_HOW_TRIES, &row,
                       .organization_id = s->first, .id = s->second));
    *id = row.id;
    return OK;
}

static err find_bearer(txn *t, void *of, uuid *id)
{
    q_api_key_open_row row;
    const secret *s = of;
    TRY(q_api_key_open(t, &row, .organization_id = s->first, .id = s->second));
    *id = row.account_id;
    return OK;
}

err api_key_authenticate(txn *t, str key, actor *who)
{
    secret s;
    q_api_key_open_row row;
    if (!str_starts(key, API_KEY_PREFIX) || !secret_open(t->a, str_slice(key, API_KEY_PREFIX.n, key.n), true, &s))
        return ERR_UNAUTHENTICATED;
    err e = row_hold(t, HELD_ACCOUNT, UUID_NONE, &(held_row){.lock = lock_bearer, .find = find_bearer, .of = &s});
    if (e == OK)
        e = q_api_key_open(t, &row, .organization_id = s.first, .id = s.second);
    if (e == ERR_NOT_FOUND)
        return ERR_UNAUTHENTICATED;
    TRY(e);
    if (!token_equal(row.secret_hash, s.hash) || (row.expires_at && row.expires_at <= t->now))
        return ERR_UNAUTHENTICATED;
    who->kind = ACTOR_API_KEY;
    who->key_id = s.second;
    who->key_organization_id = s.first;
    who->key_limited = row.permissions.p != NULL;
    who->key_permissions = who->key_limited ? permissions_read(row.permissions) : 0;
    who->key_expires_at = row.expires_at;
    who->key_used_at = row.last_used_at;
    ACTOR_FILL_ACCOUNT(who, row);
    return OK;
}

bool api_key_is_stale(const actor *who, msec now)
{
    return who->kind == ACTOR_API_KEY && who->key_used_at < day_of(now);
}

err api_key_touch(txn *t, uuid organization_id, uuid id, msec when)
{
    return q_api_key_used(t, .day_at = day_of(when), .organization_id = organization_id, .id = id);
}

/* ---- looking ---- */

static api_key_view view_of(const q_api_key_view_row *r)
{
    return (api_key_view){.id = r->id,
                          .membership_id = r->membership_id,
                          .account_id = r->account_id,
                          .name = r->name,
                          .email = r->email,
                          .given_name = r->given_name,
                          .family_name = r->family_name,
                          .limited = r->permissions.p != NULL,
                          .permissions = permissions_read(r->permissions),
                          .created_at = r->created_at,
                          .expires_at = r->expires_at,
                          .last_used_at = r->last_used_at};
}

static page_mark mark_of(const void *rows, size_t i)
{
    return (page_mark){S(""), ((const api_key_view *)rows)[i].id};
}

err api_key_list(txn *t, uuid organization_id, page *p, api_key_view **out, size_t *count)
{
    page_mark from;
    q_api_key_view_rows rows;
    TRY(page_start(p, t->a, t->problem, S("api keys"), true, &from));
    TRY(q_api_key_page(t, &rows, .organization_id = organization_id, .after = from.id, .limit = page_fetch(p)));
    *out = arena_array_of(t->a, api_key_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = view_of(&rows.p[i]);
    page_end(p, t->a, count, mark_of, *out);
    return OK;
}

err api_key_get(txn *t, uuid organization_id, uuid id, api_key_view *out)
{
    q_api_key_view_rows rows;
    TRY(q_api_key_one(t, &rows, .organization_id = organization_id, .after = id, .limit = 1));
    if (!rows.n)
        return ERR_NOT_FOUND;
    *out = view_of(&rows.p[0]);
    return OK;
}

/* ---- making ---- */

/* Whose a key is to be, and the most that it may be given. */
typedef struct holder {
    uuid membership_id, account_id;
    permission may;
} holder;

static err held_by_member(txn *t, const actor *by, uuid membership_id, holder *out)
{
    q_member_lock_row m;
    organization_view o;
    if (uuid_none(membership_id))
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/member"), S("required"), 0);
    TRY(q_member_lock(t, &m, .organization_id = by->organization_id, .id = membership_id));
    TRY(organization_get(t, by->organization_id, &o));
    if (!membership_is_active(m.state, m.access_ends_at, t->now))
        return ERR_CONFLICT;
    *out = (holder){m.id, m.account_id, role_permissions(m.role, o.settings.administrators_invite)};
    return OK;
}

static err find_holder(txn *t, const actor *by, uuid asked, holder *out)
{
    if (by->kind == ACTOR_OPERATOR)
        return held_by_member(t, by, asked, out);
    if (!uuid_none(asked) && !uuid_eq(asked, by->membership_id))
        return ERR_FORBIDDEN; /* a key acts in its member's name: nobody makes one in another's */
    *out = (holder){by->membership_id, by->account_id, by->may};
    return OK;
}

/* The permissions asked for, as they are stored; STR_NONE for all of the member's. */
static err choose(txn *t, const actor *by, const new_api_key *asked, const holder *h, str *out)
{
    permission set = 0, one;
    *out = STR_NONE;
    if (!asked->limited) /* a key with a list would make one that grows with its member's role */
        return by->key_limited ? ERR_FORBIDDEN : OK;
    if (!asked->permission_count)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/permissions"), S("too-few"), 1);
    for (size_t i = 0; i < asked->permission_count; i++) {
        if (!permission_find(asked->permissions[i], &one))
            return problem_among(t->problem, ERR_INVALID_REQUEST, arena_printf(t->a, "/permissions/%zu", i),
                                 permissions_all(t->a), false);
        set |= one;
    }
    *out = permissions_text(t->a, set);
    return (set & ~h->may) ? ERR_FORBIDDEN : OK;
}

err api_key_lifetime_read(arena *a, problem *p, str text, msec *out)
{
    return span_read(a, p, S("/expires_in"), text, API_KEY_LIFETIME_LEAST, DURATION_MOST, out);
}

/* When it ends; 0: never. A key that ends makes none that outlives it. */
static err end_of(txn *t, const actor *by, msec lifetime, msec *out)
{
    *out = lifetime ? t->now + lifetime : 0;
    return by->key_expires_at && (!*out || *out > by->key_expires_at) ? ERR_FORBIDDEN : OK;
}

/* Under the lock of the seats, so that two at once do not both see the last place. */
static err make_room(txn *t, uuid organization_id)
{
    seats s;
    q_api_key_total_row keys;
    TRY(seats_lock(t, organization_id, &s));
    /* those that ended stay in the list a while, for whoever wonders why a program stopped */
    TRY(q_api_key_forget_expired(t, .organization_id = organization_id, .before_at = t->now - API_KEY_KEPT_FOR));
    TRY(q_api_key_total(t, &keys, organization_id));
    return keys.total < API_KEYS_MAX ? OK
                                     : problem_at(t->problem, ERR_CONFLICT, S("/name"), S("too-many"), API_KEYS_MAX);
}

static err insert(txn *t, uuid organization_id, const holder *h, str name, str permissions, msec expires_at, uuid *id,
                  str *key)
{
    str token, hash;
    *id = uuid_new(t->now);
    secret_new(t->a, organization_id, *id, &token, &hash);
    *key = arena_join(t->a, API_KEY_PREFIX, token);
    return q_api_key_insert(t, .organization_id = organization_id, .id = *id, .membership_id = h->membership_id,
                            .account_id = h->account_id, .name = name, .secret_hash = hash, .permissions = permissions,
                            .created_at = t->now, .expires_at = expires_at);
}

static said_api_key described(arena *a, str name, str permissions, msec expires_at)
{
    char when[CLOCK_TEXT_SIZE];
    return (said_api_key){.name = name,
                          .permissions = permissions,
                          .expires_at = expires_at ? arena_str(a, clock_format(expires_at, when)) : STR_NONE};
}

err api_key_create(txn *t, const actor *by, const new_api_key *asked, uuid *id, str *key)
{
    holder h = {0};
    str name, permissions = STR_NONE;
    msec expires_at = 0;
    uuid o = by->organization_id;
    TRY(find_holder(t, by, asked->membership_id, &h));
    TRY(name_clean(t->a, t->problem, S("/name"), asked->name, &name));
    TRY(choose(t, by, asked, &h, &permissions));
    TRY(end_of(t, by, asked->lifetime, &expires_at));
    TRY(make_room(t, o));
    TRY(insert(t, o, &h, name, permissions, expires_at, id, key));
    TRY(member_tell(t, o, h.membership_id, h.account_id, MAIL_MEMBER_API_KEY_CREATED));
    return audit(t, by, EVENT_API_KEY_CREATED, .subject_id = *id,
                 .after = described(t->a, name, permissions, expires_at), .about = h.account_id);
}

err api_key_first(txn *t, uuid organization_id, uuid membership_id, uuid account_id, str *key)
{
    uuid id;
    const holder h = {membership_id, account_id, ROLE_MASK_OWNER};
    return insert(t, organization_id, &h, S("setup"), STR_NONE, 0, &id, key);
}

err api_key_revoke(txn *t, const actor *by, uuid id)
{
    api_key_view was;
    int64_t revoked;
    TRY(api_key_get(t, by->organization_id, id, &was));
    TRY(q_api_key_delete(t, &revoked, .organization_id = by->organization_id, .id = id));
    if (!revoked)
        return ERR_NOT_FOUND;
    str permissions = was.limited ? permissions_text(t->a, was.permissions) : STR_NONE;
    return audit(t, by, EVENT_API_KEY_REVOKED, .subject_id = id,
                 .before = described(t->a, was.name, permissions, was.expires_at), .about = was.account_id);
}
