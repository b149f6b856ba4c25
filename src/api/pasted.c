/* Pasted text, read for whoever invites. */
#include "bodies.h"
#include "http/request.h"
#include "http/reply.h"
#include "limits_table.h"
#include "ports/pasted.h"
#include "replies.h"
#include "routes.h"

typedef reply_pasted_people_people person;
typedef reply_pasted_people_columns shown_column;

static err answer_people(request *r, const pasted *read)
{
    person *people = arena_array_of(r->a, person, read->count + 1);
    shown_column *columns = arena_array_of(r->a, shown_column, read->column_count + 1);
    str *refused = arena_array_of(r->a, str, read->count + 1);
    size_t found = 0, none = 0;
    for (size_t i = 0; i < read->count; i++) {
        const pasted_entry *e = &read->entries[i];
        if (e->address.key.p)
            people[found++] = (person){.email = e->address.typed,
                                       .given_name = e->given_name,
                                       .family_name = e->family_name,
                                       .doubtful = e->doubtful};
        else
            refused[none++] = e->raw;
    }
    for (size_t i = 0; i < read->column_count; i++)
        columns[i] = (shown_column){.role = pasted_role_text(read->columns[i].role),
                                    .heading = read->columns[i].heading,
                                    .sample = read->columns[i].sample};
    return REPLY(r, 200, pasted_people, .people = {people, found}, .refused = {refused, none},
                 .columns = {columns, read->column_count}, .unclear = read->unclear);
}

err api_read_pasted(request *r, txn *t)
{
    (void)t;
    const body_read_pasted *b = r->body;
    pasted read;
    const pasted_role *roles = pasted_roles(r->a, b->columns.items, b->columns.count);
    err e = pasted_read(r->a, b->text, roles, b->columns.count, INVITE_ROWS_MAX, &read);
    TRY(pasted_judged(&r->problem, S("/text"), &read, INVITE_ROWS_MAX, e));
    return answer_people(r, &read);
}
