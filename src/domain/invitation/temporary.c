/*
 * Issuing a temporary password and ending it. The account that waits behind it is made and goes with the invitation, in
 * its transaction, so that an address is never held by nobody.
 */
#include "domain/invitation/temporary.h"

#include "domain/account/temporary_password.h"
#include "domain/account/ways_in.h"
#include "domain/mail/mail.h"
#include "domain/shared/audit.h"
#include "domain/shared/held.h"
#include "domain/shared/session.h"
#include "queries.h"

/* ---- terms ---- */

temporary_terms temporary_terms_of(const txn *t, const q_organization_by_id_row *o)
{
    const settings *s = t->env->settings;
    return (temporary_terms){o->temporary_password_delivery.p ? o->temporary_password_delivery
                                                              : password_delivery_text(s->temporary_password_delivery),
                             o->temporary_password_lifetime ? o->temporary_password_lifetime
                                                            : s->temporary_password_lifetime};
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
    bool asks = password_delivery_is(terms->delivery, PASSWORD_DELIVERY_ASK);
    if (asks && !wished.p)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/delivery"), S("required"), 0);
    if (!asks && wished.p && !str_eq(wished, terms->delivery))
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/delivery"), S("not-allowed"), 0);
    *out = asks ? wished : terms->delivery;
    return OK;
}

/* ---- issuing and ending ---- */

/*
 * The one that waits already gets the new password, and what an earlier one opened ends with that. ERR_NOT_FOUND: none
 * does.
 */
static err renew_waiting(txn *t, const invitation_send *s, const q_temporary_insert_in *with)
{
    q_temporary_standing_row waits;
    int64_t renewed;
    TRY(q_temporary_standing(t, &waits, .email_key = s->email_key, .confined_to_id = s->organization_id,
                             .now = t->now));
    TRY(ways_hold(t, waits.id));
    TRY(q_temporary_renew(t, &renewed, .email = with->email, .confined_to_id = with->confined_to_id,
                          .given_name = with->given_name, .family_name = with->family_name, .locale = with->locale,
                          .temporary_hash = with->temporary_hash, .temporary_expires_at = with->temporary_expires_at,
                          .temporary_invitation_id = with->temporary_invitation_id, .id = waits.id,
                          .email_key = with->email_key));
    return renewed ? ways_end(t, WAYS_TEMPORARY_ISSUED, &(ways_of){.account_id = waits.id}) : ERR_NOT_FOUND;
}

err temporary_issue(txn *t, invitation_send *s, str delivery, str given_name, str family_name, msec expires_at)
{
    char text[TEMPORARY_TEXT_LENGTH + 1];
    bool shaped;
    int64_t made;
    str password = arena_str(t->a, temporary_make(text));
    explicit_bzero(text, sizeof text);
    const q_temporary_insert_in with = {.id = uuid_new(t->now),
                                        .email = s->email,
                                        .email_key = s->email_key,
                                        .confined_to_id = s->organization_id,
                                        .given_name = given_name.p ? given_name : S(""),
                                        .family_name = family_name.p ? family_name : S(""),
                                        .locale = s->locale,
                                        .created_at = t->now,
                                        .temporary_hash = temporary_hash(t, s->email_key, password, &shaped),
                                        .temporary_expires_at = expires_at,
                                        .temporary_invitation_id = s->invitation_id};
    err e = renew_waiting(t, s, &with);
    if (e == ERR_NOT_FOUND) { /* the same statements, whether there is somebody or not */
        TRY(q_temporary_insert_(t, &made, &with));
        s->made_up = !made;
        e = made || !s->tells ? OK : ERR_CONFLICT;
    }
    TRY(e);
    s->kind = MAIL_TEMPORARY_PASSWORD;
    s->method = method_text(METHOD_TEMPORARY_PASSWORD);
    s->password_delivery = delivery;
    s->password = password;
    return OK;
}

_Static_assert(sizeof(q_temporary_of_row) == sizeof(uuid), "the rows are ids and nothing else");

err temporary_hold(txn *t, uuid organization_id, unsigned whose, uuid of)
{
    q_temporary_of_rows there, held;
    if (!store_is_shared(t->store))
        return OK;
    TRY(q_temporary_of(t, whose, Q_TEMPORARY_OF_HOW_LISTED, &there, .organization_id = organization_id, .of = of));
    TRY(q_temporary_of(t, whose, Q_TEMPORARY_OF_HOW_HELD, &held, .organization_id = organization_id, .of = of));
    return rows_hold(t, HELD_ACCOUNT, (const uuid *)there.p, there.n, (const uuid *)held.p, held.n);
}

err temporary_end(txn *t, str email_key, uuid invitation_id)
{
    q_temporary_end_row row;
    err e = q_temporary_end(t, &row, .email_key = email_key, .temporary_invitation_id = invitation_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return temporary_forget(t, row.id);
}

err temporary_end_sent_by(txn *t, uuid organization_id, uuid inviter)
{
    TRY(q_temporary_sent_by_end(t, .organization_id = organization_id, .invited_by_id = inviter));
    TRY(q_temporary_sent_by_sessions(t, .organization_id = organization_id, .invited_by_id = inviter));
    return q_temporary_sent_by_forget(t, .organization_id = organization_id, .invited_by_id = inviter);
}

/* ---- the one sign-in ---- */

/* ---- a password of one's own ---- */
