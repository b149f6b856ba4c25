/* The operator's own routes. */
#include "api/view.h"
#include "bodies.h"
#include "domain/account/email_change.h"
#include "routes.h"

/* What waits is no fault: it stands beside the findings, where there is any. */
static err view_waiting(json_writer *w, txn *t)
{
    account_waiting *list;
    size_t n;
    TRY(accounts_waiting(t, &list, &n));
    if (!n)
        return OK;
    json_open(w, S("waiting"), '[');
    for (size_t i = 0; i < n; i++) {
        json_open(w, STR_NONE, '{');
        json_id(w, S("account"), ID_ACCOUNT, list[i].id);
        json_time(w, S("until"), list[i].until);
        json_close(w, '}');
    }
    json_close(w, ']');
    return OK;
}

/* Which earlier addresses can still take the account back: a password that the operator helps to ends none of them. */
static err view_undos(json_writer *w, txn *t, uuid account_id)
{
    email_undo_standing *list;
    size_t n;
    TRY(email_undos_standing(t, account_id, &list, &n));
    json_open(w, S("earlier_addresses"), '[');
    for (size_t i = 0; i < n; i++) {
        json_open(w, STR_NONE, '{');
        json_str(w, S("email"), list[i].email);
        json_time(w, S("until"), list[i].until);
        json_str(w, S("takes"), list[i].is_share ? S("share") : S("account"));
        json_close(w, '}');
    }
    json_close(w, ']');
    return OK;
}

err api_server_check(request *r, txn *t)
{
    str *findings, *broken;
    size_t n, damaged;
    TRY(store_integrity(t, &broken, &damaged));
    TRY(organization_recount(t, &findings, &n));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_bool(&w, S("sound"), n + damaged == 0);
    json_open(&w, S("findings"), '[');
    for (size_t i = 0; i < damaged; i++)
        json_str(&w, STR_NONE, broken[i]);
    for (size_t i = 0; i < n; i++)
        json_str(&w, STR_NONE, findings[i]);
    json_close(&w, ']');
    TRY(view_waiting(&w, t));
    json_close(&w, '}');
    return OK;
}

err api_server_list_mail(request *r, txn *t)
{
    const query_server_list_mail *q = r->query;
    page p = PAGE_OF(q);
    mail_view *list;
    size_t n;
    TRY(mail_list(t, UUID_NONE, &p, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++)
        view_mail(&w, &list[i]);
    view_list_close(&w, &p);
    return OK;
}

err api_server_retry_mail(request *r, txn *t)
{
    int64_t count;
    TRY(mail_retry(t, &r->actor, &count));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_int(&w, S("retried"), count);
    json_close(&w, '}');
    return OK;
}

err api_server_show_account(request *r, txn *t)
{
    const query_server_show_account *q = r->query;
    account_view account;
    membership_view *places;
    size_t n;
    TRY(account_find(t, q->email, &account));
    TRY(account_memberships(t, account.id, &places, &n));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    view_account(&w, S("account"), &account);
    json_open(&w, S("memberships"), '[');
    for (size_t i = 0; i < n; i++) {
        json_open(&w, STR_NONE, '{');
        json_str(&w, S("organization"), places[i].organization_slug);
        json_str(&w, S("role"), places[i].role);
        json_time(&w, S("joined_at"), places[i].joined_at);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    TRY(view_undos(&w, t, account.id));
    json_close(&w, '}');
    return OK;
}

err api_server_reset_password(request *r, txn *t)
{
    const body_server_reset_password *b = r->body;
    str url;
    account_view account;
    TRY(password_link(t, &r->actor, b->email, &url));
    TRY(account_by_email(t, b->email, &account));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    answer_secret(r, &w, S("url"), url);
    TRY(view_undos(&w, t, account.id));
    json_close(&w, '}');
    return OK;
}
