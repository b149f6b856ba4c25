#include "api/view.h"

#include "domain/invitation/invitation.h"
#include "domain/organization/group.h"
#include "http/problem.h"

void view_account(json_writer *w, str key, const account_view *a)
{
    json_open(w, key, '{');
    json_id(w, S("id"), ID_ACCOUNT, a->id);
    json_str(w, S("email"), a->email);
    json_bool(w, S("email_proved"), a->address_proved);
    json_str(w, S("given_name"), a->given_name);
    json_str(w, S("family_name"), a->family_name);
    json_str(w, S("locale"), a->locale);
    json_str(w, S("time_zone"), a->time_zone.p ? a->time_zone : S("UTC"));
    json_time(w, S("created_at"), a->created_at);
    json_open(w, S("second_factor"), '{');
    json_bool(w, S("totp"), a->factors.totp);
    json_int(w, S("passkeys"), a->factors.passkeys);
    json_int(w, S("recovery_codes_left"), a->factors.recovery_codes);
    json_close(w, '}');
    json_close(w, '}');
}

static void limit_or_null(json_writer *w, str key, int64_t limit)
{
    if (limit)
        json_int(w, key, limit);
    else
        json_nothing(w, key);
}

void view_organization(json_writer *w, str key, const organization_view *o)
{
    json_open(w, key, '{');
    json_id(w, S("id"), ID_ORGANIZATION, o->id);
    json_str(w, S("slug"), o->slug);
    json_str(w, S("name"), o->name);
    json_str(w, S("locale"), o->locale);
    limit_or_null(w, S("member_limit"), o->seats.limit);
    view_seats(w, S("seats"), &o->seats, NULL);
    json_time(w, S("created_at"), o->created_at);
    json_close(w, '}');
}

void view_seats(json_writer *w, str key, const seats *s, const int64_t *after)
{
    json_open(w, key, '{');
    limit_or_null(w, S("limit"), s->limit);
    json_int(w, S("used"), s->used);
    json_int(w, S("held"), s->held);
    if (s->limit)
        json_int(w, S("free"), seats_free(s));
    else
        json_nothing(w, S("free"));
    if (after)
        json_int(w, S("after"), *after);
    json_close(w, '}');
}

static void view_domains(json_writer *w, str key, str list)
{
    json_open(w, key, '[');
    while (list.n)
        json_str(w, STR_NONE, str_cut(&list, ' '));
    json_close(w, ']');
}

static void view_setting(json_writer *w, const organization_setting *about, const organization_settings *s)
{
    const void *at = (const char *)s + about->offset;
    switch (about->kind) {
    case KIND_WORD:
    case KIND_COLOUR:
        json_str(w, about->name, *(const str *)at);
        break;
    case KIND_FLAG:
        json_bool(w, about->name, *(const bool *)at);
        break;
    case KIND_DURATION:
        if (*(const msec *)at)
            json_duration(w, about->name, *(const msec *)at);
        else
            json_nothing(w, about->name);
        break;
    case KIND_NUMBER:
        if (*(const int64_t *)at || !about->optional)
            json_int(w, about->name, *(const int64_t *)at);
        else
            json_nothing(w, about->name);
        break;
    case KIND_DOMAINS:
        view_domains(w, about->name, *(const str *)at);
    }
}

void view_settings(json_writer *w, const settings *server, const organization_settings *own, str logo)
{
    organization_settings effective = organization_settings_effective(server, *own);
    json_open(w, STR_NONE, '{');
    for (size_t i = 0; i < ORGANIZATION_SETTING_COUNT; i++)
        view_setting(w, &organization_setting_table[i], own);
    json_str(w, S("logo"), logo);
    json_open(w, S("effective"), '{'); /* of those that may be the server's: what holds */
    for (size_t i = 0; i < ORGANIZATION_SETTING_COUNT; i++)
        if (organization_setting_table[i].inherits)
            view_setting(w, &organization_setting_table[i], &effective);
    json_close(w, '}');
    json_close(w, '}');
}

void view_entitlements(json_writer *w, str keys, int64_t set, str role)
{
    entitlement e;
    json_open(w, S("entitlements"), '{');
    while (entitlement_next(&keys, &e))
        json_bool(w, e.key, entitlement_is_on(&e, set, role));
    json_close(w, '}');
}

static void view_group_ids(json_writer *w, str ids)
{
    json_open(w, S("groups"), '[');
    for (str one; group_next(&ids, &one);)
        json_str(w, STR_NONE, one);
    json_close(w, ']');
}

static void account_or_operator(json_writer *w, str key, uuid account_id)
{
    if (uuid_none(account_id))
        json_str(w, key, S("operator"));
    else
        json_id(w, key, ID_ACCOUNT, account_id);
}

void view_member(json_writer *w, str key, str keys, const member_view *m)
{
    json_open(w, key, '{');
    json_id(w, S("id"), ID_MEMBER, m->id);
    json_open(w, S("account"), '{');
    json_id(w, S("id"), ID_ACCOUNT, m->account_id);
    json_str(w, S("email"), m->email);
    json_str(w, S("given_name"), m->given_name);
    json_str(w, S("family_name"), m->family_name);
    json_close(w, '}');
    json_str(w, S("role"), m->role);
    json_str(w, S("state"), m->state);
    view_entitlements(w, keys, m->entitlements, m->role);
    view_group_ids(w, m->group_ids);
    json_time(w, S("joined_at"), m->joined_at);
    account_or_operator(w, S("invited_by"), m->invited_by_id);
    json_time(w, S("access_ends_at"), m->access_ends_at);
    json_close(w, '}');
}

void view_invitation_open(const request *r, json_writer *w, str key, const invitation_view *i)
{
    json_open(w, key, '{');
    json_id(w, S("id"), ID_INVITATION, i->id);
    json_id(w, S("organization"), ID_ORGANIZATION, r->actor.organization_id);
    json_id(w, S("batch"), ID_BATCH, i->batch_id);
    json_str(w, S("email"), i->email);
    json_str(w, S("role"), i->role);
    json_str(w, S("state"), i->state);
    json_str(w, S("method"), i->method);
    json_str(w, S("password_delivery"), i->password_delivery);
    json_str(w, S("locale"), i->locale);
    view_group_ids(w, i->group_ids);
    view_entitlements(w, r->actor.entitlement_keys, i->entitlements, i->role);
    json_time(w, S("access_ends_at"), i->access_ends_at);
    json_str(w, S("message"), i->message);
    json_str(w, S("given_name"), i->given_name);
    json_str(w, S("family_name"), i->family_name);
    account_or_operator(w, S("invited_by"), i->invited_by_id);
    json_time(w, S("created_at"), i->created_at);
    json_time(w, S("expires_at"), i->expires_at);
    json_int(w, S("sent_count"), i->sent_count);
    json_time(w, S("last_sent_at"), i->last_sent_at);
    json_open(w, S("delivery"), '{');
    json_str(w, S("state"), i->delivery_state);
    json_str(w, S("reply"), i->delivery_reply);
    json_time(w, S("at"), i->delivery_at);
    json_close(w, '}');
    json_id(w, S("accepted_by"), ID_ACCOUNT, i->accepted_by_id);
    json_time(w, S("accepted_at"), i->accepted_at);
}

void view_invitation(const request *r, json_writer *w, str key, const invitation_view *i)
{
    view_invitation_open(r, w, key, i);
    json_close(w, '}');
}

void view_mail(json_writer *w, const mail_view *m)
{
    json_open(w, STR_NONE, '{');
    json_id(w, S("id"), ID_MAIL, m->id);
    json_id(w, S("organization"), ID_ORGANIZATION, m->organization_id);
    json_id(w, S("invitation"), ID_INVITATION, m->invitation_id);
    json_str(w, S("kind"), m->kind);
    json_str(w, S("recipient"), m->recipient);
    json_str(w, S("state"), m->state);
    json_str(w, S("reply"), m->reply);
    json_int(w, S("attempts"), m->attempts);
    json_time(w, S("created_at"), m->created_at);
    json_time(w, S("at"), m->at);
    json_close(w, '}');
}

void view_session(json_writer *w, str key, uuid id, msec expires_at)
{
    json_open(w, key, '{');
    json_id(w, S("id"), ID_SESSION, id);
    json_time(w, S("expires_at"), expires_at);
    json_close(w, '}');
}

json_writer view_list_open(request *r)
{
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_open(&w, S("items"), '[');
    return w;
}

void view_list_close(json_writer *w, const page *p)
{
    json_close(w, ']');
    json_str(w, S("next_cursor"), p->next);
    if (p->total >= 0)
        json_int(w, S("total"), p->total);
    json_close(w, '}');
}

err view_members(request *r, txn *t, const member_filter *f, page *p)
{
    member_view *list;
    size_t n;
    TRY(member_list(t, r->actor.organization_id, f, p, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++)
        view_member(&w, STR_NONE, r->actor.entitlement_keys, &list[i]);
    view_list_close(&w, p);
    return OK;
}

void view_problem(request *r, json_writer *w, str key, err e, const problem *p)
{
    BUF_SCOPED text = {0};
    problem whole = r->problem; /* the answer's own: one row's refusal stands in for it while it is written */
    if (e == OK)
        return;
    r->problem = p ? *p : (problem){0};
    problem_json(r, e, &text);
    r->problem = whole;
    json_raw(w, key, buf_str(&text));
}
