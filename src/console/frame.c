/* The frame around every page. */
#include "base/random.h"
#include "console/console.h"
#include "console/refill.h"
#include "domain/shared/session.h"
#include "http/schema.h"
#include "ports/template.h"
#include "ports/token.h"

/* ?notice=KEY or KEY.COUNT: the query's, whatever route it belongs to. */
static str asked_notice(const request *r)
{
    if (!r->query || !r->route || !r->route->query)
        return STR_NONE;
    for (const field *f = r->route->query->fields; f->name.p; f++)
        if (str_eq(f->name, S("notice")))
            return *(const str *)((const char *)r->query + f->offset);
    return STR_NONE;
}

static void put_notice(request *r, mval *m)
{
    str rest = asked_notice(r), key = str_cut(&rest, '.');
    uint64_t count = 0;
    for (const notice_row *row = notice_table; row < notice_table + NOTICE_COUNT; row++) {
        if (!str_eq(row->key, key) || row->counted != str_to_u64(rest, 1000000, &count))
            continue;
        mval *n = m_set_object(m, S("notice"));
        PUT(n, "text", row->counted ? text_count(r, row->text.p, (int64_t)count) : catalog_text(r->lang, row->text));
        m_set_bool(n, row->kind, true);
    }
}

static void put_nav_item(request *r, mval *nav, str url, const char *label, str icon, bool current)
{
    mval *n = m_add_object(nav);
    PUT(n, "url", url);
    PUT(n, "text", text(r, label));
    PUT(n, "icon", icon);
    PUT_BOOL(n, "current", current);
}

/* Where the page stands: below the longest of the navigation's patterns that begins its own. */
static const nav_row *nav_here(const request *r)
{
    const nav_row *found = NULL;
    for (const nav_row *row = nav_table; row->pattern.p; row++)
        if (str_starts(r->route->pattern, row->pattern) && (!found || row->pattern.n > found->pattern.n))
            found = row;
    return uuid_none(r->actor.membership_id) ? NULL : found;
}

static void put_nav(request *r, mval *m, str slug, permission may)
{
    mval *nav = m_set_list(m, S("nav"));
    const nav_row *here = nav_here(r);
    str inside = S("/o/{org}");
    for (const nav_row *row = nav_table; row->pattern.p; row++)
        if ((may & row->right) == row->right)
            put_nav_item(r, nav, arena_join(r->a, S("/o/"), slug, str_slice(row->pattern, inside.n, row->pattern.n)),
                         row->text, row->icon, row == here);
}

static void put_rights(request *r, mval *m)
{
    mval *may = m_set_object(m, S("may"));
    for (const right_row *row = right_table; row->name.p; row++)
        m_set_bool(may, row->name, !uuid_none(r->actor.membership_id) && (r->actor.may & row->right));
}

/*
 * Whose navigation a page shows: the organization that the path names; on the account's own pages the one that one came
 * from, or the only one there is. No membership in *where: none.
 */
static err find_place(request *r, txn *t, const membership_view *mine, size_t count, actor *where)
{
    *where = r->actor;
    if (!uuid_none(where->membership_id))
        return OK;
    str from = form_value(r->a, r->raw_query, S("from"));
    if (!from.p && count == 1)
        from = mine[0].organization_slug;
    bool own = false; /* only what the list shows: a confined account has no other */
    for (size_t i = 0; from.p && i < count; i++)
        own = own || str_eq(mine[i].organization_slug, from);
    err e = own ? actor_enter(t, where, from, 0) : OK;
    return err_about(e)->status < 500 ? OK : e;
}

/* On one's own page those that let one in no more stand in the list, too. */
static err put_places_out(request *r, txn *t, mval *m)
{
    membership_out *out;
    size_t count = 0;
    if (str_starts(r->route->pattern, S("/me")))
        TRY(account_memberships_out(t, r->actor.account_id, &out, &count));
    PUT_BOOL(m, "has_places_out", count > 0);
    mval *list = m_set_list(m, S("places_out"));
    for (size_t i = 0; i < count; i++) {
        mval *o = m_add_object(list);
        PUT(o, "name", out[i].organization_name);
        PUT(o, "url", arena_join(r->a, S("/o/"), out[i].organization_slug));
        PUT(o, "initial", initials(r, out[i].organization_name, STR_NONE));
        PUT(o, "role_text", text_of(r, "role", out[i].role));
        put_out(r, o, &out[i], t->now);
    }
    return OK;
}

/* The organization that the page stands in, the others to switch to, and the ways inside. */
static err put_organizations(request *r, txn *t, mval *m)
{
    membership_view *mine;
    size_t count;
    actor where;
    TRY(account_memberships(t, r->actor.account_id, &mine, &count));
    TRY(find_place(r, t, mine, count, &where));
    mval *organizations = m_set_list(m, S("organizations"));
    for (size_t i = 0; i < count; i++) {
        bool current = uuid_eq(mine[i].membership_id, where.membership_id);
        str slug = mine[i].organization_slug;
        mval *o = m_add_object(organizations);
        PUT(o, "name", mine[i].organization_name);
        PUT(o, "slug", slug);
        PUT(o, "url", arena_join(r->a, S("/o/"), slug));
        PUT(o, "leave_url", arena_join(r->a, S("/o/"), slug, S("/leave")));
        PUT(o, "initial", initials(r, mine[i].organization_name, STR_NONE));
        PUT(o, "role_text", text_of(r, "role", mine[i].role));
        PUT_BOOL(o, "current", current);
        if (current) {
            m_set(m, S("organization"), o);
            PUT(m, "organization_name", mine[i].organization_name);
            PUT(m, "from_query", LINK(r->a, S(""), {S("from"), slug}));
            put_nav(r, m, slug, where.may);
        }
    }
    if (!uuid_none(where.membership_id))
        TRY(put_theme(r, t, m, where.organization_id));
    PUT_BOOL(m, "many_organizations", count > 1);
    PUT_BOOL(m, "has_memberships", count > 0);
    m_set(m, S("memberships"), organizations);
    TRY(put_places_out(r, t, m));
    if (uuid_none(where.membership_id) && count > 0) /* outside of organizations: the way back into one */
        put_nav_item(r, m_set_list(m, S("nav")), S("/"), "nav.home", S("home"), false);
    return OK;
}

/* By which a form of this page that is sent twice is known: 128 random bits. */
static void put_once(request *r, mval *m)
{
    unsigned char bytes[16];
    random_bytes(bytes, sizeof bytes);
    PUT(m, "once", base64url_encode(r->a, (str){(const char *)bytes, sizeof bytes}));
}

static void put_language(request *r, mval *m)
{
    language other = r->lang == LANG_FR ? LANG_EN : LANG_FR;
    PUT(m, "lang", language_code(r->lang));
    PUT(m, "other_lang", language_code(other));
    PUT(m, "other_lang_name", catalog_text(other, S("language.name")));
    PUT(m, "lang_switch_url", page_address(r, S("/")));
}

err page_open(request *r, txn *t, mval **out)
{
    mval *m = *out = m_object(r->a);
    put_language(r, m);
    put_once(r, m);
    PUT(m, "asset_css_url", asset_path(S("app.css")));
    PUT(m, "asset_js_url", asset_path(S("app.js")));
    PUT(m, "asset_passkey_url", asset_path(S("passkey.js")));
    PUT(m, "asset_icon_url", asset_path(S("icon.svg")));
    PUT(m, "asset_font_url", asset_path(S("inter-400.woff2")));
    PUT_INT(m, "min_length", r->app->env.settings->password_min_length);
    PUT_BOOL(m, "may_found", r->app->env.settings->signup);
    PUT_BOOL(m, "signed_in", r->actor.kind == ACTOR_ACCOUNT);
    put_notice(r, m);
    if (r->actor.kind != ACTOR_ACCOUNT)
        return OK;
    mval *me = m_set_object(m, S("me"));
    put_person(r, me, r->actor.given_name, r->actor.family_name, r->actor.email);
    PUT_BOOL(me, "is_unproved", !r->actor.address_proved);
    put_rights(r, m);
    if (!t)
        return OK;
    return put_organizations(r, t, m);
}

static str fault_text(request *r, err refusal, const problem_field *f)
{
    if (refusal == ERR_INVALID_ADDRESS && str_eq(f->pointer, S("/email")))
        return problem_detail(r, refusal);
    return str_eq(f->code, S("unknown-field")) ? text(r, "form.changed") : problem_field_text(r, f);
}

/* What a form was refused for, where its template has a place for it, too. */
static void put_faults(request *r, mval *m, err refusal)
{
    mval *errors = m_set_object(m, S("error"));
    for (size_t i = 0; i < r->problem.field_count; i++) {
        const problem_field *f = &r->problem.fields[i];
        m_set_str(errors, str_slice(f->pointer, 1, f->pointer.n), fault_text(r, refusal, f));
    }
    if (r->problem.retry_after > 0)
        answer_header(r, S("Retry-After"), arena_printf(r->a, "%lld", (long long)r->problem.retry_after));
}

/* Every page that refuses a form, whichever handler made it, shows the form as it was sent. */
static void put_refilled(request *r, err refusal, str page, buf *out)
{
    const route *asked = r->asked ? r->asked : r->route;
    bool sent = !str_eq(asked->method, S("GET"));
    const schema *held = sent ? asked->body : asked->query;
    refill_fault *faults = arena_array_of(r->a, refill_fault, r->problem.field_count + 1);
    for (size_t i = 0; i < r->problem.field_count; i++)
        faults[i] = (refill_fault){r->problem.fields[i].pointer, fault_text(r, refusal, &r->problem.fields[i])};
    refill what = {.method = sent ? S("post") : S("get"),
                   .path = r->path,
                   .typed = r->typed,
                   .fields = held ? held->fields : NULL,
                   .faults = faults,
                   .fault_count = r->problem.field_count,
                   .heading = text(r, "form.refused"),
                   .between = text(r, "form.fault")};
    if (r->again && !what.fault_count)
        what.said = refusal == ERR_NOT_FOUND ? text(r, "form.gone") : problem_detail(r, refusal);
    if (refill_page(r->a, page, &what, out))
        return;
    str shown = page_address(r, r->path); /* a step before it, say */
    what.path = str_cut(&shown, '?');
    if (refill_page(r->a, page, &what, out))
        return;
    if (r->again)
        refill_head(page, &what, out);
    else
        buf_add(out, page);
}

err page_answer(request *r, int status, const char *name, mval *m)
{
    BUF_SCOPED out = {0}, filled = {0};
    /* Another page has something of its own to say; that one comes too often is said by each. */
    bool again = r->again && (status == 200 || r->again->refusal == ERR_RATE_LIMITED);
    err refusal = ERR_INVALID_REQUEST;
    if (again) {
        refusal = r->again->refusal;
        r->problem = r->again->problem;
        status = err_about(refusal)->status;
        put_faults(r, m, refusal);
    }
    PUT(m, "page_title", text_of(r, "title", str_of(name)));
    TRY(template_render(str_of(name), r->lang, m, &out));
    if (!again && (status < 400 || !r->route || !r->typed.count))
        return answer_bytes(r, status, S("text/html; charset=utf-8"), buf_str(&out));
    put_refilled(r, refusal, buf_str(&out), &filled);
    return answer_bytes(r, status, S("text/html; charset=utf-8"), buf_str(&filled));
}

void page_back(request *r, mval *m, str url, const char *label)
{
    PUT(m, "back_url", url);
    PUT(m, "back_text", text(r, label));
}

/* Refusals that a form's page can say; all others have a page of their own. */
static bool is_said_on_page(err e)
{
    int status = err_about(e)->status;
    return status < 500 && e != ERR_NOT_FOUND && e != ERR_FORBIDDEN && e != ERR_UNAUTHENTICATED;
}

err page_attempted(txn *t, err result, err *refusal)
{
    *refusal = result;
    if (result == OK)
        return store_release(t);
    if (!is_said_on_page(result))
        return result;
    store_rollback_to(t);
    return OK;
}

err page_note(request *r, err refusal)
{
    r->finding = (finding){refusal, r->problem};
    return err_about(refusal)->status >= 500 ? refusal : OK;
}

err page_recall(request *r)
{
    if (r->finding.refusal != OK)
        r->problem = r->finding.problem;
    return r->finding.refusal;
}

err page_new_person(request *r, const password_terms *terms, str given, str family, str password, const str *known,
                    size_t count, str *hash)
{
    enum { ABOUT_MOST = 8 };
    str about[ABOUT_MOST] = {given, family}, ignored;
    const struct {
        str pointer, name;
    } names[] = {{S("/given_name"), given}, {S("/family_name"), family}};
    err refusal = OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        err one = name_clean(r->a, &r->problem, names[i].pointer, names[i].name, &ignored);
        refusal = one != OK ? one : refusal;
    }
    for (size_t i = 0; i < count && i + 2 < ABOUT_MOST; i++)
        about[i + 2] = known[i];
    return page_new_password(r, refusal, terms, password, about, count + 2, hash);
}

err page_new_password(request *r, err refusal, const password_terms *terms, str password, const str *about,
                      size_t count, str *hash)
{
    if (refusal == OK)
        return password_prepare(terms, r->a, &r->problem, S("/password"), password, about, count, hash);
    err judged = password_judge(terms->least, &r->problem, S("/password"), password, about, count);
    return judged != OK && err_about(judged)->status >= 500 ? judged : refusal;
}

err page_refused(request *r, err refusal, const char *name, mval *m)
{
    if (!is_said_on_page(refusal))
        return refusal;
    put_faults(r, m, refusal);
    if (r->problem.field_count == 0)
        PUT(m, "problem_text", problem_detail(r, refusal));
    return page_answer(r, err_about(refusal)->status, name, m);
}

bool is_search_refused(const request *r, err refusal)
{
    return refusal == ERR_INVALID_REQUEST && r->problem.field_count && str_eq(r->problem.fields[0].pointer, S("/q"));
}

err page_redirect(request *r, str path, notice said)
{
    return answer_redirect(r, LINK(r->a, path, {S("notice"), notice_table[said].key}));
}

err page_enter(request *r, const signed_in *in, str next)
{
    answer_session(r, in);
    if (in->stage == STAGE_FACTOR)
        return answer_redirect(r, LINK(r->a, S("/sign-in/factor"), {S("next"), next}));
    return answer_redirect(r, next.p ? next : S("/"));
}

err page_redirect_count(request *r, str path, notice said, int64_t count)
{
    str counted = arena_printf(r->a, "%s.%lld", notice_table[said].key.p, (long long)count);
    return answer_redirect(r, LINK(r->a, path, {S("notice"), counted}));
}

err put_least(mval *m, txn *t, uuid account_id, uuid organization_id)
{
    int64_t least;
    TRY(password_least(t, account_id, organization_id, &least));
    PUT_INT(m, "min_length", least);
    return OK;
}

bool mail_is_kept(const request *r)
{
    return str_starts(r->app->env.settings->mail, S("file:"));
}

err me_redirect(request *r, notice said)
{
    return page_redirect(r, me_path(r, S("")), said);
}
