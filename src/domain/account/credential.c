/* Sign-in, passwords, resets and proof of address. */
#include "domain/account/credential.h"

#include "domain/account/account.h"
#include "domain/account/browser.h"
#include "domain/account/factor.h"
#include "domain/account/spent.h"
#include "domain/account/temporary_password.h"
#include "domain/mail/mail.h"
#include "domain/shared/address_request.h"
#include "domain/shared/audit.h"
#include "domain/shared/secret.h"
#include "domain/shared/session.h"
#include "domain/shared/throttle.h"
#include "ports/address.h"
#include "ports/password_check.h"
#include "queries.h"

/* What tries are counted under: the address's key, or the typed text where it is no address. */
static str throttle_subject(txn *t, str typed)
{
    address where;
    return address_parse(t->a, typed, &where) ? where.key : typed;
}

static str id_text(arena *a, uuid id)
{
    return arena_str(a, (str){(const char *)id.b, sizeof id.b});
}

/*
 * What this try counts under. Who is signed in answers for themselves alone; so does a browser that signed in to the
 * account before, for its first tries; everybody else for the address and the source together, and for the source.
 */
static err count_under(txn *t, const actor *who, sign_in *in, str subject)
{
    uuid browser;
    bool is_free;
    in->tries = (throttle_of){THROTTLE_SIGN_IN, subject, who->source};
    bool holder = who->kind == ACTOR_ACCOUNT && who->stage == STAGE_FULL && uuid_eq(who->account_id, in->account_id);
    if (holder)
        in->tries = (throttle_of){THROTTLE_HOLDER, id_text(t->a, who->session_id), STR_NONE};
    if (holder || !browser_known(t->env, t->a, who->browsers, in->account_id, in->browsers, t->now, &browser))
        return OK;
    const throttle_of own = {THROTTLE_BROWSER, id_text(t->a, browser), STR_NONE};
    TRY(throttle_is_free(t, &own, &is_free));
    if (is_free)
        in->tries = own;
    return OK;
}

err sign_in_find(txn *t, const actor *who, sign_in *in)
{
    str subject = throttle_subject(t, in->email);
    q_account_credential_row row = {0};
    err e = q_account_credential(t, &row, subject);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    in->account_id = row.id;
    in->browsers = row.browsers;
    TRY(count_under(t, who, in, subject));
    TRY(throttle_check(t, &in->tries));
    in->hash = row.password_hash;
    in->temporary = temporary_matches(t, subject, row.temporary_hash, in->password);
    return OK;
}

void sign_in_verify(arena *a, sign_in *in)
{
    char fresh[PASSWORD_HASH_SIZE];
    bool anew;
    in->right = password_verify(in->hash, in->password, &anew);
    if (anew && password_hash(in->password, STR_NONE, fresh) == OK)
        in->rehash = arena_str(a, str_of(fresh));
}

/*
 * After a right password: asks for the second factor of an account that has one, or a password in place of a temporary
 * one.
 */
static err open_session(txn *t, const actor *by, const sign_in *in, signed_in *out)
{
    TRY(account_get(t, by->account_id, &out->account));
    bool asked = factors_any(&out->account.factors);
    if (asked && !in->code.p && !in->code_may_follow) {
        txn_keep(t); /* the password was right: the tries before it are forgotten */
        return ERR_SECOND_FACTOR_REQUIRED;
    }
    if (asked && in->code.p)
        TRY(factor_take(t, by, by->account_id, in->code));
    out->stage = in->temporary ? STAGE_PASSWORD : asked && !in->code.p ? STAGE_FACTOR : STAGE_FULL;
    return session_create(t, by, by->account_id, out->stage, asked && in->code.p, &out->session_id, &out->token,
                          &out->expires_at);
}

/* The hash was read before the slow half: it must still be the account's, or the password was changed meanwhile. */
static err still_right(txn *t, const actor *who, const sign_in *in, bool *again)
{
    q_account_password_kept_row now;
    if (in->temporary)
        TRY(ways_hold(t, in->account_id));
    if (in->temporary)
        return temporary_use(t, who, in, throttle_subject(t, in->email), again);
    if (!in->right)
        return ERR_SIGN_IN_FAILED;
    TRY(ways_hold(t, in->account_id));
    err e = q_account_password_kept(t, &now, in->account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_SIGN_IN_FAILED : e;
    return str_eq(now.password_hash, in->hash) ? OK : ERR_SIGN_IN_FAILED;
}

/* A right temporary password that is good no more was no guess. After a wrong one no right one is a second click. */
static err note_refusal(txn *t, const actor *who, const sign_in *in, err refusal)
{
    if (refusal != ERR_SIGN_IN_FAILED && refusal != ERR_TEMPORARY_PASSWORD_EXPIRED)
        return refusal;
    if (refusal == ERR_SIGN_IN_FAILED) {
        TRY(throttle_failed(t, &in->tries));
        TRY(spent_end(t, SPENT_TEMPORARY, in->account_id));
    }
    TRY(audit(t, who, EVENT_SESSION_REFUSED, .subject_id = in->account_id));
    txn_keep(t);
    return refusal;
}

err sign_in_finish(txn *t, const actor *who, sign_in *in, signed_in *out)
{
    TRY(count_under(t, who, in, throttle_subject(t, in->email))); /* again: many may have been let in side by side */
    TRY(throttle_check(t, &in->tries));
    bool again = false;
    err right = still_right(t, who, in, &again);
    if (right != OK)
        return note_refusal(t, who, in, right);
    TRY(throttle_passed(t, &in->tries));
    if (in->rehash.p)
        TRY(q_account_password_rehash(t, .password_hash = in->rehash, .id = in->account_id));
    actor by = *who;
    by.kind = ACTOR_ACCOUNT;
    by.account_id = in->account_id;
    TRY(open_session(t, &by, in, out));
    if (again)
        return OK;
    if (out->stage == STAGE_FACTOR)
        return audit(t, &by, EVENT_SECOND_FACTOR_ASKED, .subject_id = out->session_id);
    return audit(t, &by, EVENT_SESSION_CREATED, .subject_id = out->session_id);
}

err password_shown(txn *t, const actor *by, const sign_in *proof)
{
    const throttle_of tries = {THROTTLE_HOLDER, id_text(t->a, by->session_id), STR_NONE};
    TRY(throttle_check(t, &tries));
    err right = still_right(t, by, proof, &(bool){false});
    if (right == OK && uuid_eq(proof->account_id, by->account_id))
        return throttle_passed(t, &tries);
    if (right != ERR_SIGN_IN_FAILED && uuid_eq(proof->account_id, by->account_id))
        return right;
    TRY(throttle_failed(t, &tries));
    txn_keep(t);
    return ERR_SIGN_IN_FAILED;
}

static const str verdict_codes[] = {
    [PASSWORD_TOO_SHORT] = S_INIT("too-short"),
    [PASSWORD_TOO_LONG] = S_INIT("too-long"),
    [PASSWORD_COMMON] = S_INIT("common"),
    [PASSWORD_ABOUT_YOU] = S_INIT("about-you"),
};

err password_least(txn *t, uuid account_id, uuid organization_id, int64_t *least)
{
    q_password_bound_row bound;
    TRY(q_password_bound(t, &bound, .account = account_id, .inviting = organization_id));
    int64_t own = t->env->settings->password_min_length;
    *least = bound.least > own ? bound.least : own;
    return OK;
}

err password_judge(int64_t least, problem *p, str pointer, str password, const str *about, size_t about_count)
{
    password_verdict v = password_check(password, about, about_count, least, NULL);
    if (v == PASSWORD_OK)
        return OK;
    return problem_at(p, ERR_PASSWORD_TOO_WEAK, pointer, verdict_codes[v],
                      v == PASSWORD_TOO_SHORT ? least : PASSWORD_MAX_LENGTH);
}

err password_prepare(const password_terms *terms, arena *a, problem *p, str pointer, str password, const str *about,
                     size_t about_count, str *hash)
{
    char fresh[PASSWORD_HASH_SIZE];
    if (!terms->is_again)
        TRY(password_judge(terms->least, p, pointer, password, about, about_count));
    TRY(password_hash(password, terms->salt, fresh));
    *hash = arena_str(a, str_of(fresh));
    explicit_bzero(fresh, sizeof fresh);
    return OK;
}

err password_current(txn *t, uuid account_id, str *hash)
{
    q_account_password_row row;
    TRY(q_account_password(t, &row, account_id));
    *hash = row.password_hash;
    return OK;
}

static err tell_changed(txn *t, uuid account_id, str detail)
{
    q_account_password_row row;
    TRY(q_account_password(t, &row, account_id));
    mail_order order = {.kind = MAIL_PASSWORD_CHANGED,
                        .account_id = account_id,
                        .recipient = row.email,
                        .locale = row.locale,
                        .detail = detail};
    return mail_queue(t, &order, NULL);
}

err password_put(txn *t, ways_case why, uuid account_id, str hash)
{
    TRY(q_account_password_set(t, .password_hash = hash, .password_set_at = t->now, .id = account_id));
    return ways_end(t, why, &(ways_of){.account_id = account_id});
}

err holder_check(txn *t, const actor *by, const sign_in *proof)
{
    str hash;
    TRY(password_current(t, by->account_id, &hash));
    if (hash.p)
        return password_shown(t, by, proof);
    return caller_is_fresh(by, t->now) ? OK : ERR_PROOF_REQUIRED;
}

err password_change(txn *t, const actor *by, const sign_in *proof, str hash, signed_in *out)
{
    str before;
    TRY(holder_check(t, by, proof));
    TRY(password_current(t, by->account_id, &before));
    TRY(password_put(t, before.p ? WAYS_PASSWORD_CHANGED : WAYS_PASSWORD_ADDED, by->account_id, hash));
    TRY(account_get(t, by->account_id, &out->account));
    TRY(session_create(t, by, by->account_id, STAGE_FULL, by->factor_at != 0, &out->session_id, &out->token,
                       &out->expires_at));
    TRY(tell_changed(t, by->account_id, STR_NONE));
    return audit(t, by, EVENT_PASSWORD_CHANGED, .subject_id = by->account_id);
}

static err make_token(txn *t, uuid account_id, token_kind kind, msec lifetime, str *token)
{
    str hash;
    uuid id = uuid_new(t->now);
    secret_new(t->a, id, UUID_NONE, token, &hash);
    return q_account_token_insert(t, .id = id, .account_id = account_id, .kind = token_kind_text(kind),
                                  .secret_hash = hash, .created_at = t->now, .expires_at = t->now + lifetime);
}

static err take_or_refuse(txn *t, const rate_rule *rule, str subject)
{
    int64_t taken;
    TRY(rate_take(t, rule, subject, 1, &taken));
    return taken ? OK : ERR_RATE_LIMITED;
}

/* "/i/" and a token: the one page that a reset may lead back to. */
static bool is_invitation_path(str path)
{
    return str_starts(path, S("/i/")) && path.n <= 200 && str_is_plain(str_slice(path, 3, path.n), S("-_"));
}

err way_in_request(txn *t, const actor *who, address_request_kind kind, str email, str next)
{
    str source = throttle_source_of(t->a, who);
    TRY(take_or_refuse(t, &RATE_RESET_SOURCE, source));
    TRY(take_or_refuse(t, &RATE_RESET_NETWORK, throttle_network(t->a, source)));
    TRY(take_or_refuse(t, &RATE_RESET_EACH, arena_join(t->a, throttle_subject(t, email), S("\n"), source)));
    str back = is_invitation_path(next) ? next : S("");
    return address_request_put(t, who, kind, arena_join(t->a, back, S("\n"), email));
}

/* Earlier links stay good for their hour: anybody can ask for another one, and would kill the holder's. */
static err mail_reset(txn *t, const actor *who, uuid account_id, str email, str locale, str next, str detail)
{
    str token;
    TRY(make_token(t, account_id, TOKEN_RESET, RESET_LIFETIME, &token));
    if (next.n) /* sealed with the token, so that no secret of the invitation is kept either */
        token = arena_join(t->a, token, S("?next="), next);
    mail_order order = {.kind = MAIL_PASSWORD_RESET,
                        .account_id = account_id,
                        .recipient = email,
                        .locale = locale,
                        .token = token,
                        .detail = detail,
                        .asked_from = who ? who->source : STR_NONE};
    return mail_queue(t, &order, NULL);
}

err password_reset_mail(txn *t, const actor *who, const q_account_by_key_row *to, str next)
{
    TRY(mail_reset(t, who, to->id, to->email, to->locale, next, STR_NONE));
    return audit(t, who, EVENT_PASSWORD_RESET_REQUESTED, .subject_id = to->id);
}

err password_undone_mail(txn *t, uuid account_id, str detail)
{
    q_account_by_id_row row;
    TRY(q_account_by_id(t, &row, account_id));
    return mail_reset(t, NULL, account_id, row.email, row.locale, S(""), detail);
}

static err open_token(txn *t, str token, q_account_token_row *row)
{
    secret s;
    if (!secret_open(t->a, token, false, &s))
        return ERR_TOKEN_INVALID;
    err e = q_account_token_get(t, row, s.first);
    if (e == OK && t->writes) { /* the account first, as ways_end has it */
        TRY(ways_hold(t, row->account_id));
        e = q_account_token_use(t, row, s.first);
    }
    if (e == ERR_NOT_FOUND)
        return ERR_TOKEN_INVALID;
    TRY(e);
    bool right =
        token_equal(row->secret_hash, s.hash) && row->expires_at > t->now && !token_kind_is(row->kind, TOKEN_PROOF);
    return right ? OK : ERR_TOKEN_INVALID;
}

err password_reset_lookup(txn *t, str token, account_view *out, bool *is_mailed)
{
    q_account_token_row row;
    TRY(open_token(t, token, &row));
    *is_mailed = token_kind_is(row.kind, TOKEN_RESET);
    return account_get(t, row.account_id, out);
}

/*
 * What a reset is to the account: whoever proves its address takes it from whoever had it without, and so does whom the
 * operator vouches for, whose address may prove nothing yet.
 */
static err case_of_reset(txn *t, const q_account_token_row *row, bool has_password, ways_case *why)
{
    account_view was;
    q_passkey_alone_count_row alone;
    TRY(account_get(t, row->account_id, &was));
    TRY(q_passkey_alone_count(t, &alone, row->account_id));
    bool proves = token_kind_is(row->kind, TOKEN_RESET); /* it travelled by e-mail alone */
    *why = !was.address_proved            ? WAYS_TAKEN_OVER
           : has_password || !alone.total ? WAYS_PASSWORD_RESET
                                          : WAYS_PASSKEYS_RESET;
    return proves ? q_account_prove(t, .email_proved_at = t->now, .id = row->account_id) : OK;
}

static err reset_anew(txn *t, const actor *who, const q_account_token_row *row, str hash)
{
    str before;
    ways_case why;
    TRY(password_current(t, row->account_id, &before));
    TRY(case_of_reset(t, row, before.p != NULL, &why));
    TRY(password_put(t, why, row->account_id, hash));
    if (before.p) /* a first password replaces none: there is nothing to warn of */
        TRY(tell_changed(t, row->account_id, MAIL_DETAIL_RESET));
    actor by = *who;
    by.kind = ACTOR_ACCOUNT;
    by.account_id = row->account_id;
    return audit(t, &by, EVENT_PASSWORD_RESET, .subject_id = row->account_id);
}

/* The link and the new password as they came. */
static spending reset_spending(txn *t, str token, str hash)
{
    spending out = spent_link(t, SPENT_RESET, token);
    out.sent = spent_sent(t, &hash, 1);
    return out;
}

err password_reset_admit(txn *t, const actor *who, str token, reset_admitted *out)
{
    const spending s = reset_spending(t, token, STR_NONE);
    *out = (reset_admitted){.terms.salt = spent_salt(t, &s)};
    err e = password_reset_lookup(t, token, &out->whose, &out->is_mailed);
    if (e == ERR_TOKEN_INVALID) {
        TRY(spent_standing(t, who, &s, &out->terms.is_again));
        return out->terms.is_again ? OK : e;
    }
    TRY(e);
    return password_least(t, out->whose.id, UUID_NONE, &out->terms.least);
}

static err reset_complete(txn *t, const actor *who, str token, str hash, spent *out, bool *again)
{
    q_account_token_row row;
    const spending s = reset_spending(t, token, hash);
    err e = open_token(t, token, &row);
    *again = e == ERR_TOKEN_INVALID;
    if (*again) {
        err result = spent_again_by_password(t, who, &s, out);
        return result == ERR_NOT_FOUND ? e : result;
    }
    TRY(e);
    TRY(reset_anew(t, who, &row, hash));
    *out = (spent){.account_id = row.account_id};
    return spent_note(t, who, &s, out);
}

err password_reset_complete(txn *t, const actor *who, str token, str hash, signed_in *in)
{
    spent what;
    bool again;
    TRY(reset_complete(t, who, token, hash, &what, &again));
    actor to = *who;
    if (!again) /* the caller's session has ended with all others */
        to.kind = ACTOR_ANONYMOUS;
    return in ? spent_session(t, &to, &what, in) : OK;
}

err password_link(txn *t, const actor *by, str email, str *url)
{
    account_view account;
    str token;
    TRY(account_by_email(t, email, &account));
    if (account.waits) /* the invitation leads to a password, or a new temporary one */
        return ERR_CONFLICT;
    TRY(ways_end(t, WAYS_OPERATOR_LINK, &(ways_of){.account_id = account.id}));
    TRY(q_account_token_delete_kind(t, .account_id = account.id, .kind = token_kind_text(TOKEN_FIRST_PASSWORD)));
    TRY(make_token(t, account.id, TOKEN_FIRST_PASSWORD, FIRST_PASSWORD_LIFETIME, &token));
    *url = arena_join(t->a, t->env->public_url, S("/password/reset/"), token);
    return audit(t, by, EVENT_PASSWORD_LINK_MADE, .subject_id = account.id);
}

/* ---- proof of address ---- */

static str code_hash(txn *t, uuid owner, str code)
{
    token_digest d = token_mac(t->env->key, KEY_CODE, arena_join(t->a, id_text(t->a, owner), code));
    return arena_str(t->a, token_digest_str(&d));
}

err address_proof_request(txn *t, const actor *by)
{
    account_view me;
    char code[CODE_LENGTH + 1];
    TRY(account_get(t, by->account_id, &me));
    if (me.address_proved)
        return ERR_CONFLICT;
    TRY(take_or_refuse(t, &RATE_PROOF, id_text(t->a, me.id)));
    str typed = arena_str(t->a, code_make(code));
    TRY(q_account_token_delete_kind(t, .account_id = me.id, .kind = token_kind_text(TOKEN_PROOF)));
    TRY(q_account_token_insert(t, .id = uuid_new(t->now), .account_id = me.id, .kind = token_kind_text(TOKEN_PROOF),
                               .secret_hash = code_hash(t, me.id, typed), .created_at = t->now,
                               .expires_at = t->now + PROOF_LIFETIME));
    mail_order order = {
        .kind = MAIL_ADDRESS_PROOF, .account_id = me.id, .recipient = me.email, .locale = me.locale, .code = typed};
    TRY(mail_queue(t, &order, NULL));
    return audit(t, by, EVENT_ADDRESS_PROOF_REQUESTED, .subject_id = me.id);
}

static err proved_again(txn *t, const actor *by, const spending *s)
{
    spent was;
    err e = spent_again(t, by, s, &was);
    return e == ERR_NOT_FOUND ? ERR_TOKEN_INVALID : e;
}

err address_proof_confirm(txn *t, const actor *by, str typed)
{
    char code[CODE_LENGTH + 1];
    q_account_token_of_kind_row row;
    const throttle_of tries = {THROTTLE_PROOF, id_text(t->a, by->account_id), STR_NONE};
    TRY(throttle_check(t, &tries));
    bool shaped = code_normalise(typed, code);
    const spending s = {SPENT_PROOF, by->account_id, code_hash(t, by->account_id, shaped ? str_of(code) : S("")),
                        STR_NONE};
    err e = q_account_token_of_kind(t, &row, .account_id = by->account_id, .kind = token_kind_text(TOKEN_PROOF));
    if (e == ERR_NOT_FOUND)
        return proved_again(t, by, &s);
    TRY(e);
    bool right =
        shaped && row.tries < PROOF_TRIES && row.expires_at > t->now && token_equal(row.secret_hash, s.secret_hash);
    if (!right) {
        TRY(q_account_token_tried(t, row.id));
        TRY(throttle_failed(t, &tries));
        txn_keep(t);
        return ERR_TOKEN_INVALID;
    }
    TRY(q_account_prove(t, .email_proved_at = t->now, .id = by->account_id));
    TRY(ways_end(t, WAYS_ADDRESS_PROVED, &(ways_of){.account_id = by->account_id, .session_id = by->session_id}));
    TRY(spent_note(t, by, &s, &(spent){.account_id = by->account_id}));
    return audit(t, by, EVENT_ADDRESS_PROVED, .subject_id = by->account_id);
}
