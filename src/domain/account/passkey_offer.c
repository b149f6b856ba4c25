/* What browsers are asked for, and the challenges in it. */
#include "domain/account/passkey_offer.h"

#include "domain/account/passkey.h"
#include "limits_table.h"
#include "queries.h"

enum { ID_SIZE = 16, CHALLENGE_SIZE = ID_SIZE + TOKEN_HASH_SIZE };

static str id_bytes(const uuid *id)
{
    return (str){(const char *)id->b, sizeof id->b};
}

static token_digest challenge_mac(const struct env *env, arena *a, passkey_use use, uuid bound, uuid account_id,
                                  uuid id)
{
    char purpose = (char)use;
    str all = arena_join(a, (str){&purpose, 1}, id_bytes(&bound), id_bytes(&account_id), id_bytes(&id));
    return token_mac(env->key, KEY_CHALLENGE, all);
}

static str challenge_make(txn *t, passkey_use use, uuid bound, uuid account_id, uuid id)
{
    token_digest mac = challenge_mac(t->env, t->a, use, bound, account_id, id);
    return base64url_encode(t->a, arena_join(t->a, id_bytes(&id), token_digest_str(&mac)));
}

bool challenge_open(const struct env *env, arena *a, passkey_use use, uuid bound, uuid account_id, str bytes, uuid *id)
{
    if (bytes.n != CHALLENGE_SIZE)
        return false;
    memcpy(id->b, bytes.p, ID_SIZE);
    token_digest mac = challenge_mac(env, a, use, bound, account_id, *id);
    return token_equal(token_digest_str(&mac), str_slice(bytes, ID_SIZE, bytes.n));
}

err challenge_spend(txn *t, uuid id, bool *fresh)
{
    int64_t used = 0;
    if (t->now - uuid_time(id) <= PASSKEY_TIMEOUT)
        TRY(q_challenge_use(t, &used, .id = id, .used_at = t->now));
    *fresh = used == 1;
    return OK;
}

bool passkey_possible(const struct env *env, arena *a)
{
    webauthn_site site;
    return webauthn_site_of(a, env->public_url, &site);
}

static err open_offer(txn *t, passkey_offer *out)
{
    *out = (passkey_offer){0};
    return webauthn_site_of(t->a, t->env->public_url, &out->site) ? OK : ERR_PASSKEYS_UNAVAILABLE;
}

err passkey_offer_add(txn *t, const actor *by, passkey_offer *out)
{
    TRY(open_offer(t, out));
    TRY(passkey_list(t, by->account_id, &out->known, &out->known_count));
    if (out->known_count >= PASSKEYS_MAX)
        return ERR_PASSKEY_LIMIT_REACHED;
    out->challenge = challenge_make(t, PASSKEY_ADD, by->account_id, by->account_id, uuid_new(t->now));
    out->user_handle = base64url_encode(t->a, id_bytes(&by->account_id));
    out->user_name = by->email;
    out->user_display_name = arena_join(t->a, by->given_name, S(" "), by->family_name);
    return OK;
}

/* A new person's account gets the challenge's own id: so the authenticator knows it before there is one. */
err passkey_offer_enrol(txn *t, uuid invitation_id, uuid account_id, str email, str name, passkey_offer *out)
{
    uuid id = uuid_new(t->now), owner = uuid_none(account_id) ? id : account_id;
    TRY(open_offer(t, out));
    out->challenge = challenge_make(t, PASSKEY_ENROL, invitation_id, account_id, id);
    out->user_handle = base64url_encode(t->a, id_bytes(&owner));
    out->user_name = email;
    out->user_display_name = name;
    out->discoverable = out->verified = true;
    return OK;
}

err passkey_offer_sign_in(txn *t, passkey_offer *out)
{
    TRY(open_offer(t, out));
    out->challenge = challenge_make(t, PASSKEY_SIGN_IN, UUID_NONE, UUID_NONE, uuid_new(t->now));
    out->verified = true;
    return OK;
}

err passkey_offer_prove(txn *t, uuid account_id, passkey_offer *out)
{
    TRY(open_offer(t, out));
    TRY(passkey_list(t, account_id, &out->known, &out->known_count));
    if (out->known_count == 0)
        return ERR_NOT_FOUND;
    out->challenge = challenge_make(t, PASSKEY_PROVE, account_id, account_id, uuid_new(t->now));
    return OK;
}
