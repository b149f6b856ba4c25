/* What was asked about addresses, answered where nobody waits for it. */
#include "domain/lifecycle/address_answer.h"

#include "domain/account/credential.h"
#include "domain/invitation/remind.h"
#include "domain/lifecycle/signup.h"
#include "domain/shared/actor.h"
#include "ports/address.h"
#include "queries.h"

static bool parse(txn *t, str *what, address *where, str *next)
{
    *next = str_cut(what, '\n');
    return address_parse(t->a, *what, where);
}

/*
 * Beyond some an hour one every ten minutes, which is as good for whoever reads it. Each kind of mail counts by itself:
 * what is asked for in vain, or for something else, leaves nobody without a link to a password.
 */
static err reset(txn *t, const actor *who, const q_account_by_key_row *to, str key, str next)
{
    bool due;
    TRY(rate_mail_due(t, &RATE_RESET_MAIL, &RATE_RESET_CROWD, key, &due));
    return due ? password_reset_mail(t, who, to, next) : OK;
}

static err invitations(txn *t, const actor *who, str key)
{
    bool due;
    TRY(rate_mail_due(t, &RATE_INVITATION_MAIL, &RATE_INVITATION_CROWD, key, &due));
    return due ? invitations_mail_links(t, who, key) : OK;
}

/* A link to a new password, when the address that was typed is an account's; else to what it was invited by. */
static err answer_reset(txn *t, const actor *who, str what)
{
    address where;
    str next;
    q_account_by_key_row row;
    if (!parse(t, &what, &where, &next))
        return OK;
    err e = account_find(t, where.key, &row);
    if (e == ERR_NOT_FOUND) /* no password to forget yet: the invitation leads to one */
        return invitations(t, who, where.key);
    TRY(e);
    if (!uuid_none(row.temporary_invitation_id))
        return invitation_mail_link(t, who, row.confined_to_id, row.temporary_invitation_id);
    return reset(t, who, &row, where.key, next);
}

static err answer_invitation(txn *t, const actor *who, str what)
{
    address where;
    str next;
    return parse(t, &what, &where, &next) ? invitations(t, who, where.key) : OK;
}

static err (*const answers[ADDRESS_REQUEST_COUNT])(txn *t, const actor *who, str what) = {
    [ADDRESS_REQUEST_RESET] = answer_reset,
    [ADDRESS_REQUEST_SIGNUP] = signup_answer,
    [ADDRESS_REQUEST_INVITATION] = answer_invitation,
    [ADDRESS_REQUEST_LINK] = invitation_answer_link,
};

static err answer_one(txn *t, const q_address_request_take_row *r)
{
    str what;
    const actor who = {.kind = ACTOR_ANONYMOUS, .source = r->source, .request_id = r->request_id};
    if (!unseal(t->env->key, t->a, r->sealed, &what)) /* another key file's: nobody can tell what it was */
        return OK;
    address_request_kind kind;
    return address_request_kind_of(r->kind, &kind) ? answers[kind](t, &who, what) : OK;
}

err address_request_answer(txn *t, const request_mark *after, request_mark *taken)
{
    q_address_request_take_row row;
    TRY(q_address_request_take(t, &row, .after_at = after->turn_at, .after_id = after->id));
    *taken = (request_mark){row.turn_at, row.id};
    return answer_one(t, &row);
}
