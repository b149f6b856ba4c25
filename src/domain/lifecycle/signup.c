/*
 * What was typed waits sealed in a row until its code comes, so that an unproved address makes no account. The answer
 * is the same whoever has the address: what differs is mailed.
 */
#include "domain/lifecycle/signup.h"

#include "domain/account/spent.h"
#include "domain/mail/mail.h"
#include "domain/shared/address_request.h"
#include "domain/shared/audit.h"
#include "domain/shared/session.h"
#include "domain/shared/throttle.h"
#include "ports/address.h"
#include "queries.h"

_Static_assert(SIGNUP_LIFETIME > (SIGNUP_FIRST_DELAY << SIGNUP_RESENDS), "a sign-up outlasts all its delays together");

/*
 * Six digits are for an address that few ask about: five tries each, sixty guesses a day. Beyond that its codes are too
 * long to guess, and one of them serves all who ask within ten minutes: what strangers do costs them, fills no mailbox,
 * and shuts out nobody who reads the mail.
 */

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

static str pack(arena *a, const signup_order *o, str zone)
{
    str locale = o->locale.p ? o->locale : S("");
    return arena_join(a, locale, S("\n"), zone.p ? zone : S(""), S("\n"), o->email, S("\n"), o->given_name, S("\n"),
                      o->family_name, S("\n"), o->organization);
}

/* None of its parts holds a line break: signup_judge saw to that. */
static bool unpack(txn *t, str sealed, signup_order *o)
{
    str rest;
    if (!unseal(t->env->key, t->a, sealed, &rest))
        return false;
    str locale = str_cut(&rest, '\n');
    o->locale = locale.n ? locale : STR_NONE;
    str zone = str_cut(&rest, '\n');
    o->time_zone = zone.n ? zone : STR_NONE;
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

static str id_text(arena *a, uuid id)
{
    return arena_str(a, (str){(const char *)id.b, sizeof id.b});
}

static str pair_of(txn *t, const actor *who, str key)
{
    return arena_join(t->a, key, S("\n"), throttle_source_of(t->a, who));
}

/* One mail more for this address; who it is for, and what it says, is the worker's to find out. */
static err ask_for_mail(txn *t, const actor *who, uuid id, str email, bool *is_long)
{
    address where;
    int64_t few;
    if (!address_parse(t->a, email, &where))
        return ERR_INVALID_ADDRESS;
    TRY(take(t, &RATE_SIGNUP_EACH, pair_of(t, who, where.key)));
    TRY(rate_take(t, &RATE_SIGNUP_MAIL, where.key, 1, &few));
    *is_long = few == 0;
    return address_request_put(t, who, ADDRESS_REQUEST_SIGNUP, id_text(t->a, id));
}

err signup_admit(txn *t, const actor *who, const signup_order *o)
{
    address where;
    TRY(signup_allowed(t->env));
    TRY(rate_check(t, &RATE_SIGNUP_SOURCE, throttle_source_of(t->a, who)));
    TRY(rate_check(t, &RATE_SIGNUP_NETWORK, throttle_network(t->a, throttle_source_of(t->a, who))));
    if (!address_parse(t->a, o->email, &where))
        return OK;
    return rate_check(t, &RATE_SIGNUP_EACH, pair_of(t, who, where.key));
}

err signup_begin(txn *t, const actor *who, const signup_order *o, uuid *id)
{
    TRY(signup_allowed(t->env));
    TRY(take(t, &RATE_SIGNUP_SOURCE, throttle_source_of(t->a, who)));
    TRY(take(t, &RATE_SIGNUP_NETWORK, throttle_network(t->a, throttle_source_of(t->a, who))));
    bool is_long;
    *id = uuid_new(t->now);
    TRY(ask_for_mail(t, who, *id, o->email, &is_long));
    return q_signup_insert(t, .id = *id, .sealed = seal(t->env->key, t->a, pack(t->a, o, who->here_zone)),
                           .password_hash = o->password_hash, .is_long = is_long,
                           .resend_at = t->now + SIGNUP_FIRST_DELAY, .expires_at = t->now + SIGNUP_LIFETIME);
}

err signup_get(txn *t, uuid id, signup_view *out)
{
    q_signup_get_row row;
    signup_order o;
    TRY(signup_allowed(t->env));
    TRY(q_signup_get(t, &row, id));
    if (row.expires_at <= t->now || !unpack(t, row.sealed, &o))
        return ERR_NOT_FOUND;
    *out = (signup_view){.email = o.email, .resend_at = row.resend_at, .is_long = row.is_long};
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
    msec again = row.resent < SIGNUP_RESENDS ? row.resend_at : row.expires_at; /* then one begins anew */
    if (again > t->now) {
        t->problem->retry_after = (again - t->now + MSEC_SECOND - 1) / MSEC_SECOND;
        return ERR_RATE_LIMITED;
    }
    bool is_long;
    TRY(ask_for_mail(t, who, id, o.email, &is_long));
    return q_signup_resent(t, .resend_at = t->now + (SIGNUP_FIRST_DELAY << (row.resent + 1)), .is_long = is_long,
                           .id = id);
}

/* ---- the worker's part ---- */

static str code_hash(txn *t, uuid id, str code)
{
    token_digest d = token_mac(t->env->key, KEY_CODE, arena_join(t->a, id_text(t->a, id), code));
    return arena_str(t->a, token_digest_str(&d));
}

/* The long code of an address in a window of ten minutes: the same for all sign-ups, and kept nowhere. */
static str shared_code(txn *t, str key, msec window)
{
    char code[CODE_LENGTH + 1];
    str of = arena_join(t->a, S("signup\n"), key, arena_printf(t->a, "\n%lld", (long long)window));
    token_digest d = token_mac(t->env->key, KEY_CODE, of);
    return arena_str(t->a, code_of(d.b, code));
}

static err mail_short(txn *t, const actor *who, uuid id, const signup_order *o)
{
    char digits[DIGITS_LENGTH + 1];
    str code = arena_str(t->a, digits_make(digits));
    TRY(q_signup_code_set(t, .code_hash = code_hash(t, id, code), .code_expires_at = t->now + SIGNUP_CODE_LIFETIME,
                          .id = id));
    mail_order order = {
        .kind = MAIL_SIGNUP_CODE, .recipient = o->email, .locale = o->locale, .code = code, .asked_from = who->source};
    return mail_queue(t, &order, NULL);
}

/* Good until the window after its own ends, since its mail may be ten minutes old. */
static err mail_long(txn *t, const actor *who, uuid id, const signup_order *o, str key, bool due)
{
    msec window = t->now / SIGNUP_CODE_LIFETIME;
    str code = shared_code(t, key, window);
    TRY(q_signup_code_set(t, .code_hash = code_hash(t, id, code),
                          .code_expires_at = (window + 2) * SIGNUP_CODE_LIFETIME, .id = id));
    mail_order order = {
        .kind = MAIL_SIGNUP_CODE, .recipient = o->email, .locale = o->locale, .code = code, .asked_from = who->source};
    return due ? mail_queue(t, &order, NULL) : OK;
}

static err tell_holder(txn *t, const actor *who, const account_view *holder)
{
    mail_order order = {.kind = MAIL_SIGNUP_KNOWN,
                        .account_id = holder->id,
                        .recipient = holder->email,
                        .locale = holder->locale,
                        .asked_from = who->source};
    TRY(mail_queue(t, &order, NULL));
    return audit(t, who, EVENT_SIGNUP_OF_KNOWN, .subject_id = holder->id);
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
    bool known = e == OK && holder.address_proved; /* any other gives way to who reads the mail */
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    address where;
    int64_t due = 1;
    if (!address_parse(t->a, o.email, &where))
        return OK;
    if (row.is_long)
        TRY(rate_take(t, &RATE_SIGNUP_CROWD, where.key, 1, &due));
    if (known)
        return due ? tell_holder(t, who, &holder) : OK;
    return row.is_long ? mail_long(t, who, id, &o, where.key, due) : mail_short(t, who, id, &o);
}

/* ---- founding ---- */

static bool is_right(txn *t, uuid id, const q_signup_open_row *row, str typed)
{
    char digits[DIGITS_LENGTH + 1] = "", letters[CODE_LENGTH + 1] = "";
    bool shaped = row->is_long ? code_normalise(typed, letters) : digits_normalise(typed, digits);
    str hash = code_hash(t, id, str_of(row->is_long ? letters : digits));
    bool equal = token_equal(row->code_hash, hash); /* the same work where none was mailed */
    return shaped && equal && row->tries < SIGNUP_CODE_TRIES && row->code_expires_at > t->now;
}

/* A code as it is kept, long or short: what it was is forgotten with its sign-up. */
static spending spending_of(txn *t, uuid id, str typed)
{
    char digits[DIGITS_LENGTH + 1], letters[CODE_LENGTH + 1];
    str code = digits_normalise(typed, digits)  ? str_of(digits)
               : code_normalise(typed, letters) ? str_of(letters)
                                                : S("");
    return (spending){.kind = SPENT_SIGNUP, .id = id, .secret_hash = code_hash(t, id, code)};
}

/* What was founded a moment ago, for who is still in it. */
static err founded_again(txn *t, const actor *who, const spending *s, founded *out)
{
    spent was;
    q_member_of_account_row member;
    q_organization_by_id_row made;
    TRY(spent_again(t, who, s, &was));
    TRY(q_member_of_account(t, &member, .organization_id = was.made_id, .account_id = was.account_id));
    if (!membership_is_active(member.state, member.access_ends_at, t->now))
        return ERR_NOT_FOUND;
    TRY(q_organization_by_id(t, &made, was.made_id));
    *out = (founded){.organization_id = was.made_id,
                     .account_id = was.account_id,
                     .membership_id = member.id,
                     .new_account = true,
                     .slug = made.slug};
    return spent_session(t, who, &was, &out->session);
}

err signup_confirm(txn *t, const actor *who, uuid id, str code, founded *out)
{
    q_signup_open_row row;
    signup_order o;
    account_view holder;
    TRY(signup_allowed(t->env));
    TRY(take(t, &RATE_SIGNUP_TRY, throttle_source_of(t->a, who)));
    txn_keep(t); /* of a sign-up that is not there, too */
    const spending s = spending_of(t, id, code);
    err e = open_signup(t, id, &row, &o);
    if (e == ERR_CODE_INVALID) {
        err again = founded_again(t, who, &s, out);
        return again == ERR_NOT_FOUND ? e : again;
    }
    TRY(e);
    bool right = is_right(t, id, &row, code);
    e = right ? account_by_email(t, o.email, &holder) : OK; /* one may have come since */
    if (!right || (e == OK && holder.address_proved)) {
        TRY(q_signup_tried(t, id));
        txn_keep(t);
        return ERR_CODE_INVALID;
    }
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    const founding f = {.name = o.organization,
                        .locale = o.locale,
                        .time_zone = o.time_zone,
                        .email = o.email,
                        .given_name = o.given_name,
                        .family_name = o.family_name,
                        .password_hash = row.password_hash,
                        .proved = true,
                        .sign_in = true};
    TRY(organization_found(t, who, &f, out));
    TRY(q_signup_delete(t, id));
    TRY(spent_note(t, who, &s, &(spent){.account_id = out->account_id, .made_id = out->organization_id}));
    return audit(t, who, EVENT_SIGNUP_CONFIRMED, .took_a_secret = true, .subject_id = out->account_id);
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
    TRY(take(t, &RATE_FOUND, id_text(t->a, by->account_id)));
    founding own = *f;
    own.owner_id = by->account_id;
    own.email = by->email;
    return organization_found(t, by, &own, out);
}
