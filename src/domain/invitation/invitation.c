/*
 * Reading invitations, and what may become of one. Lapsing is not an event: whoever reads compares the end with the
 * clock, and the sweep only writes down what was so already.
 */
#include "domain/invitation/invitation.h"

#include "domain/invitation/parts.h"
#include "domain/invitation/temporary.h"
#include "domain/mail/mail.h"
#include "domain/shared/name.h"
#include "domain/shared/throttle.h"
#include "base/random.h"
#include "queries.h"

err invitation_mail_preview(txn *t, const actor *by, const invite_order *order, const invite_row *row,
                            bool existing_account, mail_parts *out)
{
    q_organization_by_id_row o;
    TRY(q_organization_by_id(t, &o, by->organization_id));
    temporary_terms terms = temporary_terms_of(t, &o);
    bool temporary = method_is(order->method, METHOD_TEMPORARY_PASSWORD) && !existing_account;
    bool sent = password_delivery_is(order->delivery.p ? order->delivery : terms.delivery, PASSWORD_DELIVERY_SEND);
    msec lifetime = temporary ? terms.lifetime : o.invitation_lifetime;
    const mail_job job = {
        .kind = mail_kind_text(temporary ? MAIL_TEMPORARY_PASSWORD : MAIL_INVITATION),
        .recipient = row->email,
        .locale = row->locale.p ? row->locale : o.locale,
        .created_at = t->now,
        .link = arena_join(t->a, t->env->public_url, S("/i/…")),
        .code = !temporary ? S("XXXXX XXXXX")
                : sent     ? S("xxxxxx-xxxxxx-xxxxxx")
                           : STR_NONE,
        .organization_name = o.name,
        .organization_slug = o.slug,
        .inviter_given_name = by->given_name,
        .inviter_family_name = by->family_name,
        .inviter_email = by->email,
        .role = row->role,
        .message = row->message,
        .expires_at = t->now + (order->lifetime ? order->lifetime : lifetime),
        .existing_account = existing_account,
    };
    return mail_render(t->a, t->env, &job, out);
}

/* ---- views ---- */

static invitation_view view_of(const q_invitations_row *r, msec now)
{
    return (invitation_view){
        INVITATION_AS_KEPT(r),
        .state = invitation_effective(r->state, r->expires_at, now),
        .inviter_given_name = r->inviter_given_name,
        .inviter_family_name = r->inviter_family_name,
        .delivery_state = r->delivery_state.p && !mail_state_is(r->delivery_state, MAIL_STATE_WITHDRAWN)
                              ? r->delivery_state
                              : mail_state_text(MAIL_STATE_NONE),
        .delivery_reply = r->delivery_reply,
        .delivery_at = r->delivery_done_at ? r->delivery_done_at : r->delivery_created_at,
        .accepted_by_id = r->accepted_by_id,
        .accepted_at = r->accepted_at,
        .asked_at = r->asked_at,
        .asked_count = r->asked_count,
        .silenced_at = r->silenced_at,
        .password_used_at = r->temporary_used_at,
    };
}

err invitation_get(txn *t, uuid organization_id, uuid id, invitation_view *out)
{
    q_invitations_rows rows;
    TRY(q_invitations(t, Q_INVITATIONS_WHICH_ONE, &rows, .organization_id = organization_id, .after = id,
                      .only_state = S(""), .only_asked = false, .now = t->now, .starts = S(""), .starts_end = S(""),
                      .limit = 1));
    if (rows.n == 0)
        return ERR_NOT_FOUND;
    *out = view_of(&rows.p[0], t->now);
    return OK;
}

static page_mark mark_of(const void *rows, size_t i)
{
    return (page_mark){S(""), ((const invitation_view *)rows)[i].id};
}

static str lowered(arena *a, str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
    return (str){p, s.n};
}

static err count_all(txn *t, uuid organization_id, const invitation_filter *f, str starts, str end, page *p)
{
    q_invitations_count_row row;
    p->total = -1;
    if (!p->count)
        return OK;
    TRY(q_invitations_count(t, &row, .organization_id = organization_id, .batch_id = f->batch_id,
                            .only_state = f->state.p ? f->state : S(""), .only_asked = f->asked, .now = t->now,
                            .starts = starts, .starts_end = end, .limit = page_count_limit(p)));
    p->total = row.total;
    page_counted(p);
    return OK;
}

err invitation_list(txn *t, uuid organization_id, const invitation_filter *f, page *p, invitation_view **out,
                    size_t *count)
{
    page_mark from;
    q_invitations_rows rows;
    str q;
    TRY(name_sought(t->a, t->problem, f->q, &q));
    str starts = lowered(t->a, q), end = arena_join(t->a, starts, S("\xF4\x8F\xBF\xBF"));
    bool open = f->state.p && invitation_state_is(f->state, INVITATION_PENDING);
    size_t which = !uuid_none(f->batch_id) ? Q_INVITATIONS_WHICH_BATCH
                   : f->asked              ? Q_INVITATIONS_WHICH_ASKED
                   : open                  ? Q_INVITATIONS_WHICH_OPEN
                                           : Q_INVITATIONS_WHICH_ALL;
    TRY(page_start(p, t->a, t->problem, S("invitations"), true, &from));
    TRY(q_invitations(t, which, &rows, .organization_id = organization_id, .after = from.id, .batch_id = f->batch_id,
                      .only_state = f->state.p ? f->state : S(""), .only_asked = f->asked, .now = t->now,
                      .starts = starts, .starts_end = end, .limit = page_fetch(p)));
    TRY(count_all(t, organization_id, f, starts, end, p));
    *out = arena_array_of(t->a, invitation_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = view_of(&rows.p[i], t->now);
    page_end(p, t->a, count, mark_of, *out);
    return OK;
}

err invitations_asked(txn *t, const actor *by, int64_t most, asking_view **out, size_t *count)
{
    q_invitation_asks_rows rows;
    TRY(q_invitation_asks(t, &rows, .organization_id = by->organization_id, .since = t->now - ASKED_SHOWN_FOR,
                          .is_all = role_is(by->role, ROLE_OWNER), .invited_by_id = by->account_id, .limit = most));
    *out = arena_array_of(t->a, asking_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_invitation_asks_row *r = &rows.p[i];
        (*out)[i] = (asking_view){r->id, r->email, r->given_name, r->family_name, r->asked_at};
    }
    return OK;
}

err batch_get(txn *t, uuid organization_id, uuid id, batch_view *out)
{
    q_batch_by_id_row b;
    q_batch_states_rows states;
    TRY(q_batch_by_id(t, &b, .organization_id = organization_id, .id = id));
    TRY(q_batch_states(t, &states, .organization_id = organization_id, .batch_id = id, .now = t->now));
    *out = (batch_view){.id = id, .created_by_id = b.created_by_id, .created_at = b.created_at};
    int64_t *const counts[INVITATION_COUNT] = {[INVITATION_PENDING] = &out->pending,
                                               [INVITATION_ACCEPTED] = &out->accepted,
                                               [INVITATION_DECLINED] = &out->declined,
                                               [INVITATION_REVOKED] = &out->revoked,
                                               [INVITATION_EXPIRED] = &out->expired};
    for (size_t i = 0; i < states.n; i++) {
        invitation_state state;
        if (!invitation_state_of(states.p[i].effective, &state) || !counts[state])
            continue;
        *counts[state] = states.p[i].total;
        out->total += states.p[i].total;
    }
    return OK;
}
