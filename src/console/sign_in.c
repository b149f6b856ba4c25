/* Getting in and out, and the language of the pages. */
#include "console/console.h"
#include "domain/account/factor.h"
#include "domain/account/passkey_offer.h"
#include "domain/account/succession.h"

err console_root(request *r, txn *t)
{
    if (r->actor.kind != ACTOR_ACCOUNT)
        return answer_redirect(r, S("/sign-in"));
    if (r->actor.stage == STAGE_PASSWORD)
        return answer_redirect(r, S("/password/new"));
    membership_view *mine;
    size_t count;
    TRY(account_memberships(t, r->actor.account_id, &mine, &count));
    return answer_redirect(r, count ? arena_join(r->a, S("/o/"), mine[0].organization_slug) : S("/me"));
}

err console_set_language(request *r, txn *t)
{
    (void)t;
    const body_set_language *form = r->body;
    language chosen;
    if (language_parse(form->lang, &chosen))
        answer_language_cookie(r, chosen);
    return answer_redirect(r, safe_next(form->next, S("/")));
}

static err sign_in_open(request *r, txn *t, str email, str next, mval **out)
{
    TRY(page_open(r, t, out));
    mval *form = m_set_object(*out, S("form"));
    PUT(form, "email", email);
    PUT(*out, "email", email);
    PUT(*out, "next", next);
    PUT(*out, "forgotten_url", LINK(r->a, S("/password/forgotten"), {S("next"), next}));
    PUT_BOOL(*out, "passkeys_possible", passkey_possible(&r->app->env, r->a));
    return OK;
}

err console_sign_in_page(request *r, txn *t)
{
    const query_sign_in_page *query = r->query;
    str next = safe_next(query->next, STR_NONE);
    bool asked = str_eq(query->notice, notice_table[NOTICE_SIGN_IN_AGAIN].key) ||
                 str_eq(query->notice, notice_table[NOTICE_FORM_NOT_SENT].key);
    bool again = r->actor.kind == ACTOR_ACCOUNT && (asked || r->again);
    if (r->actor.kind == ACTOR_ACCOUNT && !again)
        return answer_redirect(r, next.p ? next : S("/"));
    mval *m;
    TRY(sign_in_open(r, t, again ? r->actor.email : STR_NONE, next, &m));
    if (r->has_twin_cookies) /* else whoever signed in a moment ago would be back here without a word */
        PUT(m, "problem_text", text(r, "sign_in.twin_cookies"));
    return page_answer(r, 200, "sign_in", m);
}

err console_sign_in_form_admit(request *r, txn *t)
{
    const body_sign_in_form *form = r->body;
    sign_in *attempt = r->scratch = arena_new_of(r->a, sign_in);
    *attempt = (sign_in){.email = form->email, .password = form->password, .code_may_follow = true};
    return page_note(r, sign_in_find(t, &r->actor, attempt));
}

err console_sign_in_form_prepare(request *r)
{
    sign_in_verify(r->a, r->scratch);
    return OK;
}

/* Whoever showed the right one, too late: who can issue another, and the button that asks. */
static err put_asking_for(request *r, txn *t, mval *m)
{
    const sign_in *attempt = r->scratch;
    invitation_key key = {0};
    invitation_door door;
    err e = door_asking_link(t, attempt->account_id, &key.token);
    if (e == OK)
        e = invitation_lookup(t, &r->actor, &key, &door);
    if (e != OK)
        return e == ERR_NOT_FOUND || e == ERR_INVITATION_INVALID ? OK : e;
    put_asking(r, m, &door, key.token, t->now);
    return OK;
}

err console_sign_in_form(request *r, txn *t)
{
    const body_sign_in_form *form = r->body;
    str next = safe_next(form->next, STR_NONE);
    signed_in in;
    err refusal = page_recall(r);
    if (refusal == OK)
        refusal = sign_in_finish(t, &r->actor, r->scratch, &in);
    if (refusal == OK) {
        if (r->actor.kind == ACTOR_ACCOUNT)
            TRY(sign_out(t, &r->actor));
        return page_enter(r, &in, next);
    }
    mval *m;
    TRY(sign_in_open(r, t, form->email, next, &m));
    if (refusal == ERR_SIGN_IN_FAILED || refusal == ERR_TEMPORARY_PASSWORD_EXPIRED) {
        PUT(m, "problem_text", problem_detail(r, refusal));
        if (refusal == ERR_TEMPORARY_PASSWORD_EXPIRED)
            TRY(put_asking_for(r, t, m));
        return page_answer(r, 401, "sign_in", m);
    }
    return page_refused(r, refusal, "sign_in", m);
}

err console_sign_out_form(request *r, txn *t)
{
    TRY(sign_out(t, &r->actor));
    answer_session_ended(r);
    return page_redirect(r, S("/sign-in"), NOTICE_SIGNED_OUT);
}

/* ---- the second factor ---- */

static err factor_open(request *r, const account_view *me, str next, mval **out)
{
    TRY(page_open(r, NULL, out)); /* half a session sees no organizations */
    mval *m = *out;
    PUT(m, "next", next);
    PUT(m, "email", r->actor.email);
    PUT_BOOL(m, "has_totp", me->factors.totp);
    PUT_BOOL(m, "has_passkeys", me->factors.passkeys > 0);
    PUT_BOOL(m, "has_recovery_codes", me->factors.recovery_codes > 0);
    return OK;
}

/* For a session that waits for it, and for a full one that an organization asks for more than it has shown. */
err console_factor_page(request *r, txn *t)
{
    const query_factor_page *query = r->query;
    str next = safe_next(query->next, STR_NONE);
    account_view me;
    mval *m;
    if (r->actor.factor_at && caller_is_fresh(&r->actor, t->now))
        return answer_redirect(r, next.p ? next : S("/"));
    TRY(account_get(t, r->actor.account_id, &me));
    if (!factors_any(&me.factors))
        return answer_redirect(r, LINK(r->a, S("/me/totp"), {S("next"), next}));
    TRY(factor_open(r, &me, next, &m));
    return page_answer(r, 200, "sign_in_factor", m);
}

static err raise_by_code(txn *t, const actor *who, str code, signed_in *out)
{
    str sent = spent_sent(t, &code, 1);
    err again = actor_is_former(who) ? succession_again(t, who, sent, out) : ERR_UNAUTHENTICATED;
    if (again != ERR_UNAUTHENTICATED || who->kind != ACTOR_ACCOUNT)
        return again;
    TRY(factor_take(t, who, who->account_id, code));
    TRY(session_raise(t, who, out));
    return succession_note(t, who, sent, out);
}

err console_factor_form(request *r, txn *t)
{
    const body_factor_form *form = r->body;
    str next = safe_next(form->next, STR_NONE);
    signed_in fresh;
    account_view me;
    mval *m;
    err refusal = raise_by_code(t, &r->actor, form->code, &fresh);
    if (refusal == ERR_UNAUTHENTICATED)
        return refusal;
    if (refusal == OK) {
        answer_session(r, &fresh);
        return answer_redirect(r, next.p ? next : S("/"));
    }
    TRY(account_get(t, r->actor.account_id, &me));
    TRY(factor_open(r, &me, next, &m));
    PUT_BOOL(m, "is_recovery", form->recovery);
    return page_refused(r, refusal, "sign_in_factor", m);
}
