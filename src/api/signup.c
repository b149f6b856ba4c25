/* Founding an organization by a mailed code. */
#include "api/view.h"
#include "bodies.h"
#include "domain/lifecycle/signup.h"
#include "routes.h"

err api_begin_signup_admit(request *r, txn *t)
{
    const body_begin_signup *b = r->body;
    signup_order *o = arena_new_of(r->a, signup_order);
    *o = (signup_order){.email = b->email,
                        .given_name = b->given_name,
                        .family_name = b->family_name,
                        .organization = b->organization,
                        .locale = b->locale};
    r->scratch = o;
    TRY(signup_allowed(t->env));
    TRY(signup_judge(r->a, &r->problem, o));
    return signup_admit(t, &r->actor, o);
}

err api_begin_signup_prepare(request *r)
{
    const body_begin_signup *b = r->body;
    signup_order *o = r->scratch;
    const str about[] = {o->email, o->given_name, o->family_name, o->organization};
    return password_prepare(&(password_terms){.least = r->app->env.settings->password_min_length}, r->a, &r->problem,
                            S("/password"), b->password, about, 4, &o->password_hash);
}

err api_begin_signup(request *r, txn *t)
{
    uuid id;
    TRY(signup_begin(t, &r->actor, r->scratch, &id));
    return REPLY(r, 202, signup, .signup = id);
}

err api_resend_signup(request *r, txn *t)
{
    const body_resend_signup *b = r->body;
    uuid id;
    TRY(signup_allowed(t->env));
    if (!typeid_parse(b->signup, ID_SIGNUP, &id))
        return ERR_CODE_INVALID;
    TRY(signup_resend(t, &r->actor, id));
    return answer_empty(r, 202);
}

static err answer_confirmed(request *r, txn *t, const founded *f)
{
    organization_view o;
    if (f->session.stage == STAGE_FACTOR) /* of a repeat: there is a second factor by now */
        return ERR_SECOND_FACTOR_REQUIRED;
    TRY(organization_get(t, f->organization_id, &o));
    answer_session(r, &f->session);
    return REPLY(r, 201, signup_done, .organization = view_organization(&o),
                 .account = view_account(&f->session.account),
                 .session = view_session(f->session.session_id, f->session.expires_at));
}

err api_confirm_signup(request *r, txn *t)
{
    const body_confirm_signup *b = r->body;
    uuid id;
    founded f = {0};
    TRY(signup_allowed(t->env));
    if (!typeid_parse(b->signup, ID_SIGNUP, &id))
        return ERR_CODE_INVALID;
    TRY(signup_confirm(t, &r->actor, id, b->code, &f));
    return answer_confirmed(r, t, &f);
}
