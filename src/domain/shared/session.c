/*
 * Who a cookie says, and what its holder may in an organization: both are read in the transaction that does the work,
 * so that what was taken away a moment ago is gone.
 */
#include "domain/shared/session.h"

#include "domain/shared/env.h"
#include "domain/shared/held.h"
#include "domain/shared/permission.h"
#include "domain/shared/secret.h"
#include "limits_table.h"
#include "queries.h"

enum { STALE_AFTER = 5 * MSEC_MINUTE }; /* when last seen is noted again */

/* In a write where others write beside it: domain/account/ways_in.h. */
static err lock_holder(txn *t, bool waits, void *of, uuid *id)
{
    q_session_hold_row row;
    const uuid *session_id = of;
    TRY(q_session_hold(t, waits ? Q_SESSION_HOLD_HOW_WAITS : Q_SESSION_HOLD_HOW_TRIES, &row, *session_id));
    *id = row.id;
    return OK;
}

static err find_holder(txn *t, void *of, uuid *id)
{
    q_session_open_row row;
    const uuid *session_id = of;
    TRY(q_session_open(t, &row, *session_id));
    *id = row.account_id;
    return OK;
}

err session_authenticate(txn *t, str token, actor *who)
{
    secret s;
    q_session_open_row row;
    if (!secret_open(t->a, token, false, &s))
        return ERR_UNAUTHENTICATED;
    err e = row_hold(t, HELD_ACCOUNT, UUID_NONE, &(held_row){.lock = lock_holder, .find = find_holder, .of = &s.first});
    if (e == OK)
        e = q_session_open(t, &row, s.first);
    if (e == ERR_NOT_FOUND)
        return ERR_UNAUTHENTICATED;
    TRY(e);
    bool idle = row.idle && t->now - row.seen_at > row.idle;
    if (!token_equal(row.secret_hash, s.hash) || row.expires_at <= t->now || idle)
        return ERR_UNAUTHENTICATED;
    who->kind = ACTOR_ACCOUNT;
    who->session_id = s.first;
    who->session_hash = row.secret_hash;
    ACTOR_FILL_ACCOUNT(who, row);
    if (!session_stage_of(row.stage, &who->stage))
        return ERR_UNAUTHENTICATED;
    who->session_created_at = row.created_at;
    who->session_seen_at = row.seen_at;
    who->session_idle = row.idle;
    who->factor_at = row.factor_at;
    return OK;
}

/* What names an organization, taken apart: one of the two is none. */
static str slug_or_id(str name, uuid *id)
{
    *id = UUID_NONE;
    return typeid_parse(name, ID_ORGANIZATION, id) ? STR_NONE : name;
}

/* Is there such an organization, and is it the one that a key is for? */
static err find_organization(txn *t, actor *who, uuid id, str slug)
{
    q_organization_find_row o;
    TRY(q_organization_find(t, &o, .id = id, .slug = slug));
    if (who->kind == ACTOR_API_KEY && !uuid_eq(who->key_organization_id, o.id))
        return ERR_NOT_FOUND;
    who->organization_id = o.id;
    who->entitlement_keys = o.entitlement_keys;
    actor_tell_in(who, o.time_zone);
    return OK;
}

static bool demands_factor(const q_organization_enter_row *o)
{
    return second_factor_is(o->second_factor, SECOND_FACTOR_ALL) ||
           (second_factor_is(o->second_factor, SECOND_FACTOR_ADMINISTRATORS) && !role_is(o->role, ROLE_MEMBER));
}

/*
 * A key shows no factor. But it came out of its member's account, and is no way around what the organization asks of
 * that: it is refused while the account has none. One question more, where a factor is demanded alone.
 */
static err key_suffices(txn *t, const actor *who, const q_organization_enter_row *o)
{
    q_factor_total_row factors;
    if (!demands_factor(o))
        return OK;
    TRY(q_factor_total(t, &factors, who->account_id));
    return factors.total ? OK : ERR_SECOND_FACTOR_REQUIRED;
}

/* What the organization asks of a session. */
static err session_suffices(actor *who, const q_organization_enter_row *o, msec now)
{
    if (o->session_idle && (!who->session_idle || o->session_idle < who->session_idle))
        who->session_idle = o->session_idle;
    bool old = o->session_lifetime && now - who->session_created_at > o->session_lifetime;
    bool idle = o->session_idle && now - who->session_seen_at > o->session_idle;
    if (old || idle)
        return ERR_UNAUTHENTICATED;
    return demands_factor(o) && !who->factor_at ? ERR_SECOND_FACTOR_REQUIRED : OK;
}

/* What it asks of whoever calls. A question about somebody else (member_check) shows neither session nor key. */
static err caller_suffices(txn *t, actor *who, const q_organization_enter_row *o)
{
    if (who->kind == ACTOR_API_KEY)
        return key_suffices(t, who, o);
    return uuid_none(who->session_id) ? OK : session_suffices(who, o, t->now);
}

bool membership_is_active(str state, msec access_ends_at, msec now)
{
    return member_state_is(state, MEMBER_ACTIVE) && (!access_ends_at || access_ends_at > now);
}

str membership_state(str state, msec access_ends_at, msec now)
{
    return membership_is_active(state, access_ends_at, now) ? member_state_text(MEMBER_ACTIVE)
                                                            : member_state_text(MEMBER_SUSPENDED);
}

/*
 * Who may do what in an organization changes under the lock of its seats alone; whoever writes there has it before they
 * are asked what they may. A stranger does not get it.
 */
typedef struct entered {
    uuid account_id, id;
    str slug;
} entered;

static err lock_entered(txn *t, bool waits, void *of, uuid *id)
{
    q_organization_hold_row row;
    const entered *o = of;
    TRY(q_organization_hold(t, waits ? Q_ORGANIZATION_HOLD_HOW_WAITS : Q_ORGANIZATION_HOLD_HOW_TRIES, &row, .id = o->id,
                            .slug = o->slug, .account_id = o->account_id));
    *id = row.organization_id;
    return OK;
}

static err find_entered(txn *t, void *of, uuid *id)
{
    q_organization_enter_row row;
    const entered *o = of;
    TRY(q_organization_enter(t, &row, .account_id = o->account_id, .id = o->id, .slug = o->slug));
    *id = row.id;
    return OK;
}

static err hold_organization(txn *t, uuid account_id, uuid id, str slug)
{
    entered o = {account_id, id, slug};
    err e = row_hold(t, HELD_SEATS, id, &(held_row){.lock = lock_entered, .find = find_entered, .of = &o});
    return e == ERR_NOT_FOUND ? OK : e;
}

/* A member, but let in no more. */
static err leave_outside(actor *who)
{
    who->is_out = true;
    return ERR_NOT_FOUND;
}

err actor_enter(txn *t, actor *who, str organization, permission needed)
{
    if (who->kind == ACTOR_ANONYMOUS)
        return ERR_UNAUTHENTICATED;
    uuid id;
    str slug = slug_or_id(organization, &id);
    if (who->kind == ACTOR_OPERATOR) {
        who->may = ~(permission)0;
        return find_organization(t, who, id, slug);
    }
    q_organization_enter_row o;
    TRY(hold_organization(t, who->account_id, id, slug));
    err e = q_organization_enter(t, &o, .account_id = who->account_id, .id = id, .slug = slug);
    if (e == ERR_NOT_FOUND) {
        TRY(find_organization(t, who, id, slug));
        return ERR_NOT_FOUND;
    }
    TRY(e);
    if (who->kind == ACTOR_API_KEY && !uuid_eq(who->key_organization_id, o.id))
        return ERR_NOT_FOUND;
    who->organization_id = o.id;
    who->entitlement_keys = o.entitlement_keys;
    if (!membership_is_active(o.state, o.access_ends_at, t->now))
        return leave_outside(who);
    if (!uuid_none(who->confined_to_id) && !uuid_eq(who->confined_to_id, o.id))
        return ERR_ADDRESS_UNPROVED;
    TRY(caller_suffices(t, who, &o));
    who->membership_id = o.membership_id;
    who->role = o.role;
    actor_tell_in(who, o.time_zone);
    who->active_at = o.last_active_at;
    who->may = role_permissions(o.role, o.is_administrators_invite);
    if (who->key_limited)
        who->may &= who->key_permissions;
    who->entitlements = o.entitlements;
    return (who->may & needed) == needed ? OK : ERR_FORBIDDEN;
}

err session_create(txn *t, const actor *who, uuid account_id, session_stage stage, bool factor, uuid *session_id,
                   str *token, msec *expires_at)
{
    str hash;
    q_session_bounds_row strictest;
    TRY(q_session_bounds(t, &strictest, account_id));
    msec lifetime = t->env->settings->session_lifetime;
    if (strictest.lifetime && strictest.lifetime < lifetime)
        lifetime = strictest.lifetime;
    if (stage != STAGE_FULL && lifetime > STAGE_LIFETIME)
        lifetime = STAGE_LIFETIME;
    *session_id = uuid_new(t->now);
    *expires_at = t->now + lifetime;
    secret_new(t->a, *session_id, UUID_NONE, token, &hash);
    int64_t trimmed;
    TRY(q_session_trim(t, &trimmed, .account_id = account_id, .most = SESSIONS_MAX - 1));
    return q_session_insert(t, .id = *session_id, .account_id = account_id, .secret_hash = hash, .created_at = t->now,
                            .expires_at = *expires_at, .seen_at = t->now, .stage = session_stage_text(stage),
                            .factor_at = factor ? t->now : 0, .idle = strictest.idle, .user_agent = who->user_agent,
                            .source = who->source);
}

bool session_is_stale(const actor *who, msec now)
{
    msec often =
        who->session_idle ? who->session_idle / 4 : STALE_AFTER; /* what may not rest long is noted more often */
    return who->kind == ACTOR_ACCOUNT && now - who->session_seen_at > (often < STALE_AFTER ? often : STALE_AFTER);
}

err session_touch(txn *t, uuid session_id)
{
    return q_session_seen(t, .seen_at = t->now, .id = session_id);
}
