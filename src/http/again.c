/* How a refused form finds the page that shows it. */
#include "http/again.h"

#include "http/answer.h"
#include "http/caller.h"
#include "http/problem.h"
#include "http/schema.h"

bool again_wanted(const exchange *x)
{
    const request *r = &x->r;
    err refusal = x->outcome;
    if (refusal == OK || x->was_again || !r->route || !r->route->page || problem_is_no_forms(refusal))
        return false;
    return r->route->page != r->route || refusal == ERR_INVALID_REQUEST;
}

void again_begin(exchange *x)
{
    request *r = &x->r;
    x->was_again = true;
    r->again = arena_new_of(r->a, finding);
    *r->again = (finding){x->outcome, r->problem};
}

/* Whether something was said of this field. */
static bool is_refused(const problem *p, str name)
{
    for (size_t i = 0; i < p->field_count; i++)
        if (str_eq(str_slice(p->fields[i].pointer, 1, p->fields[i].pointer.n), name))
            return true;
    return false;
}

/* Without what was refused of it, or, where nothing of it is named, without all of it. */
static void clear_query(request *r)
{
    const problem *p = &r->again->problem;
    const field *fields = r->route->query->fields;
    bool any = false;
    for (const field *f = fields; f->name.p; f++)
        if (f->type == FIELD_STRING && is_refused(p, f->name)) {
            *(str *)((char *)r->query + f->offset) = STR_NONE;
            any = true;
        }
    if (!any)
        r->query = arena_alloc(r->a, r->route->query->size);
}

static err read_query(request *r)
{
    bool itself = r->asked == r->route;
    typed_form ignored;
    problem p = {0};
    if (!r->route->query)
        return OK;
    err e = schema_from_query(r->route->query, r->a, &p, r->raw_query, itself ? &r->typed : &ignored, &r->query);
    if (e == OK && itself)
        clear_query(r);
    return e == ERR_INVALID_REQUEST ? OK : e;
}

static err enter(exchange *x, txn *t)
{
    TRY(caller_authenticate(x, t));
    TRY(caller_check(&x->r));
    return caller_enter(&x->r, t);
}

static err show_page(exchange *x, txn *t)
{
    TRY(enter(x, t));
    TRY(read_query(&x->r));
    return x->r.route->handle(&x->r, t);
}

/* Where the form cannot show itself (what it was about is gone, say), the page that it stood on may be left. */
err again_show(exchange *x, txn *t)
{
    request *r = &x->r;
    const route *asked = r->route;
    err e = ERR_NOT_FOUND;
    if (asked->again) {
        TRY(enter(x, t));
        if (!r->body && asked->body) /* what was sent could not be read: the form is shown empty */
            r->body = arena_alloc(r->a, asked->body->size);
        e = asked->again(r, t);
    }
    if (e != OK && err_about(e)->status < 500) {
        r->route = asked->page;
        r->asked = asked;
        e = show_page(x, t);
        r->route = asked;
    }
    return e;
}

/* What keeps the page away says more than what was wrong in it: it is gone, say. */
void again_end(exchange *x, err shown)
{
    request *r = &x->r;
    finding why = *r->again;
    bool led_away = shown == OK && (r->status == 0 || r->status == 303);
    x->outcome = shown;
    if (!led_away && (shown == OK || err_about(shown)->status < 500))
        return;
    answer_reset(r);
    x->outcome = why.refusal;
    r->problem = why.problem;
}
