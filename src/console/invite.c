/* The invitation in steps: addresses, options, preview, send. Every step reads and checks all of it again. */
#include "console/invite.h"
#include "domain/mail_render.h"

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
    PUT(form, "addresses", text_or_empty(d->form->addresses));
    PUT(form, "role", d->role);
    PUT(form, "locale", text_or_empty(d->locale));
    PUT(form, "message", text_or_empty(d->form->message));
    PUT(form, "expires_in", text_or_empty(d->expires_in));
    m_set_bool(m_set_object(m, S("step")), arena_join(r->a, str_of(step), S("_current")), true);
    page_back(r, m, org_path(r, "/users"), "nav.back_users");
    put_count(m, "good", d->good);
    put_count(m, "bad", d->bad);
    PUT_INT(m, "max_addresses", INVITE_ROWS_MAX);
    PUT_INT(m, "message_max", INVITE_MESSAGE_MAX);
    return OK;
}

/* ---- addresses ---- */

static err show_addresses(request *r, txn *t, const invite_draft *d, bool judged, err refusal)
{
    mval *m;
    TRY(step_open(r, t, d, "addresses", &m));
    PUT_BOOL(m, "has_results", judged);
    PUT_BOOL(m, "can_go_on", judged && d->good > 0);
    if (judged) {
        put_results(r, m, d, false);
        put_seats(r, m, &d->seats, d->good + d->short_of_seats);
    }
    if (refusal != OK)
        return page_refused(r, refusal, "invite_addresses", m);
    return page_answer(r, 200, "invite_addresses", m);
}

err console_invite_page(request *r, txn *t)
{
    const query_invite_page *query = r->query;
    invite_form form = {.addresses = query->addresses};
    invite_draft d = {.form = &form, .role = S("member")};
    return show_addresses(r, t, &d, false, OK);
}

/* ---- options ---- */

static err show_options(request *r, txn *t, const invite_draft *d, err refusal)
{
    mval *m;
    TRY(step_open(r, t, d, "options", &m));
    put_role_options(r, m, r->actor.may & PERM_ADMINISTRATORS_INVITE, false, d->role);
    mval *locales = m_set_list(m, S("locale_options"));
    str chosen = text_or_empty(d->locale);
    put_option(locales, S(""), text(r, "invite.language_auto"), chosen);
    put_option(locales, S("fr"), catalog_text(LANG_FR, S("language.name")), chosen);
    put_option(locales, S("en"), catalog_text(LANG_EN, S("language.name")), chosen);
    put_lifetimes(r, m, "expires_options", d->lifetime);
    if (d->wrong_message) {
        bool links = str_eq(d->wrong_message->code, S("invalid-characters"));
        PUT(m_set_object(m, S("error")), "message",
            links ? text(r, "invite.message_links") : problem_field_text(r, d->wrong_message));
    }
    if (refusal != OK)
        return page_refused(r, refusal, "invite_options", m);
    return page_answer(r, d->wrong_message ? 422 : 200, "invite_options", m);
}

/* ---- preview ---- */

/* The mail as a person would get it, with a link that leads nowhere. */
static mail_job sample_mail(request *r, txn *t, const organization_view *o, str recipient, str role, str locale,
                            str message, msec lifetime, bool existing)
{
    return (mail_job){
        .kind = MAIL_INVITATION,
        .recipient = recipient,
        .locale = locale.p ? locale : o->locale,
        .created_at = t->now,
        .link = arena_join(r->a, r->app->env.public_url, S("/i/…")),
        .code = S("•••••-•••••"),
        .organization_name = o->name,
        .organization_slug = o->slug,
        .inviter_given_name = r->actor.given_name,
        .inviter_family_name = r->actor.family_name,
        .inviter_email = r->actor.email,
        .role = role,
        .message = message,
        .expires_at = t->now + lifetime,
        .existing_account = existing,
    };
}

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

static err put_mail(request *r, txn *t, mval *m, const invite_draft *d)
{
    str to = first_good(d);
    mail_parts parts;
    mail_job job =
        sample_mail(r, t, &d->organization, to, d->role, d->locale, some(d->form->message), d->lifetime, d->all_exist);
    TRY(mail_render(r->a, &r->app->env, &job, &parts));
    PUT(m, "mail_subject", parts.subject);
    PUT(m, "mail_to", to);
    PUT(m, "mail_frame_url",
        LINK(r->a, org_path(r, "/users/invite/mail"), {S("to"), to}, {S("locale"), d->locale}, {S("role"), d->role},
             {S("expires_in"), d->expires_in}, {S("existing"), d->all_exist ? S("true") : STR_NONE},
             {S("message"), cut_message(d->form->message)}));
    return OK;
}

static err show_preview(request *r, txn *t, const invite_draft *d)
{
    mval *m;
    TRY(step_open(r, t, d, "preview", &m));
    TRY(put_mail(r, t, m, d));
    put_results(r, m, d, false);
    put_seats(r, m, &d->seats, d->good + d->short_of_seats);
    PUT(m, "role_text", text_of(r, "role", d->role));
    PUT(m, "locale_text",
        d->locale.p ? catalog_text(str_eq(d->locale, S("fr")) ? LANG_FR : LANG_EN, S("language.name"))
                    : text(r, "invite.language_auto"));
    PUT(m, "expires_text", phrase_duration(r->a, r->lang, d->lifetime));
    PUT_BOOL(m, "is_short", d->short_of_seats > 0);
    put_count(m, "fit", d->good);
    PUT_BOOL(m, "none_fit", d->good == 0 && d->short_of_seats > 0);
    PUT_BOOL(m, "may_send", d->good > 0);
    return page_answer(r, 200, "invite_preview", m);
}

err console_invite_mail_preview(request *r, txn *t)
{
    const query_invite_mail_preview *q = r->query;
    organization_view o;
    mail_parts parts;
    language lang;
    msec lifetime;
    TRY(organization_get(t, r->actor.organization_id, &o));
    lifetime = o.settings.invitation_lifetime;
    if (!str_empty(q->expires_in) && !duration_parse(q->expires_in, &lifetime))
        return ERR_INVALID_REQUEST;
    mail_job job = sample_mail(
        r, t, &o, text_or_empty(q->to), str_eq(q->role, S("administrator")) ? q->role : S("member"),
        language_parse(q->locale, &lang) ? language_code(lang) : STR_NONE, some(q->message), lifetime, q->existing);
    TRY(mail_render(r->a, &r->app->env, &job, &parts));
    answer_header(
        r, S("Content-Security-Policy"),
        S("default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; sandbox"));
    return answer_bytes(r, 200, S("text/html; charset=utf-8"), parts.html);
}

/* ---- the way through ---- */

err console_invite_step_form(request *r, txn *t)
{
    const invite_form *form = r->body;
    invite_draft d;
    err refusal = invite_draft_read(r, t, form, &d);
    if (refusal == ERR_INVALID_REQUEST)
        return show_addresses(r, t, &d, false, refusal);
    TRY(refusal);
    TRY(invite_draft_judge(r, t, &d));
    bool on = d.good > 0 || d.short_of_seats > 0 || d.wrong_message;
    if (!on || (!str_eq(form->step, S("options")) && !str_eq(form->step, S("preview"))))
        return show_addresses(r, t, &d, true, OK);
    if (str_eq(form->step, S("options")) || d.wrong_message)
        return show_options(r, t, &d, OK);
    return show_preview(r, t, &d);
}

/* For the script: a refusal is a problem in JSON, which it passes over. */
err console_invite_check(request *r, txn *t)
{
    invite_draft d;
    TRY(invite_draft_read(r, t, r->body, &d));
    TRY(invite_draft_judge(r, t, &d));
    return answer_results(r, &d);
}

static err show_sent(request *r, txn *t, const invite_draft *d, uuid batch)
{
    mval *m;
    TRY(step_open(r, t, d, "preview", &m));
    put_results(r, m, d, true);
    PUT_BOOL(m, "is_none_sent", d->good == 0);
    PUT_BOOL(m, "mail_kept", d->good > 0 && mail_is_kept(r));
    PUT(m, "batch_url", d->good ? org_path_id(r, "/users/batches/", ID_BATCH, batch, "") : STR_NONE);
    PUT(m, "users_url", org_path(r, "/users/invitations"));
    PUT(m, "invite_url", org_path(r, "/users/invite"));
    return page_answer(r, d->good ? 200 : 422, "invite_sent", m);
}

/* Sends, unless seats ran short since the preview: then nothing is done before the person agrees to fewer. */
static err send(request *r, txn *t, invite_draft *d, uuid *batch)
{
    invite_order order = invite_draft_order(d);
    TRY(invitations_create(t, &r->actor, &order, d->results, batch));
    invite_draft_count(d);
    return d->short_of_seats && !d->form->as_many_as_fit ? ERR_SEAT_LIMIT_REACHED : OK;
}

err console_invite_send_form(request *r, txn *t)
{
    invite_draft d;
    uuid batch;
    err refusal = invite_draft_read(r, t, r->body, &d);
    if (refusal == ERR_INVALID_REQUEST)
        return show_addresses(r, t, &d, false, refusal);
    TRY(refusal);
    TRY(store_savepoint(t));
    TRY(page_attempt(t, send(r, t, &d, &batch), &refusal));
    if (refusal == ERR_SEAT_LIMIT_REACHED) {
        TRY(invite_draft_judge(r, t, &d));
        return show_preview(r, t, &d);
    }
    if (refusal != OK)
        return show_addresses(r, t, &d, false, refusal);
    if (d.bad)
        return show_sent(r, t, &d, batch);
    return page_redirect_count(r, org_path_id(r, "/users/batches/", ID_BATCH, batch, ""),
                               mail_is_kept(r) ? "invitations_kept" : "invitations_sent", d.good);
}
