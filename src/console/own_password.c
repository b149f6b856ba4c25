/* A password of one's own in place of a temporary one: the only page there is until it is set. */
#include "console/console.h"
#include "domain/account/succession.h"
#include "domain/invitation/parts.h"
#include "domain/lifecycle/temporary_replace.h"

/* `typed`: what the form brought; NULL: names as the inviter wrote them. */
static err own_open(request *r, txn *t, const invitation_door *door, const body_own_password_form *typed, mval **out)
{
    TRY(page_open(r, t, out));
    mval *form = m_set_object(*out, S("form"));
    TRY(put_invited(r, t, *out, door));
    PUT(form, "given_name", typed ? typed->given_name : door->given_name);
    PUT(form, "family_name", typed ? typed->family_name : door->family_name);
    return put_least(*out, t, r->actor.account_id, door->organization_id);
}

/* Whoever never chose a language reads the page in that of the invitation. */
static err look(request *r, txn *t, invitation_door *door)
{
    TRY(invitation_behind_password(t, &r->actor, door));
    if (!r->lang_chosen && language_parse(door->locale, &r->lang))
        r->lang_chosen = true;
    return OK;
}

/* An invitation that ended: there is nothing to set a password for. */
static err show_ended(request *r, txn *t, const invitation_door *door, err ended)
{
    mval *m;
    TRY(own_open(r, t, door, NULL, &m));
    PUT(m, "ended_title", problem_title(r, ended));
    PUT(m, "ended_text", problem_detail(r, ended));
    return page_answer(r, err_about(ended)->status, "own_password", m);
}

err console_own_password_page(request *r, txn *t)
{
    invitation_door door;
    mval *m;
    if (r->actor.stage != STAGE_PASSWORD)
        return answer_redirect(r, S("/"));
    TRY(look(r, t, &door));
    err ended = invitation_state_error(door.state);
    if (ended != OK)
        return show_ended(r, t, &door, ended);
    TRY(own_open(r, t, &door, NULL, &m));
    return page_answer(r, 200, "own_password", m);
}

typedef struct own_work {
    invitation_door door;
    password_terms terms;
    str hash;
} own_work;

/* Whoever has a password of their own is sent on by the handler, which says, too, that an invitation has ended. */
err console_own_password_form_admit(request *r, txn *t)
{
    own_work *work = r->scratch = arena_new_of(r->a, own_work);
    if (r->actor.kind != ACTOR_ACCOUNT)
        return succession_admit(t, &r->actor, &work->terms);
    work->terms.salt = succession_salt(t, &r->actor);
    r->no_work = r->actor.stage != STAGE_PASSWORD;
    if (r->no_work)
        return OK;
    TRY(invitation_behind_password(t, &r->actor, &work->door));
    r->no_work = invitation_state_error(work->door.state) != OK;
    return password_least(t, r->actor.account_id, work->door.organization_id, &work->terms.least);
}

err console_own_password_form_prepare(request *r)
{
    const body_own_password_form *form = r->body;
    own_work *work = r->scratch;
    str known[] = {work->door.email, work->door.organization_name};
    return page_note(r, page_new_person(r, &work->terms, form->given_name, form->family_name, form->password, known,
                                        sizeof known / sizeof known[0], &work->hash));
}

/* Where the invitation led, to whose holder nothing else belongs yet. */
static err lead_in(request *r, txn *t, uuid account_id)
{
    membership_view *of;
    size_t count;
    TRY(account_memberships(t, account_id, &of, &count));
    return answer_redirect(r, count ? arena_join(r->a, S("/o/"), of[0].organization_slug) : S("/"));
}

static err own_again(request *r, txn *t, str sent)
{
    signed_in s;
    TRY(page_recall(r));
    TRY(succession_again_by_password(t, &r->actor, sent, &s));
    answer_session(r, &s);
    return lead_in(r, t, s.account.id);
}

err console_own_password_form(request *r, txn *t)
{
    const body_own_password_form *form = r->body;
    const own_work *work = r->scratch;
    invitation_door door;
    accepted done;
    mval *m;
    const str values[] = {form->given_name, form->family_name, work->hash};
    if (r->actor.kind != ACTOR_ACCOUNT)
        return own_again(r, t, spent_sent(t, values, sizeof values / sizeof *values));
    if (r->actor.stage != STAGE_PASSWORD)
        return actor_is_former(&r->actor) ? lead_in(r, t, r->actor.account_id) : answer_redirect(r, S("/"));
    TRY(look(r, t, &door));
    err refusal = page_recall(r);
    if (refusal == OK) {
        const temporary_replacement replacement = {.given_name = form->given_name,
                                                   .family_name = form->family_name,
                                                   .locale = language_code(r->lang),
                                                   .pointer = S("/password"),
                                                   .password = form->password,
                                                   .hash = work->hash};
        PAGE_ATTEMPT(t, &refusal, temporary_replace(t, &r->actor, &replacement, &done));
    }
    if (refusal == OK) {
        str sent = spent_sent(t, values, sizeof values / sizeof *values);
        TRY(succession_note(t, &r->actor, sent, &done.session));
        answer_session(r, &done.session);
        return answer_redirect(r, arena_join(r->a, S("/o/"), done.organization_slug)); /* whose title is the welcome */
    }
    err ended = invitation_state_error(door.state);
    if (ended != OK)
        return show_ended(r, t, &door, ended);
    TRY(own_open(r, t, &door, form, &m));
    return page_refused(r, refusal, "own_password", m);
}
