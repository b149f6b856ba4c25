/*
 * Passkeys: what browsers are asked for, and what they send back, in the standard's own JSON (Web Authentication Level
 * 3).
 */
#include "api/passkey.h"
#include "api/proof.h"
#include "bodies.h"
#include "limits_table.h"
#include "routes.h"

/* ---- what is asked ---- */

static const reply_known_passkey *known(arena *a, const passkey_offer *o)
{
    reply_known_passkey *list = arena_array_of(a, reply_known_passkey, o->known_count);
    for (size_t i = 0; i < o->known_count; i++)
        list[i] =
            (reply_known_passkey){.id = o->known[i].credential, .transports = reply_words(a, o->known[i].transports)};
    return list;
}

static str asked(bool required)
{
    return required ? S("required") : S("preferred");
}

err passkey_answer_create(request *r, const passkey_offer *o)
{
    enum { ALGORITHMS = sizeof webauthn_algorithms / sizeof *webauthn_algorithms };
    reply_passkey_create_pub_key_cred_params *algorithms =
        arena_array_of(r->a, reply_passkey_create_pub_key_cred_params, ALGORITHMS);
    for (size_t i = 0; i < ALGORITHMS; i++)
        algorithms[i].alg = webauthn_algorithms[i];
    return REPLY(r, 200, passkey_create, .rp = {.id = o->site.rp_id, .name = o->site.rp_id},
                 .user = {.id = o->user_handle, .name = o->user_name, .display_name = o->user_display_name},
                 .challenge = o->challenge, .pub_key_cred_params = {algorithms, ALGORITHMS}, .timeout = PASSKEY_TIMEOUT,
                 .exclude_credentials = {known(r->a, o), o->known_count},
                 .authenticator_selection = {.resident_key = asked(o->discoverable),
                                             .require_resident_key = o->discoverable,
                                             .user_verification = asked(o->verified)},
                 .extensions = {.cred_props = true});
}

/* PublicKeyCredentialRequestOptionsJSON. */
static err passkey_answer_get(request *r, const passkey_offer *o)
{
    return REPLY(r, 200, passkey_get, .challenge = o->challenge, .timeout = PASSKEY_TIMEOUT, .rp_id = o->site.rp_id,
                 .allow_credentials = {known(r->a, o), o->known_count}, .user_verification = asked(o->verified));
}

err api_passkey_sign_in_options(request *r, txn *t)
{
    passkey_offer o;
    TRY(passkey_offer_sign_in(t, &o));
    return passkey_answer_get(r, &o);
}

err api_add_passkey_options(request *r, txn *t)
{
    passkey_offer o;
    TRY(passkey_offer_add(t, &r->actor, &o));
    return passkey_answer_create(r, &o);
}

/* ---- what comes back ---- */

err api_sign_in_passkey_admit(request *r, txn *t)
{
    const body_sign_in_passkey *b = r->body;
    passkey_shown *in = r->scratch = arena_new_of(r->a, passkey_shown);
    *in = PASSKEY_SHOWN(&b->credential);
    return passkey_find(t, &r->actor, in);
}

err api_sign_in_passkey_prepare(request *r)
{
    passkey_verify(&r->app->env, r->a, PASSKEY_SIGN_IN, UUID_NONE, r->scratch);
    return OK;
}

err api_sign_in_passkey(request *r, txn *t)
{
    signed_in s;
    TRY(passkey_sign_in(t, &r->actor, r->scratch, &s));
    return answer_signed_in(r, 201, &s);
}

err api_passkey_factor_options(request *r, txn *t)
{
    passkey_offer o;
    TRY(passkey_offer_prove(t, r->actor.account_id, &o));
    return passkey_answer_get(r, &o);
}

err api_show_passkey_admit(request *r, txn *t)
{
    const body_show_passkey *b = r->body;
    passkey_shown *in = r->scratch = arena_new_of(r->a, passkey_shown);
    *in = PASSKEY_SHOWN(&b->credential);
    return passkey_find(t, &r->actor, in);
}

err api_show_passkey_prepare(request *r)
{
    passkey_verify(&r->app->env, r->a, PASSKEY_PROVE, r->actor.account_id, r->scratch);
    return OK;
}

err api_show_passkey(request *r, txn *t)
{
    signed_in s;
    TRY(passkey_prove(t, &r->actor, r->scratch, &s));
    return answer_signed_in(r, 201, &s);
}

reply_passkey view_passkey(const passkey_view *p)
{
    return (reply_passkey){.id = p->id,
                           .name = p->name,
                           .discoverable = p->discoverable,
                           .created_at = p->created_at,
                           .last_used_at = p->last_used_at};
}

err api_list_passkeys(request *r, txn *t)
{
    passkey_view *list;
    size_t n;
    TRY(passkey_list(t, r->actor.account_id, &list, &n));
    reply_passkey *items = arena_array_of(r->a, reply_passkey, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_passkey(&list[i]);
    return REPLY(r, 200, passkey_list, .items = {items, n});
}

static err answer_passkey(request *r, txn *t, int status, uuid id)
{
    passkey_view *list;
    size_t n;
    TRY(passkey_list(t, r->actor.account_id, &list, &n));
    for (size_t i = 0; i < n; i++) {
        if (!uuid_eq(list[i].id, id))
            continue;
        reply_passkey shown = view_passkey(&list[i]);
        return REPLY_OF(r, status, passkey, &shown);
    }
    return ERR_NOT_FOUND;
}

typedef struct adding {
    sign_in proof;
    passkey_new made;
} adding;

err api_add_passkey_admit(request *r, txn *t)
{
    const body_add_passkey *b = r->body;
    adding *in = r->scratch = arena_new_of(r->a, adding);
    return proof_find(r, t, b->current_password, b->code, &in->proof);
}

err api_add_passkey_prepare(request *r)
{
    const body_add_passkey *b = r->body;
    adding *in = r->scratch;
    proof_verify(r, &in->proof);
    in->made = PASSKEY_MADE(r, &b->credential, b->name);
    passkey_examine(&r->app->env, r->a, PASSKEY_ADD, r->actor.account_id, r->actor.account_id, &in->made);
    return OK;
}

err api_add_passkey(request *r, txn *t)
{
    const adding *in = r->scratch;
    uuid id;
    TRY(proof_shown(r, t, &in->proof));
    TRY(passkey_add(t, &r->actor, &in->made, &id));
    return answer_passkey(r, t, 201, id);
}

err api_rename_passkey(request *r, txn *t)
{
    const body_rename_passkey *b = r->body;
    TRY(passkey_rename(t, &r->actor, r->params[0].id, b->name));
    return answer_passkey(r, t, 200, r->params[0].id);
}

err api_remove_passkey_prepare(request *r)
{
    proof_verify(r, r->scratch);
    return OK;
}

err api_remove_passkey(request *r, txn *t)
{
    TRY(proof_shown(r, t, r->scratch));
    TRY(passkey_remove(t, &r->actor, r->params[0].id));
    return answer_empty(r, 204);
}
