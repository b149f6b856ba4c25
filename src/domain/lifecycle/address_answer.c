/* What was asked about addresses, answered where nobody waits for it. */
#include "domain/lifecycle/address_answer.h"

#include "domain/account/credential.h"
#include "domain/invitation/change.h"
#include "domain/lifecycle/signup.h"
#include "domain/shared/actor.h"
#include "ports/address.h"
#include "queries.h"

/* A link, when the address that was typed is an account's. */
static err answer_reset(txn *t, const actor *who, str what)
{
    address where;
    str email = what, next = str_cut(&email, '\n');
    q_account_by_key_row row;
    if (!address_parse(t->a, email, &where))
        return OK;
    err e = account_find(t, where.key, &row);
    if (e == ERR_NOT_FOUND)
        return OK;
    TRY(e);
    if (!uuid_none(row.temporary_invitation_id)) /* no password to forget yet: the invitation leads to one */
        return invitation_mail_link(t, who, row.confined_to_id, row.temporary_invitation_id);
    return password_reset_mail(t, who, &row, where.key, next);
}

static err (*const answers[ADDRESS_REQUEST_COUNT])(txn *t, const actor *who, str what) = {
    [ADDRESS_REQUEST_RESET] = answer_reset,
    [ADDRESS_REQUEST_SIGNUP] = signup_answer,
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

err address_request_answer(txn *t, uuid after, uuid *taken)
{
    q_address_request_take_row row;
    TRY(q_address_request_take(t, &row, after));
    *taken = row.id;
    return answer_one(t, &row);
}
