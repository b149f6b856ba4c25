#include "domain/session.h"

#include "domain/env.h"
#include "domain/secret.h"
#include "queries.h"

enum { STALE_AFTER = 5 * MSEC_MINUTE };

/* The account's part, which both statements give under the same names. */
#define FILL_ACCOUNT(who, row)                              \
    do {                                                    \
        (who)->account_id = (row).account_id;               \
        (who)->confined_to_id = (row).confined_to_id;       \
        (who)->address_proved = (row).email_proved_at != 0; \
        (who)->email = (row).email;                         \
        (who)->given_name = (row).given_name;               \
        (who)->family_name = (row).family_name;             \
        (who)->locale = (row).locale;                       \
    } while (0)

err session_authenticate(txn *t, str token, actor *who)
{
    secret s;
    q_session_open_row row;
    if (!secret_open(t->a, token, false, &s))
        return ERR_UNAUTHENTICATED;
    err e = q_session_open(t, &row, s.first);
    if (e == ERR_NOT_FOUND)
        return ERR_UNAUTHENTICATED;
    TRY(e);
    if (!token_equal(row.secret_hash, s.hash) || row.expires_at <= t->now)
        return ERR_UNAUTHENTICATED;
    who->kind = ACTOR_ACCOUNT;
    who->session_id = s.first;
    FILL_ACCOUNT(who, row);
    who->session_seen_at = row.seen_at;
    return OK;
}

err api_key_authenticate(txn *t, str key, actor *who)
{
    secret s;
    q_api_key_open_row row;
    str prefix = S("pvk_");
    if (!str_starts(key, prefix) || !secret_open(t->a, str_slice(key, prefix.n, key.n), true, &s))
        return ERR_UNAUTHENTICATED;
    err e = q_api_key_open(t, &row, .organization_id = s.first, .id = s.second);
    if (e == ERR_NOT_FOUND)
        return ERR_UNAUTHENTICATED;
    TRY(e);
    if (!token_equal(row.secret_hash, s.hash))
        return ERR_UNAUTHENTICATED;
    who->kind = ACTOR_API_KEY;
    who->key_id = s.second;
    who->key_organization_id = s.first;
    FILL_ACCOUNT(who, row);
    return OK;
}

static err find_organization(txn *t, str name, q_organization_enter_by_slug_row *out)
{
    uuid id;
    if (!typeid_parse(name, ID_ORGANIZATION, &id))
        return q_organization_enter_by_slug(t, out, name);
    q_organization_enter_by_id_row row;
    TRY(q_organization_enter_by_id(t, &row, id));
    out->id = row.id;
    out->is_administrators_invite = row.is_administrators_invite;
    return OK;
}

static permission role_mask(str role, bool administrators_invite)
{
    if (str_eq(role, S("owner")))
        return ROLE_MASK_OWNER;
    if (str_eq(role, S("administrator")))
        return administrators_invite ? ROLE_MASK_ADMINISTRATOR : ROLE_MASK_ADMINISTRATOR & ~PERM_ADMINISTRATORS_INVITE;
    return ROLE_MASK_MEMBER;
}

static err find_membership(txn *t, actor *who, q_membership_enter_row *out)
{
    if (!t->writes)
        return q_membership_enter(t, out, who->organization_id, who->account_id);
    q_membership_enter_locked_row row;
    TRY(q_membership_enter_locked(t, &row, who->organization_id, who->account_id));
    *out = (q_membership_enter_row){.id = row.id, .role = row.role, .state = row.state};
    return OK;
}

err actor_enter(txn *t, actor *who, str organization, permission needed)
{
    if (who->kind == ACTOR_ANONYMOUS)
        return ERR_UNAUTHENTICATED;
    q_organization_enter_by_slug_row o;
    TRY(find_organization(t, organization, &o));
    if (who->kind == ACTOR_API_KEY && !uuid_eq(who->key_organization_id, o.id))
        return ERR_NOT_FOUND;
    who->organization_id = o.id;
    if (who->kind == ACTOR_OPERATOR) {
        who->may = ~(permission)0;
        return OK;
    }
    q_membership_enter_row m;
    TRY(find_membership(t, who, &m));
    if (!str_eq(m.state, S("active")))
        return ERR_NOT_FOUND;
    if (!uuid_none(who->confined_to_id) && !uuid_eq(who->confined_to_id, o.id))
        return ERR_ADDRESS_UNPROVED;
    who->membership_id = m.id;
    who->role = m.role;
    who->may = role_mask(m.role, o.is_administrators_invite);
    return (who->may & needed) == needed ? OK : ERR_FORBIDDEN;
}

err session_create(txn *t, const actor *who, uuid account_id, uuid *session_id, str *token, msec *expires_at)
{
    str hash;
    *session_id = uuid_new(t->now);
    *expires_at = t->now + t->env->settings->session_lifetime;
    secret_new(t->a, *session_id, UUID_NONE, token, &hash);
    return q_session_insert(t, .id = *session_id, .account_id = account_id, .secret_hash = hash, .created_at = t->now,
                            .expires_at = *expires_at, .seen_at = t->now,
                            .user_agent = str_slice(who->user_agent, 0, 300), .source = who->source);
}

bool session_is_stale(const actor *who, msec now)
{
    return who->kind == ACTOR_ACCOUNT && now - who->session_seen_at > STALE_AFTER;
}

err session_touch(txn *t, uuid session_id)
{
    return q_session_seen(t, .seen_at = t->now, .id = session_id);
}
