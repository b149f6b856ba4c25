/* Invitations, as the organization sees them. */
#include "api/option.h"
#include "api/view.h"
#include "bodies.h"
#include "domain/invitation/change.h"
#include "domain/invitation/create.h"
#include "domain/invitation/invitation.h"
#include "domain/mail/render.h"
#include "routes.h"

/* ---- inviting ---- */

static err read_order(request *r, const body_create_invitations *b, invite_order *order)
{
    const body_create_invitations_invitations *rows = b->invitations.items;
    invite_row *out = arena_array_of(r->a, invite_row, b->invitations.count);
    for (size_t i = 0; i < b->invitations.count; i++) {
        out[i] = (invite_row){.email = rows[i].email,
                              .role = rows[i].role,
                              .locale = rows[i].locale,
                              .message = rows[i].message,
                              .given_name = rows[i].given_name,
                              .family_name = rows[i].family_name,
                              .entitlements = option_choices(r->a, &rows[i].entitlements),
                              .entitlement_count = rows[i].entitlements.count,
                              .groups = rows[i].groups.items,
                              .group_count = rows[i].groups.count};
        str pointer = arena_printf(r->a, "/invitations/%zu/access_ends_at", i);
        TRY(option_access_end(&r->problem, pointer, rows[i].access_ends_at, &out[i].access_ends_at));
    }
    *order = (invite_order){.rows = out,
                            .count = b->invitations.count,
                            .deliver = !b->has_deliver || b->deliver,
                            .method = b->method,
                            .delivery = b->delivery};
    if (b->has_expires_in && !(duration_parse(b->expires_in, &order->lifetime) && order->lifetime))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/expires_in"), S("not-allowed"), 0);
    return OK;
}

static void write_result(request *r, json_writer *w, const invite_result *one)
{
    json_open(w, STR_NONE, '{');
    json_str(w, S("email"), one->email);
    json_str(w, S("outcome"), one->outcome == OK ? S("invited") : err_about(one->outcome)->code);
    if (one->made)
        view_invitation(r, w, S("invitation"), one->made);
    if (one->temporary_password.p)
        answer_secret(r, w, S("temporary_password"), one->temporary_password);
    view_problem(r, w, S("problem"), one->outcome, one->problem);
    json_close(w, '}');
}

err api_create_invitations(request *r, txn *t)
{
    invite_order order;
    uuid batch;
    TRY(read_order(r, r->body, &order));
    invite_result *results = arena_array_of(r->a, invite_result, order.count);
    TRY(invitations_create(t, &r->actor, &order, results, &batch));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_id(&w, S("batch"), ID_BATCH, batch);
    json_open(&w, S("results"), '[');
    for (size_t i = 0; i < order.count; i++)
        write_result(r, &w, &results[i]);
    json_close(&w, ']');
    json_close(&w, '}');
    return OK;
}

static void write_outcome(request *r, json_writer *w, const invite_result *one)
{
    str fine = one->existing_account ? S("existing-account") : S("new-person");
    json_open(w, STR_NONE, '{');
    json_str(w, S("email"), one->email);
    json_str(w, S("outcome"), one->outcome == OK ? fine : err_about(one->outcome)->code);
    if (one->outcome == OK)
        json_str(w, S("method"), one->method);
    view_problem(r, w, S("problem"), one->outcome, one->problem);
    json_close(w, '}');
}

/* The mail of the first row, with a link that leads nowhere. */
static err write_preview_mail(request *r, txn *t, json_writer *w, const invite_order *order)
{
    const invite_row *row = &order->rows[0];
    mail_parts parts;
    TRY(invitation_mail_preview(t, &r->actor, order, row, false, &parts));
    json_open(w, S("mail"), '{');
    json_str(w, S("subject"), parts.subject);
    json_str(w, S("html"), parts.html);
    json_str(w, S("text"), parts.text);
    json_close(w, '}');
    return OK;
}

err api_preview_invitations(request *r, txn *t)
{
    invite_order order;
    seats s;
    int64_t invited = 0;
    TRY(read_order(r, r->body, &order));
    invite_result *results = arena_array_of(r->a, invite_result, order.count);
    TRY(invitations_preview(t, &r->actor, &order, true, results, &s));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_open(&w, S("results"), '[');
    for (size_t i = 0; i < order.count; i++) {
        write_outcome(r, &w, &results[i]);
        invited += results[i].outcome == OK;
    }
    json_close(&w, ']');
    int64_t after = s.used + s.held + invited;
    view_seats(&w, S("seats"), &s, &after);
    json_nothing(&w, S("cost")); /* no plan, no cost */
    TRY(write_preview_mail(r, t, &w, &order));
    json_close(&w, '}');
    return OK;
}

/* ---- looking ---- */

err api_list_invitations(request *r, txn *t)
{
    const query_list_invitations *q = r->query;
    invitation_filter f = {.state = q->state, .q = q->q};
    page p = PAGE_OF(q);
    invitation_view *list;
    size_t n;
    p.count = q->count;
    if (q->has_batch && !typeid_parse(q->batch, ID_BATCH, &f.batch_id))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/batch"), S("not-allowed"), 0);
    TRY(invitation_list(t, r->actor.organization_id, &f, &p, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++)
        view_invitation(r, &w, STR_NONE, &list[i]);
    view_list_close(&w, &p);
    return OK;
}

static err answer_invitation(request *r, txn *t, uuid id)
{
    invitation_view i;
    TRY(invitation_get(t, r->actor.organization_id, id, &i));
    json_writer w = answer_json(r, 200);
    view_invitation(r, &w, STR_NONE, &i);
    return OK;
}

err api_get_invitation(request *r, txn *t)
{
    return answer_invitation(r, t, path_id(r));
}

err api_get_batch(request *r, txn *t)
{
    batch_view b;
    TRY(batch_get(t, r->actor.organization_id, path_id(r), &b));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_id(&w, S("id"), ID_BATCH, b.id);
    if (uuid_none(b.created_by_id))
        json_str(&w, S("created_by"), S("operator"));
    else
        json_id(&w, S("created_by"), ID_ACCOUNT, b.created_by_id);
    json_time(&w, S("created_at"), b.created_at);
    json_int(&w, S("total"), b.total);
    json_int(&w, S("pending"), b.pending);
    json_int(&w, S("accepted"), b.accepted);
    json_int(&w, S("declined"), b.declined);
    json_int(&w, S("revoked"), b.revoked);
    json_int(&w, S("expired"), b.expired);
    json_close(&w, '}');
    return OK;
}

err api_list_mail(request *r, txn *t)
{
    const query_list_mail *q = r->query;
    page p = PAGE_OF(q);
    mail_view *list;
    size_t n;
    TRY(mail_list(t, r->actor.organization_id, &p, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++)
        view_mail(&w, &list[i]);
    view_list_close(&w, &p);
    return OK;
}

/* ---- changing ---- */

err api_revoke_invitation(request *r, txn *t)
{
    TRY(invitation_revoke(t, &r->actor, path_id(r)));
    return answer_empty(r, 204);
}

/* A refusal that tells of an account has been noted: the note must be kept though the answer is no. */
static err refuse_noted(request *r, err e)
{
    return e == ERR_CONFLICT || e == ERR_ACCOUNT_ALREADY_ACTIVE ? answer_problem(r, e) : e;
}

/* An invitation that was made anew, with its temporary password where that is shown. */
static err answer_renewed(request *r, txn *t, uuid id, str shown)
{
    invitation_view i;
    TRY(invitation_get(t, r->actor.organization_id, id, &i));
    json_writer w = answer_json(r, 200);
    view_invitation_open(r, &w, STR_NONE, &i);
    if (shown.p)
        answer_secret(r, &w, S("temporary_password"), shown);
    json_close(&w, '}');
    return OK;
}

err api_resend_invitation(request *r, txn *t)
{
    str shown;
    TRY(invitation_resend(t, &r->actor, path_id(r), &shown));
    return answer_renewed(r, t, path_id(r), shown);
}

err api_renew_temporary_password(request *r, txn *t)
{
    const body_renew_temporary_password *b = r->body;
    str shown;
    err e = invitation_new_password(t, &r->actor, path_id(r), b->delivery, &shown);
    if (e != OK)
        return refuse_noted(r, e);
    return answer_renewed(r, t, path_id(r), shown);
}

err api_correct_invitation(request *r, txn *t)
{
    const body_correct_invitation *b = r->body;
    uuid fresh;
    str shown;
    err e = invitation_correct(t, &r->actor, path_id(r), b->email, &fresh, &shown);
    if (e != OK)
        return refuse_noted(r, e);
    return answer_renewed(r, t, fresh, shown);
}

err api_link_invitation(request *r, txn *t)
{
    invitation_link_view link;
    TRY(invitation_link_make(t, &r->actor, path_id(r), &link));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    answer_secret(r, &w, S("url"), link.url);
    answer_secret(r, &w, S("code"), link.code);
    json_close(&w, '}');
    return OK;
}

err api_resend_batch(request *r, txn *t)
{
    int64_t resent, asked;
    TRY(batch_resend(t, &r->actor, path_id(r), &resent, &asked));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_int(&w, S("resent"), resent);
    json_int(&w, S("unanswered"), asked);
    json_close(&w, '}');
    return OK;
}

err api_link_batch(request *r, txn *t)
{
    invitation_link_view *links;
    size_t n;
    TRY(batch_links(t, &r->actor, path_id(r), &links, &n));
    answer_header(r, S("Content-Disposition"), S("attachment; filename=\"links.csv\""));
    r->has_secret = true;
    return answer_bytes(r, 200, S("text/csv; charset=utf-8"), links_csv(r->a, links, n));
}
