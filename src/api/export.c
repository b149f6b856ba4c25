/* What an account may take along, and its end. */
#include "domain/account/export.h"
#include "domain/lifecycle/closing.h"
#include "api/passkey.h"
#include "api/view.h"
#include "bodies.h"
#include "routes.h"

static err read_places(request *r, txn *t, uuid account_id, reply_account_export *out)
{
    membership_view *list;
    size_t n;
    TRY(account_memberships(t, account_id, &list, &n));
    reply_exported_membership *items = arena_array_of(r->a, reply_exported_membership, n);
    for (size_t i = 0; i < n; i++)
        items[i] = (reply_exported_membership){
            .organization =
                view_organization_brief(list[i].organization_id, list[i].organization_slug, list[i].organization_name),
            .member = list[i].membership_id,
            .role = list[i].role,
            .joined_at = list[i].joined_at,
            .last_active_on = list[i].last_active_at};
    out->memberships.items = items;
    out->memberships.count = n;
    return OK;
}

static err read_sessions(request *r, txn *t, uuid account_id, reply_account_export *out)
{
    session_view *list;
    size_t n;
    TRY(account_sessions(t, account_id, &list, &n));
    reply_exported_session *items = arena_array_of(r->a, reply_exported_session, n);
    for (size_t i = 0; i < n; i++)
        items[i] = (reply_exported_session){.id = list[i].id,
                                            .created_at = list[i].created_at,
                                            .seen_at = list[i].seen_at,
                                            .user_agent = list[i].user_agent,
                                            .source = list[i].source};
    out->sessions.items = items;
    out->sessions.count = n;
    return OK;
}

static err read_passkeys(request *r, txn *t, uuid account_id, reply_account_export *out)
{
    passkey_view *list;
    size_t n;
    TRY(passkey_list(t, account_id, &list, &n));
    reply_passkey *items = arena_array_of(r->a, reply_passkey, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_passkey(&list[i]);
    out->passkeys.items = items;
    out->passkeys.count = n;
    return OK;
}

static const reply_exported_invitation *view_invitations(arena *a, const account_export *e)
{
    reply_exported_invitation *items = arena_array_of(a, reply_exported_invitation, e->invitation_count);
    for (size_t i = 0; i < e->invitation_count; i++) {
        const exported_invitation *one = &e->invitations[i];
        items[i] =
            (reply_exported_invitation){.id = one->id,
                                        .organization = view_organization_brief(
                                            one->organization_id, one->organization_slug, one->organization_name),
                                        .email = one->email,
                                        .role = one->role,
                                        .message = one->message,
                                        .created_at = one->created_at,
                                        .accepted_at = one->accepted_at};
    }
    return items;
}

static const reply_exported_event *view_events(arena *a, const account_export *e)
{
    reply_exported_event *items = arena_array_of(a, reply_exported_event, e->event_count);
    for (size_t i = 0; i < e->event_count; i++) {
        const exported_event *one = &e->events[i];
        items[i] = (reply_exported_event){.id = one->id,
                                          .at = uuid_time(one->id),
                                          .organization = one->organization_id,
                                          .action = one->action,
                                          .subject_kind = one->subject_kind,
                                          .source = one->source,
                                          .before = one->before,
                                          .after = one->after,
                                          .detail = one->detail};
    }
    return items;
}

static err answer_export(request *r, txn *t, uuid account_id)
{
    account_export e;
    TRY(account_export_read(t, account_id, &e));
    reply_account_export whole = {.exported_at = t->now,
                                  .account = view_account(&e.account),
                                  .invitations = {view_invitations(r->a, &e), e.invitation_count},
                                  .audit_events = {view_events(r->a, &e), e.event_count}};
    TRY(read_places(r, t, account_id, &whole));
    TRY(read_sessions(r, t, account_id, &whole));
    TRY(read_passkeys(r, t, account_id, &whole));
    answer_header(r, S("Content-Disposition"), S("attachment; filename=\"parvis-account.json\""));
    return REPLY_OF(r, 200, account_export, &whole);
}

err api_export_me(request *r, txn *t)
{
    return answer_export(r, t, r->actor.account_id);
}

err api_server_export_account(request *r, txn *t)
{
    const query_server_export_account *q = r->query;
    account_view whose;
    TRY(account_named(t, q->email, &whose));
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
    TRY(holder_check(t, &r->actor, r->scratch));
    TRY(account_close(t, &r->actor, r->actor.account_id));
    answer_session_ended(r);
    return answer_empty(r, 204);
}

err api_server_close_account(request *r, txn *t)
{
    const body_server_close_account *b = r->body;
    account_view whose;
    TRY(account_named(t, b->email, &whose));
    TRY(account_close(t, &r->actor, whose.id));
    return answer_empty(r, 204);
}
