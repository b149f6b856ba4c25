/*
 * Fills the templates of a kind. What people chose themselves goes through mail_unlink first, so that no mail of ours
 * carries a link that somebody else wrote.
 */
#include "domain/mail/render.h"

#include "domain/shared/env.h"
#include "domain/shared/phrase.h"
#include "limits_table.h"
#include "ports/mail_unlink.h"
#include "ports/template.h"

/* Where a mail's row does not say it: resets and proofs of an address, but: */
static const msec lifetimes[MAIL_COUNT] = {[MAIL_EMAIL_CHANGE] = EMAIL_CHANGE_LIFETIME,
                                           [MAIL_EMAIL_CHANGED] = EMAIL_UNDO_LIFETIME,
                                           [MAIL_EMAIL_SET_ASIDE] = SET_ASIDE_FOR,
                                           [MAIL_ADDRESS_PROOF] = PROOF_LIFETIME};

static msec expiry_of(const mail_job *job)
{
    mail_kind kind;
    if (mail_kind_of(job->kind, &kind) && lifetimes[kind])
        return job->created_at + lifetimes[kind];
    return job->expires_at ? job->expires_at : job->created_at + RESET_LIFETIME;
}

/* What people chose: no mail program may make a link of it. All of it comes this way. */
static str theirs(arena *a, str text)
{
    BUF_SCOPED out = {0};
    mail_unlink(&out, text);
    return text.p ? arena_str(a, buf_str(&out)) : STR_NONE;
}

static void put_message(arena *a, mval *m, str message)
{
    mval *lines = m_set_list(m, S("message_lines"));
    m_set_bool(m, S("has_message"), message.n > 0);
    for (str rest = message; rest.n > 0;)
        m_add(lines, m_str(a, theirs(a, str_cut(&rest, '\n'))));
}

static str without_scheme(str url)
{
    size_t at = str_find(url, S("://"));
    return at < url.n ? str_slice(url, at + 3, url.n) : url;
}

static bool is_factor(str kind)
{
    return str_starts(kind, S("factor_"));
}

/* mail.KIND.title and .text, with the organization, the member's name, their role and the end of their access. */
static void put_member_change(arena *a, mval *m, const mail_job *job, language lang)
{
    const str with[][2] = {
        {S("organization"), theirs(a, job->organization_name)},
        {S("name"), theirs(a, phrase_name(a, job->member_given_name, job->member_family_name))},
        {S("role"), job->role.n ? catalog_text(lang, arena_join(a, S("role."), job->role)) : STR_NONE},
        {S("when"), job->expires_at ? phrase_access_end(a, lang, job->time_zone, job->expires_at) : STR_NONE},
    };
    str key = arena_join(a, S("mail."), job->kind);
    m_set_str(m, S("change_title"), phrase_fill(a, catalog_text(lang, arena_join(a, key, S(".title"))), with, 4));
    m_set_str(m, S("change_text"), phrase_fill(a, catalog_text(lang, arena_join(a, key, S(".text"))), with, 4));
    m_set_str(m, S("member_url"), job->link);
}

static void put_texts(mval *m, const text_pair *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        m_set_str(m, texts[i].name, texts[i].value);
}

/* Addresses too: people answer and copy them, and each was one that could be written to. */
static void put_ours(arena *a, mval *m, const struct env *env, const mail_job *job, language lang)
{
    const text_pair texts[] = {
        {S("lang"), language_code(lang)},
        {S("server_url"), env->public_url},
        {S("server_text"), without_scheme(env->public_url)},
        {S("email"), job->recipient},
        {S("asker_email"), job->asker_email},
        {S("code"), job->code},
        {S("accept_url"), job->link},
        {S("account_email"), job->account_email},
        {S("reset_url"), job->link},
        {S("confirm_url"), job->link},
        {S("undo_url"), job->link},
        {S("me_url"), job->link},
        {S("invitations_url"), job->link},
        {S("found_url"), job->link},
        {S("sign_in_url"), arena_join(a, env->public_url, S("/sign-in"))},
        {S("join_url"), arena_join(a, env->public_url, S("/join"))},
        {S("forgotten_url"), arena_join(a, env->public_url, S("/password/forgotten"))},
        {S("expires_text"), phrase_moment(a, lang, job->time_zone, expiry_of(job))},
        {S("code_expires_text"), phrase_moment(a, lang, job->time_zone, job->created_at + INVITATION_CODE_LIFETIME)},
        {S("when_text"), phrase_moment(a, lang, job->time_zone, job->created_at)},
        {S("role_text"), job->role.n ? catalog_text(lang, arena_join(a, S("role."), job->role)) : STR_NONE},
    };
    put_texts(m, texts, sizeof texts / sizeof *texts);
}

/* An address, and then organizations. */
static void put_detail(arena *a, mval *m, str detail)
{
    str rest = detail;
    m_set_str(m, S("new_email"), detail.p ? str_cut(&rest, '\n') : STR_NONE);
    mval *names = m_set_list(m, S("organizations"));
    while (rest.n > 0 && rest.n < detail.n)
        m_add(names, m_str(a, theirs(a, str_cut(&rest, '\n'))));
}

static void put_theirs(arena *a, mval *m, const mail_job *job)
{
    const text_pair texts[] = {
        {S("organization_name"), theirs(a, job->organization_name)},
        {S("inviter_name"), theirs(a, phrase_name(a, job->inviter_given_name, job->inviter_family_name))},
        {S("given_name"), theirs(a, job->given_name)},
    };
    put_texts(m, texts, sizeof texts / sizeof *texts);
    put_message(a, m, job->message);
    put_detail(a, m, job->detail);
}

/* One context serves all kinds: a template takes what it needs. */
static mval *context_of(arena *a, const struct env *env, const mail_job *job, language lang)
{
    mval *m = m_object(a);
    put_ours(a, m, env, job, lang);
    put_theirs(a, m, job);
    if (is_factor(job->kind)) {
        m_set_str(m, S("change_title"), catalog_text(lang, arena_join(a, S("mail."), job->kind, S(".title"))));
        m_set_str(m, S("change_text"), catalog_text(lang, arena_join(a, S("mail."), job->kind, S(".text"))));
    }
    if (mail_is_about_member(job->kind))
        put_member_change(a, m, job, lang);
    m_set_bool(m, S("is_existing_account"), job->existing_account);
    m_set_bool(m, S("is_undone"), str_eq(job->detail, MAIL_DETAIL_UNDONE));
    m_set_bool(m, S("is_reset"), str_eq(job->detail, MAIL_DETAIL_RESET));
    m_set_bool(m, S("is_share"), str_eq(job->detail, MAIL_DETAIL_SHARE));
    m_set_bool(m, S("is_parted"), str_eq(job->detail, MAIL_DETAIL_PARTED));
    m_set_bool(m, S("is_reminder"), mail_kind_is(job->kind, MAIL_REMINDER));
    return m;
}

/* One part of one language. */
static err add_part(arena *a, const struct env *env, const mail_job *job, language lang, const char *part, buf *out)
{
    bool invites = mail_kind_is(job->kind, MAIL_REMINDER) || mail_kind_is(job->kind, MAIL_INVITATION_LINK);
    str kind = invites                           ? mail_kind_text(MAIL_INVITATION)
               : is_factor(job->kind)            ? S("factor_changed")
               : mail_is_about_member(job->kind) ? S("member_changed")
                                                 : job->kind;
    str name = arena_join(a, S("mail/"), language_code(lang), S("/"), kind, str_of(part));
    return template_render(name, lang, context_of(a, env, job, lang), out);
}

typedef struct both {
    language of[LANG_COUNT];
    size_t count;
} both;

static err render_subject(arena *a, const struct env *env, const mail_job *job, const both *langs, str *subject)
{
    BUF_SCOPED out = {0};
    for (size_t i = 0; i < langs->count; i++) {
        BUF_SCOPED line = {0};
        TRY(add_part(a, env, job, langs->of[i], ".subject.txt", &line));
        if (i > 0)
            buf_lit(&out, " · ");
        buf_add(&out, str_trim(buf_str(&line)));
    }
    *subject = arena_str(a, buf_str(&out));
    return OK;
}

static err render_body(arena *a, const struct env *env, const mail_job *job, const both *langs, str subject,
                       const char *kind, str *out)
{
    BUF_SCOPED body = {0};
    language first = langs->of[0];
    str suffix = str_of(kind);
    bool html = str_eq(suffix, S(".html"));
    mval *frame = context_of(a, env, job, first);
    m_set_str(frame, S("subject"), subject);
    if (html)
        TRY(template_render(S("mail/partials/open.html"), first, frame, &body));
    for (size_t i = 0; i < langs->count; i++) {
        if (i > 0)
            TRY(template_render(arena_join(a, S("mail/partials/between"), suffix), first, frame, &body));
        TRY(add_part(a, env, job, langs->of[i], kind, &body));
    }
    TRY(template_render(arena_join(a, S("mail/partials/close"), suffix), first, frame, &body));
    *out = arena_str(a, buf_str(&body));
    return OK;
}

err mail_render(arena *a, const struct env *env, const mail_job *job, mail_parts *out)
{
    both langs = {{LANG_FR, LANG_EN}, 2};
    if (language_parse(job->locale, &langs.of[0]))
        langs.count = 1;
    else
        langs.of[0] = LANG_FR;
    out->language = langs.count == 1 ? language_code(langs.of[0]) : S("fr, en");
    TRY(render_subject(a, env, job, &langs, &out->subject));
    TRY(render_body(a, env, job, &langs, out->subject, ".html", &out->html));
    return render_body(a, env, job, &langs, out->subject, ".txt", &out->text);
}
