#include "domain/audit.h"
#include "domain/mail.h"
#include "domain/session.h"
#include "domain/temporary_parts.h"
#include "domain/ways_in.h"

/* ---- terms ---- */

static const str deliveries[] = {[TEMPORARY_PASSWORD_DELIVERY_ASK] = S_INIT("ask"),
                                 [TEMPORARY_PASSWORD_DELIVERY_SEND] = S_INIT("send"),
                                 [TEMPORARY_PASSWORD_DELIVERY_SHOW] = S_INIT("show")};

temporary_terms temporary_terms_of(const txn *t, const q_organization_by_id_row *o)
{
    const settings *s = t->env->settings;
    return (temporary_terms){
        o->temporary_password_delivery.p ? o->temporary_password_delivery : deliveries[s->temporary_password_delivery],
        o->temporary_password_lifetime ? o->temporary_password_lifetime : s->temporary_password_lifetime};
}

err temporary_terms_get(txn *t, uuid organization_id, temporary_terms *out)
{
    q_organization_by_id_row o;
    TRY(q_organization_by_id(t, &o, organization_id));
    *out = temporary_terms_of(t, &o);
    return OK;
}

err temporary_delivery(txn *t, const temporary_terms *terms, str wished, str *out)
{
    bool asks = str_eq(terms->delivery, S("ask"));
    if (asks && !wished.p)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/delivery"), S("required"), 0);
    if (!asks && wished.p && !str_eq(wished, terms->delivery))
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/delivery"), S("not-allowed"), 0);
    *out = asks ? wished : terms->delivery;
    return OK;
}

/* ---- issuing and ending ---- */

/* Bound to its address, like a salt. */
static str hash_of(txn *t, str email_key, str normal)
{
    token_digest d = token_mac(t->env->key, KEY_TEMPORARY, arena_join(t->a, email_key, S("\n"), normal));
    return arena_str(t->a, token_digest_str(&d));
}

/* What cannot be one is hashed all the same, as nothing; *shaped says so. */
static str hash_typed(txn *t, str email_key, str typed, bool *shaped)
{
    char normal[TEMPORARY_LENGTH + 1];
    *shaped = temporary_normalise(typed, normal);
    str hash = hash_of(t, email_key, *shaped ? str_of(normal) : S(""));
    explicit_bzero(normal, sizeof normal);
    return hash;
}

bool temporary_matches(txn *t, str email_key, str hash, str typed)
{
    bool shaped;
    str typed_hash = hash_typed(t, email_key, typed, &shaped);
    return token_equal(hash, typed_hash) && shaped;
}

err temporary_issue(txn *t, invitation_send *s, str delivery, str given_name, str family_name, msec expires_at)
{
    char text[TEMPORARY_TEXT_LENGTH + 1];
    bool shaped;
    uuid id = uuid_new(t->now);
    q_temporary_put_row kept;
    str password = arena_str(t->a, temporary_make(text));
    explicit_bzero(text, sizeof text);
    err e = q_temporary_put(t, &kept, .id = id, .email = s->email, .email_key = s->email_key,
                            .confined_to_id = s->organization_id, .given_name = given_name.p ? given_name : S(""),
                            .family_name = family_name.p ? family_name : S(""), .locale = s->locale,
                            .created_at = t->now, .temporary_hash = hash_typed(t, s->email_key, password, &shaped),
                            .temporary_expires_at = expires_at, .temporary_invitation_id = s->invitation_id);
    if (e != OK && (e != ERR_NOT_FOUND || s->tells))
        return e == ERR_NOT_FOUND ? ERR_CONFLICT : e;
    s->made_up = e == ERR_NOT_FOUND;
    if (!s->made_up && !uuid_eq(kept.id, id)) /* it waited already: what an earlier password opened ends with that */
        TRY(ways_end(t, WAYS_TEMPORARY_ISSUED, &(ways_of){.account_id = kept.id}));
    s->kind = MAIL_TEMPORARY_PASSWORD;
    s->method = METHOD_TEMPORARY;
    s->password_delivery = delivery;
    s->password = password;
    return OK;
}

/* An account whose temporary password just died. */
static err forget(txn *t, uuid id)
{
    TRY(ways_end(t, WAYS_TEMPORARY_ENDED, &(ways_of){.account_id = id}));
    return q_temporary_forget(t, id);
}

err temporary_end(txn *t, str email_key, uuid invitation_id)
{
    q_temporary_end_row row;
    err e = q_temporary_end(t, &row, .email_key = email_key, .temporary_invitation_id = invitation_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return forget(t, row.id);
}

err temporary_end_sent_by(txn *t, uuid organization_id, uuid inviter)
{
    TRY(q_temporary_sent_by_end(t, .organization_id = organization_id, .now = t->now, .invited_by_id = inviter));
    TRY(q_temporary_sent_by_sessions(t, .organization_id = organization_id, .now = t->now, .invited_by_id = inviter));
    return q_temporary_sent_by_forget(t, .organization_id = organization_id, .now = t->now, .invited_by_id = inviter);
}

err temporary_give_way(txn *t, str email_key)
{
    q_temporary_give_way_row row;
    err e = q_temporary_give_way(t, &row, email_key);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return forget(t, row.id);
}

/* ---- the one sign-in ---- */

err temporary_use(txn *t, uuid account_id, str email_key, str typed)
{
    q_account_password_kept_row now;
    err e = q_account_password_kept(t, &now, account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_SIGN_IN_FAILED : e; /* it went with its invitation */
    if (!temporary_matches(t, email_key, now.temporary_hash, typed))
        return ERR_SIGN_IN_FAILED;
    if (now.temporary_used_at || now.temporary_expires_at <= t->now)
        return ERR_TEMPORARY_PASSWORD_EXPIRED;
    return q_temporary_use(t, .temporary_used_at = t->now, .id = account_id);
}

/* ---- a password of one's own ---- */

/* What is replaced, all of it locked: seats, invitation, account, in the order that whoever ends an invitation takes. */
typedef struct waiting {
    q_account_by_id_row account;
    q_invitation_for_change_row invitation;
    q_account_password_kept_row credential;
} waiting;

/* The session goes: that it was still there tells that no newer password was issued. */
static err take_up(txn *t, const actor *who, waiting *w)
{
    seats s;
    int64_t alive;
    err e = q_account_by_id(t, &w->account, who->account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
    uuid organization_id = w->account.confined_to_id;
    if (uuid_none(w->account.temporary_invitation_id))
        return ERR_UNAUTHENTICATED;
    TRY(seats_lock(t, organization_id, &s));
    TRY(q_invitation_for_change(t, &w->invitation, .organization_id = organization_id,
                                .id = w->account.temporary_invitation_id));
    TRY(invitation_state_error(invitation_effective(w->invitation.state, w->invitation.expires_at, t->now)));
    e = q_account_password_kept(t, &w->credential, who->account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
    TRY(q_session_delete(t, &alive, .id = who->session_id, .account_id = who->account_id));
    return alive && uuid_eq(w->credential.temporary_invitation_id, w->invitation.id) ? OK : ERR_UNAUTHENTICATED;
}

static err settle_name(txn *t, str pointer, str given, str has, str *out)
{
    *out = has;
    return given.p || !has.n ? name_clean(t->a, t->problem, pointer, given, out) : OK;
}

/* The account becomes the person's own. */
static err make_own(txn *t, const waiting *w, const temporary_replacement *r)
{
    str given, family;
    uuid id = w->account.id;
    TRY(settle_name(t, S("/given_name"), r->given_name, w->account.given_name, &given));
    TRY(settle_name(t, S("/family_name"), r->family_name, w->account.family_name, &family));
    if (temporary_matches(t, w->account.email_key, w->credential.temporary_hash, r->password))
        return problem_at(t->problem, ERR_PASSWORD_TOO_WEAK, r->pointer, S("temporary"), 0);
    TRY(q_account_names_set(t, .given_name = given, .family_name = family,
                            .locale = r->locale.p ? r->locale : w->account.locale, .id = id));
    TRY(q_account_password_set(t, .password_hash = r->hash, .password_set_at = t->now, .id = id));
    TRY(ways_end(t, WAYS_TEMPORARY_REPLACED, &(ways_of){.account_id = id}));
    return str_eq(w->invitation.password_delivery, S("send"))
               ? q_account_prove(t, .email_proved_at = t->now, .id = id) /* it travelled by e-mail alone */
               : OK;
}

err temporary_replace(txn *t, const actor *who, const temporary_replacement *r, accepted *out)
{
    waiting w;
    q_organization_by_id_row o;
    *out = (accepted){.new_session = true};
    TRY(take_up(t, who, &w));
    TRY(make_own(t, &w, r));
    TRY(q_organization_by_id(t, &o, w.account.confined_to_id));
    out->organization_id = o.id;
    out->organization_slug = o.slug;
    out->entitlement_keys = o.entitlement_keys;
    TRY(invitation_fulfil(t, who, o.id, &w.invitation, who->account_id, &out->membership_id));
    TRY(account_get(t, who->account_id, &out->session.account));
    TRY(session_create(t, who, who->account_id, STAGE_FULL, false, &out->session.session_id, &out->session.token,
                       &out->session.expires_at));
    return audit(t, who, "password.changed", .subject_kind = S("account"), .subject_id = who->account_id);
}
