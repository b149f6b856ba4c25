/*
 * An invitation while it is being written: read from the form's fields at each step, judged as it would be sent, so
 * that the preview says of each address what sending it would.
 */
#include "console/invite.h"
#include "domain/invitation/create.h"
#include "http/answer_json.h"
#include "limits_table.h"

#include <stdio.h>

/* A name that came along in the pasted text is a help, not a demand: what the rules refuse is left out. */
static str usable_name(request *r, str name)
{
    problem ignored = {0};
    str out;
    return name.p && name_clean(r->a, &ignored, S(""), name, &out) == OK ? out : STR_NONE;
}

static void fill_rows(request *r, invite_draft *d)
{
    d->rows = arena_array_of(r->a, invite_row, d->count + 1);
    d->results = arena_array_of(r->a, invite_result, d->count + 1);
    for (size_t i = 0; i < d->count; i++) {
        const pasted_entry *e = &d->entries[i];
        d->rows[i] = (invite_row){
            .email = e->address.key.p ? e->address.typed : e->raw,
            .role = d->role,
            .locale = d->locale,
            .message = some(d->form->message),
            .given_name = usable_name(r, e->given_name),
            .family_name = usable_name(r, e->family_name),
        };
    }
}

static err read_lifetime(request *r, invite_draft *d)
{
    if (str_empty(d->form->expires_in))
        return OK;
    TRY(invite_lifetime_read(r->a, &r->problem, d->method, d->form->expires_in, &d->lifetime));
    char out[DURATION_TEXT_SIZE];
    d->expires_in = arena_str(r->a, duration_format(d->lifetime, out));
    return OK;
}

static err read_text(request *r, const pasted *before, str text, bool sheet, invite_draft *d)
{
    size_t count = sheet ? d->form->columns.count : 0;
    const pasted_role *roles = pasted_roles(r->a, d->form->columns.items, count);
    err e = pasted_more(r->a, before, text, roles, count, INVITE_ROWS_MAX, &d->read);
    d->entries = d->read.entries;
    d->count = d->read.count;
    return pasted_judged(&r->problem, S("/addresses"), &d->read, INVITE_ROWS_MAX, e);
}

/* What the script has had read before, and what came since; without it, one text. */
static err read_addresses(request *r, invite_draft *d)
{
    str typed = d->form->addresses.p ? d->form->addresses : S("");
    bool more = !str_empty(d->form->pasted);
    TRY(read_text(r, &(pasted){0}, typed, !more, d));
    if (more) {
        pasted before = d->read;
        TRY(read_text(r, &before, d->form->pasted, true, d));
    }
    return d->count ? OK : problem_at(&r->problem, ERR_INVALID_REQUEST, S("/addresses"), S("required"), 0);
}

str invite_draft_text(request *r, const invite_draft *d)
{
    if (str_empty(d->form->pasted))
        return d->form->addresses.p ? d->form->addresses : S("");
    str *lines = arena_array_of(r->a, str, d->count * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++) {
        str line = pasted_line(r->a, &d->entries[i]);
        if (line.p) {
            lines[n++] = line;
            lines[n++] = S("\n");
        }
    }
    return n ? arena_concat(r->a, lines, n) : d->form->pasted;
}

err invite_draft_read(request *r, txn *t, const invite_way *way, const invite_form *form, invite_draft *d)
{
    language lang;
    bool link = !way->administrators;
    *d = (invite_draft){.form = form, .way = way, .role = str_empty(form->role) ? role_text(ROLE_MEMBER) : form->role};
    if (way->administrators)
        d->role = role_text(ROLE_ADMINISTRATOR);
    TRY(organization_get(t, r->actor.organization_id, &d->organization));
    TRY(temporary_terms_get(t, r->actor.organization_id, &d->terms));
    d->locale = language_parse(form->locale, &lang) ? language_code(lang) : STR_NONE;
    d->method = str_empty(form->method) ? method_usual(r, &d->terms, link) : form->method;
    TRY(read_addresses(r, d));
    fill_rows(r, d);
    if (!method_allowed(&d->terms, link, d->method)) {
        d->method = method_usual(r, &d->terms, link);
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/method"), S("not-allowed"), 0);
    }
    TRY(read_lifetime(r, d));
    return invite_options_read(r, t, d);
}

msec invite_draft_lifetime(const invite_draft *d)
{
    msec usual = method_is(d->method, METHOD_LINK) ? d->organization.settings.invitation_lifetime : d->terms.lifetime;
    return d->lifetime ? d->lifetime : usual;
}

invite_order invite_draft_order(const invite_draft *d)
{
    invite_order order = {.rows = d->rows, .count = d->count, .lifetime = d->lifetime, .deliver = true};
    method_into(d->method, &order);
    return order;
}

void invite_draft_count(invite_draft *d)
{
    d->good = d->bad = d->short_of_seats = 0;
    d->all_exist = true;
    for (size_t i = 0; i < d->count; i++) {
        const invite_result *result = &d->results[i];
        const problem *p = result->problem;
        d->good += result->outcome == OK;
        d->bad += result->outcome != OK;
        d->short_of_seats += result->outcome == ERR_SEAT_LIMIT_REACHED;
        d->all_exist = d->all_exist && (result->outcome != OK || result->existing_account);
        if (result->outcome == ERR_INVALID_REQUEST && p && p->field_count && !d->wrong_option)
            d->wrong_option = &p->fields[0];
    }
}

err invite_draft_judge(request *r, txn *t, invite_draft *d)
{
    invite_order order = invite_draft_order(d);
    TRY(invitations_preview(t, &r->actor, &order, false, d->results, &d->seats));
    invite_draft_count(d);
    return OK;
}

/* ---- what is said of each ---- */

typedef struct row_view {
    str shown, full_name, outcome, kind, label, detail, action_url, action_text;
} row_view;

static str outcome_of(const invite_result *result, bool sent)
{
    if (result->outcome != OK)
        return err_about(result->outcome)->code;
    return sent ? S("invited") : result->existing_account ? S("existing-account") : S("new-person");
}

static str kind_of(err outcome)
{
    if (outcome == OK)
        return S("good");
    bool milder = outcome == ERR_ALREADY_INVITED || outcome == ERR_ALREADY_MEMBER ||
                  outcome == ERR_SEAT_LIMIT_REACHED || outcome == ERR_RATE_LIMITED;
    return milder ? S("warn") : S("bad");
}

static str label_of(request *r, str outcome, err refusal)
{
    str key = arena_join(r->a, S("outcome."), outcome);
    return catalog_has(key) ? catalog_text(r->lang, key) : problem_title(r, refusal);
}

static str detail_of(request *r, str outcome, const invite_result *result)
{
    str key = arena_join(r->a, S("outcome."), outcome, S(".detail"));
    if (result->outcome == ERR_ALREADY_MEMBER && result->role.p)
        return TEXT(r, "outcome.already-member.detail", {S("role_text"), text_of(r, "role", result->role)});
    if (catalog_has(key))
        return catalog_text(r->lang, key);
    return result->problem && result->problem->field_count ? problem_field_text(r, &result->problem->fields[0])
                                                           : STR_NONE;
}

/* What can be done about it, for those who may. */
static void add_action(request *r, const invite_result *result, row_view *v)
{
    if (result->outcome == ERR_ALREADY_MEMBER && (r->actor.may & PERM_ROLES_CHANGE)) {
        v->action_url = org_path_id(r, "/users/", ID_MEMBER, result->membership_id, "/role");
        v->action_text = text(r, "outcome.change_role");
    }
    if (result->outcome == ERR_ALREADY_INVITED && !uuid_none(result->standing_id)) {
        v->action_url = org_path_id(r, "/users/invitations/", ID_INVITATION, result->standing_id, "/resend");
        v->action_text = text(r, "outcome.resend");
    }
}

static row_view view_of(request *r, const invite_draft *d, size_t i, bool sent)
{
    const invite_result *result = &d->results[i];
    row_view v = {
        .shown = d->rows[i].email,
        .full_name = phrase_name(r->a, d->rows[i].given_name, d->rows[i].family_name),
        .outcome = outcome_of(result, sent),
        .kind = kind_of(result->outcome),
    };
    v.label = label_of(r, v.outcome, result->outcome);
    v.detail = detail_of(r, v.outcome, result);
    add_action(r, result, &v);
    if (result->outcome == OK && d->entries[i].doubtful)
        v.detail = text(r, "outcome.doubtful");
    return v;
}

static void put_result(request *r, mval *list, const invite_draft *d, size_t i, bool sent)
{
    row_view v = view_of(r, d, i, sent);
    mval *o = m_add_object(list);
    PUT(o, "shown", v.shown);
    PUT(o, "full_name", v.full_name);
    PUT(o, "outcome", v.outcome);
    PUT(o, "label", v.label);
    PUT(o, "detail", v.detail);
    PUT(o, "action_url", v.action_url);
    PUT(o, "action_text", v.action_text);
    PUT_BOOL(o, "is_good", str_eq(v.kind, S("good")));
    PUT_BOOL(o, "is_existing", str_eq(v.outcome, S("existing-account")));
    PUT_BOOL(o, "is_warning", str_eq(v.kind, S("warn")));
    PUT_BOOL(o, "is_bad", str_eq(v.kind, S("bad")));
}

size_t put_results(request *r, mval *m, const invite_draft *d, bool sent)
{
    mval *list = m_set_list(m, S("results"));
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) /* sent: what went wrong first; otherwise as entered */
        for (size_t i = 0; i < d->count; i++) {
            const invite_result *result = &d->results[i];
            bool now = sent ? (result->outcome == OK) == (pass == 1) && !result->temporary_password.p : pass == 0;
            if (now)
                put_result(r, list, d, i, sent);
            count += now;
        }
    return count;
}

static void write_result(request *r, json_writer *w, const invite_draft *d, size_t i)
{
    row_view v = view_of(r, d, i, false);
    const struct {
        str name, value;
    } texts[] = {
        {S("line"), pasted_line(r->a, &d->entries[i])},
        {S("shown"), v.shown},
        {S("email"), d->entries[i].address.typed},
        {S("given_name"), d->rows[i].given_name},
        {S("family_name"), d->rows[i].family_name},
        {S("outcome"), v.outcome},
        {S("kind"), v.kind},
        {S("label"), v.label},
        {S("detail"), v.detail},
        {S("action_url"), v.action_url},
        {S("action_text"), v.action_text},
    };
    json_open(w, STR_NONE, '{');
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
        json_str(w, texts[k].name, texts[k].value);
    json_close(w, '}');
}

/* ---- which column is which ---- */

/* Asked where it was guessed, and as long as what was answered may be changed. */
static bool columns_asked(const invite_draft *d)
{
    return d->read.column_count && (d->read.unclear || d->form->columns.count);
}

static const pasted_role column_roles[] = {PASTED_GIVEN,        PASTED_FAMILY,  PASTED_WHOLE,
                                           PASTED_FAMILY_FIRST, PASTED_ADDRESS, PASTED_IGNORED};

enum { COLUMN_ROLES = sizeof column_roles / sizeof *column_roles };

static str column_label(request *r, const pasted_column *c, size_t number)
{
    str sample = c->heading.n ? c->heading : c->sample;
    char digits[8];
    snprintf(digits, sizeof digits, "%zu", number + 1);
    return sample.n ? TEXT(r, "invite.column", {S("sample"), sample})
                    : TEXT(r, "invite.column_number", {S("number"), str_of(digits)});
}

void put_columns(request *r, mval *m, const invite_draft *d)
{
    if (!columns_asked(d))
        return;
    mval *list = m_set_list(m_set_object(m, S("sheet")), S("columns"));
    for (size_t i = 0; i < d->read.column_count; i++) {
        mval *o = m_add_object(list), *options;
        PUT_INT(o, "number", (int64_t)i);
        PUT(o, "label", column_label(r, &d->read.columns[i], i));
        options = m_set_list(o, S("options"));
        for (size_t k = 0; k < COLUMN_ROLES; k++) {
            str role = pasted_role_text(column_roles[k]);
            put_option(options, role, text_of(r, "pasted", role), pasted_role_text(d->read.columns[i].role));
        }
    }
}

static void write_columns(request *r, json_writer *w, const invite_draft *d)
{
    if (!columns_asked(d))
        return;
    json_str(w, S("columns_title"), text(r, "invite.columns"));
    json_str(w, S("columns_help"), text(r, "invite.columns_help"));
    json_open(w, S("columns"), '[');
    for (size_t i = 0; i < d->read.column_count; i++) {
        json_open(w, STR_NONE, '{');
        json_str(w, S("label"), column_label(r, &d->read.columns[i], i));
        json_str(w, S("role"), pasted_role_text(d->read.columns[i].role));
        json_close(w, '}');
    }
    json_close(w, ']');
    json_open(w, S("roles"), '[');
    for (size_t k = 0; k < COLUMN_ROLES; k++) {
        json_open(w, STR_NONE, '{');
        json_str(w, S("value"), pasted_role_text(column_roles[k]));
        json_str(w, S("text"), text_of(r, "pasted", pasted_role_text(column_roles[k])));
        json_close(w, '}');
    }
    json_close(w, ']');
}

err answer_results(request *r, const invite_draft *d)
{
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_open(&w, S("results"), '[');
    for (size_t i = 0; i < d->count; i++)
        write_result(r, &w, d, i);
    json_close(&w, ']');
    str good = d->good ? text_count(r, "invite.good_count", d->good) : S("");
    str bad = d->bad ? text_count(r, "invite.bad_count", d->bad) : S("");
    json_str(&w, S("summary"), arena_join(r->a, good, good.n && bad.n ? S(" ") : S(""), bad));
    int64_t wanted = d->good + d->short_of_seats;
    json_open(&w, S("seats"), '{');
    if (d->seats.limit) {
        json_int(&w, S("limit"), d->seats.limit);
        json_int(&w, S("used"), d->seats.used);
        json_int(&w, S("held"), d->seats.held);
        json_int(&w, S("free"), seats_free(&d->seats));
    }
    json_str(&w, S("text"), seats_text(r, &d->seats, wanted));
    json_bool(&w, S("is_short"), d->seats.limit && wanted > seats_free(&d->seats));
    json_close(&w, '}');
    write_columns(r, &w, d);
    json_close(&w, '}');
    return OK;
}
