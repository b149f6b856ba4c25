/* The operator's own routes. */
#include "api/view.h"
#include "bodies.h"
#include "routes.h"

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
    TRY(account_by_email(t, q->email, &account));
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
    json_close(&w, '}');
    return OK;
}

err api_server_reset_password(request *r, txn *t)
{
    const body_server_reset_password *b = r->body;
    str url;
    TRY(password_link(t, &r->actor, b->email, &url));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    answer_secret(r, &w, S("url"), url);
    json_close(&w, '}');
    return OK;
}
