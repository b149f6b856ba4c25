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
    str *all = arena_array_of(r->a, str, damaged + n);
    for (size_t i = 0; i < damaged + n; i++)
        all[i] = i < damaged ? broken[i] : findings[i - damaged];
    return REPLY(r, 200, server_check, .sound = n + damaged == 0, .findings = {all, n + damaged});
}

err api_server_list_mail(request *r, txn *t)
{
    const query_server_list_mail *q = r->query;
    page p = PAGE_OF(q);
    mail_view *list;
    size_t n;
    TRY(mail_list(t, UUID_NONE, &p, &list, &n));
    return answer_mails(r, &p, list, n);
}

err api_server_retry_mail(request *r, txn *t)
{
    int64_t count;
    TRY(mail_retry(t, &r->actor, &count));
    return REPLY(r, 200, mail_retried, .retried = count);
}

err api_server_show_account(request *r, txn *t)
{
    const query_server_show_account *q = r->query;
    account_view account;
    membership_view *places;
    size_t n;
    TRY(account_by_email(t, q->email, &account));
    TRY(account_memberships(t, account.id, &places, &n));
    reply_account_place *items = arena_array_of(r->a, reply_account_place, n);
    for (size_t i = 0; i < n; i++)
        items[i] = (reply_account_place){
            .organization = places[i].organization_slug, .role = places[i].role, .joined_at = places[i].joined_at};
    return REPLY(r, 200, account_places, .account = view_account(&account), .memberships = {items, n});
}

err api_server_reset_password(request *r, txn *t)
{
    const body_server_reset_password *b = r->body;
    str url;
    TRY(password_link(t, &r->actor, b->email, &url));
    return REPLY(r, 200, password_link, .url = url);
}
