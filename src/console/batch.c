/* Invitations sent together: who has joined, who has not, one button to resend, links as CSV. */
#include "console/console.h"
#include "domain/invitation/change.h"
#include "domain/invitation/link.h"
#include "limits_table.h"

static err put_batch(request *r, txn *t, mval *m, const batch_view *b)
{
    str creator;
    TRY(account_name(r, t, b->created_by_id, &creator));
    mval *o = m_set_object(m, S("batch"));
    PUT(o, "created_at", machine_time(r, b->created_at));
    PUT(o, "created_at_text", date_text(r, b->created_at));
    PUT(o, "created_by_name", creator.p ? creator : text(r, "invitations.operator"));
    PUT_INT(o, "joined", b->accepted);
    PUT_INT(o, "total", b->total);
    PUT_INT(o, "count", b->accepted);
    PUT_BOOL(o, "is_all_joined", b->total > 0 && b->accepted == b->total);
    const struct {
        const char *key;
        int64_t count;
    } others[] = {{"batch.declined", b->declined}, {"batch.expired", b->expired}, {"batch.revoked", b->revoked}};
    str told = STR_NONE;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].count)
            told = arena_join(r->a, told, told.p ? S(", ") : S(""), text_count(r, others[i].key, others[i].count));
    PUT(o, "others_text", told);
    int64_t waiting = b->pending + b->expired;
    if (waiting) {
        mval *w = m_set_object(m, S("waiting"));
        PUT_INT(w, "count", waiting);
        PUT(w, "resend_url", org_path_id(r, "/users/batches/", ID_BATCH, b->id, "/resend"));
        PUT(w, "links_url", org_path_id(r, "/users/batches/", ID_BATCH, b->id, "/links"));
    }
    return OK;
}

/* All of a batch (at most INVITE_ROWS_MAX), those who have not answered first. */
static err read_batch(request *r, txn *t, uuid batch, invitation_view **out, size_t *count)
{
    static const invitation_state order[] = {INVITATION_PENDING, INVITATION_EXPIRED, INVITATION_DECLINED,
                                             INVITATION_ACCEPTED, INVITATION_REVOKED};
    *out = arena_array_of(r->a, invitation_view, INVITE_ROWS_MAX);
    *count = 0;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        invitation_filter f = {.batch_id = batch, .state = invitation_state_text(order[i])};
        page p = {.limit = PAGE_MAX};
        do {
            invitation_view *rows;
            size_t n;
            TRY(invitation_list(t, r->actor.organization_id, &f, &p, &rows, &n));
            for (size_t k = 0; k < n && *count < INVITE_ROWS_MAX; k++)
                (*out)[(*count)++] = rows[k];
            p.cursor = p.next;
        } while (p.next.p);
    }
    return OK;
}

err console_batch_page(request *r, txn *t)
{
    batch_view b;
    invitation_view *rows;
    size_t count;
    mval *m;
    TRY(batch_get(t, r->actor.organization_id, r->params[1].id, &b));
    TRY(read_batch(r, t, b.id, &rows, &count));
    TRY(page_open(r, t, &m));
    TRY(put_batch(r, t, m, &b));
    TRY(put_invitation_rows(r, t, m, rows, count));
    PUT_BOOL(m, "can_pick", false);
    page_back(r, m, org_path(r, "/users/invitations"), "nav.back_invitations");
    return page_answer(r, 200, "batch", m);
}

err console_batch_resend_form(request *r, txn *t)
{
    int64_t resent, asked;
    str back = org_path_id(r, "/users/batches/", ID_BATCH, r->params[1].id, "");
    TRY(batch_resend(t, &r->actor, r->params[1].id, &resent, &asked));
    return resent == asked ? page_redirect(r, back, NOTICE_INVITATIONS_RESENT)
                           : page_redirect_count(r, back, NOTICE_RESENT_SOME, resent);
}

err console_batch_links_form(request *r, txn *t)
{
    invitation_link_view *links;
    size_t count;
    TRY(batch_links(t, &r->actor, r->params[1].id, &links, &count));
    r->has_secret = true;
    answer_header(r, S("Content-Disposition"), S("attachment; filename=\"invitations.csv\""));
    str marked = arena_join(r->a, S("\xef\xbb\xbf"), links_csv(r->a, links, count)); /* else Excel reads no UTF-8 */
    return answer_bytes(r, 200, S("text/csv; charset=utf-8"), marked);
}
