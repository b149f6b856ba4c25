/* What an invitation gives besides a role: groups, entitlements, until when. */
#include "console/invite.h"
#include "domain/member/change.h"
#include "domain/organization/group.h"
#include "limits_table.h"

static bool is_among(const list *chosen, str value)
{
    for (size_t i = 0; i < chosen->count; i++)
        if (str_eq(((const str *)chosen->items)[i], value))
            return true;
    return false;
}

static unsigned bit_of(str role)
{
    return role_is(role, ROLE_ADMINISTRATOR) ? FOR_ADMINISTRATORS : FOR_MEMBERS;
}

/* Those that the role may have, on or off as ticked; the others stay as the organization has them. */
static void read_entitlements(request *r, invite_draft *d)
{
    str keys = r->actor.entitlement_keys;
    entitlement e;
    d->choices = arena_array_of(r->a, entitlement_choice, ENTITLEMENTS_MAX);
    while (d->form->entitlements_shown && d->choice_count < ENTITLEMENTS_MAX && entitlement_next(&keys, &e))
        if (e.roles & bit_of(d->role))
            d->choices[d->choice_count++] = (entitlement_choice){e.key, is_among(&d->form->entitlements, e.key)};
}

static err read_groups(request *r, txn *t, const invite_draft *d)
{
    group_view *groups;
    size_t count, found = 0;
    if (!d->form->groups.count)
        return OK;
    TRY(group_all(t, r->actor.organization_id, &groups, &count));
    for (size_t i = 0; i < count; i++)
        found += is_among(&d->form->groups, id_text(r, ID_GROUP, groups[i].id));
    return found == d->form->groups.count
               ? OK
               : problem_at(&r->problem, ERR_INVALID_REQUEST, S("/groups"), S("not-allowed"), 0);
}

err invite_options_read(request *r, txn *t, invite_draft *d)
{
    read_entitlements(r, d);
    for (size_t i = 0; i < d->count; i++) {
        d->rows[i].entitlements = d->choices;
        d->rows[i].entitlement_count = d->choice_count;
        d->rows[i].groups = d->form->groups.items;
        d->rows[i].group_count = d->form->groups.count;
    }
    if (!str_empty(d->form->access_ends) && !access_end_parse(d->form->access_ends, &d->access_ends_at))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/access_ends_at"), S("not-a-time"), 0);
    for (size_t i = 0; i < d->count; i++)
        d->rows[i].access_ends_at = d->access_ends_at;
    return read_groups(r, t, d);
}

void put_chosen(mval *form, const invite_draft *d)
{
    const list *lists[] = {&d->form->groups, &d->form->entitlements};
    mval *out[] = {m_set_list(form, S("groups")), m_set_list(form, S("entitlements"))};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->count; i++)
            m_set_str(m_add_object(out[k]), S("value"), ((const str *)lists[k]->items)[i]);
    PUT_BOOL(form, "entitlements_shown", d->form->entitlements_shown);
    PUT(form, "access_ends", d->form->access_ends.p ? d->form->access_ends : S(""));
}

static str name_in(const request *r, const entitlement_view *e)
{
    return r->lang == LANG_FR ? e->name_fr : e->name_en;
}

/* "(Administrator)": said of those that not everybody may have. */
static str only_for(request *r, const entitlement_view *e, bool administrators)
{
    bool both = (e->roles & FOR_ADMINISTRATORS) && (e->roles & FOR_MEMBERS);
    if (both || administrators)
        return STR_NONE;
    str role = role_text(e->roles & FOR_MEMBERS ? ROLE_MEMBER : ROLE_ADMINISTRATOR);
    return TEXT(r, "invite.entitlements_for", {S("role_text"), text_of(r, "role", role)});
}

static err put_entitlements(request *r, txn *t, mval *m, const invite_draft *d)
{
    unsigned offered = d->way->administrators ? FOR_ADMINISTRATORS : FOR_ADMINISTRATORS | FOR_MEMBERS;
    mval *options = m_set_list(m, S("entitlement_options"));
    entitlement_view *all;
    size_t count, shown = 0;
    TRY(entitlement_list(t, r->actor.organization_id, &all, &count));
    for (size_t i = 0; i < count; i++) {
        if (!(all[i].roles & offered))
            continue;
        mval *o = m_add_object(options);
        PUT(o, "value", all[i].key);
        PUT(o, "text", name_in(r, &all[i]));
        PUT(o, "detail", only_for(r, &all[i], d->way->administrators));
        PUT_BOOL(o, "selected",
                 d->form->entitlements_shown ? is_among(&d->form->entitlements, all[i].key) : all[i].by_default);
        shown++;
    }
    PUT_BOOL(m, "has_entitlements", shown > 0);
    return OK;
}

err put_option_lists(request *r, txn *t, mval *m, const invite_draft *d)
{
    mval *options = m_set_list(m, S("group_options"));
    group_view *groups;
    size_t count;
    char day[CLOCK_TEXT_SIZE];
    TRY(group_all(t, r->actor.organization_id, &groups, &count));
    for (size_t i = 0; i < count; i++) {
        str id = id_text(r, ID_GROUP, groups[i].id);
        put_option(options, id, groups[i].name, is_among(&d->form->groups, id) ? id : STR_NONE);
    }
    PUT_BOOL(m, "has_groups", count > 0);
    PUT(m, "first_day", arena_str(r->a, str_slice(clock_format(t->now, day), 0, sizeof "2026-12-31" - 1)));
    return put_entitlements(r, t, m, d);
}

static void add_name(buf *names, str name)
{
    if (names->n)
        buf_lit(names, ", ");
    buf_add(names, name);
}

err put_option_texts(request *r, txn *t, mval *m, const invite_draft *d)
{
    BUF_SCOPED in = {0}, on = {0};
    group_view *groups;
    entitlement_view *all;
    size_t count;
    TRY(group_all(t, r->actor.organization_id, &groups, &count));
    for (size_t i = 0; i < count; i++)
        if (is_among(&d->form->groups, id_text(r, ID_GROUP, groups[i].id)))
            add_name(&in, groups[i].name);
    TRY(entitlement_list(t, r->actor.organization_id, &all, &count));
    for (size_t i = 0; i < count; i++) {
        bool ticked = d->form->entitlements_shown ? is_among(&d->form->entitlements, all[i].key) : all[i].by_default;
        if (ticked && (all[i].roles & bit_of(d->role)))
            add_name(&on, name_in(r, &all[i]));
    }
    PUT(m, "groups_text", in.n ? arena_str(r->a, buf_str(&in)) : STR_NONE);
    PUT(m, "entitlements_text", on.n ? arena_str(r->a, buf_str(&on)) : STR_NONE);
    PUT(m, "access_ends_text", d->access_ends_at ? access_end_text(r, d->access_ends_at) : STR_NONE);
    return OK;
}
