/*
 * Codes of the app and recovery codes, taken under the row's lock, each once. What is kept opens with the server's key
 * alone: a stolen database makes no codes.
 */
#include "domain/account/factor.h"

#include "domain/account/ways_in.h"
#include "domain/mail/mail.h"
#include "domain/shared/audit.h"
#include "domain/shared/session.h"
#include "domain/shared/throttle.h"
#include "base/random.h"
#include "ports/totp.h"
#include "queries.h"

static str id_text(arena *a, uuid id)
{
    return arena_str(a, (str){(const char *)id.b, sizeof id.b});
}

err factors_demanded(txn *t, uuid account_id, bool *demanded)
{
    q_factor_demands_row row;
    TRY(q_factor_demands(t, &row, account_id));
    *demanded = row.total > 0;
    return OK;
}

err factor_tell(txn *t, uuid account_id, mail_kind kind)
{
    account_view whose;
    TRY(account_get(t, account_id, &whose));
    mail_order order = {.kind = kind, .account_id = account_id, .recipient = whose.email, .locale = whose.locale};
    return mail_queue(t, &order, NULL);
}

/* ---- the app ---- */

/* A secret is sealed behind its account's id: moved to another row, it does not open. */
static str seal_secret(txn *t, uuid account_id, str secret)
{
    return seal(t->env->key, t->a, arena_join(t->a, id_text(t->a, account_id), secret));
}

static bool open_secret(txn *t, uuid account_id, str sealed, str *secret)
{
    str plain;
    if (!unseal(t->env->key, t->a, sealed, &plain) || !str_starts(plain, id_text(t->a, account_id)))
        return false;
    *secret = str_slice(plain, sizeof account_id.b, plain.n);
    return true;
}

/* The step that a code belongs to; 0 for a wrong one. */
static int64_t match(txn *t, uuid account_id, const q_totp_kept_row *row, uint32_t code)
{
    str secret;
    return open_secret(t, account_id, row->secret, &secret) ? totp_match(secret, code, t->now, row->last_step) : 0;
}

static err take_digits(txn *t, uuid account_id, uint32_t code, bool *right)
{
    q_totp_kept_row row;
    err e = q_totp_kept(t, &row, account_id);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    int64_t step = row.confirmed_at ? match(t, account_id, &row, code) : 0;
    *right = step != 0;
    return *right ? q_totp_used(t, .last_step = step, .account_id = account_id) : OK;
}

err totp_begin(txn *t, const actor *by, totp_setup *out)
{
    int64_t made;
    uint8_t raw[TOTP_SECRET_SIZE];
    random_bytes(raw, sizeof raw);
    str secret = arena_str(t->a, (str){(const char *)raw, sizeof raw});
    explicit_bzero(raw, sizeof raw);
    TRY(q_totp_put(t, &made, .account_id = by->account_id, .secret = seal_secret(t, by->account_id, secret)));
    *out = (totp_setup){base32_encode(t->a, secret), totp_uri(t->a, secret, S("Parvis"), by->email)};
    return made ? OK : ERR_CONFLICT;
}

/* ---- recovery codes ---- */

static str recovery_hash(txn *t, uuid account_id, str code)
{
    str text = arena_join(t->a, S("recovery"), id_text(t->a, account_id), code);
    token_digest d = token_mac(t->env->key, KEY_CODE, text);
    return arena_str(t->a, token_digest_str(&d));
}

static err make_recovery_codes(txn *t, uuid account_id, str codes[RECOVERY_CODES])
{
    TRY(q_recovery_code_delete_all(t, account_id));
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        char code[CODE_LENGTH + 1];
        str plain = code_make(code);
        TRY(q_recovery_code_insert(t, .account_id = account_id, .code_hash = recovery_hash(t, account_id, plain),
                                   .created_at = t->now));
        codes[i] = code_display(t->a, plain);
        explicit_bzero(code, sizeof code);
    }
    return OK;
}

static err take_recovery_code(txn *t, const actor *who, uuid account_id, str code, bool *right)
{
    int64_t used;
    TRY(q_recovery_code_use(t, &used, .used_at = t->now, .account_id = account_id,
                            .code_hash = recovery_hash(t, account_id, code)));
    *right = used == 1;
    if (!*right)
        return OK;
    TRY(factor_tell(t, account_id, MAIL_FACTOR_RECOVERY_USED));
    return audit(t, who, EVENT_RECOVERY_CODE_USED, .subject_id = account_id);
}

err recovery_codes_renew(txn *t, const actor *by, str codes[RECOVERY_CODES])
{
    account_view me;
    TRY(account_get(t, by->account_id, &me));
    if (!factors_any(&me.factors))
        return ERR_CONFLICT;
    TRY(make_recovery_codes(t, by->account_id, codes));
    TRY(factor_tell(t, by->account_id, MAIL_FACTOR_RECOVERY_RENEWED));
    return audit(t, by, EVENT_RECOVERY_CODES_RENEWED, .subject_id = by->account_id);
}

/* ---- taking a code ---- */

/* What codes count under: all of them, and digits besides. */
typedef struct tries_of {
    throttle_of all, digits;
} tries_of;

static tries_of tries_for(txn *t, const actor *who, uuid account_id)
{
    str subject = id_text(t->a, account_id);
    return (tries_of){{THROTTLE_FACTOR, subject, who->source}, {THROTTLE_TOTP, subject, STR_NONE}};
}

/*
 * Wrong digits are counted for the account alone too, and its holder is told once they are many: somebody has the
 * password.
 */
static err note_wrong(txn *t, const actor *who, uuid account_id, bool digits)
{
    int64_t failures = 0;
    const tries_of tries = tries_for(t, who, account_id);
    TRY(throttle_failed(t, &tries.all));
    if (digits) {
        TRY(throttle_failed(t, &tries.digits));
        TRY(throttle_failures(t, &tries.digits, &failures));
    }
    if (failures == FACTOR_WARN_AT)
        TRY(factor_tell(t, account_id, MAIL_FACTOR_GUESSED));
    TRY(audit(t, who, EVENT_SECOND_FACTOR_REFUSED, .subject_id = account_id));
    txn_keep(t);
    return ERR_SECOND_FACTOR_FAILED;
}

err factor_take(txn *t, const actor *who, uuid account_id, str typed)
{
    uint32_t code = 0;
    char recovery[CODE_LENGTH + 1];
    bool right = false, digits = totp_parse(typed, &code);
    const tries_of tries = tries_for(t, who, account_id);
    TRY(throttle_check(t, &tries.all));
    if (digits) {
        TRY(throttle_check(t, &tries.digits));
        TRY(take_digits(t, account_id, code, &right));
    } else if (code_normalise(typed, recovery)) {
        TRY(take_recovery_code(t, who, account_id, str_of(recovery), &right));
        explicit_bzero(recovery, sizeof recovery);
    }
    if (!right)
        return note_wrong(t, who, account_id, digits);
    if (digits)
        TRY(throttle_passed(t, &tries.digits));
    TRY(throttle_passed(t, &tries.all));
    txn_keep(t); /* spent, whatever it was for comes to: who looked on must not use it again */
    return OK;
}

err session_raise(txn *t, const actor *who, signed_in *out)
{
    int64_t gone;
    TRY(q_session_delete(t, &gone, .id = who->session_id, .account_id = who->account_id));
    if (!gone)
        return ERR_UNAUTHENTICATED;
    TRY(account_get(t, who->account_id, &out->account));
    TRY(session_create(t, who, who->account_id, STAGE_FULL, true, &out->session_id, &out->token, &out->expires_at));
    out->stage = STAGE_FULL;
    if (who->stage == STAGE_FULL) { /* a code makes nothing last longer than its sign-in allowed */
        out->expires_at -= t->now - who->session_created_at;
        TRY(q_session_continue(t, .created_at = who->session_created_at, .expires_at = out->expires_at,
                               .id = out->session_id));
    }
    return audit(t, who, EVENT_SESSION_CREATED, .subject_id = out->session_id);
}

bool caller_is_fresh(const actor *by, msec now)
{
    msec shown = by->factor_at > by->session_created_at ? by->factor_at : by->session_created_at;
    return now - shown <= FRESH_FOR;
}

err caller_proved(txn *t, const actor *by, const sign_in *password, str code)
{
    if (password->password.p)
        return password_shown(t, by, password);
    if (code.p)
        return factor_take(t, by, by->account_id, code);
    return caller_is_fresh(by, t->now) ? OK : ERR_PROOF_REQUIRED;
}

/* ---- changes ---- */

err totp_confirm(txn *t, const actor *by, str typed, str codes[RECOVERY_CODES])
{
    q_totp_kept_row row;
    uint32_t code = 0;
    err e = q_totp_kept(t, &row, by->account_id);
    if (e == ERR_NOT_FOUND || (e == OK && row.confirmed_at))
        return ERR_CONFLICT;
    TRY(e);
    int64_t step = totp_parse(typed, &code) ? match(t, by->account_id, &row, code) : 0;
    if (!step)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/code"), S("wrong-code"), 0);
    TRY(q_totp_confirm(t, .confirmed_at = t->now, .last_step = step, .account_id = by->account_id));
    TRY(ways_end(t, WAYS_FACTOR_ADDED, &(ways_of){.account_id = by->account_id}));
    TRY(make_recovery_codes(t, by->account_id, codes));
    TRY(q_session_factor_shown(t, .factor_at = t->now, .id = by->session_id));
    TRY(factor_tell(t, by->account_id, MAIL_FACTOR_TOTP_ADDED));
    return audit(t, by, EVENT_TOTP_ADDED, .subject_id = by->account_id);
}

err totp_remove(txn *t, const actor *by)
{
    account_view me;
    int64_t gone;
    bool demanded = false;
    TRY(account_get(t, by->account_id, &me));
    if (!me.factors.totp)
        return ERR_NOT_FOUND;
    me.factors.totp = false;
    bool last = !factors_any(&me.factors);
    if (last)
        TRY(factors_demanded(t, by->account_id, &demanded));
    if (demanded)
        return problem_at(t->problem, ERR_CONFLICT, S(""), S("factor-demanded"), 0);
    TRY(q_totp_delete(t, &gone, by->account_id));
    if (last)
        TRY(q_recovery_code_delete_all(t, by->account_id));
    TRY(ways_end(t, WAYS_FACTOR_REMOVED, &(ways_of){.account_id = by->account_id, .session_id = by->session_id}));
    TRY(factor_tell(t, by->account_id, MAIL_FACTOR_TOTP_REMOVED));
    return audit(t, by, EVENT_TOTP_REMOVED, .subject_id = by->account_id);
}

err factors_remove(txn *t, const actor *by, str email)
{
    account_view whose;
    TRY(account_by_email(t, email, &whose));
    if (!factors_any(&whose.factors))
        return ERR_NOT_FOUND;
    TRY(ways_end(t, WAYS_OPERATOR_FACTORS, &(ways_of){.account_id = whose.id}));
    TRY(factor_tell(t, whose.id, MAIL_FACTOR_REMOVED));
    return audit(t, by, EVENT_SECOND_FACTOR_REMOVED, .subject_id = whose.id);
}
