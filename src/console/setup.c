/* The one-time setup address: the first organization and its owner. */
#include "console/console.h"

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
    put_option(locales, S("fr"), catalog_text(LANG_FR, S("language.name")), chosen);
    put_option(locales, S("en"), catalog_text(LANG_EN, S("language.name")), chosen);
    put_option(locales, S(""), text(r, "settings.language_both"), chosen);
    return OK;
}

err console_setup_page(request *r, txn *t)
{
    mval *m;
    TRY(setup_allowed(r, t));
    TRY(setup_open(r, t, &(body_setup_form){0}, &m));
    return page_answer(r, 200, "setup", m);
}

typedef struct setup_work {
    str hash;
    err refusal;
} setup_work;

err console_setup_form_prepare(request *r)
{
    const body_setup_form *form = r->body;
    setup_work *work = r->scratch = arena_new_of(r->a, setup_work);
    txn t;
    TRY(store_read(r->app->store, r->a, &r->problem, &t));
    err e = setup_allowed(r, &t);
    store_read_end(&t);
    TRY(e);
    str about[] = {form->organization, form->given_name, form->family_name, form->email};
    work->refusal = password_prepare(&r->app->env, r->a, &r->problem, S("/password"), form->password, about,
                                     sizeof about / sizeof about[0], &work->hash);
    return err_about(work->refusal)->status >= 500 ? work->refusal : OK;
}

/* The rule calls the organization's name /name; the form has it beside a person's. */
static void rename_field(request *r, str from, str to)
{
    for (size_t i = 0; i < r->problem.field_count; i++)
        if (str_eq(r->problem.fields[i].pointer, from))
            r->problem.fields[i].pointer = to;
}

err console_setup_form(request *r, txn *t)
{
    const body_setup_form *form = r->body;
    const setup_work *work = r->scratch;
    language locale;
    founded made;
    founding f = {
        .name = form->organization, .email = form->email, .given_name = form->given_name,
        .family_name = form->family_name, .password_hash = work->hash, .first = true, .sign_in = true,
        .locale = language_parse(form->locale, &locale) ? language_code(locale) : STR_NONE,
    };
    actor operator = r->actor; /* who holds the setup address runs the server */
    operator.kind = ACTOR_OPERATOR;
    err refusal = work->refusal;
    TRY(setup_allowed(r, t));
    if (refusal == OK) {
        TRY(store_savepoint(t));
        TRY(page_attempt(t, organization_found(t, &operator, &f, &made), &refusal));
    }
    if (refusal == OK) {
        answer_session_cookie(r, made.session.token, made.session.expires_at);
        return answer_redirect(r, arena_join(r->a, S("/o/"), made.slug, S("/users/invite")));
    }
    mval *m;
    rename_field(r, S("/name"), S("/organization"));
    TRY(setup_open(r, t, form, &m));
    return page_refused(r, refusal, "setup", m);
}
