/*
 * From the domain's structs to the answers' schemas, a function a schema, so that a thing looks the same in every
 * answer that holds it.
 */
#include "api/view.h"

#include "domain/invitation/invitation.h"
#include "domain/organization/group.h"
#include "http/problem.h"

reply_account view_account(const account_view *a)
{
    return (reply_account){
        .id = a->id,
        .email = a->email,
        .email_proved = a->address_proved,
        .given_name = a->given_name,
        .family_name = a->family_name,
        .locale = a->locale,
        .time_zone = a->time_zone.p ? a->time_zone : a->servers_zone,
        .created_at = a->created_at,
        .second_factor = {.totp = a->factors.totp,
                          .passkeys = a->factors.passkeys,
                          .recovery_codes_left = a->factors.recovery_codes},
    };
}

reply_organization view_organization(const organization_view *o)
{
    return (reply_organization){
        .id = o->id,
        .slug = o->slug,
        .name = o->name,
        .locale = o->locale,
        .member_limit = o->seats.limit,
        .has_member_limit = o->seats.limit != 0,
        .seats = view_seats(&o->seats),
        .created_at = o->created_at,
    };
}

reply_organization_brief view_organization_brief(uuid id, str slug, str name)
{
    return (reply_organization_brief){.id = id, .slug = slug, .name = name};
}

reply_seats view_seats(const seats *s)
{
    bool limited = s->limit != 0;
    return (reply_seats){.limit = s->limit,
                         .has_limit = limited,
                         .used = s->used,
                         .held = s->held,
                         .free = seats_free(s),
                         .has_free = limited};
}

reply_settings view_settings(arena *a, const settings *server, const organization_settings *own, str logo)
{
    organization_settings effective = organization_settings_effective(server, *own);
    return (reply_settings){
        .existing_accounts = own->existing_accounts,
        .administrators_may_invite_administrators = own->administrators_invite,
        .invitation_lifetime = own->invitation_lifetime,
        .reminder_after = own->reminder_after,
        .reminder_max = own->reminder_max,
        .temporary_password_delivery = own->temporary_password_delivery,
        .temporary_password_lifetime = own->temporary_password_lifetime,
        .password_min_length = own->password_min_length,
        .has_password_min_length = own->password_min_length != 0,
        .session_lifetime = own->session_lifetime,
        .session_idle = own->session_idle,
        .second_factor = own->second_factor,
        .allowed_domains = reply_words(a, own->allowed_domains),
        .refused_domains = reply_words(a, own->refused_domains),
        .accent = own->accent,
        .time_zone = own->time_zone,
        .logo = logo,
        .effective = {.temporary_password_delivery = effective.temporary_password_delivery,
                      .temporary_password_lifetime = effective.temporary_password_lifetime,
                      .password_min_length = effective.password_min_length,
                      .has_password_min_length = effective.password_min_length != 0,
                      .session_lifetime = effective.session_lifetime,
                      .time_zone = effective.time_zone},
    };
}

reply_flags view_entitlements(arena *a, str keys, int64_t set, str role)
{
    entitlement e;
    size_t count = 0, n = 0;
    for (str rest = keys; entitlement_next(&rest, &e);)
        count++;
    flag *flags = arena_array_of(a, flag, count);
    while (entitlement_next(&keys, &e))
        flags[n++] = (flag){e.key, entitlement_is_on(&e, set, role)};
    return (reply_flags){flags, n};
}

static reply_texts view_groups(arena *a, str ids)
{
    reply_texts all;
    all.items = group_ids_list(a, ids, &all.count);
    return all;
}

str view_account_or_operator(arena *a, uuid account_id)
{
    char text[TYPEID_SIZE];
    return uuid_none(account_id) ? actor_kind_text(ACTOR_OPERATOR)
                                 : arena_str(a, typeid_format(ID_ACCOUNT, account_id, text));
}

reply_member view_member(arena *a, str keys, const member_view *m)
{
    return (reply_member){
        .id = m->id,
        .account = {.id = m->account_id, .email = m->email, .given_name = m->given_name, .family_name = m->family_name},
        .role = m->role,
        .state = m->state,
        .entitlements = view_entitlements(a, keys, m->entitlements, m->role),
        .groups = view_groups(a, m->group_ids),
        .joined_at = m->joined_at,
        .invited_by = view_account_or_operator(a, m->invited_by_id),
        .access_ends_at = m->access_ends_at,
        .last_active_on = m->last_active_at,
        .second_factor = m->is_secured,
    };
}

reply_invitation view_invitation(const request *r, const invitation_view *i)
{
    return (reply_invitation){
        .id = i->id,
        .organization = r->actor.organization_id,
        .batch = i->batch_id,
        .email = i->email,
        .role = i->role,
        .state = i->state,
        .method = i->method,
        .password_delivery = i->password_delivery,
        .locale = i->locale,
        .groups = view_groups(r->a, i->group_ids),
        .entitlements = view_entitlements(r->a, r->actor.entitlement_keys, i->entitlements, i->role),
        .access_ends_at = i->access_ends_at,
        .message = i->message,
        .given_name = i->given_name,
        .family_name = i->family_name,
        .invited_by = view_account_or_operator(r->a, i->invited_by_id),
        .created_at = i->created_at,
        .expires_at = i->expires_at,
        .sent_count = i->sent_count,
        .last_sent_at = i->last_sent_at,
        .delivery = {.state = i->delivery_state, .reply = i->delivery_reply, .at = i->delivery_at},
        .accepted_by = i->accepted_by_id,
        .accepted_at = i->accepted_at,
        .asked_at = i->asked_at,
        .asked_count = i->asked_count,
        .silenced_at = i->silenced_at,
        .password_used_at = i->password_used_at,
    };
}

static reply_mail view_mail(const mail_view *m)
{
    return (reply_mail){
        .id = m->id,
        .organization = m->organization_id,
        .invitation = m->invitation_id,
        .kind = m->kind,
        .recipient = m->recipient,
        .state = m->state,
        .reply = m->reply,
        .attempts = m->attempts,
        .created_at = m->created_at,
        .at = m->at,
    };
}

reply_session view_session(uuid id, msec expires_at)
{
    return (reply_session){.id = id, .expires_at = expires_at};
}

err answer_signed_in(request *r, int status, const signed_in *s)
{
    answer_session(r, s);
    return REPLY(r, status, signed_in, .account = view_account(&s->account),
                 .session = view_session(s->session_id, s->expires_at),
                 .password_change_required = s->stage == STAGE_PASSWORD);
}

err answer_members(request *r, txn *t, const member_filter *f, page *p)
{
    member_view *list;
    size_t n;
    TRY(member_list(t, r->actor.organization_id, f, p, &list, &n));
    reply_member *items = arena_array_of(r->a, reply_member, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_member(r->a, r->actor.entitlement_keys, &list[i]);
    return REPLY(r, 200, member_list, .items = {items, n}, .next_cursor = p->next, .total = p->total,
                 .has_total = p->total >= 0);
}

err answer_mails(request *r, const page *p, const mail_view *list, size_t n)
{
    reply_mail *items = arena_array_of(r->a, reply_mail, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_mail(&list[i]);
    return REPLY(r, 200, mail_list, .items = {items, n}, .next_cursor = p->next);
}

reply_problem view_problem(request *r, err e, const problem *p)
{
    problem whole = r->problem; /* the answer's own: one row's refusal stands in for it while it is written */
    r->problem = p ? *p : (problem){0};
    reply_problem one = problem_reply(r, e);
    r->problem = whole;
    return one;
}
