/*
 * Reads and writes the line that says which bit of a membership is which option. A bit is given again only once it was
 * cleared everywhere, under the lock of the seats.
 */
#include "domain/organization/entitlement.h"

#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "base/buf.h"
#include "domain/shared/name.h"
#include "limits_table.h"
#include "queries.h"

/* ---- reading the line ---- */

static const struct {
    char letter;
    unsigned bit;
} roles[ROLE_COUNT] = {[ROLE_OWNER] = {'o', FOR_OWNERS},
                       [ROLE_ADMINISTRATOR] = {'a', FOR_ADMINISTRATORS},
                       [ROLE_MEMBER] = {'m', FOR_MEMBERS}};

static unsigned roles_read(str letters)
{
    unsigned set = 0;
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (str_find_byte(letters, roles[i].letter) < letters.n)
            set |= roles[i].bit;
    return set;
}

static str roles_written(arena *a, unsigned set)
{
    char *p = arena_alloc(a, ROLE_COUNT + 1);
    size_t n = 0;
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (set & roles[i].bit)
            p[n++] = roles[i].letter;
    return (str){p, n};
}

bool entitlement_next(str *keys, entitlement *out)
{
    uint64_t slot = 0;
    if (str_empty(*keys))
        return false;
    str row = str_cut(keys, ' ');
    out->key = str_cut(&row, ':');
    if (!str_to_u64(str_cut(&row, ':'), ENTITLEMENTS_MAX - 1, &slot))
        return false;
    out->slot = (int)slot;
    out->roles = roles_read(str_cut(&row, ':'));
    out->by_default = str_eq(row, S("1"));
    return true;
}

static bool may_have(const entitlement *e, str role)
{
    enum role one;
    return role_of(role, &one) && (e->roles & roles[one].bit) != 0;
}

bool entitlement_is_on(const entitlement *e, int64_t set, str role)
{
    return ((set >> e->slot) & 1) && may_have(e, role);
}

int64_t entitlements_by_default(str keys)
{
    entitlement e;
    int64_t set = 0;
    while (entitlement_next(&keys, &e))
        if (e.by_default)
            set |= INT64_C(1) << e.slot;
    return set;
}

/* ---- choosing ---- */

static bool find(str keys, str key, entitlement *out)
{
    while (entitlement_next(&keys, out))
        if (str_eq(out->key, key))
            return true;
    return false;
}

err entitlements_choose(txn *t, str keys, str role, const entitlement_choice *choices, size_t count, int64_t *set)
{
    for (size_t i = 0; i < count; i++) {
        entitlement e;
        bool known = find(keys, choices[i].key, &e);
        if (!known || (choices[i].on && !may_have(&e, role)))
            return problem_at(t->problem, ERR_INVALID_REQUEST, arena_join(t->a, S("/entitlements/"), choices[i].key),
                              known ? S("not-for-role") : S("unknown-field"), 0);
        int64_t bit = INT64_C(1) << e.slot;
        *set = choices[i].on ? *set | bit : *set & ~bit;
    }
    return OK;
}

void entitlements_ticked(arena *a, str keys, const str *on, size_t on_count, entitlement_choice **out, size_t *count)
{
    entitlement e;
    *out = arena_array_of(a, entitlement_choice, ENTITLEMENTS_MAX);
    for (*count = 0; *count < ENTITLEMENTS_MAX && entitlement_next(&keys, &e); (*count)++) {
        entitlement_choice *c = &(*out)[*count];
        c->key = e.key;
        for (size_t i = 0; i < on_count; i++)
            c->on |= str_eq(on[i], e.key);
    }
}

void entitlements_as_choices(arena *a, str keys, int64_t set, str role, entitlement_choice **out, size_t *count)
{
    entitlement e;
    *out = arena_array_of(a, entitlement_choice, ENTITLEMENTS_MAX);
    for (*count = 0; *count < ENTITLEMENTS_MAX && entitlement_next(&keys, &e);)
        (*out)[(*count)++] = (entitlement_choice){e.key, entitlement_is_on(&e, set, role)};
}

str entitlements_text(arena *a, str keys, int64_t set)
{
    entitlement e;
    str out = S("");
    while (entitlement_next(&keys, &e))
        if ((set >> e.slot) & 1)
            out = arena_join(a, out, out.n ? S(" ") : S(""), e.key);
    return out;
}

/* ---- defining ---- */

static entitlement_view view_of(const q_entitlements_all_row *r)
{
    return (entitlement_view){r->key, r->name_en, r->name_fr, r->is_default, roles_read(r->roles)};
}

err entitlement_list(txn *t, uuid organization_id, entitlement_view **out, size_t *count)
{
    q_entitlements_all_rows rows;
    TRY(q_entitlements_all(t, &rows, organization_id));
    *out = arena_array_of(t->a, entitlement_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = view_of(&rows.p[i]);
    return OK;
}

/* There are few: the one with this key among all; NULL when there is none. */
static const q_entitlements_all_row *among(const q_entitlements_all_rows *rows, str key)
{
    for (size_t i = 0; i < rows->n; i++)
        if (str_eq(rows->p[i].key, key))
            return &rows->p[i];
    return NULL;
}

err entitlement_get(txn *t, uuid organization_id, str key, entitlement_view *out)
{
    q_entitlements_all_rows rows;
    TRY(q_entitlements_all(t, &rows, organization_id));
    const q_entitlements_all_row *found = among(&rows, key);
    if (!found)
        return ERR_NOT_FOUND;
    *out = view_of(found);
    return OK;
}

/* The line that everybody reads, written anew. */
static err write_keys(txn *t, uuid organization_id)
{
    q_entitlements_all_rows rows;
    BUF_SCOPED b = {0};
    TRY(q_entitlements_all(t, &rows, organization_id));
    for (size_t i = 0; i < rows.n; i++)
        buf_printf(&b, "%s%.*s:%lld:%.*s:%d", i ? " " : "", STR_FMT(rows.p[i].key), (long long)rows.p[i].slot,
                   STR_FMT(rows.p[i].roles), rows.p[i].is_default);
    return q_entitlement_keys_set(t, .entitlement_keys = arena_str(t->a, buf_str(&b)), .id = organization_id);
}

static bool key_valid(str key)
{
    if (key.n < 1 || key.n > ENTITLEMENT_KEY_MAX)
        return false;
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return true;
}

static said_entitlement described(arena *a, const entitlement_view *e)
{
    return (said_entitlement){.key = e->key,
                              .name_en = e->name_en,
                              .name_fr = e->name_fr,
                              .default_ = e->by_default ? S("true") : S("false"),
                              .roles = roles_written(a, e->roles)};
}

static err check_view(txn *t, entitlement_view *e)
{
    TRY(name_clean(t->a, t->problem, S("/name/en"), e->name_en, &e->name_en));
    TRY(name_clean(t->a, t->problem, S("/name/fr"), e->name_fr, &e->name_fr));
    return e->roles & FOR_ALL ? OK : problem_at(t->problem, ERR_INVALID_REQUEST, S("/roles"), S("too-few"), 1);
}

static err free_slot(txn *t, const q_entitlements_all_rows *rows, int64_t *slot)
{
    uint64_t taken = 0;
    for (size_t i = 0; i < rows->n; i++)
        taken |= UINT64_C(1) << rows->p[i].slot;
    for (*slot = 0; *slot < ENTITLEMENTS_MAX; (*slot)++)
        if (!((taken >> *slot) & 1))
            return OK;
    return problem_at(t->problem, ERR_CONFLICT, S("/key"), S("too-many"), ENTITLEMENTS_MAX);
}

/* Under the lock of the seats, as everything that writes a set: a slot that is given away is nobody's any more. */
static err lock(txn *t, const actor *by, q_entitlements_all_rows *rows)
{
    seats s;
    TRY(seats_lock(t, by->organization_id, &s));
    return q_entitlements_all(t, rows, by->organization_id);
}

err entitlement_create(txn *t, const actor *by, const entitlement_view *asked)
{
    q_entitlements_all_rows rows;
    entitlement_view e = *asked;
    int64_t slot;
    if (!key_valid(e.key))
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/key"), S("not-allowed"), 0);
    TRY(check_view(t, &e));
    TRY(lock(t, by, &rows));
    if (among(&rows, e.key))
        return problem_at(t->problem, ERR_CONFLICT, S("/key"), S("taken"), 0);
    TRY(free_slot(t, &rows, &slot));
    TRY(q_entitlement_insert(t, .organization_id = by->organization_id, .key = e.key, .slot = slot,
                             .name_en = e.name_en, .name_fr = e.name_fr, .is_default = e.by_default,
                             .roles = roles_written(t->a, e.roles)));
    TRY(write_keys(t, by->organization_id));
    return audit(t, by, EVENT_ENTITLEMENT_CREATED, .subject_id = by->organization_id, .after = described(t->a, &e));
}

/* One of them, under the lock of all. */
static err take_up(txn *t, const actor *by, str key, entitlement_view *e, int64_t *slot)
{
    q_entitlements_all_rows rows;
    TRY(lock(t, by, &rows));
    const q_entitlements_all_row *found = among(&rows, key);
    if (!found)
        return ERR_NOT_FOUND;
    *e = view_of(found);
    *slot = found->slot;
    return OK;
}

err entitlement_update(txn *t, const actor *by, str key, const entitlement_change *c)
{
    entitlement_view e;
    int64_t slot;
    TRY(take_up(t, by, key, &e, &slot));
    said_entitlement before = described(t->a, &e);
    e.name_en = c->name_en.p ? c->name_en : e.name_en;
    e.name_fr = c->name_fr.p ? c->name_fr : e.name_fr;
    e.by_default = c->has_default ? c->by_default : e.by_default;
    e.roles = c->roles ? c->roles : e.roles;
    TRY(check_view(t, &e));
    TRY(q_entitlement_set(t, .name_en = e.name_en, .name_fr = e.name_fr, .is_default = e.by_default,
                          .roles = roles_written(t->a, e.roles), .organization_id = by->organization_id, .key = key));
    TRY(write_keys(t, by->organization_id));
    return audit(t, by, EVENT_ENTITLEMENT_UPDATED, .subject_id = by->organization_id, .before = before,
                 .after = described(t->a, &e));
}

err entitlement_delete(txn *t, const actor *by, str key)
{
    entitlement_view e;
    int64_t slot;
    TRY(take_up(t, by, key, &e, &slot));
    int64_t bit = INT64_C(1) << slot;
    TRY(q_entitlement_delete(t, .organization_id = by->organization_id, .key = key));
    for (size_t from = 0; from < Q_ENTITLEMENT_TAKE_FROM_COUNT; from++)
        TRY(q_entitlement_take(t, from, .kept = ~bit, .organization_id = by->organization_id, .bit = bit));
    TRY(write_keys(t, by->organization_id));
    return audit(t, by, EVENT_ENTITLEMENT_DELETED, .subject_id = by->organization_id, .before = described(t->a, &e));
}
