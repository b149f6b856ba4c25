/* The invitations' tab, and what can be done to one invitation or to those that are ticked. */
#include "console/console.h"
#include "domain/invitation/change.h"
#include "domain/invitation/temporary.h"

/* ---- rows ---- */

static void put_delivery(request *r, mval *m, const invitation_view *v, msec now)
{
    if (str_empty(v->delivery_state) || mail_state_is(v->delivery_state, MAIL_STATE_NONE))
        return;
    mval *d = m_set_object(m, S("delivery"));
    PUT(d, "text", text_of(r, "delivery", v->delivery_state));
    PUT(d, "at_text", v->delivery_at ? phrase_ago(r->a, r->lang, v->delivery_at, now) : STR_NONE);
    PUT(d, "reply",
        mail_state_is(v->delivery_state, MAIL_STATE_SENT) || mail_state_is(v->delivery_state, MAIL_STATE_KEPT)
            ? STR_NONE
            : some(v->delivery_reply));
    for (const str *word = mail_state_words; word->p; word++)
        m_set_bool(d, arena_join(r->a, S("is_"), *word), str_eq(v->delivery_state, *word));
}

static void put_state(request *r, mval *m, const invitation_view *v, msec now)
{
    bool pending = invitation_state_is(v->state, INVITATION_PENDING),
         expired = invitation_state_is(v->state, INVITATION_EXPIRED);
    PUT(m, "state_text", text_of(r, "invitation_state", v->state));
    for (const str *word = invitation_state_words; word->p; word++)
        m_set_bool(m, arena_join(r->a, S("is_"), *word), str_eq(v->state, *word));
    bool soon = pending && v->expires_at - now < 2 * (msec)MSEC_DAY;
    str date = soon ? moment_text(r, v->expires_at) : day_text(r, v->expires_at, now);
    PUT(m, "expires_text",
        pending || expired ? PHRASE(r->a, r->lang, pending ? S("invitations.expires_on") : S("invitations.expired_on"),
                                    {S("date"), date})
                           : STR_NONE);
    PUT(m, "silenced_text", v->silenced_at ? text(r, "invitations.silenced") : STR_NONE);
    PUT(m, "asked_text",
        v->asked_at ? PHRASE(r->a, r->lang, S("invitations.asked_on"), {S("date"), day_text(r, v->asked_at, now)})
                    : STR_NONE);
}

/* A temporary password that is used up or past its time is issued again, handed over as before, by one click. */
static void put_burnt(request *r, mval *m, const invitation_view *v, msec now)
{
    bool expired = invitation_state_is(v->state, INVITATION_EXPIRED);
    bool waits = expired || invitation_state_is(v->state, INVITATION_PENDING);
    bool burnt = waits && (v->password_used_at || (expired && method_is(v->method, METHOD_TEMPORARY_PASSWORD)));
    PUT(m, "used_text",
        v->password_used_at && waits ? PHRASE(r->a, r->lang, S("invitations.password_used_on"),
                                              {S("date"), day_text(r, v->password_used_at, now)})
                                     : STR_NONE);
    PUT(m, "reissue_url",
        burnt && (r->actor.may & PERM_INVITATIONS_CREATE)
            ? org_path_id(r, "/users/invitations/", ID_INVITATION, v->id, "/password")
            : STR_NONE);
}

static void put_actions(request *r, mval *m, const invitation_view *v)
{
    bool pending = invitation_state_is(v->state, INVITATION_PENDING),
         open = pending || invitation_state_is(v->state, INVITATION_EXPIRED);
    bool create = r->actor.may & PERM_INVITATIONS_CREATE, revoke = r->actor.may & PERM_INVITATIONS_REVOKE;
    bool asked = v->asked_at && !open; /* declined or revoked, and wanted again */
    bool link = r->actor.may & PERM_INVITATIONS_LINK, password = method_is(v->method, METHOD_TEMPORARY_PASSWORD);
    const struct {
        str name;
        bool offered;
        const char *rest;
    } actions[] = {
        {S("resend_url"), open ? create && !password : create && asked, "/resend"},
        {S("password_url"), open && create && password, "/password"},
        {S("link_url"), pending && link, "/link"},
        {S("correct_url"), pending && create && revoke, "/correct"},
        {S("revoke_url"), open && revoke, "/revoke"},
    };
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        m_set_str(m, actions[i].name,
                  actions[i].offered ? org_path_id(r, "/users/invitations/", ID_INVITATION, v->id, actions[i].rest)
                                     : STR_NONE);
    bool batch = !uuid_none(v->batch_id);
    PUT(m, "batch_url", batch ? org_path_id(r, "/users/batches/", ID_BATCH, v->batch_id, "") : STR_NONE);
    PUT_BOOL(m, "has_menu", (open && (create || revoke)) || (asked && create) || batch);
    PUT_BOOL(m, "can_select", (open && (create || revoke)) || (asked && create));
}

err put_invitation_rows(request *r, txn *t, mval *m, const invitation_view *rows, size_t count)
{
    mval *list = m_set_list(m, S("invitations"));
    for (size_t i = 0; i < count; i++) {
        const invitation_view *v = &rows[i];
        mval *o = m_add_object(list);
        str inviter = phrase_name(r->a, v->inviter_given_name, v->inviter_family_name);
        PUT(o, "id", id_text(r, ID_INVITATION, v->id));
        PUT(o, "email", v->email);
        PUT(o, "full_name", phrase_name(r->a, v->given_name, v->family_name));
        PUT(o, "role_text", text_of(r, "role", v->role));
        PUT_BOOL(o, "is_temporary", method_is(v->method, METHOD_TEMPORARY_PASSWORD));
        const char *nobody = uuid_none(v->invited_by_id) ? "invitations.operator" : "account.closed";
        PUT(o, "invited_by_name", inviter.p ? inviter : text(r, nobody));
        PUT(o, "created_at", machine_time(r, v->created_at));
        PUT(o, "created_at_text", day_text(r, v->created_at, t->now));
        PUT(o, "sent_text", v->sent_count > 1 ? text_count(r, "delivery.sent_count", v->sent_count) : STR_NONE);
        put_state(r, o, v, t->now);
        put_burnt(r, o, v, t->now);
        put_delivery(r, o, v, t->now);
        put_actions(r, o, v);
    }
    PUT_BOOL(m, "mail_kept", mail_is_kept(r));
    return OK;
}

/* ---- the list ---- */

static str invitations_link(request *r, const query_invitations_page *q, str cursor)
{
    return LINK(r->a, org_path(r, "/users/invitations"), {S("q"), q->q}, {S("state"), q->state}, {S("cursor"), cursor});
}

static void put_list_frame(request *r, mval *m, const query_invitations_page *q, const page *p)
{
    mval *filter = m_set_object(m, S("filter"));
    PUT(filter, "q", q->q);
    str words[INVITATION_STORED + 1];
    for (size_t i = 0; i < INVITATION_STORED; i++)
        words[i] = invitation_state_words[i];
    words[INVITATION_STORED] = S("asked");
    put_choices(r, filter, "state_options", "invitation_state", words, INVITATION_STORED + 1, q->state);
    PUT_BOOL(m, "is_filtered", !str_empty(q->q) || !str_empty(q->state));
    PUT(m, "clear_url", org_path(r, "/users/invitations"));
    PUT(m, "retry_url", link_here(r));
    PUT(m, "count_text", text_total(r, "invitations.count", p->total, p->more));
    put_paging(m, q->cursor, invitations_link(r, q, STR_NONE), p->next, invitations_link(r, q, p->next));
}

err console_invitations_page(request *r, txn *t)
{
    const query_invitations_page *q = r->query;
    bool asked = str_eq(q->state, S("asked")); /* among the states, though it is none: it is looked for there */
    invitation_filter f = {.state = asked ? STR_NONE : some(q->state), .q = some(q->q), .asked = asked};
    organization_view o;
    page p = {.cursor = some(q->cursor), .count = true, .count_most = COUNT_MOST};
    invitation_view *rows = NULL;
    size_t count = 0;
    mval *m;
    TRY(page_open(r, t, &m));
    TRY(put_users_tabs(r, t, m, true, &o));
    err failed = invitation_list(t, o.id, &f, &p, &rows, &count);
    if (is_search_refused(r, failed))
        return failed;
    if (failed == ERR_INVALID_REQUEST) /* an old or mistyped address: the list from its beginning */
        return answer_redirect(r, org_path(r, "/users/invitations"));
    if (failed != OK && failed != ERR_UNAVAILABLE)
        return failed;
    PUT_BOOL(m_set_object(m, S("list")), "is_failed", failed != OK);
    put_list_frame(r, m, q, &p);
    PUT_BOOL(m, "has_invitations", count > 0);
    PUT_BOOL(m, "can_pick", true);
    TRY(put_invitation_rows(r, t, m, rows, count));
    return page_answer(r, failed == OK ? 200 : 503, "invitations", m);
}

/* ---- several at once ---- */

/* Each by itself: one that changed meanwhile does not stop the others. */
static err do_each(request *r, txn *t, const body_invitations_bulk_form *form, err (*act)(txn *, const actor *, uuid),
                   size_t *done)
{
    *done = 0;
    for (size_t i = 0; i < form->invitation.count; i++) {
        uuid id;
        err refusal;
        if (!typeid_parse(((const str *)form->invitation.items)[i], ID_INVITATION, &id))
            return ERR_NOT_FOUND;
        PAGE_ATTEMPT(t, &refusal, act(t, &r->actor, id));
        *done += refusal == OK;
    }
    return OK;
}

/* Temporary passwords that would have to be shown stay as they are: they have a page of their own. */
static err resend_mailed(txn *t, const actor *by, uuid id)
{
    return invitation_resend(t, by, &id, NULL);
}

err console_invitations_bulk_form(request *r, txn *t)
{
    const body_invitations_bulk_form *form = r->body;
    bool revoke = str_eq(form->action, S("revoke"));
    str list = org_path(r, "/users/invitations");
    size_t done;
    if (!form->invitation.count)
        return page_redirect(r, list, NOTICE_NOTHING_SELECTED);
    if (revoke && !(r->actor.may & PERM_INVITATIONS_REVOKE))
        return ERR_FORBIDDEN;
    if (!revoke && !str_eq(form->action, S("resend")))
        return ERR_INVALID_REQUEST;
    TRY(do_each(r, t, form, revoke ? invitation_revoke : resend_mailed, &done));
    if (done < form->invitation.count)
        return page_redirect(r, list, NOTICE_SOME_FAILED);
    return page_redirect(r, list, revoke ? NOTICE_INVITATIONS_REVOKED : NOTICE_INVITATIONS_RESENT);
}
