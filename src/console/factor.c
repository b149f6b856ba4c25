/* One's own second factors: setting up an authenticator app, recovery codes, taking them away. */
#include "domain/account/factor.h"
#include "console/console.h"
#include "limits_table.h"
#include "ports/qr.h"
#include "ports/template.h"

typedef body_totp_form proof_form; /* all that change something ask alike who does it */

err put_security(request *r, txn *t, mval *m)
{
    account_view me;
    TRY(account_get(t, r->actor.account_id, &me));
    mval *s = m_set_object(m, S("security"));
    TRY(put_passkeys(r, t, s));
    PUT_BOOL(s, "has_totp", me.factors.totp);
    PUT_BOOL(s, "has_factor", factors_any(&me.factors));
    PUT_BOOL(s, "is_short", me.factors.recovery_codes < 3);
    PUT(s, "codes_text", text_count(r, "security.codes_left", me.factors.recovery_codes));
    PUT(s, "totp_url", me_path(r, me.factors.totp ? S("/totp/remove") : S("/totp")));
    PUT(s, "codes_url", me_path(r, S("/recovery-codes")));
    return OK;
}

/* ---- who makes the change ---- */

/* Of all these forms: they have the same fields. */
err admit_change(request *r, txn *t)
{
    const proof_form *form = r->body;
    sign_in *in = r->scratch = arena_new_of(r->a, sign_in);
    *in = (sign_in){.email = r->actor.email, .password = some(form->current_password)};
    r->no_work = !in->password.p;
    return page_note(r, r->no_work ? OK : sign_in_find(t, &r->actor, in));
}

err change_prepare(request *r)
{
    sign_in_verify(r->a, r->scratch);
    return OK;
}

err change_prove(request *r, txn *t)
{
    err refusal = page_recall(r);
    if (refusal == OK)
        refusal = caller_proved(t, &r->actor, r->scratch, STR_NONE);
    if (refusal == ERR_SIGN_IN_FAILED)
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/current_password"), S("wrong-password"), 0);
    return refusal;
}

err change_open(request *r, txn *t, str next, const char *action, mval **out)
{
    str hash;
    TRY(page_open(r, t, out));
    mval *m = *out;
    PUT_BOOL(m, "is_me_page", true);
    PUT_BOOL(m, "is_change", true);
    PUT(m, "next", next);
    PUT(m, "action_url", me_path(r, str_of(action)));
    page_back(r, m, arena_join(r->a, me_path(r, S("")), S("#security")), "me.title");
    if (caller_is_fresh(&r->actor, t->now))
        return OK;
    TRY(password_current(t, r->actor.account_id, &hash));
    PUT_BOOL(m, "needs_password", hash.p != NULL);
    PUT_BOOL(m, "needs_factor", hash.p == NULL);
    PUT(m, "factor_url", LINK(r->a, S("/sign-in/factor"), {S("next"), link_here(r)}));
    return OK;
}

/* ---- the app ---- */

static err totp_open(request *r, txn *t, str next, mval **out)
{
    bool demanded;
    TRY(change_open(r, t, next, "/totp", out));
    TRY(factors_demanded(t, r->actor.account_id, &demanded));
    PUT_BOOL(*out, "is_demanded", demanded && !r->actor.factor_at);
    return OK;
}

err console_totp_page(request *r, txn *t)
{
    const query_totp_page *query = r->query;
    mval *m;
    TRY(totp_open(r, t, safe_next(query->next, STR_NONE), &m));
    return page_answer(r, 200, "totp", m);
}

err console_totp_form_prepare(request *r)
{
    return change_prepare(r);
}

/* "ABCD EFGH …": typed by hand in fours. */
static str in_fours(arena *a, str secret)
{
    BUF_SCOPED out = {0};
    for (size_t at = 0; at < secret.n; at += 4) {
        if (at)
            buf_byte(&out, ' ');
        buf_add(&out, str_slice(secret, at, at + 4));
    }
    return arena_str(a, buf_str(&out));
}

/* The one page that shows the secret is the answer to this form; what confirms it never shows it again. */
err console_totp_form(request *r, txn *t)
{
    const proof_form *form = r->body;
    totp_setup made;
    qr_drawing drawing;
    mval *m;
    err refusal = change_prove(r, t);
    if (refusal == OK)
        refusal = totp_begin(t, &r->actor, &made);
    TRY(totp_open(r, t, safe_next(form->next, STR_NONE), &m));
    if (refusal != OK)
        return page_refused(r, refusal, "totp", m);
    TRY(qr_draw(r->a, made.uri, &drawing));
    mval *qr = m_set_object(m, S("qr"));
    PUT_INT(qr, "size", drawing.size);
    PUT(qr, "path", drawing.path);
    PUT(m, "secret", in_fours(r->a, made.secret));
    PUT(m, "app_url", made.uri);
    PUT(m, "action_url", me_path(r, S("/totp/confirm")));
    r->has_secret = true;
    return page_answer(r, 200, "totp_confirm", m);
}

static err answer_codes(request *r, txn *t, str next, const str codes[RECOVERY_CODES])
{
    mval *m;
    TRY(change_open(r, t, next, "/recovery-codes/kept", &m));
    mval *list = m_set_list(m, S("codes"));
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        PUT(m_add_object(list), "code", codes[i]);
    r->has_secret = true;
    return page_answer(r, 200, "recovery_codes_shown", m);
}

static err confirm_open(request *r, txn *t, mval **out)
{
    const body_totp_confirm_form *form = r->body;
    str next = safe_next(form->next, STR_NONE);
    TRY(change_open(r, t, next, "/totp/confirm", out));
    PUT(*out, "again_url", LINK(r->a, me_path(r, S("/totp")), {S("next"), next}));
    return OK;
}

err console_totp_confirm_form(request *r, txn *t)
{
    const body_totp_confirm_form *form = r->body;
    str codes[RECOVERY_CODES];
    mval *m;
    err refusal = totp_confirm(t, &r->actor, form->code, codes);
    if (refusal == OK)
        return answer_codes(r, t, safe_next(form->next, STR_NONE), codes);
    TRY(confirm_open(r, t, &m));
    return page_refused(r, refusal, "totp_confirm", m);
}

err console_totp_confirm_form_again(request *r, txn *t)
{
    mval *m;
    TRY(confirm_open(r, t, &m));
    return page_answer(r, 200, "totp_confirm", m);
}

static err remove_open(request *r, txn *t, mval **out)
{
    account_view me;
    bool demanded;
    TRY(change_open(r, t, STR_NONE, "/totp/remove", out));
    TRY(account_get(t, r->actor.account_id, &me));
    TRY(factors_demanded(t, r->actor.account_id, &demanded));
    PUT_BOOL(*out, "is_last", me.factors.passkeys == 0);
    PUT_BOOL(*out, "is_demanded", demanded && me.factors.passkeys == 0);
    return OK;
}

err console_totp_remove_page(request *r, txn *t)
{
    mval *m;
    TRY(remove_open(r, t, &m));
    return page_answer(r, 200, "totp_remove", m);
}

err console_totp_remove_form_prepare(request *r)
{
    return change_prepare(r);
}

err console_totp_remove_form(request *r, txn *t)
{
    mval *m;
    err refusal = change_prove(r, t);
    if (refusal == OK)
        refusal = totp_remove(t, &r->actor);
    if (refusal == OK)
        return me_redirect(r, NOTICE_TOTP_REMOVED);
    TRY(remove_open(r, t, &m));
    return page_refused(r, refusal, "totp_remove", m);
}

/* ---- recovery codes ---- */

err console_recovery_codes_page(request *r, txn *t)
{
    mval *m;
    TRY(change_open(r, t, STR_NONE, "/recovery-codes", &m));
    TRY(put_security(r, t, m));
    return page_answer(r, 200, "recovery_codes", m);
}

err console_recovery_codes_form_prepare(request *r)
{
    return change_prepare(r);
}

err console_recovery_codes_form(request *r, txn *t)
{
    str codes[RECOVERY_CODES];
    mval *m;
    err refusal = change_prove(r, t);
    if (refusal == OK)
        refusal = recovery_codes_renew(t, &r->actor, codes);
    if (refusal == OK)
        return answer_codes(r, t, STR_NONE, codes);
    TRY(change_open(r, t, STR_NONE, "/recovery-codes", &m));
    TRY(put_security(r, t, m));
    return page_refused(r, refusal, "recovery_codes", m);
}

/* The codes as a file: from the page that shows them, since the server keeps their hashes alone. */
err console_recovery_codes_file(request *r, txn *t)
{
    const body_recovery_codes_file *form = r->body;
    const str *typed = form->codes.items;
    BUF_SCOPED out = {0};
    char code[CODE_LENGTH + 1];
    mval *m = m_object(r->a), *list = m_set_list(m, S("codes"));
    for (size_t i = 0; i < form->codes.count; i++)
        if (code_normalise(typed[i], code))
            PUT(m_add_object(list), "code", code_display(r->a, str_of(code)));
    PUT(m, "email", r->actor.email);
    PUT(m, "when_text", date_text(r, t->now));
    TRY(template_render(S("recovery_codes.txt"), r->lang, m, &out));
    answer_header(r, S("Content-Disposition"), S("attachment; filename=\"parvis-recovery-codes.txt\""));
    r->has_secret = true;
    return answer_bytes(r, 200, S("text/plain; charset=utf-8"), buf_str(&out));
}

/* Ticked: they are kept. */
err console_recovery_codes_kept(request *r, txn *t)
{
    (void)t;
    const body_recovery_codes_kept *form = r->body;
    str next = safe_next(form->next, STR_NONE);
    return next.p ? answer_redirect(r, next) : me_redirect(r, NOTICE_FACTOR_SAVED);
}
