/* One's own passkeys: adding is the script's work, since a browser makes them; the rest are pages like any other. */
#include "domain/account/factor.h"
#include "domain/account/passkey.h"
#include "domain/account/passkey_offer.h"
#include "domain/account/user_agent.h"
#include "console/console.h"
#include "limits_table.h"

static str passkey_path(const request *r, uuid id, const char *rest)
{
    return me_path(r, arena_join(r->a, S("/passkeys/"), id_text(r, ID_PASSKEY, id), str_of(rest)));
}

err put_passkeys(request *r, txn *t, mval *security)
{
    passkey_view *rows;
    size_t count;
    TRY(passkey_list(t, r->actor.account_id, &rows, &count));
    mval *list = m_set_list(security, S("passkeys"));
    for (size_t i = 0; i < count; i++) {
        mval *o = m_add_object(list);
        PUT(o, "name", rows[i].name);
        PUT(o, "created_text", TEXT(r, "passkey.created", {S("when"), date_text(r, rows[i].created_at)}));
        PUT(o, "used_text",
            rows[i].last_used_at
                ? TEXT(r, "passkey.used", {S("when"), phrase_ago(r->a, r->lang, rows[i].last_used_at, t->now)})
                : text(r, "passkey.never_used"));
        PUT(o, "url", passkey_path(r, rows[i].id, ""));
    }
    PUT_BOOL(security, "passkeys_possible", passkey_possible(&r->app->env, r->a));
    PUT_BOOL(security, "passkeys_full", count >= PASSKEYS_MAX);
    PUT(security, "passkey_add_url", me_path(r, S("/passkeys")));
    return OK;
}

/* What a new passkey is called unless somebody says otherwise. */
static str suggestion(request *r)
{
    device d = device_of(r->actor.user_agent);
    return d.browser.p && d.system.p ? TEXT(r, "me.session_device", {S("browser"), d.browser}, {S("system"), d.system})
                                     : text(r, "passkey.unnamed");
}

err console_passkey_add_page(request *r, txn *t)
{
    account_view me;
    str hash;
    mval *m;
    TRY(change_open(r, t, STR_NONE, "/passkeys", &m));
    TRY(account_get(t, r->actor.account_id, &me));
    TRY(password_current(t, r->actor.account_id, &hash));
    bool codes_first = hash.p && me.factors.recovery_codes == 0; /* without any, a lost passkey locks its holder out */
    str added = me_path(r, S(""));
    PUT(m, "done_url",
        codes_first ? me_path(r, S("/recovery-codes"))
                    : arena_join(r->a, added, str_find_byte(added, '?') < added.n ? S("&") : S("?"), S("notice="),
                                 notice_table[NOTICE_PASSKEY_ADDED].key));
    PUT(m_set_object(m, S("form")), "name", suggestion(r));
    PUT_BOOL(m, "passkeys_possible", passkey_possible(&r->app->env, r->a));
    return page_answer(r, 200, "passkey_add", m);
}

/* One passkey's page: its name, and the way to remove it. */
static err passkey_open(request *r, txn *t, mval **out)
{
    passkey_view *rows;
    size_t count, at = 0;
    account_view me;
    str hash;
    bool demanded;
    TRY(passkey_list(t, r->actor.account_id, &rows, &count));
    while (at < count && !uuid_eq(rows[at].id, r->params[0].id))
        at++;
    if (at == count)
        return ERR_NOT_FOUND;
    TRY(change_open(r, t, STR_NONE, "", out));
    TRY(account_get(t, r->actor.account_id, &me));
    TRY(password_current(t, r->actor.account_id, &hash));
    TRY(factors_demanded(t, r->actor.account_id, &demanded));
    PUT(*out, "passkey_name", rows[at].name);
    PUT(m_set_object(*out, S("form")), "name", rows[at].name);
    PUT(*out, "rename_url", passkey_path(r, rows[at].id, ""));
    PUT(*out, "remove_url", passkey_path(r, rows[at].id, "/remove"));
    PUT_BOOL(*out, "is_only_way", count == 1 && !hash.p);
    PUT_BOOL(*out, "is_demanded", count == 1 && hash.p && demanded && !me.factors.totp);
    return OK;
}

err console_passkey_page(request *r, txn *t)
{
    mval *m;
    TRY(passkey_open(r, t, &m));
    return page_answer(r, 200, "passkey", m);
}

err console_passkey_form(request *r, txn *t)
{
    const body_passkey_form *form = r->body;
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, passkey_rename(t, &r->actor, r->params[0].id, form->name));
    if (refusal == OK)
        return me_redirect(r, NOTICE_PASSKEY_RENAMED);
    TRY(passkey_open(r, t, &m));
    PUT(m_set_object(m, S("form")), "name", form->name);
    return page_refused(r, refusal, "passkey", m);
}

err console_passkey_remove_form_prepare(request *r)
{
    return change_prepare(r);
}

err console_passkey_remove_form(request *r, txn *t)
{
    mval *m;
    err refusal = change_prove(r, t);
    if (refusal == OK) {
        PAGE_ATTEMPT(t, &refusal, passkey_remove(t, &r->actor, r->params[0].id));
        if (refusal == OK)
            return me_redirect(r, NOTICE_PASSKEY_REMOVED);
    }
    TRY(passkey_open(r, t, &m));
    return page_refused(r, refusal, "passkey", m);
}
