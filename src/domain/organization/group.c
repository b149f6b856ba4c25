/*
 * A member's groups stand with the member, as ids and as words to search by: the list filters by groups at the cost of
 * a search, and a group's name stands in one place.
 */
#include "domain/organization/group.h"

#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "base/buf.h"
#include "domain/shared/name.h"
#include "limits_table.h"
#include "ports/fold.h"
#include "queries.h"

#include <stdlib.h>

/* ---- lists of ids ---- */

/* Takes the next id off; false at the end. */
static bool group_next(str *ids, str *id)
{
    if (str_empty(*ids))
        return false;
    *id = str_cut(ids, ' ');
    return !str_empty(*id);
}

bool group_among(str ids, str id)
{
    for (str one; group_next(&ids, &one);)
        if (str_eq(one, id))
            return true;
    return false;
}

str group_word(arena *a, str id)
{
    return arena_join(a, S("\x1F"), id);
}

str group_ids_with(arena *a, str ids, str more)
{
    for (str one; group_next(&more, &one);)
        if (!group_among(ids, one))
            ids = arena_join(a, ids, one, S(" "));
    return ids;
}

str group_ids_without(arena *a, str ids, str less)
{
    str kept = S("");
    for (str one; group_next(&ids, &one);)
        if (!group_among(less, one))
            kept = arena_join(a, kept, one, S(" "));
    return kept;
}

size_t group_ids_count(str ids)
{
    size_t n = 0;
    for (str one; group_next(&ids, &one);)
        n++;
    return n;
}

str *group_ids_list(arena *a, str ids, size_t *count)
{
    str *out = arena_array_of(a, str, group_ids_count(ids));
    *count = 0;
    for (str one; group_next(&ids, &one);)
        out[(*count)++] = one;
    return out;
}

static str text_of(arena *a, uuid id)
{
    char text[TYPEID_SIZE];
    return arena_str(a, typeid_format(ID_GROUP, id, text));
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(uuid));
}

err group_choice_read(txn *t, uuid organization_id, group_choice *out)
{
    q_group_ids_rows rows;
    TRY(q_group_ids(t, &rows, organization_id));
    *out = (group_choice){arena_array_of(t->a, uuid, rows.n), rows.n, arena_array_of(t->a, int64_t, rows.n)};
    for (size_t i = 0; i < rows.n; i++)
        out->ids[i] = rows.p[i].id;
    return OK;
}

err group_chosen(txn *t, const group_choice *from, const str *ids, size_t count, str *out)
{
    *out = S("");
    for (size_t i = 0; i < count; i++) {
        uuid id;
        if (!typeid_parse(ids[i], ID_GROUP, &id) || !bsearch(&id, from->ids, from->count, sizeof id, by_id))
            return ERR_NOT_FOUND;
        *out = group_ids_with(t->a, *out, arena_join(t->a, text_of(t->a, id), S(" ")));
    }
    return group_ids_count(*out) <= MEMBER_GROUPS_MAX
               ? OK
               : problem_at(t->problem, ERR_CONFLICT, S("/groups"), S("too-many"), MEMBER_GROUPS_MAX);
}

static err count(txn *t, uuid organization_id, uuid group, int64_t more)
{
    return q_group_members_add(t, .more = more, .organization_id = organization_id, .id = group);
}

enum { WORD_LENGTH = 31 /* U+001F and a TypeID; group_words_insert and group_words_delete cut so long ones */ };
_Static_assert(sizeof "_grp_" - 1 + TYPEID_SUFFIX == WORD_LENGTH, "one sign, what begins a group's id, and its end");

static err count_all(txn *t, uuid organization_id, str groups, int64_t more, const group_choice *sums)
{
    for (str one; group_next(&groups, &one);) {
        uuid group;
        if (!typeid_parse(one, ID_GROUP, &group))
            return ERR_INTERNAL;
        const uuid *at = sums ? bsearch(&group, sums->ids, sums->count, sizeof group, by_id) : NULL;
        if (sums && !at)
            return ERR_INTERNAL;
        if (at)
            sums->more[at - sums->ids] += more;
        else
            TRY(count(t, organization_id, group, more));
    }
    return OK;
}

static str words_of(arena *a, str groups)
{
    str words = S("");
    for (str one; group_next(&groups, &one);)
        words = arena_join(a, words, group_word(a, one));
    return words;
}

err group_ids_moved(txn *t, uuid organization_id, uuid member, str before, str after, const group_choice *sums)
{
    str left = group_ids_without(t->a, before, after), entered = group_ids_without(t->a, after, before);
    if (left.n)
        TRY(q_group_words_delete(t, .organization_id = organization_id, .membership_id = member,
                                 .words = words_of(t->a, left)));
    if (entered.n)
        TRY(q_group_words_insert(t, .words = words_of(t->a, entered), .organization_id = organization_id,
                                 .membership_id = member));
    TRY(count_all(t, organization_id, left, -1, sums));
    return count_all(t, organization_id, entered, 1, sums);
}

err group_sums_write(txn *t, uuid organization_id, const group_choice *sums)
{
    for (size_t i = 0; i < sums->count; i++)
        if (sums->more[i])
            TRY(count(t, organization_id, sums->ids[i], sums->more[i]));
    return OK;
}

/* ---- looking ---- */

static page_mark mark_of(const void *rows, size_t i)
{
    const q_group_page_row *r = &((const q_group_page_row *)rows)[i];
    return (page_mark){r->name_key, r->id};
}

static group_view *views_of(arena *a, const q_group_page_rows *rows, size_t count)
{
    group_view *out = arena_array_of(a, group_view, count);
    for (size_t i = 0; i < count; i++) {
        const q_group_page_row *r = &rows->p[i];
        out[i] = (group_view){r->id, r->name, r->members, r->created_at};
    }
    return out;
}

err group_list(txn *t, uuid organization_id, page *p, group_view **out, size_t *count)
{
    page_mark from;
    q_group_page_rows rows;
    TRY(page_start(p, t->a, t->problem, S("groups"), false, &from));
    TRY(q_group_page(t, &rows, .organization_id = organization_id, .after_key = from.key, .after = from.id,
                     .limit = page_fetch(p)));
    *count = rows.n;
    page_end(p, t->a, count, mark_of, rows.p);
    *out = views_of(t->a, &rows, *count);
    return OK;
}

err group_all(txn *t, uuid organization_id, group_view **out, size_t *count)
{
    q_group_page_rows rows;
    page_mark from = page_edge(false);
    TRY(q_group_page(t, &rows, .organization_id = organization_id, .after_key = from.key, .after = from.id,
                     .limit = GROUPS_MAX));
    *count = rows.n;
    *out = views_of(t->a, &rows, rows.n);
    return OK;
}

err group_get(txn *t, uuid organization_id, uuid id, group_view *out)
{
    q_group_by_id_row r;
    TRY(q_group_by_id(t, &r, .organization_id = organization_id, .id = id));
    *out = (group_view){r.id, r.name, r.members, r.created_at};
    return OK;
}

/* ---- changing ---- */

static err taken(txn *t)
{
    return problem_at(t->problem, ERR_CONFLICT, S("/name"), S("taken"), 0);
}

err group_create(txn *t, const actor *by, str name, uuid *id)
{
    seats s;
    q_group_total_row groups;
    int64_t inserted;
    TRY(name_clean(t->a, t->problem, S("/name"), name, &name));
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(q_group_total(t, &groups, by->organization_id));
    if (groups.total >= GROUPS_MAX)
        return problem_at(t->problem, ERR_CONFLICT, S("/name"), S("too-many"), GROUPS_MAX);
    *id = uuid_new(t->now);
    TRY(q_group_insert(t, &inserted, .organization_id = by->organization_id, .id = *id, .name = name,
                       .name_key = fold_text(t->a, name), .created_at = t->now));
    if (!inserted)
        return taken(t);
    return audit(t, by, EVENT_GROUP_CREATED, .subject_id = *id, .after = {.name = name});
}

err group_rename(txn *t, const actor *by, uuid id, str name)
{
    seats s;
    group_view was;
    int64_t renamed;
    TRY(name_clean(t->a, t->problem, S("/name"), name, &name));
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(group_get(t, by->organization_id, id, &was));
    TRY(q_group_rename(t, &renamed, .name = name, .name_key = fold_text(t->a, name),
                       .organization_id = by->organization_id, .id = id));
    if (!renamed)
        return taken(t);
    return audit(t, by, EVENT_GROUP_RENAMED, .subject_id = id, .before = {.name = was.name}, .after = {.name = name});
}

err group_delete(txn *t, const actor *by, uuid id)
{
    seats s;
    group_view was;
    str text = text_of(t->a, id), word = group_word(t->a, text), kept = arena_join(t->a, text, S(" "));
    uuid o = by->organization_id;
    TRY(seats_lock(t, o, &s));
    TRY(group_get(t, o, id, &was));
    TRY(q_group_leave_members(t, .text = kept, .organization_id = o, .word = word));
    TRY(q_group_leave_words(t, .organization_id = o, .word = word));
    TRY(q_group_leave_invitations(t, .text = kept, .organization_id = o));
    TRY(q_group_delete(t, .organization_id = o, .id = id));
    return audit(t, by, EVENT_GROUP_DELETED, .subject_id = id, .before = {.name = was.name});
}
