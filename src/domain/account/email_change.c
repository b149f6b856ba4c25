/* Asking for another address, seeing and ending that, and taking it. Taking the old one back is in email_undo.c. */
#include "domain/account/email_change.h"

#include "domain/account/ways_in.h"
#include "domain/mail/mail.h"
#include "domain/shared/audit.h"
#include "domain/shared/domain_list.h"
#include "domain/shared/held.h"
#include "domain/shared/secret.h"
#include "domain/shared/throttle.h"
#include "ports/address.h"
#include "queries.h"

static const msec lifetimes[EMAIL_COUNT] = {
    [EMAIL_CONFIRM] = EMAIL_CHANGE_LIFETIME,
    [EMAIL_UNDO] = EMAIL_UNDO_LIFETIME, /* nothing that is done at the new address ends it */
};

static err take_or_refuse(txn *t, const rate_rule *rule, str subject)
{
    int64_t taken;
    TRY(rate_take(t, rule, subject, 1, &taken));
    return taken ? OK : ERR_RATE_LIMITED;
}

err email_link_make(txn *t, uuid account_id, email_change_kind kind, str email, str email_key, msec since, str *token)
{
    str hash;
    uuid id = uuid_new(t->now);
    secret_new(t->a, id, UUID_NONE, token, &hash);
    return q_email_change_insert(t, .id = id, .account_id = account_id, .kind = email_change_kind_text(kind),
                                 .email = email, .email_key = email_key, .secret_hash = hash, .created_at = t->now,
                                 .expires_at = t->now + lifetimes[kind], .since_at = since);
}

static err end_asked(txn *t, uuid account_id, int64_t *gone)
{
    return q_ways_email_change(t, gone, .account_id = account_id, .kind = email_change_kind_text(EMAIL_CONFIRM),
                               .since = 0);
}

/* The mail that goes to the new address: a link, or, to whoever has an account already, that somebody asked. */
static err mail_to_new(txn *t, const actor *by, const address *to, str token)
{
    q_account_by_key_row taken;
    mail_order order = {.kind = MAIL_EMAIL_CHANGE,
                        .account_id = by->account_id,
                        .recipient = to->typed,
                        .locale = by->locale,
                        .token = token};
    err e = q_account_by_key(t, &taken, to->key);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == OK && !uuid_eq(taken.id, by->account_id) && taken.email_proved_at) /* any other gives way */
        order = (mail_order){
            .kind = MAIL_EMAIL_TAKEN, .account_id = taken.id, .recipient = taken.email, .locale = taken.locale};
    return mail_queue(t, &order, NULL);
}

/* By what the account's organizations would ask of an invited address. Their rules are no secret to their members. */
err email_change_judge_domain(txn *t, uuid account_id, str email_key)
{
    q_account_domain_rules_rows rules;
    TRY(q_account_domain_rules(t, &rules, account_id));
    for (size_t i = 0; i < rules.n; i++)
        if (!organization_takes_domain(rules.p[i].allowed_domains, rules.p[i].refused_domains, email_key))
            return ERR_ADDRESS_DOMAIN_REFUSED;
    return OK;
}

/* The address until now hears of it at once: its holder can still stop it. */
static err tell_asked(txn *t, const actor *by, const address *to)
{
    mail_order order = {.kind = MAIL_EMAIL_CHANGE_ASKED,
                        .account_id = by->account_id,
                        .recipient = by->email,
                        .locale = by->locale,
                        .detail = to->typed};
    return mail_queue(t, &order, NULL);
}

/* What is refused whatever the password is. */
static err judge(txn *t, const actor *by, str email, address *to)
{
    if (!by->address_proved) /* what was given to this address is for whoever proves it, and nobody else */
        return ERR_ADDRESS_UNPROVED;
    if (!address_parse(t->a, email, to))
        return problem_at(t->problem, ERR_INVALID_ADDRESS, S("/email"), S("invalid-address"), 0);
    if (str_eq(to->typed, by->email)) /* another spelling of the same mailbox is a change */
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/email"), S("same-address"), 0);
    err e = email_change_judge_domain(t, by->account_id, to->key);
    return e == ERR_ADDRESS_DOMAIN_REFUSED ? problem_at(t->problem, e, S("/email"), S("domain-refused"), 0) : e;
}

static str self_of(const actor *by)
{
    return (str){(const char *)by->account_id.b, sizeof by->account_id.b};
}

err email_change_request(txn *t, const actor *by, const sign_in *proof, str email)
{
    address to;
    str token;
    bool crowded;
    TRY(judge(t, by, email, &to));
    TRY(holder_check(t, by, proof));
    TRY(take_or_refuse(t, &RATE_EMAIL_CHANGE_ACCOUNT, self_of(by)));
    TRY(rate_take_from(t, &RATE_EMAIL_CHANGE_ADDRESS, &RATE_EMAIL_CHANGE_EACH, to.key, self_of(by), &crowded));
    TRY(end_asked(t, by->account_id, &(int64_t){0}));
    TRY(email_link_make(t, by->account_id, EMAIL_CONFIRM, to.typed, to.key, 0, &token));
    TRY(mail_to_new(t, by, &to, token));
    TRY(tell_asked(t, by, &to));
    return audit(t, by, EVENT_EMAIL_CHANGE_REQUESTED, .subject_id = by->account_id, .detail = {.email = to.typed});
}

err email_change_asked(txn *t, uuid account_id, email_change_pending *out)
{
    q_email_change_standing_row row;
    TRY(q_email_change_standing(t, &row, .account_id = account_id, .kind = email_change_kind_text(EMAIL_CONFIRM),
                                .now = t->now));
    *out = (email_change_pending){row.email, row.created_at, row.expires_at};
    return OK;
}

err email_change_made(txn *t, const actor *by, email_change_pending *out)
{
    address now;
    q_email_change_standing_row row;
    TRY(q_email_change_standing(t, &row, .account_id = by->account_id, .kind = email_change_kind_text(EMAIL_UNDO),
                                .now = t->now));
    bool is_back = address_parse(t->a, by->email, &now) && str_eq(now.key, row.email_key); /* it left and returned */
    *out = (email_change_pending){row.email, row.created_at, row.expires_at};
    return is_back || row.since_at ? ERR_NOT_FOUND : OK;
}

err email_change_cancel(txn *t, const actor *by)
{
    int64_t gone;
    TRY(end_asked(t, by->account_id, &gone));
    return gone ? audit(t, by, EVENT_EMAIL_CHANGE_CANCELLED, .subject_id = by->account_id) : ERR_NOT_FOUND;
}

err email_undos_standing(txn *t, uuid account_id, email_undo_standing **out, size_t *count)
{
    q_email_undos_rows rows;
    TRY(q_email_undos(t, &rows, .account_id = account_id, .now = t->now));
    *out = arena_array_of(t->a, email_undo_standing, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (email_undo_standing){rows.p[i].email, rows.p[i].expires_at, rows.p[i].since_at != 0};
    return OK;
}

err email_change_admit(txn *t, const actor *by, str email)
{
    address to;
    TRY(judge(t, by, email, &to));
    str self = self_of(by);
    TRY(rate_check(t, &RATE_EMAIL_CHANGE_ACCOUNT, self));
    return rate_check_from(t, &RATE_EMAIL_CHANGE_ADDRESS, &RATE_EMAIL_CHANGE_EACH, to.key, self);
}

/* ---- the links ---- */

err email_link_open(txn *t, str token, email_change_kind kind, q_email_change_row *row)
{
    secret s;
    if (!secret_open(t->a, token, false, &s))
        return ERR_TOKEN_INVALID;
    err e = q_email_change_get(t, row, s.first);
    if (e == OK && t->writes) { /* the account first, as ways_end has it; whoever comes second finds nothing */
        uuid held = row->account_id;
        TRY(ways_hold(t, held));
        e = q_email_change_use(t, row, s.first);
        if (e == OK && !uuid_eq(row->account_id, held)) /* it went to another meanwhile, with a share */
            return row_hold_first(t, HELD_ACCOUNT, row->account_id);
    }
    if (e == ERR_NOT_FOUND)
        return ERR_TOKEN_INVALID;
    TRY(e);
    bool right =
        token_equal(row->secret_hash, s.hash) && row->expires_at > t->now && email_change_kind_is(row->kind, kind);
    return right ? OK : ERR_TOKEN_INVALID;
}

err email_change_lookup(txn *t, str token, email_change_kind kind, email_change_view *out)
{
    q_email_change_row row;
    account_view now;
    TRY(email_link_open(t, token, kind, &row));
    TRY(account_get(t, row.account_id, &now));
    *out = (email_change_view){row.account_id, row.email, now.email, row.since_at != 0};
    return OK;
}
