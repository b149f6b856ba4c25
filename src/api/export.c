/* What an account may take along, and its end. */
#include "domain/account/export.h"
#include "domain/lifecycle/closing.h"
#include "api/passkey.h"
#include "api/view.h"
#include "bodies.h"
#include "routes.h"

static void write_organization(json_writer *w, uuid id, str slug, str name)
{
    json_open(w, S("organization"), '{');
    json_id(w, S("id"), ID_ORGANIZATION, id);
    json_str(w, S("slug"), slug);
    json_str(w, S("name"), name);
    json_close(w, '}');
}

static err write_places(json_writer *w, txn *t, uuid account_id)
{
    membership_view *list;
    size_t n;
    TRY(account_memberships(t, account_id, &list, &n));
    json_open(w, S("memberships"), '[');
    for (size_t i = 0; i < n; i++) {
        json_open(w, STR_NONE, '{');
        write_organization(w, list[i].organization_id, list[i].organization_slug, list[i].organization_name);
        json_id(w, S("member"), ID_MEMBER, list[i].membership_id);
        json_str(w, S("role"), list[i].role);
        json_time(w, S("joined_at"), list[i].joined_at);
        json_close(w, '}');
    }
    json_close(w, ']');
    return OK;
}

static err write_sessions(json_writer *w, txn *t, uuid account_id)
{
    session_view *list;
    size_t n;
    TRY(account_sessions(t, account_id, &list, &n));
    json_open(w, S("sessions"), '[');
    for (size_t i = 0; i < n; i++) {
        json_open(w, STR_NONE, '{');
        json_id(w, S("id"), ID_SESSION, list[i].id);
        json_time(w, S("created_at"), list[i].created_at);
        json_time(w, S("seen_at"), list[i].seen_at);
        json_str(w, S("user_agent"), list[i].user_agent);
        json_str(w, S("source"), list[i].source);
        json_close(w, '}');
    }
    json_close(w, ']');
    return OK;
}

static err write_passkeys(json_writer *w, txn *t, uuid account_id)
{
    passkey_view *list;
    size_t n;
    TRY(passkey_list(t, account_id, &list, &n));
    json_open(w, S("passkeys"), '[');
    for (size_t i = 0; i < n; i++)
        view_passkey(w, &list[i]);
    json_close(w, ']');
    return OK;
}

static void write_invitations(json_writer *w, const account_export *e)
{
    json_open(w, S("invitations"), '[');
    for (size_t i = 0; i < e->invitation_count; i++) {
        const exported_invitation *one = &e->invitations[i];
        json_open(w, STR_NONE, '{');
        json_id(w, S("id"), ID_INVITATION, one->id);
        write_organization(w, one->organization_id, one->organization_slug, one->organization_name);
        json_str(w, S("email"), one->email);
        json_str(w, S("role"), one->role);
        json_str(w, S("message"), one->message);
        json_time(w, S("created_at"), one->created_at);
        json_time(w, S("accepted_at"), one->accepted_at);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void write_events(json_writer *w, const account_export *e)
{
    json_open(w, S("audit_events"), '[');
    for (size_t i = 0; i < e->event_count; i++) {
        const exported_event *one = &e->events[i];
        json_open(w, STR_NONE, '{');
        json_id(w, S("id"), ID_EVENT, one->id);
        json_time(w, S("at"), uuid_time(one->id));
        json_id(w, S("organization"), ID_ORGANIZATION, one->organization_id);
        json_str(w, S("action"), one->action);
        json_str(w, S("subject_kind"), one->subject_kind);
        json_str(w, S("source"), one->source);
        json_raw(w, S("before"), one->before);
        json_raw(w, S("after"), one->after);
        json_raw(w, S("detail"), one->detail);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static err answer_export(request *r, txn *t, uuid account_id)
{
    account_export e;
    TRY(account_export_read(t, account_id, &e));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_time(&w, S("exported_at"), t->now);
    view_account(&w, S("account"), &e.account);
    TRY(write_places(&w, t, account_id));
    TRY(write_sessions(&w, t, account_id));
    TRY(write_passkeys(&w, t, account_id));
    write_invitations(&w, &e);
    write_events(&w, &e);
    json_close(&w, '}');
    answer_header(r, S("Content-Disposition"), S("attachment; filename=\"parvis-account.json\""));
    return OK;
}

err api_export_me(request *r, txn *t)
{
    return answer_export(r, t, r->actor.account_id);
}

err api_server_export_account(request *r, txn *t)
{
    const query_server_export_account *q = r->query;
    account_view whose;
    TRY(account_find(t, q->email, &whose));
    return answer_export(r, t, whose.id);
}

/* ---- the end ---- */

err api_close_me_admit(request *r, txn *t)
{
    const body_close_me *b = r->body;
    sign_in *proof = r->scratch = arena_new_of(r->a, sign_in);
    *proof = (sign_in){.email = r->actor.email, .password = b->current_password.p ? b->current_password : S("")};
    return sign_in_find(t, &r->actor, proof);
}

err api_close_me_prepare(request *r)
{
    sign_in_verify(r->a, r->scratch);
    return OK;
}

err api_close_me(request *r, txn *t)
{
    err e = holder_check(t, &r->actor, r->scratch);
    if (e == ERR_SIGN_IN_FAILED)
        return answer_problem(r, e);
    TRY(e);
    TRY(account_close(t, &r->actor, r->actor.account_id));
    answer_session_ended(r);
    return answer_empty(r, 204);
}

err api_server_close_account(request *r, txn *t)
{
    const body_server_close_account *b = r->body;
    account_view whose;
    TRY(account_find(t, b->email, &whose));
    TRY(account_close(t, &r->actor, whose.id));
    return answer_empty(r, 204);
}
