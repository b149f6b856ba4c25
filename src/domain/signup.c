#include "domain/signup.h"

#include "domain/address_request.h"
#include "domain/audit.h"
#include "domain/mail.h"
#include "domain/throttle.h"
#include "ports/address.h"
#include "queries.h"

enum {
    LIFETIME = 2 * MSEC_HOUR, /* longer than all delays together */
    CODE_TRIES = 5,
    FIRST_DELAY = MSEC_MINUTE,
    RESENDS = 5
};

static const rate_rule signups_of_source = {"signup_source", MSEC_HOUR, 20};
static const rate_rule mails_of_address = {"signup_mail", MSEC_DAY, 12}; /* five tries each: sixty guesses a day */
static const rate_rule tries_of_source = {"signup_try", MSEC_HOUR, 60};
static const rate_rule founded_by_account = {"found", MSEC_DAY, 10};

err signup_allowed(const struct env *env)
{
    return env->settings->signup ? OK : ERR_NOT_FOUND;
}

err signup_judge(arena *a, problem *p, signup_order *o)
{
    address where;
    const struct {
        str pointer;
        str *name;
    } names[] = {{S("/given_name"), &o->given_name},
                 {S("/family_name"), &o->family_name},
                 {S("/organization"), &o->organization}};
    err worst = OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) /* all that is wrong is said at once */
        if (name_clean(a, p, names[i].pointer, *names[i].name, names[i].name) != OK)
            worst = ERR_INVALID_REQUEST;
    if (!address_parse(a, o->email, &where))
        return problem_at(p, ERR_INVALID_ADDRESS, S("/email"), S("not-allowed"), 0);
    return worst;
}

static str pack(arena *a, const signup_order *o)
{
    str locale = o->locale.p ? o->locale : S("");
    return arena_join(a, locale, S("\n"), o->email, S("\n"), o->given_name, S("\n"), o->family_name, S("\n"),
                      o->organization);
}

/* None of its parts holds a line break: signup_judge saw to that. */
static bool unpack(txn *t, str sealed, signup_order *o)
{
    str rest;
    if (!unseal(t->env->key, t->a, sealed, &rest))
        return false;
    str locale = str_cut(&rest, '\n');
    o->locale = locale.n ? locale : STR_NONE;
    o->email = str_cut(&rest, '\n');
    o->given_name = str_cut(&rest, '\n');
    o->family_name = str_cut(&rest, '\n');
    o->organization = rest;
    return true;
}

static err take(txn *t, const rate_rule *rule, str subject)
{
    int64_t taken;
    TRY(rate_take(t, rule, subject, 1, &taken));
    return taken ? OK : ERR_RATE_LIMITED;
}

static str source_of(txn *t, const actor *who)
{
    return throttle_source(t->a, who->source.p ? who->source : S(""));
}

static str id_text(arena *a, uuid id)
{
    return arena_str(a, (str){(const char *)id.b, sizeof id.b});
}

/* One mail more for this address; who it is for, and what it says, is the worker's to find out. */
static err ask_for_mail(txn *t, const actor *who, uuid id, str email)
{
    address where;
    if (!address_parse(t->a, email, &where))
        return ERR_INVALID_ADDRESS;
    TRY(take(t, &mails_of_address, where.key));
    return address_request_put(t, who, ADDRESS_REQUEST_SIGNUP, id_text(t->a, id));
}

err signup_admit(txn *t, const actor *who, const signup_order *o)
{
    address where;
    TRY(signup_allowed(t->env));
    TRY(rate_check(t, &signups_of_source, source_of(t, who)));
    return address_parse(t->a, o->email, &where) ? rate_check(t, &mails_of_address, where.key) : OK;
}

err signup_begin(txn *t, const actor *who, const signup_order *o, uuid *id)
{
    TRY(signup_allowed(t->env));
    TRY(take(t, &signups_of_source, source_of(t, who)));
    *id = uuid_new(t->now);
    TRY(ask_for_mail(t, who, *id, o->email));
    return q_signup_insert(t, .id = *id, .sealed = seal(t->env->key, t->a, pack(t->a, o)),
                           .password_hash = o->password_hash, .resend_at = t->now + FIRST_DELAY,
                           .expires_at = t->now + LIFETIME);
}

err signup_get(txn *t, uuid id, signup_view *out)
{
    q_signup_get_row row;
    signup_order o;
    TRY(signup_allowed(t->env));
    TRY(q_signup_get(t, &row, id));
    if (row.expires_at <= t->now || !unpack(t, row.sealed, &o))
        return ERR_NOT_FOUND;
    *out = (signup_view){.email = o.email, .resend_at = row.resend_at};
    return OK;
}

static err open_signup(txn *t, uuid id, q_signup_open_row *row, signup_order *o)
{
    TRY(signup_allowed(t->env));
    err e = q_signup_open(t, row, id);
    if (e == ERR_NOT_FOUND)
        return ERR_CODE_INVALID;
    TRY(e);
    return row->expires_at > t->now && unpack(t, row->sealed, o) ? OK : ERR_CODE_INVALID;
}

err signup_resend(txn *t, const actor *who, uuid id)
{
    q_signup_open_row row;
    signup_order o;
    TRY(open_signup(t, id, &row, &o));
    msec again = row.resent < RESENDS ? row.resend_at : row.expires_at; /* then one begins anew */
    if (again > t->now) {
        t->problem->retry_after = (again - t->now + MSEC_SECOND - 1) / MSEC_SECOND;
        return ERR_RATE_LIMITED;
    }
    TRY(q_signup_resent(t, .resend_at = t->now + ((msec)FIRST_DELAY << (row.resent + 1)), .id = id));
    return ask_for_mail(t, who, id, o.email);
}

/* ---- the worker's part ---- */

static str code_hash(txn *t, uuid id, str code)
{
    token_digest d = token_mac(t->env->key, KEY_CODE, arena_join(t->a, id_text(t->a, id), code));
    return arena_str(t->a, token_digest_str(&d));
}

static err mail_code(txn *t, uuid id, const signup_order *o)
{
    char digits[DIGITS_LENGTH + 1];
    str code = arena_str(t->a, digits_make(digits));
    TRY(q_signup_code_set(t, .code_hash = code_hash(t, id, code), .code_expires_at = t->now + SIGNUP_CODE_LIFETIME,
                          .id = id));
    mail_order order = {.kind = MAIL_SIGNUP_CODE, .recipient = o->email, .locale = o->locale, .code = code};
    return mail_queue(t, &order, NULL);
}

err signup_answer(txn *t, const actor *who, str what)
{
    uuid id;
    q_signup_open_row row;
    signup_order o;
    account_view holder;
    memcpy(id.b, what.p, sizeof id.b);
    err e = open_signup(t, id, &row, &o);
    if (e == ERR_CODE_INVALID || e == ERR_NOT_FOUND) /* used, swept, or sign-up is off by now */
        return OK;
    TRY(e);
    e = account_by_email(t, o.email, &holder);
    if (e == ERR_NOT_FOUND || (e == OK && holder.waits))
        return mail_code(t, id, &o);
    TRY(e);
    mail_order order = {
        .kind = MAIL_SIGNUP_KNOWN, .account_id = holder.id, .recipient = holder.email, .locale = holder.locale};
    TRY(mail_queue(t, &order, NULL));
    return audit(t, who, "signup.of_known", .subject_kind = S("account"), .subject_id = holder.id);
}

/* ---- founding ---- */

static bool is_right(txn *t, uuid id, const q_signup_open_row *row, str typed)
{
    char code[DIGITS_LENGTH + 1];
    bool digits = digits_normalise(typed, code);
    bool equal = token_equal(row->code_hash, code_hash(t, id, str_of(code))); /* the same work where none was mailed */
    return digits && equal && row->tries < CODE_TRIES && row->code_expires_at > t->now;
}

err signup_confirm(txn *t, const actor *who, uuid id, str code, founded *out)
{
    q_signup_open_row row;
    signup_order o;
    account_view holder;
    TRY(signup_allowed(t->env));
    TRY(take(t, &tries_of_source, source_of(t, who)));
    TRY(open_signup(t, id, &row, &o));
    bool right = is_right(t, id, &row, code);
    err e = right ? account_by_email(t, o.email, &holder) : OK; /* one may have come since */
    if (!right || (e == OK && !holder.waits)) {
        TRY(q_signup_tried(t, id));
        return ERR_CODE_INVALID;
    }
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    const founding f = {.name = o.organization,
                        .locale = o.locale,
                        .email = o.email,
                        .given_name = o.given_name,
                        .family_name = o.family_name,
                        .password_hash = row.password_hash,
                        .proved = true,
                        .sign_in = true};
    TRY(organization_found(t, who, &f, out));
    TRY(q_signup_delete(t, id));
    return audit(t, who, "signup.confirmed", .subject_kind = S("account"), .subject_id = out->account_id);
}

err organization_found_by(txn *t, const actor *by, const founding *f, founded *out)
{
    bool operates = by->kind == ACTOR_OPERATOR || by->kind == ACTOR_INSTANCE_KEY;
    if (operates && !f->email.p)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/owner"), S("required"), 0);
    if (operates)
        return organization_found(t, by, f, out);
    if (by->kind != ACTOR_ACCOUNT || !t->env->settings->signup || f->member_limit)
        return ERR_FORBIDDEN;
    if (!by->address_proved)
        return ERR_ADDRESS_UNPROVED;
    if (f->email.p) /* nobody is made an owner by a stranger */
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/owner"), S("not-allowed"), 0);
    TRY(take(t, &founded_by_account, id_text(t->a, by->account_id)));
    founding own = *f;
    own.owner_id = by->account_id;
    own.email = by->email;
    return organization_found(t, by, &own, out);
}
