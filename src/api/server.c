/* The operator's own routes. */
#include "api/view.h"
#include "bodies.h"
#include "domain/account/email_change.h"
#include "routes.h"

/* What waits is no fault: it stands beside the findings, where there is any. */
static err waiting_of(const request *r, txn *t, reply_account_waiting **out, size_t *count)
{
    account_waiting *list;
    TRY(accounts_waiting(t, &list, count));
    *out = arena_array_of(r->a, reply_account_waiting, *count);
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = (reply_account_waiting){.account = list[i].id, .until = list[i].until};
    return OK;
}

/* Which earlier addresses can still take the account back: a password that the operator helps to ends none of them. */
static err earlier_of(const request *r, txn *t, uuid account_id, reply_earlier_address **out, size_t *count)
{
    email_undo_standing *list;
    TRY(email_undos_standing(t, account_id, &list, count));
    *out = arena_array_of(r->a, reply_earlier_address, *count);
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = (reply_earlier_address){
            .email = list[i].email, .until = list[i].until, .takes = list[i].is_share ? S("share") : S("account")};
    return OK;
}

static str database_of(const request *r, const txn *t)
{
    return store_name(r->a, t->env->settings->database);
}

err api_server_database(request *r, txn *t)
{
    return REPLY(r, 200, server_database, .database = database_of(r, t));
}

/* `until` stays 0 where nobody knows any more. */
static err waits_of(txn *t, uuid account_id, msec *until)
{
    size_t n;
    account_waiting *list;
    TRY(accounts_waiting(t, &list, &n));
    for (size_t i = 0; i < n; i++)
        *until = uuid_eq(list[i].id, account_id) ? list[i].until : *until;
    return OK;
}

err api_server_check(request *r, txn *t)
{
    str *findings, *broken;
    size_t n, damaged;
    TRY(store_integrity(t, &broken, &damaged));
    TRY(organization_recount(t, &findings, &n));
    str *all = arena_array_of(r->a, str, damaged + n);
    for (size_t i = 0; i < damaged + n; i++)
        all[i] = i < damaged ? broken[i] : findings[i - damaged];
    size_t waiting;
    reply_account_waiting *list;
    TRY(waiting_of(r, t, &list, &waiting));
    return REPLY(r, 200, server_check, .database = database_of(r, t), .sound = n + damaged == 0,
                 .findings = {all, n + damaged}, .waiting = {list, waiting}, .has_waiting = waiting > 0);
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
    TRY(account_named(t, q->email, &account));
    TRY(account_memberships(t, account.id, &places, &n));
    reply_account_place *items = arena_array_of(r->a, reply_account_place, n);
    for (size_t i = 0; i < n; i++)
        items[i] = (reply_account_place){
            .organization = places[i].organization_slug, .role = places[i].role, .joined_at = places[i].joined_at};
    size_t undos;
    reply_earlier_address *earlier;
    TRY(earlier_of(r, t, account.id, &earlier, &undos));
    email_change_pending asked = {0};
    msec until = 0;
    err e = email_change_asked(t, account.id, &asked);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool waits = str_empty(account.email);
    if (waits)
        TRY(waits_of(t, account.id, &until));
    return REPLY(r, 200, account_places, .account = view_account(&account), .memberships = {items, n},
                 .earlier_addresses = {earlier, undos}, .has_email_change = e == OK,
                 .email_change = {.email = asked.email, .requested_at = asked.asked_at, .expires_at = asked.expires_at},
                 .has_waiting = waits, .waiting = {.until = until});
}

err api_server_reset_password(request *r, txn *t)
{
    const body_server_reset_password *b = r->body;
    str url;
    account_view account;
    TRY(password_link(t, &r->actor, b->email, &url));
    size_t undos;
    reply_earlier_address *earlier;
    TRY(account_by_email(t, b->email, &account));
    TRY(earlier_of(r, t, account.id, &earlier, &undos));
    return REPLY(r, 200, password_link, .url = url, .earlier_addresses = {earlier, undos});
}
