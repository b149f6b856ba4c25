/* Invitations, as the organization sees them. */
#include "api/option.h"
#include "api/view.h"
#include "bodies.h"
#include "domain/invitation/change.h"
#include "domain/invitation/link.h"
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
        out[i] = (invite_row){.email = rows[i].email.p ? rows[i].email : S(""), /* refused */
                              .role = rows[i].role,
                              .locale = rows[i].locale,
                              .message = rows[i].message,
                              .given_name = rows[i].given_name,
                              .family_name = rows[i].family_name,
                              .entitlements = option_choices(r->a, &rows[i].entitlements),
                              .entitlement_count = rows[i].entitlements.count,
                              .groups = rows[i].groups.items,
                              .group_count = rows[i].groups.count,
                              .refused = rows[i].refused};
        str pointer = arena_printf(r->a, "/invitations/%zu/access_ends_at", i);
        TRY(option_access_end(&r->problem, pointer, rows[i].access_ends_at, &out[i].access_ends_at));
    }
    *order = (invite_order){.rows = out,
                            .count = b->invitations.count,
                            .deliver = !b->has_deliver || b->deliver,
                            .method = b->method,
                            .delivery = b->delivery};
    return b->has_expires_in ? invite_lifetime_read(r->a, &r->problem, b->method, b->expires_in, &order->lifetime) : OK;
}

static reply_invitation_results_results view_result(request *r, const invite_result *one)
{
    reply_invitation_results_results shown = {
        .email = one->email, .outcome = S("invited"), .temporary_password = one->temporary_password};
    if (one->made) {
        shown.has_invitation = true;
        shown.invitation = view_invitation(r, one->made);
    }
    if (one->outcome != OK) {
        shown.outcome = err_about(one->outcome)->code;
        shown.has_problem = true;
        shown.problem = view_problem(r, one->outcome, one->problem);
    }
    return shown;
}

err api_create_invitations(request *r, txn *t)
{
    invite_order order;
    uuid batch;
    TRY(read_order(r, r->body, &order));
    invite_result *results = arena_array_of(r->a, invite_result, order.count);
    TRY(invitations_create(t, &r->actor, &order, results, &batch));
    reply_invitation_results_results *shown = arena_array_of(r->a, reply_invitation_results_results, order.count);
    for (size_t i = 0; i < order.count; i++)
        shown[i] = view_result(r, &results[i]);
    return REPLY(r, 200, invitation_results, .batch = batch, .results = {shown, order.count});
}

static reply_invitation_preview_results view_outcome(request *r, const invite_result *one)
{
    reply_invitation_preview_results shown = {.email = one->email};
    if (one->outcome == OK) {
        shown.outcome = one->existing_account ? S("existing-account") : S("new-person");
        shown.method = one->method;
        return shown;
    }
    shown.outcome = err_about(one->outcome)->code;
    shown.has_problem = true;
    shown.problem = view_problem(r, one->outcome, one->problem);
    return shown;
}

err api_preview_invitations(request *r, txn *t)
{
    invite_order order;
    seats s;
    mail_parts parts; /* the mail of the first row, with a link that leads nowhere */
    int64_t invited = 0;
    TRY(read_order(r, r->body, &order));
    invite_result *results = arena_array_of(r->a, invite_result, order.count);
    TRY(invitations_preview(t, &r->actor, &order, true, results, &s));
    reply_invitation_preview_results *shown = arena_array_of(r->a, reply_invitation_preview_results, order.count);
    for (size_t i = 0; i < order.count; i++) {
        shown[i] = view_outcome(r, &results[i]);
        invited += results[i].outcome == OK;
    }
    TRY(invitation_mail_preview(t, &r->actor, &order, &order.rows[0], false, &parts));
    reply_seats taken = view_seats(&s);
    taken.has_after = true;
    taken.after = seats_gone(&s) + invited;
    return REPLY(r, 200, invitation_preview, .results = {shown, order.count}, .seats = taken,
                 .mail = {.subject = parts.subject, .html = parts.html, .text = parts.text});
}

/* ---- looking ---- */

err api_list_invitations(request *r, txn *t)
{
    const query_list_invitations *q = r->query;
    invitation_filter f = {.state = q->state, .q = q->q, .asked = q->asked};
    page p = PAGE_OF(q);
    invitation_view *list;
    size_t n;
    p.count = q->count;
    if (q->has_batch && !typeid_parse(q->batch, ID_BATCH, &f.batch_id))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/batch"), S("not-allowed"), 0);
    TRY(invitation_list(t, r->actor.organization_id, &f, &p, &list, &n));
    reply_invitation *items = arena_array_of(r->a, reply_invitation, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_invitation(r, &list[i]);
    return REPLY(r, 200, invitation_list, .items = {items, n}, .next_cursor = p.next, .total = p.total,
                 .has_total = p.total >= 0);
}

static err answer_invitation(request *r, txn *t, uuid id)
{
    invitation_view i;
    TRY(invitation_get(t, r->actor.organization_id, id, &i));
    reply_invitation shown = view_invitation(r, &i);
    return REPLY_OF(r, 200, invitation, &shown);
}

err api_get_invitation(request *r, txn *t)
{
    return answer_invitation(r, t, path_id(r));
}

err api_get_batch(request *r, txn *t)
{
    batch_view b;
    TRY(batch_get(t, r->actor.organization_id, path_id(r), &b));
    return REPLY(r, 200, batch, .id = b.id, .created_by = view_account_or_operator(r->a, b.created_by_id),
                 .created_at = b.created_at, .total = b.total, .pending = b.pending, .accepted = b.accepted,
                 .declined = b.declined, .revoked = b.revoked, .expired = b.expired);
}

err api_list_mail(request *r, txn *t)
{
    const query_list_mail *q = r->query;
    page p = PAGE_OF(q);
    mail_view *list;
    size_t n;
    TRY(mail_list(t, r->actor.organization_id, &p, &list, &n));
    return answer_mails(r, &p, list, n);
}

/* ---- changing ---- */

err api_revoke_invitation(request *r, txn *t)
{
    TRY(invitation_revoke(t, &r->actor, path_id(r)));
    return answer_empty(r, 204);
}

/* An invitation that was made anew, with its temporary password where that is shown. */
static err answer_renewed(request *r, txn *t, uuid id, str shown)
{
    invitation_view i;
    TRY(invitation_get(t, r->actor.organization_id, id, &i));
    reply_invitation whole = view_invitation(r, &i);
    whole.temporary_password = shown;
    return REPLY_OF(r, 200, invitation, &whole);
}

err api_resend_invitation(request *r, txn *t)
{
    uuid id = path_id(r);
    str shown;
    TRY(invitation_resend(t, &r->actor, &id, &shown));
    return answer_renewed(r, t, id, shown);
}

err api_renew_temporary_password(request *r, txn *t)
{
    const body_renew_temporary_password *b = r->body;
    str shown;
    TRY(invitation_new_password(t, &r->actor, path_id(r), b->delivery, &shown));
    return answer_renewed(r, t, path_id(r), shown);
}

err api_correct_invitation(request *r, txn *t)
{
    const body_correct_invitation *b = r->body;
    uuid fresh;
    str shown;
    TRY(invitation_correct(t, &r->actor, path_id(r), b->email, &fresh, &shown));
    return answer_renewed(r, t, fresh, shown);
}

err api_link_invitation(request *r, txn *t)
{
    invitation_link_view link;
    TRY(invitation_link_make(t, &r->actor, path_id(r), &link));
    return REPLY(r, 200, invitation_link, .url = link.url, .code = link.code);
}

err api_resend_batch(request *r, txn *t)
{
    int64_t resent, asked;
    TRY(batch_resend(t, &r->actor, path_id(r), &resent, &asked));
    return REPLY(r, 200, batch_resent, .resent = resent, .unanswered = asked);
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
