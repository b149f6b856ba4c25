/* Closing one's account: a page that says what goes and asks, then the end. */
#include "console/console.h"
#include "domain/lifecycle/closing.h"

static err closing_open(request *r, txn *t, mval **out)
{
    closing_place *places;
    size_t count;
    int64_t keys = 0, pending = 0;
    bool last = false;
    msec until;
    str hash;
    TRY(page_open(r, t, out));
    mval *m = *out;
    TRY(password_current(t, r->actor.account_id, &hash));
    TRY(closing_preview(t, r->actor.account_id, &places, &count));
    mval *owned = m_set_list(m, S("owned")), *goes = m_set_list(m, S("goes"));
    for (size_t i = 0; i < count; i++) {
        m_add(goes, m_str(r->a, TEXT(r, "removal.membership", {S("organization_name"), places[i].name})));
        keys += places[i].api_keys;
        pending += places[i].pending_invitations;
        last = last || places[i].last_owner;
        if (!places[i].last_owner)
            continue;
        mval *o = m_add_object(owned);
        PUT(o, "name", places[i].name);
        PUT(o, "initial", initials(r, places[i].name, STR_NONE));
        PUT(o, "url", arena_join(r->a, S("/o/"), places[i].slug, S("/users")));
    }
    if (keys)
        m_add(goes, m_str(r->a, text(r, "removal.keys")));
    if (pending)
        m_add(goes, m_str(r->a, text_count(r, "closing.pending", pending)));
    PUT_BOOL(m, "is_last_owner", last);
    TRY(closing_undoable(t, r->actor.account_id, &until));
    if (until && !last)
        PUT(m, "undoable_text", TEXT(r, "closing.undoable", {S("until"), moment_text(r, until)}));
    PUT_BOOL(m, "may_close", !last && !until);
    PUT_BOOL(m, "is_change", true);
    PUT_BOOL(m, "has_password", hash.n > 0);
    page_back(r, m, me_path(r, S("")), "closing.back");
    PUT(m, "action_url", me_path(r, S("/close")));
    return OK;
}

err console_me_close_page(request *r, txn *t)
{
    mval *m;
    TRY(closing_open(r, t, &m));
    return page_answer(r, 200, "me_close", m);
}

err console_me_close_form_admit(request *r, txn *t)
{
    const body_me_close_form *form = r->body;
    sign_in *proof = r->scratch = arena_new_of(r->a, sign_in);
    *proof = (sign_in){.email = r->actor.email, .password = form->current_password};
    return page_note(r, sign_in_find(t, &r->actor, proof));
}

err console_me_close_form_prepare(request *r)
{
    sign_in_verify(r->a, r->scratch);
    return OK;
}

err console_me_close_form(request *r, txn *t)
{
    mval *m;
    err refusal = page_recall(r);
    if (refusal == OK)
        refusal = holder_check(t, &r->actor, r->scratch);
    if (refusal == OK)
        PAGE_ATTEMPT(t, &refusal, account_close(t, &r->actor, r->actor.account_id));
    if (refusal == OK) {
        answer_session_ended(r);
        return page_redirect(r, S("/sign-in"), NOTICE_ACCOUNT_CLOSED);
    }
    if (refusal == ERR_SIGN_IN_FAILED)
        refusal = problem_at(&r->problem, ERR_INVALID_REQUEST, S("/current_password"), S("wrong-password"), 0);
    TRY(closing_open(r, t, &m));
    return page_refused(r, refusal, "me_close", m);
}
