/* An organization's settings. */
#include "console/invite.h"

static str duration_value(request *r, msec d)
{
    char out[DURATION_TEXT_SIZE];
    return d ? arena_str(r->a, duration_format(d, out)) : S("");
}

/* The usual durations, and the one in force when it is none of them. */
static void put_durations(request *r, mval *list, const char *plural, const str *usual, size_t count, msec chosen)
{
    bool found = chosen == 0;
    for (size_t i = 0; i < count; i++) {
        msec d;
        if (!duration_parse(usual[i], &d))
            continue;
        found = found || d == chosen;
        str label = plural ? text_count(r, plural, d / MSEC_DAY) : phrase_duration(r->a, r->lang, d);
        put_option(list, usual[i], label, d == chosen ? usual[i] : STR_NONE);
    }
    if (!found)
        put_option(list, duration_value(r, chosen), phrase_duration(r->a, r->lang, chosen), duration_value(r, chosen));
}

void put_lifetimes(request *r, mval *m, const char *name, msec chosen)
{
    static const str usual[] = {S_INIT("1d"), S_INIT("3d"), S_INIT("7d"), S_INIT("14d"), S_INIT("30d"), S_INIT("90d")};
    put_durations(r, m_set_list(m, str_of(name)), NULL, usual, sizeof usual / sizeof usual[0], chosen);
}

static void put_reminders(request *r, mval *m, const organization_view *o)
{
    static const str usual[] = {S_INIT("1d"), S_INIT("2d"), S_INIT("3d"), S_INIT("5d"), S_INIT("7d"), S_INIT("14d")};
    mval *after = m_set_list(m, S("reminder_options")), *most = m_set_list(m, S("reminder_max_options"));
    put_option(after, S(""), text(r, "settings.reminder_none"), o->reminder_after ? STR_NONE : S(""));
    put_durations(r, after, "settings.reminder_days", usual, sizeof usual / sizeof usual[0], o->reminder_after);
    for (int64_t n = 1; n <= (o->reminder_max > 5 ? o->reminder_max : 5); n++) {
        str value = arena_printf(r->a, "%lld", (long long)n);
        put_option(most, value, text_count(r, "settings.reminder_times", n), n == o->reminder_max ? value : STR_NONE);
    }
}

static void put_existing(request *r, mval *m, str chosen)
{
    static const str words[] = {S_INIT("attach"), S_INIT("refuse")};
    mval *list = m_set_list(m, S("existing_options"));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        mval *o = m_add_object(list);
        PUT(o, "value", words[i]);
        PUT(o, "text", text_of(r, "settings.existing", words[i]));
        PUT(o, "detail", text_of(r, "settings.existing", arena_join(r->a, words[i], S(".detail"))));
        PUT_BOOL(o, "selected", str_eq(words[i], chosen));
    }
}

str seats_text(request *r, const seats *s, int64_t wanted)
{
    int64_t left = seats_free(s);
    if (!s->limit)
        return STR_NONE;
    const char *key = wanted > left ? "seats.short" : wanted ? "seats.after" : "seats.free";
    int64_t count = wanted > left ? wanted - left : left - wanted;
    str numbers[][2] = {{S("count"), phrase_number(r->a, r->lang, count)},
                        {S("limit"), phrase_number(r->a, r->lang, s->limit)}};
    return phrase_fill(r->a, catalog_plural(r->lang, str_of(key), count), (const str(*)[2])numbers, 2);
}

void put_seats(request *r, mval *m, const seats *s, int64_t wanted)
{
    if (!s->limit)
        return;
    mval *o = m_set_object(m, S("seats"));
    PUT(o, "text", seats_text(r, s, wanted));
    PUT_BOOL(o, "is_short", wanted > seats_free(s) || seats_free(s) == 0);
}

/* The page, with the values of `o`: those that are stored, or those of a form that was refused. */
static err settings_open(request *r, txn *t, const organization_view *o, mval **out)
{
    TRY(page_open(r, t, out));
    PUT(m_set_object(*out, S("form")), "name", o->name);
    mval *locales = m_set_list(*out, S("locale_options"));
    str chosen = o->locale.p ? o->locale : S("");
    put_option(locales, S("fr"), catalog_text(LANG_FR, S("language.name")), chosen);
    put_option(locales, S("en"), catalog_text(LANG_EN, S("language.name")), chosen);
    put_option(locales, S(""), text(r, "settings.language_both"), chosen);
    put_existing(r, *out, o->existing_accounts);
    PUT_BOOL(*out, "administrators_may_invite", o->administrators_invite);
    put_lifetimes(r, *out, "lifetime_options", o->invitation_lifetime);
    put_reminders(r, *out, o);
    put_seats(r, *out, &o->seats, 0);
    return OK;
}

err console_settings_page(request *r, txn *t)
{
    organization_view o;
    mval *m;
    TRY(organization_get(t, r->actor.organization_id, &o));
    TRY(settings_open(r, t, &o, &m));
    return page_answer(r, 200, "settings", m);
}

/* A form's field that is empty is either "none" (language, reminder) or left as it is. */
static err read_change(request *r, const body_settings_form *form, organization_change *c)
{
    uint64_t most;
    *c = (organization_change){
        .name = form->name,
        .has_locale = form->has_locale,
        .locale = some(form->locale),
        .existing_accounts = some(form->existing_accounts),
        .has_administrators_invite = true,
        .administrators_invite = form->administrators_may_invite_administrators,
        .has_reminder_after = form->has_reminder_after,
        .has_reminder_max = form->has_reminder_max,
    };
    if (!str_empty(form->invitation_lifetime) && !duration_parse(form->invitation_lifetime, &c->invitation_lifetime))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/invitation_lifetime"), S("not-allowed"), 0);
    if (!str_empty(form->reminder_after) && !duration_parse(form->reminder_after, &c->reminder_after))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/reminder_after"), S("not-allowed"), 0);
    if (form->has_reminder_max && !str_to_u64(form->reminder_max, 10, &most))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/reminder_max"), S("not-allowed"), 0);
    c->reminder_max = form->has_reminder_max ? (int64_t)most : 0;
    return OK;
}

/* What was typed, laid over what is stored. */
static void keep_typed(organization_view *o, const organization_change *c)
{
    o->name = c->name;
    o->locale = c->has_locale ? c->locale : o->locale;
    o->existing_accounts = c->existing_accounts.p ? c->existing_accounts : o->existing_accounts;
    o->administrators_invite = c->administrators_invite;
    o->invitation_lifetime = c->invitation_lifetime ? c->invitation_lifetime : o->invitation_lifetime;
    o->reminder_after = c->has_reminder_after ? c->reminder_after : o->reminder_after;
    o->reminder_max = c->has_reminder_max ? c->reminder_max : o->reminder_max;
}

err console_settings_form(request *r, txn *t)
{
    organization_change change;
    organization_view o;
    mval *m;
    err refusal = read_change(r, r->body, &change);
    if (refusal == OK) {
        TRY(store_savepoint(t));
        TRY(page_attempt(t, organization_update(t, &r->actor, &change), &refusal));
    }
    if (refusal == OK)
        return page_redirect(r, org_path(r, "/settings"), "settings_saved");
    TRY(organization_get(t, r->actor.organization_id, &o));
    keep_typed(&o, &change);
    TRY(settings_open(r, t, &o, &m));
    return page_refused(r, refusal, "settings", m);
}
