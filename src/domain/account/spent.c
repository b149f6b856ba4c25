/*
 * A row a secret, found by the id that the secret is of; that, the secret and what came with it are compared by their
 * hashes. The secret's own row may be gone by then.
 */
#include "domain/account/spent.h"

#include "domain/account/account.h"
#include "domain/account/ways_in.h"
#include "domain/shared/env.h"
#include "domain/shared/secret.h"
#include "domain/shared/session.h"
#include "ports/password.h"
#include "ports/token.h"

static str mac(txn *t, str bytes)
{
    token_digest d = token_mac(t->env->key, KEY_SPENT, bytes);
    return arena_str(t->a, token_digest_str(&d));
}

spending spent_link(txn *t, spent_kind kind, str token)
{
    secret s;
    bool opened = secret_open(t->a, token, false, &s);
    return (spending){.kind = kind, .id = opened ? s.first : UUID_NONE, .secret_hash = opened ? s.hash : STR_NONE};
}

/* Each behind its length, so that no two lists are one text; what was not sent is told from what was empty. */
str spent_sent(txn *t, const str *values, size_t count)
{
    str all = S("values");
    for (size_t i = 0; i < count; i++)
        all = arena_join(t->a, all, arena_printf(t->a, "\n%lld\n", values[i].p ? (long long)values[i].n : -1LL),
                         values[i].p ? values[i] : S(""));
    return mac(t, all);
}

str spent_salt(txn *t, const spending *s)
{
    str id = {(const char *)s->id.b, sizeof s->id.b};
    str key = arena_join(t->a, S("salt\n"), spent_kind_text(s->kind), S("\n"), id, s->secret_hash);
    return str_slice(mac(t, key), 0, PASSWORD_SALT_SIZE);
}

/* A second click comes from where the first one did. */
static str sent_of(txn *t, const actor *who, const spending *s)
{
    const str all[] = {s->sent, throttle_source_of(t->a, who), who->user_agent};
    return spent_sent(t, all, sizeof all / sizeof *all);
}

err spent_note(txn *t, const actor *who, const spending *s, const spent *what)
{
    return q_spent_put(t, .id = s->id, .kind = spent_kind_text(s->kind), .secret_hash = s->secret_hash,
                       .sent_hash = sent_of(t, who, s), .spent_at = t->now, .account_id = what->account_id,
                       .made_id = what->made_id, .is_factor = what->is_factor);
}

static err find(txn *t, const spending *s, q_spent_find_row *row)
{
    TRY(q_spent_find(t, row, .id = s->id, .kind = spent_kind_text(s->kind)));
    return row->spent_at + REPEAT_WITHIN > t->now ? OK : ERR_NOT_FOUND;
}

/* What a password that comes with it counts under: what one at sign-in does. */
static err tries_of(txn *t, const actor *who, uuid account_id, throttle_of *tries)
{
    q_account_by_id_row a;
    TRY(q_account_by_id(t, &a, account_id));
    *tries = (throttle_of){THROTTLE_SIGN_IN, a.email_key, who->source};
    return throttle_check(t, tries);
}

err spent_standing(txn *t, const actor *who, const spending *s, bool *standing)
{
    q_spent_find_row row;
    throttle_of tries;
    err e = find(t, s, &row);
    if (e == OK && !token_equal(row.secret_hash, s->secret_hash))
        e = ERR_NOT_FOUND;
    if (e == OK && !uuid_none(row.account_id))
        e = tries_of(t, who, row.account_id, &tries);
    *standing = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

err spent_end(txn *t, spent_kind kind, uuid id)
{
    return q_spent_end(t, .id = id, .kind = spent_kind_text(kind));
}

static err end(txn *t, const spending *s)
{
    TRY(spent_end(t, s->kind, s->id));
    txn_keep(t);
    return ERR_NOT_FOUND;
}

/* The row, with the account held: as it is, now that nobody ends it. */
static err find_held(txn *t, const spending *s, q_spent_find_row *row)
{
    TRY(find(t, s, row));
    if (uuid_none(row->account_id))
        return OK;
    TRY(ways_hold(t, row->account_id));
    return find(t, s, row);
}

err spent_again(txn *t, const actor *who, const spending *s, spent *out)
{
    q_spent_find_row row;
    TRY(find_held(t, s, &row));
    if (!token_equal(row.secret_hash, s->secret_hash) || !token_equal(row.sent_hash, sent_of(t, who, s)))
        return end(t, s);
    *out = (spent){row.account_id, row.made_id, row.is_factor};
    return OK;
}

err spent_again_by_password(txn *t, const actor *who, const spending *s, spent *out)
{
    q_spent_find_row row;
    throttle_of tries;
    TRY(find_held(t, s, &row));
    if (uuid_none(row.account_id) || !token_equal(row.secret_hash, s->secret_hash))
        return spent_again(t, who, s, out);
    TRY(tries_of(t, who, row.account_id, &tries));
    if (!token_equal(row.sent_hash, sent_of(t, who, s)))
        TRY(throttle_failed(t, &tries));
    return spent_again(t, who, s, out);
}

err spent_session(txn *t, const actor *who, const spent *s, signed_in *out)
{
    *out = (signed_in){0};
    TRY(account_get(t, s->account_id, &out->account));
    if (who->kind == ACTOR_ACCOUNT && uuid_eq(who->account_id, s->account_id)) {
        out->session_id = who->session_id;
        out->expires_at = t->now + t->env->settings->session_lifetime;
        return OK;
    }
    bool owed = factors_any(&out->account.factors) && !s->is_factor;
    out->stage = owed ? STAGE_FACTOR : STAGE_FULL;
    return session_create(t, who, s->account_id, out->stage, s->is_factor, &out->session_id, &out->token,
                          &out->expires_at);
}
