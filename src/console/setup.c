/* The one-time setup address: the first organization and its owner. */
#include "console/console.h"
#include "domain/lifecycle/founding.h"
#include "ports/address.h"

/* Open while the address's secret is right and nothing was founded yet. */
static err setup_allowed(request *r, txn *t)
{
    bool none;
    if (!token_equal(r->params[0].text, r->app->setup_token))
        return ERR_NOT_FOUND;
    TRY(organization_none(t, &none));
    return none ? OK : ERR_NOT_FOUND;
}

static err setup_open(request *r, txn *t, const body_setup_form *form, mval **out)
{
    TRY(page_open(r, t, out));
    PUT(*out, "action_url", arena_join(r->a, S("/setup/"), r->params[0].text));
    mval *values = m_set_object(*out, S("form"));
    PUT(values, "organization", form->organization);
    PUT(values, "given_name", form->given_name);
    PUT(values, "family_name", form->family_name);
    PUT(values, "email", form->email);
    mval *locales = m_set_list(*out, S("locale_options"));
    str chosen = form->locale.p ? form->locale : language_code(r->lang);
    put_languages(locales, chosen);
    put_option(locales, S(""), text(r, "settings.language_both"), chosen);
    return OK;
}

err console_setup_page(request *r, txn *t)
{
    mval *m;
    err refusal = setup_allowed(r, t);
    if (refusal == ERR_NOT_FOUND && token_equal(r->params[0].text, r->app->setup_token))
        return answer_redirect(r, S("/")); /* done: whoever kept the address is led to the door */
    TRY(refusal);
    TRY(setup_open(r, t, &(body_setup_form){0}, &m));
    return page_answer(r, 200, "setup", m);
}

err console_setup_form_admit(request *r, txn *t)
{
    r->scratch = arena_new_of(r->a, str); /* the hash */
    return setup_allowed(r, t);
}

err console_setup_form_prepare(request *r)
{
    const body_setup_form *form = r->body;
    address where;
    str known[] = {form->organization, form->email}, name;
    err refusal =
        page_new_person(r, &(password_terms){.least = r->app->env.settings->password_min_length}, form->given_name,
                        form->family_name, form->password, known, sizeof known / sizeof known[0], r->scratch);
    if (!address_parse(r->a, form->email, &where))
        refusal = problem_at(&r->problem, ERR_INVALID_ADDRESS, S("/email"), S("not-allowed"), 0);
    if (name_clean(r->a, &r->problem, S("/organization"), form->organization, &name) != OK && refusal == OK)
        refusal = ERR_INVALID_REQUEST;
    return page_note(r, refusal);
}

err console_setup_form(request *r, txn *t)
{
    const body_setup_form *form = r->body;
    language locale;
    founded made;
    founding f = {
        .name = form->organization,
        .email = form->email,
        .given_name = form->given_name,
        .family_name = form->family_name,
        .password_hash = *(const str *)r->scratch,
        .first = true,
        .sign_in = true,
        .locale = language_parse(form->locale, &locale) ? language_code(locale) : STR_NONE,
    };
    actor operator= r->actor; /* who holds the setup address runs the server */
    operator.kind = ACTOR_OPERATOR;
    err refusal = page_recall(r);
    TRY(setup_allowed(r, t));
    if (refusal == OK)
        PAGE_ATTEMPT(t, &refusal, organization_found(t, &operator, & f, &made));
    if (refusal == OK) {
        answer_session(r, &made.session);
        return answer_redirect(r, arena_join(r->a, S("/o/"), made.slug, S("/users/invite")));
    }
    mval *m;
    TRY(setup_open(r, t, form, &m));
    return page_refused(r, refusal, "setup", m);
}
