/* One's own account: name and language, password, sessions, proof of the address. */
#include "console/console.h"
#include "domain/account/factor.h"
#include "domain/account/succession.h"
#include "domain/account/user_agent.h"

/* ---- the page ---- */

static str device_text(request *r, str user_agent)
{
    device d = device_of(user_agent);
    if (!d.browser.p || !d.system.p)
        return d.browser.p ? d.browser : text(r, "me.session_unknown");
    return TEXT(r, "me.session_device", {S("browser"), d.browser}, {S("system"), d.system});
}

static err put_sessions(request *r, txn *t, mval *m)
{
    session_view *rows;
    size_t count;
    TRY(account_sessions(t, r->actor.account_id, &rows, &count));
    mval *list = m_set_list(m, S("sessions"));
    for (size_t i = 0; i < count; i++) {
        mval *o = m_add_object(list);
        str id = id_text(r, ID_SESSION, rows[i].id);
        PUT(o, "id", id);
        PUT(o, "device_text", device_text(r, rows[i].user_agent));
        PUT(o, "source", rows[i].source);
        PUT(o, "place", place_of(r->app->env.places, r->a, r->lang, rows[i].source));
        PUT(o, "seen_text",
            TEXT(r, "me.session_seen", {S("when"), phrase_ago(r->a, r->lang, rows[i].seen_at, t->now)}));
        PUT_BOOL(o, "is_current", uuid_eq(rows[i].id, r->actor.session_id));
        PUT(o, "end_url", me_path(r, arena_join(r->a, S("/sessions/"), id, S("/end"))));
    }
    PUT_BOOL(m, "many_sessions", count > 1);
    return OK;
}

static err me_open(request *r, txn *t, const account_change *typed, bool proof_sent, mval **out)
{
    TRY(page_open(r, t, out));
    mval *m = *out, *form = m_set_object(m, S("form"));
    PUT_BOOL(m, "is_me_page", true);
    PUT_BOOL(m, "is_change", true);
    PUT(form, "given_name", typed ? typed->given_name : r->actor.given_name);
    PUT(form, "family_name", typed ? typed->family_name : r->actor.family_name);
    mval *locales = m_set_list(m, S("locale_options"));
    str chosen = typed && typed->locale.p ? typed->locale
                 : r->actor.locale.p      ? r->actor.locale
                                          : language_code(r->lang);
    put_languages(locales, chosen);
    str hash;
    TRY(password_current(t, r->actor.account_id, &hash));
    PUT_BOOL(m, "has_password", hash.n > 0);
    PUT_BOOL(m, "needs_password", hash.n > 0); /* to choose another; a first one takes a sign-in of just now */
    PUT_BOOL(m, "needs_factor", hash.n == 0 && !caller_is_fresh(&r->actor, t->now));
    PUT(m, "factor_url", LINK(r->a, S("/sign-in/factor"), {S("next"), me_path(r, S(""))}));
    str zone = typed && typed->time_zone.n ? typed->time_zone : r->actor.own_zone;
    put_zones(r, m, zone, r->actor.own_zone.p ? STR_NONE : text(r, "zone.as_organization"));
    mval *me = m_set_object(m, S("me"));
    put_person(r, me, r->actor.given_name, r->actor.family_name, r->actor.email);
    PUT_BOOL(me, "is_unproved", !r->actor.address_proved);
    PUT_BOOL(me, "proof_sent", proof_sent);
    TRY(put_email_change(r, t, m));
    TRY(put_least(m, t, r->actor.account_id, UUID_NONE));
    TRY(put_security(r, t, m));
    TRY(put_own_invitations(r, t, m));
    TRY(put_silences(r, t, m));
    return put_sessions(r, t, m);
}

err console_me_page(request *r, txn *t)
{
    const query_me_page *query = r->query;
    mval *m;
    TRY(me_open(r, t, NULL, str_eq(query->notice, notice_table[NOTICE_PROOF_SENT].key), &m));
    return page_answer(r, 200, "me", m);
}

err me_page_open(request *r, txn *t, mval **out)
{
    return me_open(r, t, NULL, false, out);
}

err me_page_refused(request *r, mval *m, err refusal, const char *place)
{
    int status = err_about(refusal)->status;
    if (r->problem.field_count || status >= 500)
        return page_refused(r, refusal, "me", m);
    m_set_str(m, str_of(place), problem_detail(r, refusal));
    return page_answer(r, status, "me", m);
}

err console_me_form(request *r, txn *t)
{
    const body_me_form *form = r->body;
    language lang;
    account_change change = {
        .given_name = form->given_name, .family_name = form->family_name, .time_zone = form->time_zone};
    err refusal;
    mval *m;
    if (language_parse(form->locale, &lang))
        change.locale = language_code(lang);
    PAGE_ATTEMPT(t, &refusal, account_update(t, &r->actor, &change));
    if (refusal == OK) {
        if (change.locale.p)
            answer_language_cookie(r, lang);
        return me_redirect(r, NOTICE_PROFILE_SAVED);
    }
    TRY(me_open(r, t, &change, false, &m));
    return me_page_refused(r, m, refusal, "profile_problem_text");
}

/* ---- password ---- */

typedef struct password_work {
    sign_in proof; /* the current password */
    password_terms terms;
    str before, hash;
} password_work;

err console_me_password_form_admit(request *r, txn *t)
{
    const body_me_password_form *form = r->body;
    password_work *work = r->scratch = arena_new_of(r->a, password_work);
    if (r->actor.kind != ACTOR_ACCOUNT)
        return succession_admit(t, &r->actor, &work->terms);
    work->terms.salt = succession_salt(t, &r->actor);
    work->proof = (sign_in){.email = r->actor.email, .password = form->current_password};
    TRY(password_least(t, r->actor.account_id, UUID_NONE, &work->terms.least));
    TRY(password_current(t, r->actor.account_id, &work->before));
    return page_note(r, sign_in_find(t, &r->actor, &work->proof));
}

err console_me_password_form_prepare(request *r)
{
    const body_me_password_form *form = r->body;
    password_work *work = r->scratch;
    str about[] = {r->actor.given_name, r->actor.family_name, r->actor.email};
    if (work->before.p)
        sign_in_verify(r->a, &work->proof);
    if (work->before.p && !work->proof.right && !actor_is_former(&r->actor))
        return OK; /* the handler notes the wrong try */
    return page_note(r, password_prepare(&work->terms, r->a, &r->problem, S("/password"), form->new_password, about,
                                         sizeof about / sizeof about[0], &work->hash));
}

static err change_password(txn *t, const actor *who, const password_work *work, signed_in *fresh)
{
    str sent = spent_sent(t, &work->hash, 1);
    err again = actor_is_former(who) ? succession_again_by_password(t, who, sent, fresh) : ERR_UNAUTHENTICATED;
    if (again != ERR_UNAUTHENTICATED || who->kind != ACTOR_ACCOUNT)
        return again;
    TRY(password_change(t, who, &work->proof, work->hash, fresh));
    return succession_note(t, who, sent, fresh);
}

err console_me_password_form(request *r, txn *t)
{
    const password_work *work = r->scratch;
    signed_in fresh;
    mval *m;
    err refusal = page_recall(r);
    if (refusal == OK)
        refusal = change_password(t, &r->actor, work, &fresh);
    if (refusal == ERR_UNAUTHENTICATED)
        return refusal;
    if (refusal == OK) {
        answer_session(r, &fresh);
        return me_redirect(r, NOTICE_PASSWORD_CHANGED);
    }
    if (refusal == ERR_SIGN_IN_FAILED)
        refusal = problem_at(&r->problem, ERR_INVALID_REQUEST, S("/current_password"), S("wrong-password"), 0);
    TRY(me_page_open(r, t, &m));
    return me_page_refused(r, m, refusal, "password_problem_text");
}

/* ---- sessions, address ---- */

err console_me_session_end_form(request *r, txn *t)
{
    TRY(session_end(t, &r->actor, r->params[0].id));
    return me_redirect(r, NOTICE_SESSION_ENDED);
}

err console_me_sessions_end_form(request *r, txn *t)
{
    TRY(sessions_end_others(t, &r->actor));
    return me_redirect(r, NOTICE_SESSIONS_ENDED);
}

err console_me_proof_form(request *r, txn *t)
{
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, address_proof_request(t, &r->actor));
    if (refusal == OK)
        return me_redirect(r, NOTICE_PROOF_SENT);
    TRY(me_page_open(r, t, &m));
    return me_page_refused(r, m, refusal, "proof_problem_text");
}

err console_me_proof_confirm_form(request *r, txn *t)
{
    const body_me_proof_confirm_form *form = r->body;
    mval *m;
    err refusal = address_proof_confirm(t, &r->actor, form->code);
    if (refusal == OK)
        return me_redirect(r, NOTICE_ADDRESS_PROVED);
    if (refusal != ERR_TOKEN_INVALID)
        return refusal;
    TRY(me_open(r, t, NULL, true, &m));
    PUT(m, "proof_problem_text", text(r, "me.code_wrong"));
    return page_answer(r, 422, "me", m);
}

err console_me_proof_confirm_form_again(request *r, txn *t)
{
    mval *m;
    TRY(me_open(r, t, NULL, true, &m));
    return page_answer(r, 200, "me", m);
}
