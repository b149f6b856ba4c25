/* Passkeys: what browsers are asked for, and what they send back, in the standard's own JSON (Web Authentication Level 3). */
#include "api/passkey.h"
#include "api/proof.h"
#include "bodies.h"
#include "limits_table.h"
#include "routes.h"

/* ---- what is asked ---- */

static void write_known(json_writer *w, str key, const passkey_offer *o)
{
    json_open(w, key, '[');
    for (size_t i = 0; i < o->known_count; i++) {
        json_open(w, STR_NONE, '{');
        json_str(w, S("type"), S("public-key"));
        json_str(w, S("id"), o->known[i].credential);
        json_open(w, S("transports"), '[');
        for (str rest = o->known[i].transports; rest.n > 0;)
            json_str(w, STR_NONE, str_cut(&rest, ' '));
        json_close(w, ']');
        json_close(w, '}');
    }
    json_close(w, ']');
}

static str asked(bool required)
{
    return required ? S("required") : S("preferred");
}

err passkey_answer_create(request *r, const passkey_offer *o)
{
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_open(&w, S("rp"), '{');
    json_str(&w, S("id"), o->site.rp_id);
    json_str(&w, S("name"), o->site.rp_id);
    json_close(&w, '}');
    json_open(&w, S("user"), '{');
    json_str(&w, S("id"), o->user_handle);
    json_str(&w, S("name"), o->user_name);
    json_str(&w, S("displayName"), o->user_display_name);
    json_close(&w, '}');
    json_str(&w, S("challenge"), o->challenge);
    json_open(&w, S("pubKeyCredParams"), '[');
    for (size_t i = 0; i < sizeof webauthn_algorithms / sizeof *webauthn_algorithms; i++) {
        json_open(&w, STR_NONE, '{');
        json_str(&w, S("type"), S("public-key"));
        json_int(&w, S("alg"), webauthn_algorithms[i]);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_int(&w, S("timeout"), PASSKEY_TIMEOUT);
    write_known(&w, S("excludeCredentials"), o);
    json_open(&w, S("authenticatorSelection"), '{');
    json_str(&w, S("residentKey"), asked(o->discoverable));
    json_bool(&w, S("requireResidentKey"), o->discoverable);
    json_str(&w, S("userVerification"), asked(o->verified));
    json_close(&w, '}');
    json_str(&w, S("attestation"), S("none"));
    json_open(&w, S("extensions"), '{');
    json_bool(&w, S("credProps"), true);
    json_close(&w, '}');
    json_close(&w, '}');
    return OK;
}

err passkey_answer_get(request *r, const passkey_offer *o)
{
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_str(&w, S("challenge"), o->challenge);
    json_int(&w, S("timeout"), PASSKEY_TIMEOUT);
    json_str(&w, S("rpId"), o->site.rp_id);
    write_known(&w, S("allowCredentials"), o);
    json_str(&w, S("userVerification"), asked(o->verified));
    json_close(&w, '}');
    return OK;
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
    err e = passkey_sign_in(t, &r->actor, r->scratch, &s);
    if (e == ERR_SIGN_IN_FAILED)
        return answer_problem(r, e);
    TRY(e);
    answer_signed_in(r, 201, &s);
    return OK;
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
    err e = passkey_prove(t, &r->actor, r->scratch, &s);
    if (e == ERR_SECOND_FACTOR_FAILED)
        return answer_problem(r, e);
    TRY(e);
    answer_signed_in(r, 201, &s);
    return OK;
}

void view_passkey(json_writer *w, const passkey_view *p)
{
    json_open(w, STR_NONE, '{');
    json_id(w, S("id"), ID_PASSKEY, p->id);
    json_str(w, S("name"), p->name);
    json_bool(w, S("discoverable"), p->discoverable);
    json_time(w, S("created_at"), p->created_at);
    json_time(w, S("last_used_at"), p->last_used_at);
    json_close(w, '}');
}

err api_list_passkeys(request *r, txn *t)
{
    passkey_view *list;
    size_t n;
    TRY(passkey_list(t, r->actor.account_id, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++)
        view_passkey(&w, &list[i]);
    view_list_close(&w, &(page){.total = -1});
    return OK;
}

static err answer_passkey(request *r, txn *t, int status, uuid id)
{
    passkey_view *list;
    size_t n;
    TRY(passkey_list(t, r->actor.account_id, &list, &n));
    for (size_t i = 0; i < n; i++) {
        if (!uuid_eq(list[i].id, id))
            continue;
        json_writer w = answer_json(r, status);
        view_passkey(&w, &list[i]);
        return OK;
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
    err e;
    if (!proof_shown(r, t, &in->proof, &e))
        return e;
    e = passkey_add(t, &r->actor, &in->made, &id);
    if (e == ERR_PASSKEY_REFUSED)
        return answer_problem(r, e);
    TRY(e);
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
    err e;
    if (!proof_shown(r, t, r->scratch, &e))
        return e;
    TRY(passkey_remove(t, &r->actor, r->params[0].id));
    return answer_empty(r, 204);
}
