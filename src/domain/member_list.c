/* The members' list: search, filters, sort, pages. */
#include "domain/member.h"

#include "domain/seat.h"
#include "ports/fold.h"
#include "queries.h"

enum { WORDS_MAX = 3 };

/* What the filter comes to for the statements. */
typedef struct search {
    str word[WORDS_MAX], end[WORDS_MAX]; /* empty: not asked for */
    str role, state;
    size_t source, sort, dir;
} search;

static const struct {
    str name;
    size_t sort;
} sorts[] = {{S_INIT("joined_at"), Q_MEMBERS_SORT_JOINED},
             {S_INIT("family_name"), Q_MEMBERS_SORT_FAMILY},
             {S_INIT("email"), Q_MEMBERS_SORT_EMAIL},
             {S_INIT("role"), Q_MEMBERS_SORT_ROLE}};

static err read_sort(txn *t, str sort, search *s)
{
    bool descending = !sort.p || str_starts(sort, S("-"));
    str name = !sort.p ? S("joined_at") : descending ? str_slice(sort, 1, sort.n) : sort;
    s->dir = descending ? Q_MEMBERS_DIR_DESC : Q_MEMBERS_DIR_ASC;
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
    str folded = fold_text(a, str_trim(q)), words[FOLD_WORDS_MAX];
    bool whole = str_find_byte(folded, '@') < folded.n && str_find_byte(folded, ' ') == folded.n;
    size_t n = whole ? 1 : fold_words(a, folded, words);
    if (whole)
        words[0] = folded.p[0] == '@' ? str_slice(folded, 1, folded.n) : folded;
    for (size_t i = 0; i < WORDS_MAX; i++) {
        s->word[i] = i < n ? words[i] : S("");
        s->end[i] = i < n ? arena_join(a, words[i], S("\xF4\x8F\xBF\xBF")) : S("");
    }
}

static err read_filter(txn *t, const member_filter *f, search *s)
{
    *s = (search){.role = f->role.p ? f->role : S(""), .state = f->state.p ? f->state : S("")};
    TRY(read_sort(t, f->sort, s));
    read_words(t->a, f->q, s);
    bool rare = s->role.n && !str_eq(s->role, S("member"));
    s->source = s->word[0].n ? Q_MEMBERS_SOURCE_FOUND : rare ? Q_MEMBERS_SOURCE_RARE : Q_MEMBERS_SOURCE_ALL;
    return OK;
}

static err count_all(txn *t, uuid organization_id, const search *s, page *p)
{
    seats seats;
    q_members_count_row row;
    p->total = -1;
    if (!p->count)
        return OK;
    if (!s->word[0].n && !s->role.n && !s->state.n) { /* the whole organization: its counter knows */
        TRY(seats_read(t, organization_id, &seats));
        p->total = seats.used;
        return OK;
    }
    TRY(q_members_count(t, &row, .organization_id = organization_id, .only_role = s->role, .only_state = s->state,
                        .word1 = s->word[0], .word1_end = s->end[0], .word2 = s->word[1], .word2_end = s->end[1],
                        .word3 = s->word[2], .word3_end = s->end[2]));
    p->total = row.total;
    return OK;
}

static page_mark mark_joined(const void *rows, size_t i)
{
    return (page_mark){S(""), ((const q_members_row *)rows)[i].id};
}

static page_mark mark_family(const void *rows, size_t i)
{
    return (page_mark){((const q_members_row *)rows)[i].family_key, ((const q_members_row *)rows)[i].id};
}

static page_mark mark_email(const void *rows, size_t i)
{
    return (page_mark){((const q_members_row *)rows)[i].email_key, ((const q_members_row *)rows)[i].id};
}

/* The same ranks as the statement's. */
static page_mark mark_role(const void *rows, size_t i)
{
    const q_members_row *r = &((const q_members_row *)rows)[i];
    bool owner = str_eq(r->role, S("owner")), administrator = str_eq(r->role, S("administrator"));
    return (page_mark){owner ? S("1") : administrator ? S("2") : S("3"), r->id};
}

static page_mark (*const marks[])(const void *rows, size_t i) = {[Q_MEMBERS_SORT_JOINED] = mark_joined,
                                                                 [Q_MEMBERS_SORT_FAMILY] = mark_family,
                                                                 [Q_MEMBERS_SORT_EMAIL] = mark_email,
                                                                 [Q_MEMBERS_SORT_ROLE] = mark_role};

static err fetch(txn *t, uuid organization_id, const search *s, page *p, q_members_rows *rows)
{
    page_mark from;
    TRY(page_start(p, t->a, t->problem, s->dir == Q_MEMBERS_DIR_DESC, &from));
    return q_members(t, s->source, s->sort, s->dir, rows, .organization_id = organization_id, .after_key = from.key,
                     .after = from.id, .only_role = s->role, .only_state = s->state, .word1 = s->word[0],
                     .word1_end = s->end[0], .word2 = s->word[1], .word2_end = s->end[1], .word3 = s->word[2],
                     .word3_end = s->end[2], .limit = page_fetch(p));
}

err member_list(txn *t, uuid organization_id, const member_filter *f, page *p, member_view **out, size_t *count)
{
    search s;
    q_members_rows rows;
    TRY(read_filter(t, f, &s));
    if (!str_empty(str_trim(f->q)) && !s.word[0].n) { /* nothing in it that anybody could be found by */
        *count = 0;
        p->total = p->count ? 0 : -1;
        return OK;
    }
    TRY(fetch(t, organization_id, &s, p, &rows));
    TRY(count_all(t, organization_id, &s, p));
    *count = rows.n;
    page_end(p, t->a, count, marks[s.sort], rows.p);
    *out = arena_array_of(t->a, member_view, *count);
    for (size_t i = 0; i < *count; i++) {
        const q_members_row *r = &rows.p[i];
        (*out)[i] = (member_view){r->id,   r->account_id, r->email,     r->given_name,   r->family_name,
                                  r->role, r->state,      r->joined_at, r->invited_by_id};
    }
    return OK;
}
