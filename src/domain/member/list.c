/*
 * The members' list: search, filters, sort, pages; and the way to the rows that costs least (queries/member_list.sql).
 */
#include "domain/member/list.h"

#include "domain/member/member.h"
#include "domain/organization/group.h"
#include "domain/organization/seat.h"
#include "domain/shared/name.h"
#include "domain/shared/session.h"
#include "ports/fold.h"
#include "queries.h"

enum { TYPED_MAX = 3, WORDS_MAX = 4, FEW_LEAST = 200, FEW_MOST = 8000 };

typedef enum sorting { BY_JOINED, BY_FAMILY, BY_EMAIL, BY_ROLE } sorting;

/* What the filter comes to for the statements. */
typedef struct search {
    str word[WORDS_MAX], end[WORDS_MAX]; /* those typed, and a group's; empty: not asked for */
    str role, state;
    msec now;
    sorting sort;
    bool down;
    bool few; /* have the first word */
} search;

/* The statements name their variants in the same order. */
_Static_assert((int)BY_JOINED == (int)Q_MEMBERS_WALK_SORT_JOINED && (int)BY_FAMILY == (int)Q_MEMBERS_WALK_SORT_FAMILY &&
                   (int)BY_EMAIL == (int)Q_MEMBERS_WALK_SORT_EMAIL,
               "walks");
_Static_assert((int)BY_JOINED == (int)Q_MEMBERS_AHEAD_SORT_JOINED &&
                   (int)BY_FAMILY == (int)Q_MEMBERS_AHEAD_SORT_FAMILY &&
                   (int)BY_EMAIL == (int)Q_MEMBERS_AHEAD_SORT_EMAIL,
               "bounds of walks");
_Static_assert((int)BY_JOINED == (int)Q_MEMBERS_GATHER_SORT_JOINED && (int)BY_ROLE == (int)Q_MEMBERS_GATHER_SORT_ROLE,
               "gathering");

static const struct {
    str name;
    sorting sort;
} sorts[] = {{S_INIT("joined_at"), BY_JOINED}, /* in the order of the enum */
             {S_INIT("family_name"), BY_FAMILY},
             {S_INIT("email"), BY_EMAIL},
             {S_INIT("role"), BY_ROLE}};

static err read_sort(txn *t, str sort, search *s)
{
    bool descending = !sort.p || str_starts(sort, S("-"));
    str name = !sort.p ? S("joined_at") : descending ? str_slice(sort, 1, sort.n) : sort;
    s->down = descending;
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        if (str_eq(sorts[i].name, name)) {
            s->sort = sorts[i].sort;
            return OK;
        }
    return problem_at(t->problem, ERR_INVALID_REQUEST, S("/sort"), S("not-allowed"), 0);
}

/* An address typed whole is one word of the index; anything else is cut into words. */
static void read_words(arena *a, str q, search *s)
{
    str folded = fold_text(a, q), words[FOLD_WORDS_MAX];
    bool whole = str_find_byte(folded, '@') < folded.n && str_find_byte(folded, ' ') == folded.n;
    size_t n = whole ? 1 : fold_words(a, folded, false, words);
    if (whole)
        words[0] = folded.p[0] == '@' ? str_slice(folded, 1, folded.n) : folded;
    for (size_t i = 0; i < WORDS_MAX; i++) {
        bool typed = i < n && i < TYPED_MAX;
        s->word[i] = typed ? words[i] : S("");
        s->end[i] = typed ? arena_join(a, words[i], S("\xF4\x8F\xBF\xBF")) : S("");
    }
}

/* A group is one more word, which nobody else can type. ERR_NOT_FOUND when there is no such group here. */
static err read_group(txn *t, uuid organization_id, str group, search *s)
{
    uuid id;
    group_view found;
    size_t at = 0;
    if (!typeid_parse(group, ID_GROUP, &id))
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/group"), S("not-allowed"), 0);
    TRY(group_get(t, organization_id, id, &found));
    while (s->word[at].n)
        at++;
    s->word[at] = group_word(t->a, group);
    s->end[at] = arena_join(t->a, s->word[at], S(" "));
    return OK;
}

static err read_filter(txn *t, const member_filter *f, search *s)
{
    str q;
    *s = (search){.role = f->role.p ? f->role : S(""), .state = f->state.p ? f->state : S(""), .now = t->now};
    TRY(read_sort(t, f->sort, s));
    TRY(name_sought(t->a, t->problem, f->q, &q));
    read_words(t->a, q, s);
    return OK;
}

/*
 * Up to how many rows of the words' index are gathered and sorted: where that costs about as much as walking through an
 * organization of this size until a page of those who have the word is full. That takes page × members / rows steps, so
 * the two meet at the root of page × members.
 */
static int64_t few_of(int64_t members)
{
    int64_t few = FEW_LEAST;
    while (few < FEW_MOST && few * few < PAGE_DEFAULT * members)
        few += FEW_LEAST;
    return few;
}

/* Puts the word that fewest have in front, and finds out whether they are few. */
static err order_words(txn *t, uuid organization_id, search *s)
{
    seats seats;
    int64_t least = INT64_MAX;
    if (!s->word[0].n)
        return OK;
    TRY(seats_read(t, organization_id, &seats));
    int64_t few = few_of(seats.used);
    for (size_t i = 0; i < WORDS_MAX && s->word[i].n; i++) {
        q_member_words_count_row row;
        TRY(q_member_words_count(t, &row, .organization_id = organization_id, .word = s->word[i], .word_end = s->end[i],
                                 .limit = few + 1));
        if (row.total >= least)
            continue;
        least = row.total;
        str word = s->word[i], end = s->end[i];
        s->word[i] = s->word[0];
        s->end[i] = s->end[0];
        s->word[0] = word;
        s->end[0] = end;
    }
    s->few = least <= few;
    return OK;
}

static err count_filtered(txn *t, uuid organization_id, const search *s, int64_t limit, int64_t *total)
{
    if (s->word[0].n) {
        q_members_count_found_row row;
        TRY(q_members_count_found(t, &row, .organization_id = organization_id, .only_role = s->role,
                                  .only_state = s->state, .now = s->now, .word1 = s->word[0], .word1_end = s->end[0],
                                  .word2 = s->word[1], .word2_end = s->end[1], .word3 = s->word[2],
                                  .word3_end = s->end[2], .word4 = s->word[3], .word4_end = s->end[3], .limit = limit));
        *total = row.total;
        return OK;
    }
    q_members_count_row row;
    size_t which = s->role.n ? Q_MEMBERS_COUNT_WHICH_ROLE : Q_MEMBERS_COUNT_WHICH_STATE;
    TRY(q_members_count(t, which, &row, .organization_id = organization_id, .only_role = s->role,
                        .only_state = s->state, .now = s->now, .limit = limit));
    *total = row.total;
    return OK;
}

static err count_all(txn *t, uuid organization_id, const search *s, page *p)
{
    seats seats;
    if (!p->count)
        return OK;
    if (s->word[0].n || s->role.n || s->state.n) {
        TRY(count_filtered(t, organization_id, s, page_count_limit(p), &p->total));
        page_counted(p);
        return OK;
    }
    TRY(seats_read(t, organization_id, &seats)); /* the whole organization: its counter knows */
    p->total = seats.used;
    return OK;
}

static page_mark mark_joined(const void *rows, size_t i)
{
    return (page_mark){S(""), ((const q_member_page_row *)rows)[i].id};
}

static page_mark mark_family(const void *rows, size_t i)
{
    return (page_mark){((const q_member_page_row *)rows)[i].family_key, ((const q_member_page_row *)rows)[i].id};
}

static page_mark mark_email(const void *rows, size_t i)
{
    return (page_mark){((const q_member_page_row *)rows)[i].email_key, ((const q_member_page_row *)rows)[i].id};
}

/* The same ranks as the statement's. */
static page_mark mark_role(const void *rows, size_t i)
{
    const q_member_page_row *r = &((const q_member_page_row *)rows)[i];
    bool owner = role_is(r->role, ROLE_OWNER), administrator = role_is(r->role, ROLE_ADMINISTRATOR);
    return (page_mark){owner ? S("1") : administrator ? S("2") : S("3"), r->id};
}

static page_mark (*const marks[])(const void *rows, size_t i) = {
    [BY_JOINED] = mark_joined, [BY_FAMILY] = mark_family, [BY_EMAIL] = mark_email, [BY_ROLE] = mark_role};

/* ---- the ways to the rows ---- */

static q_member_page_in asked(uuid organization_id, const search *s, page_mark from, page_mark until, int64_t limit)
{
    return (q_member_page_in){.organization_id = organization_id,
                              .after_key = from.key,
                              .after = from.id,
                              .until_key = until.key,
                              .until = until.id,
                              .only_role = s->role,
                              .only_state = s->state,
                              .word1 = s->word[0],
                              .word1_end = s->end[0],
                              .word2 = s->word[1],
                              .word2_end = s->end[1],
                              .word3 = s->word[2],
                              .word3_end = s->end[2],
                              .word4 = s->word[3],
                              .word4_end = s->end[3],
                              .now = s->now,
                              .limit = limit};
}

static err gather(txn *t, size_t source, const search *s, const q_member_page_in *in, q_member_page_rows *rows)
{
    size_t dir = s->down ? Q_MEMBERS_GATHER_DIR_DESC : Q_MEMBERS_GATHER_DIR_ASC;
    return q_members_gather_(t, source, (size_t)s->sort, dir, rows, in);
}

static err walk(txn *t, const search *s, const q_member_page_in *in, q_member_page_rows *rows)
{
    size_t dir = s->down ? Q_MEMBERS_WALK_DIR_DESC : Q_MEMBERS_WALK_DIR_ASC;
    return q_members_walk_(t, (size_t)s->sort, dir, rows, in);
}

/* Where so many rows are behind the mark; *more is false when there are not so many. */
static err look_ahead(txn *t, const search *s, const q_member_page_in *in, int64_t rows, page_mark *until, bool *more)
{
    q_members_ahead_row row;
    size_t dir = s->down ? Q_MEMBERS_AHEAD_DIR_DESC : Q_MEMBERS_AHEAD_DIR_ASC;
    err e = q_members_ahead(t, (size_t)s->sort, dir, &row, .organization_id = in->organization_id,
                            .after_key = in->after_key, .after = in->after, .rows = rows);
    *more = e == OK;
    if (e == OK)
        *until = (page_mark){s->sort == BY_FAMILY  ? row.family_key
                             : s->sort == BY_EMAIL ? row.email_key
                                                   : S(""),
                             row.id};
    return e == ERR_NOT_FOUND ? OK : e;
}

/*
 * Many have the word, so that a page is soon full on the way through everybody; unless they all stand at the far end.
 */
static err search_common(txn *t, const search *s, const q_member_page_in *in, q_member_page_rows *rows)
{
    static const int64_t ways[] = {600, 10000};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        bool more;
        q_member_page_in near = *in;
        page_mark until = {in->until_key, in->until};
        TRY(look_ahead(t, s, in, ways[i], &until, &more));
        near.until_key = until.key;
        near.until = until.id;
        TRY(walk(t, s, &near, rows));
        if (!more || (int64_t)rows->n == in->limit)
            return OK;
    }
    return gather(t, Q_MEMBERS_GATHER_SOURCE_FOUND, s, in, rows);
}

static void append(arena *a, q_member_page_rows *rows, const q_member_page_rows *more)
{
    q_member_page_row *all = arena_array_of(a, q_member_page_row, rows->n + more->n);
    if (rows->n)
        memcpy(all, rows->p, rows->n * sizeof *all);
    if (more->n)
        memcpy(all + rows->n, more->p, more->n * sizeof *all);
    *rows = (q_member_page_rows){all, rows->n + more->n};
}

/* Role by role, each by the time its members joined. The mark's key is the rank it stands in. */
static err by_role(txn *t, const search *s, const q_member_page_in *in, page_mark edge, q_member_page_rows *rows)
{
    static const str ranks[ROLE_COUNT] = {
        [ROLE_OWNER] = S_INIT("1"), [ROLE_ADMINISTRATOR] = S_INIT("2"), [ROLE_MEMBER] = S_INIT("3")};
    size_t dir = s->down ? Q_MEMBERS_RANKED_DIR_DESC : Q_MEMBERS_RANKED_DIR_ASC;
    *rows = (q_member_page_rows){0};
    for (role i = 0; i < ROLE_COUNT && (int64_t)rows->n < in->limit; i++) {
        role at = s->down ? ROLE_COUNT - 1 - i : i;
        int behind = s->sort == BY_ROLE ? str_cmp(ranks[at], in->after_key) * (s->down ? -1 : 1) : 0;
        if (behind < 0 || (s->role.n && !role_is(s->role, at)))
            continue;
        q_member_page_in one = *in;
        q_member_page_rows more;
        one.only_role = role_text(at);
        one.after = behind > 0 ? edge.id : in->after;
        one.limit = in->limit - (int64_t)rows->n;
        TRY(q_members_ranked_(t, dir, &more, &one));
        append(t->a, rows, &more);
    }
    return OK;
}

static err fetch(txn *t, uuid organization_id, const search *s, page *p, q_member_page_rows *rows)
{
    page_mark from, edge = page_edge(s->down);
    TRY(page_start(p, t->a, t->problem, arena_join(t->a, S("members by "), sorts[s->sort].name), s->down, &from));
    q_member_page_in in = asked(organization_id, s, from, page_edge(!s->down), page_fetch(p));
    bool searched = s->word[0].n > 0, rare = s->role.n && !role_is(s->role, ROLE_MEMBER);
    if (searched && (s->few || s->sort == BY_ROLE || rare))
        return gather(t, Q_MEMBERS_GATHER_SOURCE_FOUND, s, &in, rows);
    if (searched)
        return search_common(t, s, &in, rows);
    if (s->sort == BY_ROLE || (rare && s->sort == BY_JOINED))
        return by_role(t, s, &in, edge, rows);
    if (rare)
        return gather(t, Q_MEMBERS_GATHER_SOURCE_RARE, s, &in, rows);
    return walk(t, s, &in, rows);
}

err member_list(txn *t, uuid organization_id, const member_filter *f, page *p, member_view **out, size_t *count)
{
    search s;
    q_member_page_rows rows;
    TRY(read_filter(t, f, &s));
    p->total = -1;
    if (!str_empty(str_trim(f->q)) && !s.word[0].n) { /* nothing in it that anybody could be found by */
        *count = 0;
        p->total = p->count ? 0 : -1;
        return OK;
    }
    if (f->group.p)
        TRY(read_group(t, organization_id, f->group, &s));
    TRY(order_words(t, organization_id, &s));
    TRY(fetch(t, organization_id, &s, p, &rows));
    TRY(count_all(t, organization_id, &s, p));
    *count = rows.n;
    page_end(p, t->a, count, marks[s.sort], rows.p);
    *out = arena_array_of(t->a, member_view, *count);
    for (size_t i = 0; rows.p && i < *count; i++)
        (*out)[i] = MEMBER_VIEW(&rows.p[i], t->now);
    return OK;
}
