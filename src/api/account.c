/* One's own account: sign-in, sessions, passwords, proof of address. */
#include "api/view.h"
#include "bodies.h"
#include "domain/account/email_change.h"
#include "domain/account/user_agent.h"
#include "domain/invitation/parts.h"
#include "domain/lifecycle/email_take.h"
#include "domain/lifecycle/email_undo.h"
#include "domain/lifecycle/temporary_replace.h"
#include "routes.h"

err api_sign_in_admit(request *r, txn *t)
{
    const body_sign_in *b = r->body;
    sign_in *in = r->scratch = arena_new_of(r->a, sign_in);
    *in = (sign_in){.email = b->email, .password = b->password, .code = b->code};
    return sign_in_find(t, &r->actor, in);
}

err api_sign_in_prepare(request *r)
{
    sign_in_verify(r->a, r->scratch);
    return OK;
}

err api_sign_in(request *r, txn *t)
{
    signed_in s;
    TRY(sign_in_finish(t, &r->actor, r->scratch, &s));
    return answer_signed_in(r, 201, &s);
}

err api_sign_out(request *r, txn *t)
{
    TRY(sign_out(t, &r->actor));
    answer_session_ended(r);
    return answer_empty(r, 204);
}

static err answer_me(request *r, txn *t)
{
    account_view me;
    TRY(account_get(t, r->actor.account_id, &me));
    reply_account shown = view_account(&me);
    return REPLY_OF(r, 200, account, &shown);
}

/* The operator is nobody's account. */
static err need_account(const request *r)
{
    return uuid_none(r->actor.account_id) ? ERR_NOT_FOUND : OK;
}

err api_get_me(request *r, txn *t)
{
    TRY(need_account(r));
    return answer_me(r, t);
}

err api_update_me(request *r, txn *t)
{
    const body_update_me *b = r->body;
    const account_change change = {
        .given_name = b->given_name, .family_name = b->family_name, .locale = b->locale, .time_zone = b->time_zone};
    TRY(account_update(t, &r->actor, &change));
    return answer_me(r, t);
}

/* An API key belongs to one organization and shows that one alone. */
static size_t visible(const request *r, membership_view *list, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (r->actor.kind != ACTOR_API_KEY || uuid_eq(list[i].organization_id, r->actor.key_organization_id))
            list[kept++] = list[i];
    return kept;
}

static err view_out(txn *t, const membership_out *m, reply_membership_out *out)
{
    account_view *contacts;
    size_t n;
    TRY(organization_contacts(t, m->organization_id, 1, &contacts, &n));
    *out = (reply_membership_out){
        .organization = view_organization_brief(m->organization_id, m->organization_slug, m->organization_name),
        .member = m->membership_id,
        .role = m->role,
        .access = m->access,
        .since = m->since,
        .has_ask_whom = n > 0};
    if (n) {
        out->ask_whom.given_name = contacts[0].given_name;
        out->ask_whom.family_name = contacts[0].family_name;
    }
    return OK;
}

/* A key's member is let in, or the key would not be. */
static err list_out(request *r, txn *t, reply_membership_out **out, size_t *count)
{
    membership_out *list;
    *count = 0;
    if (r->actor.kind == ACTOR_API_KEY)
        return OK;
    TRY(account_memberships_out(t, r->actor.account_id, &list, count));
    *out = arena_array_of(r->a, reply_membership_out, *count);
    for (size_t i = 0; i < *count; i++)
        TRY(view_out(t, &list[i], &(*out)[i]));
    return OK;
}

err api_list_my_memberships(request *r, txn *t)
{
    membership_view *list;
    reply_membership_out *out = NULL;
    size_t n, out_count;
    TRY(need_account(r));
    TRY(list_out(r, t, &out, &out_count));
    TRY(account_memberships(t, r->actor.account_id, &list, &n));
    n = visible(r, list, n);
    reply_membership *items = arena_array_of(r->a, reply_membership, n);
    for (size_t i = 0; i < n; i++) {
        const membership_view *m = &list[i];
        items[i] = (reply_membership){
            .organization = view_organization_brief(m->organization_id, m->organization_slug, m->organization_name),
            .member = m->membership_id,
            .role = m->role,
            .entitlements = view_entitlements(r->a, m->entitlement_keys, m->entitlements, m->role),
            .joined_at = m->joined_at};
    }
    return REPLY(r, 200, membership_list, .items = {items, n}, .out = {out, out_count});
}

err api_list_my_sessions(request *r, txn *t)
{
    session_view *list;
    size_t n;
    TRY(account_sessions(t, r->actor.account_id, &list, &n));
    reply_own_session *items = arena_array_of(r->a, reply_own_session, n);
    for (size_t i = 0; i < n; i++) {
        device d = device_of(list[i].user_agent);
        items[i] = (reply_own_session){.id = list[i].id,
                                       .current = uuid_eq(list[i].id, r->actor.session_id),
                                       .created_at = list[i].created_at,
                                       .seen_at = list[i].seen_at,
                                       .expires_at = list[i].expires_at,
                                       .user_agent = list[i].user_agent,
                                       .source = list[i].source,
                                       .device = {.browser = d.browser, .system = d.system},
                                       .place = place_of(r->app->env.places, r->a, r->lang, list[i].source)};
    }
    return REPLY(r, 200, session_list, .items = {items, n});
}

err api_revoke_my_sessions(request *r, txn *t)
{
    TRY(sessions_end_others(t, &r->actor));
    return answer_empty(r, 204);
}

err api_revoke_my_session(request *r, txn *t)
{
    TRY(session_end(t, &r->actor, r->params[0].id));
    return answer_empty(r, 204);
}

/* ---- passwords ---- */

typedef struct new_password {
    sign_in proof;
    password_terms terms; /* least: by what the account's organizations ask, or the one that it waits for */
    str hash;
} new_password;

static err admit_replacement(request *r, txn *t, new_password *n)
{
    invitation_door door;
    TRY(invitation_behind_password(t, &r->actor, &door));
    TRY(invitation_state_error(door.state));
    return password_least(t, r->actor.account_id, r->actor.confined_to_id, &n->terms.least);
}

static err need_current(const body_change_password *b, problem *p, str before)
{
    bool missing = before.p && !b->has_current_password; /* one who enrolled with a passkey has none yet */
    return missing ? problem_at(p, ERR_INVALID_REQUEST, S("/current_password"), S("required"), 0) : OK;
}

err api_change_password_admit(request *r, txn *t)
{
    const body_change_password *b = r->body;
    new_password *n = r->scratch = arena_new_of(r->a, new_password);
    str before;
    if (r->actor.stage == STAGE_PASSWORD)
        return admit_replacement(r, t, n);
    if (b->has_given_name || b->has_family_name) /* PATCH /me changes them */
        return problem_at(&r->problem, ERR_INVALID_REQUEST, b->has_given_name ? S("/given_name") : S("/family_name"),
                          S("not-allowed"), 0);
    TRY(password_current(t, r->actor.account_id, &before));
    TRY(need_current(b, &r->problem, before));
    n->proof = (sign_in){.email = r->actor.email, .password = b->current_password};
    if (b->has_current_password)
        TRY(sign_in_find(t, &r->actor, &n->proof));
    return password_least(t, r->actor.account_id, UUID_NONE, &n->terms.least);
}

err api_change_password_prepare(request *r)
{
    const body_change_password *b = r->body;
    const str about[] = {r->actor.email, r->actor.given_name, r->actor.family_name, b->given_name, b->family_name};
    new_password *n = r->scratch;
    bool proves = r->actor.stage != STAGE_PASSWORD && b->has_current_password;
    if (proves)
        sign_in_verify(r->a, &n->proof);
    if (proves && !n->proof.right)
        return OK; /* the transaction notes the wrong try */
    return password_prepare(&n->terms, r->a, &r->problem, S("/new_password"), b->new_password, about,
                            sizeof about / sizeof *about, &n->hash);
}

/* In place of the temporary one. The session's stage is read again in the transaction: it cannot have become full. */
static err replace_temporary(request *r, txn *t, const new_password *n)
{
    const body_change_password *b = r->body;
    accepted done;
    const temporary_replacement replacement = {.given_name = b->given_name,
                                               .family_name = b->family_name,
                                               .pointer = S("/new_password"),
                                               .password = b->new_password,
                                               .hash = n->hash};
    TRY(temporary_replace(t, &r->actor, &replacement, &done));
    answer_session(r, &done.session);
    return answer_empty(r, 204);
}

err api_change_password(request *r, txn *t)
{
    signed_in s;
    const new_password *n = r->scratch;
    if (r->actor.stage == STAGE_PASSWORD)
        return replace_temporary(r, t, n);
    str before;
    TRY(password_current(t, r->actor.account_id, &before));
    TRY(need_current(r->body, &r->problem, before));
    TRY(password_change(t, &r->actor, &n->proof, n->hash, &s));
    answer_session(r, &s);
    return answer_empty(r, 204);
}

err api_request_password_reset(request *r, txn *t)
{
    const body_request_password_reset *b = r->body;
    TRY(way_in_request(t, &r->actor, ADDRESS_REQUEST_RESET, b->email, STR_NONE));
    return answer_empty(r, 202);
}

typedef struct reset_password {
    reset_admitted admitted;
    str hash;
} reset_password;

err api_complete_password_reset_admit(request *r, txn *t)
{
    const body_complete_password_reset *b = r->body;
    reset_password *n = r->scratch = arena_new_of(r->a, reset_password);
    return password_reset_admit(t, &r->actor, b->token, &n->admitted);
}

err api_complete_password_reset_prepare(request *r)
{
    const body_complete_password_reset *b = r->body;
    reset_password *n = r->scratch;
    const account_view *whose = &n->admitted.whose;
    const str about[] = {whose->email, whose->given_name, whose->family_name};
    return password_prepare(&n->admitted.terms, r->a, &r->problem, S("/new_password"), b->new_password, about, 3,
                            &n->hash);
}

err api_complete_password_reset(request *r, txn *t)
{
    const body_complete_password_reset *b = r->body;
    TRY(password_reset_complete(t, &r->actor, b->token, ((const reset_password *)r->scratch)->hash, NULL));
    return answer_empty(r, 204);
}

/* ---- proof of address ---- */

err api_request_address_proof(request *r, txn *t)
{
    TRY(address_proof_request(t, &r->actor));
    return answer_empty(r, 202);
}

err api_confirm_address_proof(request *r, txn *t)
{
    const body_confirm_address_proof *b = r->body;
    TRY(address_proof_confirm(t, &r->actor, b->code));
    return answer_me(r, t);
}

/* ---- another address ---- */

err api_get_email_change(request *r, txn *t)
{
    email_change_pending asked = {0};
    err e = email_change_asked(t, r->actor.account_id, &asked);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    return REPLY(r, 200, email_change, .email = r->actor.email, .email_proved = r->actor.address_proved,
                 .has_pending = e == OK,
                 .pending = {.email = asked.email, .requested_at = asked.asked_at, .expires_at = asked.expires_at});
}

err api_cancel_email_change(request *r, txn *t)
{
    TRY(email_change_cancel(t, &r->actor));
    return answer_empty(r, 204);
}

err api_request_email_change_admit(request *r, txn *t)
{
    const body_request_email_change *b = r->body;
    sign_in *proof = r->scratch = arena_new_of(r->a, sign_in);
    *proof = (sign_in){.email = r->actor.email, .password = b->current_password.p ? b->current_password : S("")};
    TRY(email_change_admit(t, &r->actor, b->email));
    return sign_in_find(t, &r->actor, proof);
}

err api_request_email_change_prepare(request *r)
{
    sign_in_verify(r->a, r->scratch);
    return OK;
}

err api_request_email_change(request *r, txn *t)
{
    const body_request_email_change *b = r->body;
    TRY(email_change_request(t, &r->actor, r->scratch, b->email));
    return answer_empty(r, 202);
}

err api_confirm_email_change(request *r, txn *t)
{
    const body_confirm_email_change *b = r->body;
    uuid whose;
    TRY(email_change_confirm(t, &r->actor, b->token, &whose));
    return answer_empty(r, 204);
}

err api_undo_email_change(request *r, txn *t)
{
    const body_undo_email_change *b = r->body;
    email_undone done;
    TRY(email_change_undo(t, &r->actor, b->token, &done));
    return answer_empty(r, 204);
}
