/*
 * The invitation in steps: addresses, options, preview, send; for people, and for administrators. Every step reads and
 * checks all of it again.
 */
#include "console/invite.h"

#include "domain/invitation/create.h"
#include "limits_table.h"

static const invite_way inviting = {"/users/invite", "invite.title", false};
static const invite_way adding_administrators = {"/users/administrators", "administrators.title", true};

/* ---- what the steps share ---- */

static str text_or_empty(str s)
{
    return s.p ? s : S("");
}

static void put_count(mval *m, const char *name, int64_t count)
{
    if (count)
        m_set_int(m_set_object(m, str_of(name)), S("count"), count);
}

static err step_open(request *r, txn *t, const invite_draft *d, const char *step, mval **out)
{
    TRY(page_open(r, t, out));
    mval *m = *out, *form = m_set_object(m, S("form"));
    str url = org_path(r, d->way->path);
    PUT(form, "addresses", invite_draft_text(r, d));
    const str *columns = d->form->columns.items;
    mval *carried = m_set_list(form, S("columns"));
    for (size_t i = 0; i < d->form->columns.count && str_empty(d->form->pasted); i++)
        m_set_str(m_add_object(carried), S("value"), columns[i]);
    PUT(form, "role", d->role);
    PUT(form, "locale", text_or_empty(d->locale));
    PUT(form, "message", text_or_empty(d->form->message));
    PUT(form, "expires_in", text_or_empty(d->expires_in));
    PUT(form, "method", d->method);
    put_chosen(form, d);
    PUT(m, "heading", text(r, d->way->title));
    PUT(m, "invite_url", url);
    PUT(m, "send_url", arena_join(r->a, url, S("/send")));
    PUT_BOOL(m, "is_administrators", d->way->administrators);
    PUT_BOOL(m, "for_new", d->way->administrators);
    PUT_BOOL(m, "all_exist", d->good > 0 && d->all_exist);
    m_set_bool(m_set_object(m, S("step")), arena_join(r->a, str_of(step), S("_current")), true);
    page_back(r, m, org_path(r, "/users"), "nav.back_users");
    put_count(m, "good", d->good);
    put_count(m, "bad", d->bad);
    PUT_INT(m, "max_addresses", INVITE_ROWS_MAX);
    PUT_INT(m, "message_max", INVITE_MESSAGE_MAX);
    put_methods(r, m, &d->terms, !d->way->administrators, d->method);
    return OK;
}

/* ---- addresses ---- */

static err addresses_open(request *r, txn *t, const invite_draft *d, bool judged, mval **out)
{
    TRY(step_open(r, t, d, "addresses", out));
    PUT_BOOL(*out, "has_results", judged);
    PUT_BOOL(*out, "can_go_on", judged && d->good > 0);
    if (judged) {
        put_columns(r, *out, d);
        put_results(r, *out, d, false);
        put_seats(r, *out, &d->seats, d->good + d->short_of_seats);
    }
    return OK;
}

static err show_addresses(request *r, txn *t, const invite_draft *d, bool judged, err refusal)
{
    mval *m;
    TRY(addresses_open(r, t, d, judged, &m));
    if (refusal != OK)
        return page_refused(r, refusal, "invite_addresses", m);
    return page_answer(r, 200, "invite_addresses", m);
}

static err first_page(request *r, txn *t, const invite_way *way, str addresses)
{
    invite_form form = {.addresses = addresses};
    invite_draft d = {
        .form = &form, .way = way, .role = role_text(way->administrators ? ROLE_ADMINISTRATOR : ROLE_MEMBER)};
    TRY(temporary_terms_get(t, r->actor.organization_id, &d.terms));
    d.method = method_usual(r, &d.terms, !way->administrators);
    return show_addresses(r, t, &d, false, OK);
}

err console_invite_page(request *r, txn *t)
{
    const query_invite_page *query = r->query;
    return first_page(r, t, &inviting, query->addresses);
}

err console_administrators_page(request *r, txn *t)
{
    return first_page(r, t, &adding_administrators, STR_NONE);
}

/* ---- options ---- */

static void put_expiries(request *r, mval *m, const invite_draft *d)
{
    mval *list = m_set_list(m, S("expires_options"));
    static const str usual[] = {S_INIT("1d"), S_INIT("3d"), S_INIT("7d"), S_INIT("14d"), S_INIT("30d"), S_INIT("90d")};
    str chosen = text_or_empty(d->expires_in);
    msec link = d->organization.settings.invitation_lifetime, password = d->terms.lifetime;
    put_option(list, S(""), text(r, "invite.expires_default"), chosen);
    PUT(m, "expires_help",
        TEXT(r, "invite.expires_help", {S("link"), phrase_duration(r->a, r->lang, link)},
             {S("password"), phrase_duration(r->a, r->lang, password)}));
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        msec lifetime;
        if (duration_parse(usual[i], &lifetime))
            put_option(list, usual[i], phrase_duration(r->a, r->lang, lifetime), chosen);
    }
}

static void put_wrong_option(request *r, mval *m, const problem_field *wrong)
{
    bool links = str_eq(wrong->pointer, S("/message")) && str_eq(wrong->code, S("invalid-characters"));
    m_set_str(m_set_object(m, S("error")), str_slice(wrong->pointer, 1, wrong->pointer.n),
              links ? text(r, "invite.message_links") : problem_field_text(r, wrong));
}

static err show_options(request *r, txn *t, const invite_draft *d, err refusal)
{
    mval *m;
    TRY(step_open(r, t, d, "options", &m));
    put_role_options(r, m, r->actor.may & PERM_ADMINISTRATORS_INVITE, false, d->role);
    mval *locales = m_set_list(m, S("locale_options"));
    str chosen = text_or_empty(d->locale);
    put_option(locales, S(""), text(r, "invite.language_auto"), chosen);
    put_languages(locales, chosen);
    put_expiries(r, m, d);
    TRY(put_option_lists(r, t, m, d));
    if (refusal != OK)
        return page_refused(r, refusal, "invite_options", m);
    if (d->wrong_option)
        put_wrong_option(r, m, d->wrong_option);
    return page_answer(r, d->wrong_option ? 422 : 200, "invite_options", m);
}

/* ---- preview ---- */

/* The longest beginning of whole characters that fits an address of a page. */
static str cut_message(str message)
{
    enum { FITS = 1800 };
    size_t n = message.n < FITS ? message.n : FITS;
    while (n > 0 && n < message.n && ((unsigned char)message.p[n] & 0xc0) == 0x80)
        n--;
    return str_slice(message, 0, n);
}

static str first_good(const invite_draft *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->results[i].outcome == OK)
            return d->rows[i].email;
    return d->count ? d->rows[0].email : S("");
}

/* The mail as a person would get it, with a link that leads nowhere; in a frame of its own. */
static err put_mail(request *r, txn *t, mval *m, const invite_draft *d)
{
    invite_order order = invite_draft_order(d);
    invite_row row = {.email = first_good(d), .role = d->role, .locale = d->locale, .message = some(d->form->message)};
    mail_parts parts;
    TRY(invitation_mail_preview(t, &r->actor, &order, &row, d->all_exist, &parts));
    PUT(m, "mail_subject", parts.subject);
    PUT(m, "mail_to", row.email);
    PUT(m, "mail_frame_url",
        LINK(r->a, org_path(r, "/users/invite/mail"), {S("to"), row.email}, {S("locale"), d->locale},
             {S("role"), d->role}, {S("expires_in"), d->expires_in}, {S("method"), d->method},
             {S("existing"), d->all_exist ? S("true") : STR_NONE}, {S("message"), cut_message(d->form->message)}));
    return OK;
}

static err show_preview(request *r, txn *t, const invite_draft *d)
{
    mval *m;
    TRY(step_open(r, t, d, "preview", &m));
    TRY(put_mail(r, t, m, d));
    TRY(put_option_texts(r, t, m, d));
    put_results(r, m, d, false);
    put_seats(r, m, &d->seats, d->good + d->short_of_seats);
    PUT(m, "role_text", text_of(r, "role", d->role));
    PUT(m, "locale_text",
        d->locale.p ? catalog_text(language_is(d->locale, LANG_FR) ? LANG_FR : LANG_EN, S("language.name"))
                    : text(r, "invite.language_auto"));
    PUT(m, "expires_text", phrase_duration(r->a, r->lang, invite_draft_lifetime(d)));
    PUT(m, "method_text", d->all_exist ? STR_NONE : text_of(r, "invite.method", d->method));
    PUT_BOOL(m, "is_short", d->short_of_seats > 0);
    put_count(m, "fit", d->good);
    PUT_BOOL(m, "none_fit", d->good == 0 && d->short_of_seats > 0);
    PUT_BOOL(m, "may_send", d->good > 0);
    return page_answer(r, 200, "invite_preview", m);
}

err console_invite_mail_preview(request *r, txn *t)
{
    const query_invite_mail_preview *q = r->query;
    invite_order order = {0};
    language lang;
    mail_parts parts;
    if (!str_empty(q->expires_in) && !duration_parse(q->expires_in, &order.lifetime))
        return ERR_INVALID_REQUEST;
    method_into(str_empty(q->method) ? method_text(METHOD_LINK) : q->method, &order);
    invite_row row = {.email = text_or_empty(q->to),
                      .role = role_is(q->role, ROLE_ADMINISTRATOR) ? q->role : role_text(ROLE_MEMBER),
                      .locale = language_parse(q->locale, &lang) ? language_code(lang) : STR_NONE,
                      .message = some(q->message)};
    TRY(invitation_mail_preview(t, &r->actor, &order, &row, q->existing, &parts));
    answer_header(
        r, S("Content-Security-Policy"),
        S("default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; sandbox"));
    return answer_bytes(r, 200, S("text/html; charset=utf-8"), parts.html);
}

/* ---- the way through ---- */

/* The step that holds the field which was refused. */
static err show_refused(request *r, txn *t, const invite_draft *d, err refusal)
{
    str at = r->problem.field_count ? r->problem.fields[0].pointer : STR_NONE;
    bool first = str_eq(at, S("/addresses")) || (d->way->administrators && str_eq(at, S("/method")));
    return first || refusal != ERR_INVALID_REQUEST ? show_addresses(r, t, d, false, refusal)
                                                   : show_options(r, t, d, refusal);
}

/* The same for what was refused before its handler saw it. */
static err show_step_again(request *r, txn *t, const invite_way *way)
{
    const problem *p = &r->again->problem;
    invite_draft d;
    err read = invite_draft_read(r, t, way, r->body, &d);
    if (read != OK && read != ERR_INVALID_REQUEST)
        return read;
    bool first = !p->field_count || str_eq(p->fields[0].pointer, S("/addresses"));
    return first ? show_addresses(r, t, &d, false, OK) : show_options(r, t, &d, OK);
}

err console_invite_step_form_again(request *r, txn *t)
{
    return show_step_again(r, t, &inviting);
}

err console_invite_send_form_again(request *r, txn *t)
{
    return show_step_again(r, t, &inviting);
}

err console_administrators_step_form_again(request *r, txn *t)
{
    return show_step_again(r, t, &adding_administrators);
}

err console_administrators_send_form_again(request *r, txn *t)
{
    return show_step_again(r, t, &adding_administrators);
}

static err step_on(request *r, txn *t, const invite_way *way)
{
    const invite_form *form = r->body;
    invite_draft d;
    err refusal = invite_draft_read(r, t, way, form, &d);
    if (refusal == OK)
        refusal = invite_draft_judge(r, t, &d);
    if (refusal == ERR_INVALID_REQUEST)
        return show_refused(r, t, &d, refusal);
    TRY(refusal);
    bool on = d.good > 0 || d.short_of_seats > 0 || d.wrong_option;
    if (!on || (!str_eq(form->step, S("options")) && !str_eq(form->step, S("preview"))))
        return show_addresses(r, t, &d, true, OK);
    if (str_eq(form->step, S("options")) || d.wrong_option)
        return show_options(r, t, &d, OK);
    return show_preview(r, t, &d);
}

err console_invite_step_form(request *r, txn *t)
{
    return step_on(r, t, &inviting);
}

err console_administrators_step_form(request *r, txn *t)
{
    return step_on(r, t, &adding_administrators);
}

/* For the script: a refusal is a problem in JSON, which it passes over. */
err console_invite_check(request *r, txn *t)
{
    invite_draft d;
    TRY(invite_draft_read(r, t, &inviting, r->body, &d));
    TRY(invite_draft_judge(r, t, &d));
    return answer_results(r, &d);
}

/* ---- what was sent ---- */

static err show_sent(request *r, txn *t, const invite_draft *d, uuid batch)
{
    mval *m;
    TRY(step_open(r, t, d, "preview", &m));
    put_results(r, m, d, true);
    PUT(m, "heading", text(r, "title.invite_sent"));
    PUT_BOOL(m, "mail_kept", mail_is_kept(r));
    PUT(m, "batch_url", org_path_id(r, "/users/batches/", ID_BATCH, batch, ""));
    PUT(m, "users_url", org_path(r, "/users/invitations"));
    return page_answer(r, 200, "invite_sent", m);
}

/* The list is there to be mended, with what is wrong about each. */
static err show_none_sent(request *r, txn *t, const invite_draft *d)
{
    mval *m;
    err none = problem_at(&r->problem, ERR_INVALID_REQUEST, S("/addresses"), S("none-sent"), 0);
    TRY(addresses_open(r, t, d, true, &m));
    return page_refused(r, none, "invite_addresses", m);
}

static size_t collect_shown(request *r, const invite_draft *d, shown_password *out)
{
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++) {
        const invite_result *result = &d->results[i];
        if (result->outcome == OK && result->temporary_password.p)
            out[count++] = (shown_password){
                .email = result->made->email,
                .full_name = phrase_name(r->a, d->rows[i].given_name, d->rows[i].family_name),
                .password = result->temporary_password,
                .locale = result->made->locale,
                .expires_at = result->made->expires_at,
            };
    }
    return count;
}

static err show_shown(request *r, txn *t, const invite_draft *d, uuid batch, const shown_password *shown, size_t count)
{
    mval *m;
    TRY(page_open(r, t, &m));
    put_report(r, m, shown, count, org_path_id(r, "/users/batches/", ID_BATCH, batch, ""));
    PUT_BOOL(m, "has_others", put_results(r, m, d, true) > 0);
    return page_answer(r, 200, "invite_report", m);
}

/* Sends, unless seats ran short since the preview: then nothing is done before the person agrees to fewer. */
static err send(request *r, txn *t, invite_draft *d, uuid *batch)
{
    invite_order order = invite_draft_order(d);
    TRY(invitations_create(t, &r->actor, &order, d->results, batch));
    invite_draft_count(d);
    return d->short_of_seats && !d->form->as_many_as_fit ? ERR_SEAT_LIMIT_REACHED : OK;
}

static err send_on(request *r, txn *t, const invite_way *way)
{
    invite_draft d;
    uuid batch;
    err refusal = invite_draft_read(r, t, way, r->body, &d);
    if (refusal == ERR_INVALID_REQUEST)
        return show_refused(r, t, &d, refusal);
    TRY(refusal);
    PAGE_ATTEMPT(t, &refusal, send(r, t, &d, &batch));
    if (refusal == ERR_SEAT_LIMIT_REACHED) {
        TRY(invite_draft_judge(r, t, &d));
        return show_preview(r, t, &d);
    }
    if (refusal != OK)
        return show_refused(r, t, &d, refusal);
    shown_password *shown = arena_array_of(r->a, shown_password, d.count);
    size_t count = collect_shown(r, &d, shown);
    if (count)
        return show_shown(r, t, &d, batch, shown, count);
    if (!d.good)
        return show_none_sent(r, t, &d);
    if (d.bad)
        return show_sent(r, t, &d, batch);
    return page_redirect_count(r, org_path_id(r, "/users/batches/", ID_BATCH, batch, ""),
                               mail_is_kept(r) ? NOTICE_INVITATIONS_KEPT : NOTICE_INVITATIONS_SENT, d.good);
}

err console_invite_send_form(request *r, txn *t)
{
    return send_on(r, t, &inviting);
}

err console_administrators_send_form(request *r, txn *t)
{
    return send_on(r, t, &adding_administrators);
}
