/*
 * The three steps of taking a passkey. What the pool verified is looked at again under the row's lock: meanwhile it may
 * have been used, removed, or overtaken by its copy.
 */
#include "domain/account/passkey.h"

#include "domain/account/factor.h"
#include "domain/account/passkey_offer.h"
#include "domain/account/ways_in.h"
#include "domain/mail/mail.h"
#include "domain/shared/audit.h"
#include "domain/shared/session.h"
#include "domain/shared/throttle.h"
#include "queries.h"

/* ---- registration ---- */

/* The bytes of a base64url text, and what they say of the challenge; STR_NONE when all is well. */
static str read_client_data(const struct env *env, arena *a, passkey_use use, uuid bound, uuid account_id, str text,
                            webauthn_site *site, str *client_data, uuid *challenge)
{
    str answered;
    webauthn_ceremony ceremony = use == PASSKEY_ADD || use == PASSKEY_ENROL ? WEBAUTHN_CREATE : WEBAUTHN_GET;
    if (!webauthn_site_of(a, env->public_url, site))
        return S("unavailable");
    if (!base64url_decode(a, text, client_data))
        return webauthn_word(WEBAUTHN_MALFORMED);
    webauthn_verdict v = webauthn_client_data(a, site, ceremony, *client_data, &answered);
    if (v != WEBAUTHN_OK)
        return webauthn_word(v);
    return challenge_open(env, a, use, bound, account_id, answered, challenge) ? STR_NONE : S("wrong-challenge");
}

void passkey_examine(const struct env *env, arena *a, passkey_use use, uuid bound, uuid account_id, passkey_new *in)
{
    webauthn_site site;
    str client_data, object;
    in->bound = bound;
    in->account_id = account_id;
    in->why = read_client_data(env, a, use, bound, account_id, in->client_data, &site, &client_data, &in->challenge);
    if (in->why.p)
        return;
    webauthn_verdict v = base64url_decode(a, in->attestation_object, &object)
                             ? webauthn_register(a, &site, client_data, object, use == PASSKEY_ENROL, &in->made)
                             : WEBAUTHN_MALFORMED;
    in->right = v == WEBAUTHN_OK;
    in->why = webauthn_word(v);
}

/* The challenge is used up with the row: neither comes twice. *why says what was wrong. */
static err keep(txn *t, uuid account_id, const passkey_new *in, uuid *id, str *why)
{
    bool fresh;
    int64_t kept;
    str name;
    *why = in->why;
    if (!in->right)
        return OK;
    TRY(name_clean(t->a, t->problem, S("/name"), in->name, &name));
    TRY(challenge_spend(t, in->challenge, &fresh));
    *why = S("wrong-challenge");
    if (!fresh)
        return OK;
    *id = uuid_new(t->now);
    TRY(q_passkey_insert(t, &kept, .id = *id, .account_id = account_id, .credential = in->made.id,
                         .algorithm = in->made.algorithm, .public_key = in->made.public_key,
                         .sign_count = in->made.sign_count, .name = name, .is_discoverable = in->discoverable,
                         .transports = in->transports, .aaguid = in->made.aaguid, .created_at = t->now));
    *why = kept ? STR_NONE : S("known");
    return OK;
}

err passkey_add(txn *t, const actor *by, const passkey_new *in, uuid *id)
{
    str why;
    q_passkey_count_row have;
    q_account_password_kept_row account; /* held: side by side they would pass the limit together */
    TRY(q_account_password_kept(t, &account, by->account_id));
    TRY(q_passkey_count(t, &have, by->account_id));
    if (have.total >= PASSKEYS_MAX)
        return ERR_PASSKEY_LIMIT_REACHED;
    TRY(keep(t, by->account_id, in, id, &why));
    if (why.p) {
        TRY(audit(t, by, EVENT_PASSKEY_REFUSED, .subject_id = by->account_id, .after = {.reason = why}));
        txn_keep(t);
        return ERR_PASSKEY_REFUSED;
    }
    TRY(ways_end(t, WAYS_FACTOR_ADDED, &(ways_of){.account_id = by->account_id}));
    TRY(factor_tell(t, by->account_id, MAIL_FACTOR_PASSKEY_ADDED));
    return audit(t, by, EVENT_PASSKEY_ADDED, .subject_id = *id);
}

err passkey_enrol(txn *t, uuid invitation_id, uuid account_id, const passkey_new *in)
{
    uuid id;
    str why;
    if (!uuid_eq(in->bound, invitation_id) || !uuid_eq(in->account_id, account_id)) /* it changed meanwhile */
        return ERR_PASSKEY_REFUSED;
    TRY(keep(t, passkey_account(in, account_id), in, &id, &why));
    return why.p ? ERR_PASSKEY_REFUSED : OK;
}

err passkey_enrol_nobody(txn *t, uuid invitation_id, const passkey_new *in)
{
    bool fresh;
    str name;
    q_passkey_by_credential_row known;
    if (!uuid_eq(in->bound, invitation_id) || !uuid_none(in->account_id) || !in->right)
        return ERR_PASSKEY_REFUSED;
    TRY(name_clean(t->a, t->problem, S("/name"), in->name, &name));
    TRY(challenge_spend(t, in->challenge, &fresh));
    if (!fresh)
        return ERR_PASSKEY_REFUSED;
    err e = q_passkey_by_credential(t, &known, in->made.id);
    return e == ERR_NOT_FOUND ? OK : e == OK ? ERR_PASSKEY_REFUSED : e;
}

/* ---- use ---- */

/*
 * Under a passkey that there is, or, from this source, under all that there are not: what is only claimed has no row of
 * its own.
 */
static throttle_of tries_of(txn *t, const actor *who, const passkey_shown *in)
{
    bool known = !uuid_none(in->passkey_id);
    str id = known ? arena_str(t->a, (str){(const char *)in->passkey_id.b, sizeof in->passkey_id.b}) : S("");
    return (throttle_of){THROTTLE_PASSKEY, id, who->source};
}

err passkey_find(txn *t, const actor *who, passkey_shown *in)
{
    str credential;
    q_passkey_by_credential_row row;
    err e = ERR_NOT_FOUND;
    if (base64url_decode(t->a, in->credential, &credential))
        e = q_passkey_by_credential(t, &row, credential);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == ERR_NOT_FOUND)
        return throttle_check(t, &(throttle_of){THROTTLE_PASSKEY, S(""), who->source});
    in->passkey_id = row.id;
    in->account_id = row.account_id;
    in->algorithm = (int)row.algorithm;
    in->public_key = row.public_key;
    const throttle_of tries = tries_of(t, who, in);
    return throttle_check(t, &tries);
}

/* Whoever is not known beforehand is known by the handle; where both are there, they must agree (7.2, step 6). */
static bool right_user(arena *a, uuid account_id, const passkey_shown *in)
{
    str handle;
    if (uuid_none(in->passkey_id) || !(uuid_none(account_id) || uuid_eq(account_id, in->account_id)))
        return false;
    if (!in->user_handle.p)
        return !uuid_none(account_id);
    str own = {(const char *)in->account_id.b, sizeof in->account_id.b};
    return base64url_decode(a, in->user_handle, &handle) && str_eq(handle, own);
}

void passkey_verify(const struct env *env, arena *a, passkey_use use, uuid account_id, passkey_shown *in)
{
    webauthn_site site;
    webauthn_assertion said = {.algorithm = in->algorithm, .public_key = in->public_key};
    in->why = S("unknown");
    if (!right_user(a, account_id, in))
        return;
    in->why = read_client_data(env, a, use, account_id, account_id, in->client_data, &site, &said.client_data,
                               &in->challenge);
    if (in->why.p)
        return;
    webauthn_verdict v = base64url_decode(a, in->authenticator_data, &said.authenticator_data) &&
                                 base64url_decode(a, in->signature, &said.signature)
                             ? webauthn_assert(&site, &said, use == PASSKEY_SIGN_IN, &in->seen)
                             : WEBAUTHN_MALFORMED;
    in->right = v == WEBAUTHN_OK;
    in->why = webauthn_word(v);
}

/* A count that does not grow is a copy's (6.1.1); authenticators without one say 0. */
static bool counts_on(int64_t before, uint32_t now)
{
    return (before == 0 && now == 0) || now > before;
}

/* Under the row's lock: it is still there, its count grows, the challenge is fresh. */
static err use_up(txn *t, const passkey_shown *in, bool alone, str *why)
{
    bool fresh;
    q_passkey_for_use_row row;
    *why = in->why;
    if (!in->right)
        return OK;
    err e = q_passkey_for_use(t, &row, in->passkey_id);
    if (e != OK)
        *why = S("unknown");
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    *why = S("cloned");
    if (!counts_on(row.sign_count, in->seen.sign_count))
        return OK;
    *why = S("wrong-challenge");
    TRY(challenge_spend(t, in->challenge, &fresh));
    if (!fresh)
        return OK;
    *why = S("password-first"); /* somebody else may have added it, before the password was replaced */
    if (alone && !row.is_alone)
        return OK;
    *why = STR_NONE;
    return q_passkey_used(t, .sign_count = in->seen.sign_count, .last_used_at = t->now, .is_alone = true,
                          .id = in->passkey_id);
}

static err attempt(txn *t, const actor *who, const passkey_shown *in, bool alone, err refusal)
{
    str why;
    const throttle_of tries = tries_of(t, who, in);
    TRY(ways_hold(t, in->account_id));
    TRY(throttle_check(t, &tries)); /* again: many come side by side */
    TRY(use_up(t, in, alone, &why));
    if (!why.p) {
        TRY(throttle_passed(t, &tries));
        txn_keep(t); /* its challenge is spent, whatever it was for comes to */
        return OK;
    }
    TRY(throttle_failed(t, &tries));
    bool signed_by_it = in->right; /* a copy of the passkey, or one that waits for the new password */
    TRY(audit(t, who, EVENT_PASSKEY_REFUSED, .took_a_secret = signed_by_it, .subject_id = in->account_id,
              .after = {.reason = why}));
    txn_keep(t);
    return str_eq(why, S("password-first")) ? problem_at(t->problem, refusal, S(""), why, 0) : refusal;
}

err passkey_sign_in(txn *t, const actor *who, const passkey_shown *in, signed_in *out)
{
    TRY(attempt(t, who, in, true, ERR_SIGN_IN_FAILED));
    out->stage = STAGE_FULL;
    TRY(account_get(t, in->account_id, &out->account));
    TRY(session_create(t, who, in->account_id, STAGE_FULL, true, &out->session_id, &out->token, &out->expires_at));
    actor by = *who;
    by.kind = ACTOR_ACCOUNT;
    by.account_id = in->account_id;
    return audit(t, &by, EVENT_SESSION_CREATED, .subject_id = out->session_id);
}

err passkey_prove(txn *t, const actor *by, const passkey_shown *in, signed_in *out)
{
    TRY(attempt(t, by, in, false, ERR_SECOND_FACTOR_FAILED));
    return session_raise(t, by, out);
}

/* ---- one's own list ---- */

err passkey_list(txn *t, uuid account_id, passkey_view **out, size_t *count)
{
    q_passkey_of_account_rows rows;
    TRY(q_passkey_of_account(t, &rows, account_id));
    *out = arena_array_of(t->a, passkey_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (passkey_view){.id = rows.p[i].id,
                                   .credential = base64url_encode(t->a, rows.p[i].credential),
                                   .name = rows.p[i].name,
                                   .transports = rows.p[i].transports,
                                   .discoverable = rows.p[i].is_discoverable,
                                   .created_at = rows.p[i].created_at,
                                   .last_used_at = rows.p[i].last_used_at};
    return OK;
}

err passkey_rename(txn *t, const actor *by, uuid id, str name)
{
    str clean;
    int64_t changed;
    TRY(name_clean(t->a, t->problem, S("/name"), name, &clean));
    TRY(q_passkey_name_set(t, &changed, .name = clean, .id = id, .account_id = by->account_id));
    return changed ? audit(t, by, EVENT_PASSKEY_RENAMED, .subject_id = id) : ERR_NOT_FOUND;
}

/* What the removal of the last one would leave behind. */
static err may_be_last(txn *t, const account_view *me, bool has_password)
{
    bool demanded;
    if (!has_password)
        return ERR_LAST_WAY_IN;
    if (me->factors.totp)
        return OK;
    TRY(factors_demanded(t, me->id, &demanded));
    return demanded ? problem_at(t->problem, ERR_CONFLICT, S(""), S("factor-demanded"), 0)
                    : q_recovery_code_delete_all(t, me->id);
}

err passkey_remove(txn *t, const actor *by, uuid id)
{
    int64_t gone;
    account_view me;
    q_account_password_kept_row account; /* held: the last two must not go side by side */
    TRY(q_account_password_kept(t, &account, by->account_id));
    TRY(account_get(t, by->account_id, &me));
    TRY(q_passkey_delete(t, &gone, .id = id, .account_id = by->account_id));
    if (!gone)
        return ERR_NOT_FOUND;
    if (me.factors.passkeys == 1)
        TRY(may_be_last(t, &me, account.password_hash.p != NULL));
    TRY(ways_end(t, WAYS_FACTOR_REMOVED, &(ways_of){.account_id = by->account_id, .session_id = by->session_id}));
    TRY(factor_tell(t, by->account_id, MAIL_FACTOR_PASSKEY_REMOVED));
    return audit(t, by, EVENT_PASSKEY_REMOVED, .subject_id = id);
}

uuid passkey_account(const passkey_new *in, uuid account_id)
{
    return uuid_none(account_id) ? in->challenge : account_id;
}
