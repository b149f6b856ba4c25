/*
 * The invited person: by the link of a mail (/i/{token}) or by an address and a typed code (/join). Looking changes
 * nothing.
 */
#include "console/console.h"
#include "domain/invitation/parts.h"

typedef body_invitation_accept_form enrol_form; /* all these forms have the same fields */

/* Where this invitation's pages post to. */
typedef struct entrance {
    invitation_key key;
    str accept_url, decline_url, next;
} entrance;

static entrance entrance_of(request *r)
{
    if (r->route->params[0].name.p) { /* /i/{token}… */
        str here = arena_join(r->a, S("/i/"), r->params[0].text);
        return (entrance){{.token = r->params[0].text}, here, arena_join(r->a, here, S("/decline")), here};
    }
    const enrol_form *form = r->body;
    return (entrance){{.email = form->email.p ? form->email : S(""), .code = form->code.p ? form->code : S("")},
                      S("/join/accept"),
                      S("/join/decline"),
                      S("/join")};
}

/* ---- pages ---- */

err put_invited(request *r, txn *t, mval *m, const invitation_door *door)
{
    str inviter = phrase_name(r->a, door->inviter_given_name, door->inviter_family_name);
    mval *o = m_set_object(m, S("invitation"));
    actor_tell_in(&r->actor, door->time_zone);
    PUT(o, "organization_name", door->organization_name);
    PUT(o, "inviter_name", inviter);
    PUT(o, "email", door->email);
    PUT(o, "role_text", text_of(r, "role", door->role));
    PUT_BOOL(o, "is_administrator", role_is(door->role, ROLE_ADMINISTRATOR));
    PUT(o, "expires_text", until_text(r, door->expires_at, t->now));
    PUT_BOOL(o, "has_message", !str_empty(door->message));
    mval *lines = m_set_list(o, S("message_lines"));
    for (str rest = door->message; rest.n > 0;)
        m_add(lines, m_str(r->a, str_cut(&rest, '\n')));
    PUT(m, "organization_name", door->organization_name);
    PUT(m, "inviter_name", inviter);
    return put_theme(r, t, m, door->organization_id);
}

/* Whom to ask for another, whether that was done, and the button that does it: a link's alone, no typed code's. */
void put_asking(const request *r, mval *m, const invitation_door *door, str token, msec now)
{
    str whom = door->has_whom ? phrase_name(r->a, door->whom_given_name, door->whom_family_name) : STR_NONE;
    str at = door->asked_at ? day_text(r, door->asked_at, now) : STR_NONE;
    PUT(m, "whom_name", whom);
    PUT(m, "asked_text", at.p ? PHRASE(r->a, r->lang, S("closed.asked_on"), {S("date"), at}) : STR_NONE);
    PUT(m, "ask_again_url", door->may_ask && token.p ? arena_join(r->a, S("/i/"), token, S("/ask-again")) : STR_NONE);
}

/* A door that is shut: each reason has its words and, where nothing else was refused, its status. */
static err show_shut(request *r, txn *t, const invitation_door *door, err refusal, err answered)
{
    static const struct {
        err refusal;
        str flag;
    } reasons[] = {
        {ERR_INVITATION_EXPIRED, S_INIT("is_expired")},           {ERR_INVITATION_REVOKED, S_INIT("is_revoked")},
        {ERR_INVITATION_DECLINED, S_INIT("is_declined")},         {ERR_INVITATION_REPLACED, S_INIT("is_replaced")},
        {ERR_INVITATION_ALREADY_ACCEPTED, S_INIT("is_accepted")}, {ERR_ALREADY_MEMBER, S_INIT("is_accepted")},
        {ERR_ACCOUNT_ALREADY_ACTIVE, S_INIT("is_refused")},       {ERR_INVITATION_INVALID, S_INIT("is_invalid")},
    };
    mval *m;
    bool known = false;
    TRY(page_open(r, t, &m));
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].refusal != refusal)
            continue;
        m_set_bool(m, reasons[i].flag, true);
        known = true;
    }
    if (!known)
        return refusal;
    if (door) {
        TRY(put_invited(r, t, m, door));
        put_asking(r, m, door, r->route->params[0].name.p ? r->params[0].text : STR_NONE, t->now);
    }
    return page_answer(r, err_about(answered)->status, "invite_closed", m);
}

static err show_closed(request *r, txn *t, const invitation_door *door, err refusal)
{
    return show_shut(r, t, door, refusal, refusal);
}

/* What stands in the way shows in the page itself: somebody else is signed in, or the account exists. */
static bool is_said_by_page(err refusal)
{
    return refusal == OK || refusal == ERR_WRONG_ACCOUNT || refusal == ERR_UNAUTHENTICATED;
}

/* What partials/mailed needs: nothing of the person, for whoever filled in the form may be anybody. */
static void put_mailed(request *r, mval *m, const invitation_door *door)
{
    PUT(m, "email", door->email);
    PUT_BOOL(m, "is_kept", mail_is_kept(r));
}

/* The page for a door that is open: which one depends on who stands before it. */
static err show_open(request *r, txn *t, const entrance *way, const invitation_door *door, err refusal)
{
    static const struct {
        str next;
        const char *name;
    } pages[] = {{S_INIT("enrol"), "invite_enrol"},
                 {S_INIT("sign_in"), "invite_sign_in"},
                 {S_INIT("switch_account"), "invite_switch"},
                 {S_INIT("accept"), "invite_accept"}};
    const enrol_form *form = r->route->body ? r->body : NULL;
    bool tried = form && !str_eq(r->route->pattern, S("/join")); /* /join is the form that asks for the code */
    mval *m;
    TRY(page_open(r, t, &m));
    TRY(put_invited(r, t, m, door));
    TRY(put_least(m, t, UUID_NONE, door->organization_id));
    mval *values = m_set_object(m, S("form"));
    PUT(values, "given_name", tried ? form->given_name : door->given_name);
    PUT(values, "family_name", tried ? form->family_name : door->family_name);
    if (way->key.email.p) {
        mval *code = m_set_object(m, S("by_code"));
        PUT(code, "email", way->key.email);
        PUT(code, "code", way->key.code);
    }
    PUT(m, "token", way->key.token);
    PUT_BOOL(m, "passkeys_possible", passkey_possible(&r->app->env, r->a));
    PUT(m, "action_url", way->accept_url);
    PUT(m, "decline_url", way->decline_url);
    PUT(m, "next", way->next);
    put_mailed(r, m, door);
    PUT(m, "sign_in_url", door->tells ? STR_NONE : LINK(r->a, S("/sign-in"), {S("next"), way->next}));
    PUT(m, "switch_url", way->key.token.p ? arena_join(r->a, way->next, S("/switch")) : S("/sign-out"));
    PUT(m, "home_url", S("/"));
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (str_eq(pages[i].next, door->next))
            return is_said_by_page(refusal)
                       ? page_answer(r, refusal == OK ? 200 : err_about(refusal)->status, pages[i].name, m)
                       : page_refused(r, refusal, pages[i].name, m);
    return ERR_INTERNAL;
}

/* The form that asks for address and code, again when they lead nowhere. */
static err show_code_form(request *r, txn *t, const entrance *way, err refusal)
{
    mval *m;
    TRY(page_open(r, t, &m));
    mval *form = m_set_object(m, S("form"));
    PUT(form, "email", way->key.email);
    PUT(form, "code", way->key.code);
    if (refusal == OK)
        return page_answer(r, 200, "join", m);
    if (refusal != ERR_INVITATION_INVALID)
        return page_refused(r, refusal, "join", m);
    PUT(m_set_object(m, S("error")), "code", text(r, "join.code_wrong"));
    PUT(m_set_object(m, S("mail_again")), "email", way->key.email);
    return page_answer(r, err_about(refusal)->status, "join", m);
}

static err show_unopened(request *r, txn *t, const entrance *way, err refusal)
{
    if (!way->key.token.p)
        return show_code_form(r, t, way, refusal);
    return refusal == ERR_INVITATION_INVALID ? show_closed(r, t, NULL, refusal) : refusal;
}

/* Whoever never chose a language reads the page in that of the mail. */
static err look(request *r, txn *t, const entrance *way, invitation_door *door)
{
    TRY(invitation_lookup(t, &r->actor, &way->key, door));
    if (!r->lang_chosen && language_parse(door->locale, &r->lang))
        r->lang_chosen = true;
    return OK;
}

/* Shows what there is behind a door. `refusal`: why what was tried did not work, said where it can be mended. */
static err show_behind(request *r, txn *t, const entrance *way, const invitation_door *door, err refusal)
{
    err state = invitation_state_error(door->state);
    if (state != OK) /* a repeat comes to sign-in's limits, and to nothing else that is worth saying */
        return refusal == ERR_RATE_LIMITED ? refusal : show_closed(r, t, door, state);
    if (refusal == ERR_ACCOUNT_ALREADY_ACTIVE || refusal == ERR_ALREADY_MEMBER)
        return show_closed(r, t, door, refusal);
    return show_open(r, t, way, door, refusal);
}

/* To the organization, whose title is the welcome. */
static err lead_in(request *r, str slug)
{
    return answer_redirect(r, arena_join(r->a, S("/o/"), slug));
}

static err show_door(request *r, txn *t, const entrance *way)
{
    invitation_door door;
    err e = look(r, t, way, &door);
    if (e == OK && door.is_in)
        return lead_in(r, door.organization_slug);
    return e == OK ? show_behind(r, t, way, &door, OK) : show_unopened(r, t, way, e);
}

err console_invitation_page(request *r, txn *t)
{
    entrance way = entrance_of(r);
    return show_door(r, t, &way);
}

/* ---- accepting ---- */

typedef struct enrol_work {
    invitation_door door;
    password_terms terms;
    str hash;
} enrol_work;

/*
 * There is work when there is a new person to enrol; everything else is for the handler to see, and to note a wrong
 * code.
 */
err admit_enrolment(request *r, txn *t)
{
    entrance way = entrance_of(r);
    enrol_work *work = r->scratch = arena_new_of(r->a, enrol_work);
    err e = invitation_lookup(t, &r->actor, &way.key, &work->door);
    bool guessed = e == ERR_INVITATION_INVALID && !way.key.token.p;
    if (e == OK)
        e = enrolment_admit(t, &r->actor, &work->door, &work->terms);
    r->no_work = guessed || (e == OK && !str_eq(work->door.next, S("enrol")) && !work->terms.is_again);
    return r->no_work || e == OK ? OK : page_note(r, e);
}

static err prepare_enrolment(request *r)
{
    const enrol_form *form = r->body;
    enrol_work *work = r->scratch;
    str known[] = {work->door.email, work->door.organization_name};
    return page_note(r, page_new_person(r, &work->terms, form->given_name, form->family_name, form->password, known,
                                        sizeof known / sizeof known[0], &work->hash));
}

static err show_mailed(request *r, txn *t, const invitation_door *door)
{
    mval *m;
    TRY(page_open(r, t, &m));
    TRY(put_theme(r, t, m, door->organization_id));
    put_mailed(r, m, door);
    return page_answer(r, 202, "invite_mailed", m);
}

/* A look first: a wrong code is noted once. */
static err accept(request *r, txn *t, const entrance *way)
{
    const enrol_form *form = r->body;
    const enrol_work *work = r->scratch;
    invitation_door door;
    accepted done;
    err e = look(r, t, way, &door);
    if (e != OK)
        return show_unopened(r, t, way, e);
    err refusal = page_recall(r);
    if (refusal == OK) {
        enrolment wish = {.key = way->key,
                          .given_name = form->given_name,
                          .family_name = form->family_name,
                          .password_hash = work->hash,
                          .locale = language_code(r->lang)};
        TRY(store_savepoint(t));
        err result = invitation_accept(t, &r->actor, &wish, &done);
        if (result == ERR_UNAUTHENTICATED) { /* there is an account: the page says so */
            store_rollback_to(t);
            refusal = result;
        } else {
            TRY(page_attempted(t, result, &refusal));
        }
    }
    if (refusal != OK)
        return show_behind(r, t, way, &door, refusal);
    if (done.by_mail)
        return show_mailed(r, t, &door);
    str there = arena_join(r->a, S("/o/"), done.organization_slug);
    return done.new_session ? page_enter(r, &done.session, there) : answer_redirect(r, there);
}

err console_invitation_accept_form_prepare(request *r)
{
    return prepare_enrolment(r);
}

err console_invitation_accept_form(request *r, txn *t)
{
    entrance way = entrance_of(r);
    return accept(r, t, &way);
}

/* ---- declining, asking again, switching ---- */

err console_invitation_decline_page(request *r, txn *t)
{
    entrance way = entrance_of(r);
    invitation_door door;
    mval *m;
    err e = look(r, t, &way, &door);
    if (e != OK)
        return show_unopened(r, t, &way, e);
    if (invitation_state_error(door.state) != OK)
        return show_closed(r, t, &door, invitation_state_error(door.state));
    TRY(page_open(r, t, &m));
    TRY(put_invited(r, t, m, &door));
    PUT(m, "action_url", way.decline_url);
    PUT(m, "back_url", way.accept_url);
    PUT_BOOL(m, "may_silence", door.mailed);
    return page_answer(r, 200, "invite_decline", m);
}

static err decline(request *r, txn *t, const entrance *way, bool silence)
{
    invitation_door door;
    err refusal;
    mval *m;
    err e = look(r, t, way, &door);
    if (e != OK)
        return show_unopened(r, t, way, e);
    PAGE_ATTEMPT(t, &refusal, invitation_decline(t, &r->actor, &way->key, silence));
    if (refusal != OK)
        return show_behind(r, t, way, &door, refusal);
    TRY(page_open(r, t, &m));
    TRY(put_invited(r, t, m, &door));
    PUT_BOOL(m, "is_silenced", silence);
    return page_answer(r, 200, "invite_declined_done", m);
}

err console_invitation_decline_form(request *r, txn *t)
{
    const body_invitation_decline_form *form = r->body;
    entrance way = entrance_of(r);
    return decline(r, t, &way, form && form->silence);
}

err console_invitation_ask_again_form(request *r, txn *t)
{
    entrance way = entrance_of(r);
    invitation_door door;
    err refusal;
    mval *m;
    err e = look(r, t, &way, &door);
    if (e != OK)
        return show_unopened(r, t, &way, e);
    PAGE_ATTEMPT(t, &refusal, invitation_ask_again(t, &r->actor, &way.key));
    if (refusal == ERR_CONFLICT) /* not over, or not any more */
        return show_behind(r, t, &way, &door, OK);
    if (refusal == ERR_RATE_LIMITED || refusal == ERR_ALREADY_ASKED)
        return show_shut(r, t, &door, invitation_state_error(door.state), refusal);
    if (refusal != OK)
        return refusal;
    TRY(page_open(r, t, &m));
    TRY(put_invited(r, t, m, &door));
    put_asking(r, m, &door, way.key.token, t->now);
    return page_answer(r, 200, "asked_again", m);
}

err console_invitation_switch_form(request *r, txn *t)
{
    entrance way = entrance_of(r);
    if (r->actor.kind == ACTOR_ACCOUNT) {
        TRY(sign_out(t, &r->actor));
        answer_session_ended(r);
    }
    return answer_redirect(r, way.next);
}

/* ---- by a typed code ---- */

err console_join_page(request *r, txn *t)
{
    return show_code_form(r, t, &(entrance){0}, OK);
}

err console_join_form(request *r, txn *t)
{
    entrance way = entrance_of(r);
    return show_door(r, t, &way);
}

/* The same page whether anything waits for the address or not. */
err console_join_mail_form(request *r, txn *t)
{
    const body_join_mail_form *form = r->body;
    const entrance way = {.key.email = form->email};
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, way_in_request(t, &r->actor, ADDRESS_REQUEST_INVITATION, form->email, STR_NONE));
    if (refusal != OK)
        return show_code_form(r, t, &way, refusal);
    TRY(page_open(r, t, &m));
    PUT(m, "email", form->email);
    PUT_BOOL(m, "is_kept", mail_is_kept(r));
    return page_answer(r, 200, "join_mailed", m);
}

err console_join_accept_form_prepare(request *r)
{
    return prepare_enrolment(r);
}

err console_join_accept_form(request *r, txn *t)
{
    entrance way = entrance_of(r);
    return accept(r, t, &way);
}

err console_join_decline_form(request *r, txn *t)
{
    entrance way = entrance_of(r);
    return decline(r, t, &way, false);
}

/* A form of the page behind a code: the code opens it again, unless it is what was refused. */
static err show_again(request *r, txn *t)
{
    entrance way = entrance_of(r);
    return way.key.email.n && way.key.code.n ? show_door(r, t, &way) : ERR_NOT_FOUND;
}

err console_join_accept_form_again(request *r, txn *t)
{
    return show_again(r, t);
}

err console_join_decline_form_again(request *r, txn *t)
{
    return show_again(r, t);
}
