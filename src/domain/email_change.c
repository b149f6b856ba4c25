#include "domain/email_change.h"

#include "domain/audit.h"
#include "domain/factor.h"
#include "domain/mail.h"
#include "domain/organization_settings.h"
#include "domain/secret.h"
#include "domain/temporary.h"
#include "domain/throttle.h"
#include "ports/address.h"
#include "queries.h"

static const struct {
    str word;
    msec lifetime;
} kinds[] = {
    [EMAIL_CONFIRM] = {S_INIT("confirm"), MSEC_DAY},
    [EMAIL_UNDO] = {S_INIT("undo"), 7 * (msec)MSEC_DAY},
};

static const rate_rule changes_of_account = {"email_change_account", MSEC_HOUR, 5};
static const rate_rule changes_to_address = {"email_change_address", MSEC_HOUR, 5};

static err take_or_refuse(txn *t, const rate_rule *rule, str subject)
{
    int64_t taken;
    TRY(rate_take(t, rule, subject, 1, &taken));
    return taken ? OK : ERR_RATE_LIMITED;
}

static err make_link(txn *t, uuid account_id, email_change_kind kind, str email, str email_key, str *token)
{
    str hash;
    uuid id = uuid_new(t->now);
    secret_new(t->a, id, UUID_NONE, token, &hash);
    return q_email_change_insert(t, .id = id, .account_id = account_id, .kind = kinds[kind].word, .email = email,
                                 .email_key = email_key, .secret_hash = hash, .created_at = t->now,
                                 .expires_at = t->now + kinds[kind].lifetime);
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
    if (e == OK && !uuid_eq(taken.id, by->account_id) && uuid_none(taken.temporary_invitation_id))
        order = (mail_order){
            .kind = MAIL_EMAIL_TAKEN, .account_id = taken.id, .recipient = taken.email, .locale = taken.locale};
    return mail_queue(t, &order, NULL);
}

/* By what the account's organizations would ask of an invited address. Their rules are no secret to their members. */
static err judge_domain(txn *t, uuid account_id, str email_key)
{
    q_account_domain_rules_rows rules;
    TRY(q_account_domain_rules(t, &rules, account_id));
    for (size_t i = 0; i < rules.n; i++)
        if (!organization_takes_domain(rules.p[i].allowed_domains, rules.p[i].refused_domains, email_key))
            return ERR_ADDRESS_DOMAIN_REFUSED;
    return OK;
}

err email_change_request(txn *t, const actor *by, const sign_in *proof, str email)
{
    address to;
    str token;
    if (!address_parse(t->a, email, &to))
        return problem_at(t->problem, ERR_INVALID_ADDRESS, S("/email"), S("invalid-address"), 0);
    err e = judge_domain(t, by->account_id, to.key);
    if (e == ERR_ADDRESS_DOMAIN_REFUSED)
        return problem_at(t->problem, e, S("/email"), S("domain-refused"), 0);
    TRY(e);
    TRY(holder_check(t, by, proof));
    TRY(take_or_refuse(t, &changes_of_account, (str){(const char *)by->account_id.b, sizeof by->account_id.b}));
    TRY(take_or_refuse(t, &changes_to_address, to.key));
    TRY(q_email_change_delete_kind(t, .account_id = by->account_id, .kind = kinds[EMAIL_CONFIRM].word));
    TRY(make_link(t, by->account_id, EMAIL_CONFIRM, to.typed, to.key, &token));
    TRY(mail_to_new(t, by, &to, token));
    return audit(t, by, "email.change_requested", .subject_kind = S("account"), .subject_id = by->account_id,
                 .detail = AUDIT_OBJECT(t->a, {S("email"), to.typed}));
}

err email_change_admit(txn *t, const actor *by, str email)
{
    address to;
    if (!address_parse(t->a, email, &to))
        return problem_at(t->problem, ERR_INVALID_ADDRESS, S("/email"), S("invalid-address"), 0);
    err e = judge_domain(t, by->account_id, to.key);
    if (e == ERR_ADDRESS_DOMAIN_REFUSED)
        return problem_at(t->problem, e, S("/email"), S("domain-refused"), 0);
    TRY(e);
    TRY(rate_check(t, &changes_of_account, (str){(const char *)by->account_id.b, sizeof by->account_id.b}));
    return rate_check(t, &changes_to_address, to.key);
}

static err open_link(txn *t, str token, email_change_kind kind, q_email_change_row *row)
{
    secret s;
    if (!secret_open(t->a, token, false, &s))
        return ERR_TOKEN_INVALID;
    err e = t->writes ? q_email_change_use(t, row, s.first) : q_email_change_get(t, row, s.first);
    if (e == ERR_NOT_FOUND)
        return ERR_TOKEN_INVALID;
    TRY(e);
    bool right =
        token_equal(row->secret_hash, s.hash) && row->expires_at > t->now && str_eq(row->kind, kinds[kind].word);
    return right ? OK : ERR_TOKEN_INVALID;
}

err email_change_lookup(txn *t, str token, email_change_kind kind, email_change_view *out)
{
    q_email_change_row row;
    account_view now;
    TRY(open_link(t, token, kind, &row));
    TRY(account_get(t, row.account_id, &now));
    *out = (email_change_view){row.account_id, row.email, now.email};
    return OK;
}

/* The address becomes the account's, proved by the link, and follows into every list; what was mailed to others dies. */
static err put_address(txn *t, const q_email_change_row *row, q_account_kept_row *was)
{
    int64_t changed;
    TRY(q_account_kept(t, was, row->account_id));
    TRY(temporary_give_way(t, row->email_key));
    err e = q_account_email_set(t, &changed, .email = row->email, .email_key = row->email_key,
                                .email_proved_at = t->now, .id = row->account_id);
    if (e == ERR_CONFLICT && t->violation == VIOLATION_UNIQUE)
        return ERR_ADDRESS_TAKEN;
    TRY(e);
    if (changed == 0)
        return ERR_ADDRESS_TAKEN;
    TRY(account_places_rewrite(t, row->account_id, was->given_name, was->family_name, row->email_key));
    return q_account_token_delete_all(t, row->account_id);
}

static actor holder(const actor *who, uuid account_id)
{
    actor by = *who;
    by.kind = ACTOR_ACCOUNT;
    by.account_id = account_id;
    return by;
}

/* An address that was never proved may be a stranger's: it is told, but cannot take the account. */
static err tell_old(txn *t, const q_account_kept_row *was)
{
    str token = STR_NONE;
    if (was->email_proved_at)
        TRY(make_link(t, was->id, EMAIL_UNDO, was->email, was->email_key, &token));
    mail_order order = {.kind = MAIL_EMAIL_CHANGED,
                        .account_id = was->id,
                        .recipient = was->email,
                        .locale = was->locale,
                        .token = token};
    return mail_queue(t, &order, NULL);
}

err email_change_confirm(txn *t, const actor *who, str token, uuid *account_id)
{
    q_email_change_row row;
    q_account_kept_row was;
    TRY(open_link(t, token, EMAIL_CONFIRM, &row));
    TRY(judge_domain(t, row.account_id, row.email_key)); /* rules and organizations may be others by now */
    TRY(put_address(t, &row, &was));
    TRY(q_email_change_delete_kind(t, .account_id = was.id, .kind = kinds[EMAIL_CONFIRM].word));
    if (!str_eq(was.email_key, row.email_key)) /* another spelling of the same mailbox undoes nothing */
        TRY(tell_old(t, &was));
    *account_id = was.id;
    const actor by = holder(who, was.id);
    return audit(t, &by, "email.changed", .subject_kind = S("account"), .subject_id = was.id,
                 .detail = AUDIT_OBJECT(t->a, {S("before"), was.email}, {S("after"), row.email}));
}

err email_change_undo(txn *t, const actor *who, str token)
{
    int64_t ended;
    q_email_change_row row;
    q_account_kept_row was;
    TRY(open_link(t, token, EMAIL_UNDO, &row));
    TRY(put_address(t, &row, &was));
    TRY(q_email_change_delete_from(t, .account_id = was.id, .created_at = row.created_at));
    TRY(q_email_change_delete_kind(t, .account_id = was.id, .kind = kinds[EMAIL_CONFIRM].word));
    TRY(q_account_password_clear(t, was.id));
    TRY(factors_clear_since(t, was.id, row.created_at)); /* they would keep the holder out, or let another in */
    TRY(q_session_delete_all(t, &ended, was.id));
    TRY(password_reset_mail(t, was.id));
    const actor by = holder(who, was.id);
    return audit(t, &by, "email.change_undone", .subject_kind = S("account"), .subject_id = was.id,
                 .detail = AUDIT_OBJECT(t->a, {S("before"), was.email}, {S("after"), row.email}));
}
