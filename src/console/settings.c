/* An organization's settings. */
#include "console/console.h"
#include "http/schema.h"

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

static void put_lifetimes(request *r, mval *m, const char *name, msec chosen)
{
    static const str usual[] = {S_INIT("1d"), S_INIT("3d"), S_INIT("7d"), S_INIT("14d"), S_INIT("30d"), S_INIT("90d")};
    put_durations(r, m_set_list(m, str_of(name)), NULL, usual, sizeof usual / sizeof usual[0], chosen);
}

static void put_reminders(request *r, mval *m, const organization_settings *s)
{
    static const str usual[] = {S_INIT("1d"), S_INIT("2d"), S_INIT("3d"), S_INIT("5d"), S_INIT("7d"), S_INIT("14d")};
    mval *after = m_set_list(m, S("reminder_options")), *most = m_set_list(m, S("reminder_max_options"));
    put_option(after, S(""), text(r, "settings.reminder_none"), s->reminder_after ? STR_NONE : S(""));
    put_durations(r, after, "settings.reminder_days", usual, sizeof usual / sizeof usual[0], s->reminder_after);
    for (int64_t n = 1; n <= (s->reminder_max > 5 ? s->reminder_max : 5); n++) {
        str value = arena_printf(r->a, "%lld", (long long)n);
        put_option(most, value, text_count(r, "settings.reminder_times", n), n == s->reminder_max ? value : STR_NONE);
    }
}

/* Durations with "as the server says", or `none`, before them. */
static void put_spans(request *r, mval *m, const char *name, str none, const str *usual, size_t count, msec chosen)
{
    mval *list = m_set_list(m, str_of(name));
    put_option(list, S(""), none, chosen ? STR_NONE : S(""));
    put_durations(r, list, NULL, usual, count, chosen);
}
#define SPANS(r, m, name, none, usual, chosen) \
    put_spans((r), (m), (name), (none), (usual), sizeof(usual) / sizeof(usual)[0], (chosen))

static str as_server(request *r, str value)
{
    return TEXT(r, "settings.as_server", {S("value"), value});
}

/* One word out of a few, each with what it means. */
static void put_words(request *r, mval *m, const char *list, const char *family, const str *words, str chosen)
{
    mval *out = m_set_list(m, str_of(list));
    for (; words->p; words++) {
        mval *o = m_add_object(out);
        PUT(o, "value", *words);
        PUT(o, "text", text_of(r, family, *words));
        PUT(o, "detail", text_of(r, family, arena_join(r->a, *words, S(".detail"))));
        PUT_BOOL(o, "selected", str_eq(*words, chosen));
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

/* A list with a space between, a line each. */
static str lines_of(request *r, str list)
{
    str out = STR_NONE;
    while (list.n)
        out = arena_join(r->a, out, out.p ? S("\n") : S(""), str_cut(&list, ' '));
    return out;
}

static void put_invitations(request *r, mval *m, const organization_settings *s)
{
    put_words(r, m, "existing_options", "settings.existing", existing_accounts_words, s->existing_accounts);
    PUT_BOOL(m, "administrators_may_invite", s->administrators_invite);
    put_lifetimes(r, m, "lifetime_options", s->invitation_lifetime);
    put_reminders(r, m, s);
}

static void put_temporary_passwords(request *r, mval *m, const organization_settings *s,
                                    const organization_settings *servers)
{
    static const str usual[] = {S_INIT("1h"), S_INIT("24h"), S_INIT("72h"), S_INIT("7d"), S_INIT("30d")};
    mval *list = m_set_list(m, S("delivery_options"));
    str own = s->temporary_password_delivery.p ? s->temporary_password_delivery : S("");
    put_option(list, S(""), as_server(r, text_of(r, "settings.delivery", servers->temporary_password_delivery)), own);
    for (const str *word = password_delivery_words; word->p; word++)
        put_option(list, *word, text_of(r, "settings.delivery", *word), own);
    SPANS(r, m, "temporary_lifetime_options",
          as_server(r, phrase_duration(r->a, r->lang, servers->temporary_password_lifetime)), usual,
          s->temporary_password_lifetime);
}

static void put_sign_in(request *r, mval *m, const organization_settings *s, const organization_settings *servers)
{
    static const str lives[] = {S_INIT("8h"), S_INIT("12h"), S_INIT("1d"), S_INIT("7d"), S_INIT("30d"), S_INIT("90d")};
    static const str rests[] = {S_INIT("15m"), S_INIT("30m"), S_INIT("1h"), S_INIT("4h"), S_INIT("8h"), S_INIT("1d")};
    PUT_INT(m, "server_min_length", servers->password_min_length);
    SPANS(r, m, "session_lifetime_options", as_server(r, phrase_duration(r->a, r->lang, servers->session_lifetime)),
          lives, s->session_lifetime);
    SPANS(r, m, "session_idle_options", text(r, "settings.session_idle_none"), rests, s->session_idle);
    put_words(r, m, "factor_options", "settings.factor", second_factor_words, s->second_factor);
    PUT_BOOL(m, "own_factor_missing", !r->actor.factor_at);
}

/* What stands in fields of text: as stored, or as it was typed into a form that was refused. */
static void put_typed(request *r, mval *m, const organization_view *o, const body_settings_form *form)
{
    mval *values = m_set_object(m, S("form"));
    PUT(values, "name", form ? form->name : o->name);
    PUT(values, "password_min_length",
        form                              ? form->password_min_length
        : o->settings.password_min_length ? arena_printf(r->a, "%lld", (long long)o->settings.password_min_length)
                                          : STR_NONE);
    PUT(values, "accent", form ? form->accent : o->settings.accent);
    PUT(values, "allowed_domains", form ? form->allowed_domains : lines_of(r, o->settings.allowed_domains));
    PUT(values, "refused_domains", form ? form->refused_domains : lines_of(r, o->settings.refused_domains));
}

/* The page, with the values of `o`, and what was typed into a form that was refused (or NULL). */
static err settings_open(request *r, txn *t, const organization_view *o, const body_settings_form *form, mval **out)
{
    organization_settings servers = organization_settings_effective(r->app->env.settings, (organization_settings){0});
    TRY(page_open(r, t, out));
    mval *m = *out, *locales = m_set_list(m, S("locale_options"));
    str chosen = o->locale.p ? o->locale : S("");
    put_typed(r, m, o, form);
    put_languages(locales, chosen);
    put_option(locales, S(""), text(r, "settings.language_both"), chosen);
    put_seats(r, m, &o->seats, 0);
    put_zones(r, m, o->settings.time_zone, as_server(r, zone_text(r, servers.time_zone)));
    put_invitations(r, m, &o->settings);
    put_temporary_passwords(r, m, &o->settings, &servers);
    put_sign_in(r, m, &o->settings, &servers);
    PUT_BOOL(m, "recommend_second_administrator", o->administering < 2);
    return OK;
}

err console_settings_page(request *r, txn *t)
{
    organization_view o;
    mval *m;
    TRY(organization_get(t, r->actor.organization_id, &o));
    TRY(settings_open(r, t, &o, NULL, &m));
    return page_answer(r, 200, "settings", m);
}

err settings_refused(request *r, txn *t, err refusal)
{
    organization_view o;
    mval *m;
    TRY(organization_get(t, r->actor.organization_id, &o));
    TRY(settings_open(r, t, &o, NULL, &m));
    return page_refused(r, refusal, "settings", m);
}

static err save(request *r, txn *t, const body_settings_form *form, const text_pair *given, size_t count)
{
    organization_change c = {.name = form->name, .has_locale = form->has_locale, .locale = some(form->locale)};
    err named = organization_update(t, &r->actor, &c);
    if (named != OK && named != ERR_INVALID_REQUEST)
        return named;
    err laid = organization_settings_update(t, &r->actor, given, count); /* all that is wrong is said at once */
    return named != OK ? named : laid;
}

err console_settings_form(request *r, txn *t)
{
    enum { FIELDS_MOST = ORGANIZATION_SETTING_COUNT + 2 };
    const body_settings_form *form = r->body;
    text_pair given[FIELDS_MOST];
    size_t count = schema_given(r->route->body, r->a, form, true, given, FIELDS_MOST);
    organization_view o;
    problem known = {0};
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, save(r, t, form, given, count));
    if (refusal == OK)
        return page_redirect(r, org_path(r, "/settings"), NOTICE_SETTINGS_SAVED);
    TRY(organization_get(t, r->actor.organization_id, &o));
    o.locale = form->has_locale ? some(form->locale) : o.locale;
    err noted = organization_settings_lay(r->a, &known, given, count, &o.settings);
    (void)noted; /* `refusal` says it already */
    TRY(settings_open(r, t, &o, form, &m));
    return page_refused(r, refusal, "settings", m);
}
