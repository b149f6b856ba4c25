/*
 * A refusal's texts with its numbers filled in, and the answer made of them: problem+json, a page, or plain words where
 * there is no page.
 */
#include "http/problem.h"

#include "domain/shared/phrase.h"
#include "http/answer.h"
#include "http/app.h"

enum { LONG_WAIT = 60 }; /* seconds */

static str text_of(request *r, str family, str code, str part)
{
    str key = arena_join(r->a, family, code, part);
    return catalog_text(r->lang, catalog_has(key) ? key : S("field.invalid"));
}

static str arg_value(const request *r, str name)
{
    for (size_t i = 0; i < r->problem.arg_count; i++)
        if (str_eq(str_of(r->problem.args[i].name), name))
            return r->problem.args[i].value;
    return S("");
}

/* Fills {placeholders} from the problem's arguments; what was filled in is not looked at again. */
static str fill(request *r, str text)
{
    BUF_SCOPED out = {0};
    while (text.n) {
        size_t open = str_find_byte(text, '{'), close = str_find_byte(text, '}');
        if (close == text.n || close < open)
            break;
        buf_add(&out, str_slice(text, 0, open));
        buf_add(&out, arg_value(r, str_slice(text, open + 1, close)));
        text = str_slice(text, close + 1, text.n);
    }
    buf_add(&out, text);
    return arena_str(r->a, buf_str(&out));
}

str problem_title(request *r, err refusal)
{
    return fill(r, text_of(r, S("problem."), err_about(refusal)->code, S(".title")));
}

/* Who has to wait for minutes or hours is told for how many; fewer seconds are over when the sentence was read. */
static str wait_text(request *r)
{
    int64_t minutes = (r->problem.retry_after + 59) / 60, hours = (minutes + 59) / 60;
    return minutes < 60 ? phrase_count(r->a, r->lang, S("problem.rate-limited.minutes"), minutes)
                        : phrase_count(r->a, r->lang, S("problem.rate-limited.hours"), hours);
}

str problem_detail(request *r, err refusal)
{
    bool uncertain = refusal == ERR_UNAVAILABLE && r->problem.uncertain;
    if (refusal == ERR_RATE_LIMITED && r->problem.retry_after >= LONG_WAIT)
        return wait_text(r);
    return fill(r, text_of(r, S("problem."), err_about(refusal)->code, uncertain ? S(".uncertain") : S(".detail")));
}

str problem_field_text(request *r, const problem_field *f)
{
    str name = f->allowed.p ? S("{allowed}") : S("{limit}");
    str value = f->allowed.p ? f->allowed : arena_printf(r->a, "%lld", (long long)f->limit);
    str text = text_of(r, S("field."), f->code, !f->allowed.p ? S("") : f->is_span ? S(".span") : S(".of"));
    size_t at = str_find(text, name);
    if (at == text.n)
        return fill(r, text);
    return arena_join(r->a, str_slice(text, 0, at), value, str_slice(text, at + name.n, text.n));
}

reply_problem problem_reply(request *r, err refusal)
{
    const err_info *about = err_about(refusal);
    const problem *p = &r->problem;
    reply_problem_field *errors = arena_array_of(r->a, reply_problem_field, p->field_count);
    for (size_t i = 0; i < p->field_count; i++)
        errors[i] = (reply_problem_field){
            .pointer = p->fields[i].pointer, .code = p->fields[i].code, .detail = problem_field_text(r, &p->fields[i])};
    return (reply_problem){.type = arena_join(r->a, S("/problems/"), about->code),
                           .title = problem_title(r, refusal),
                           .status = about->status,
                           .detail = problem_detail(r, refusal),
                           .code = about->code,
                           .errors = {errors, p->field_count},
                           .request_id = r->request_id};
}

static route_face face_of(const request *r)
{
    if (r->route)
        return r->route->face;
    if (!r->path.p) /* what the gate refused has no path that could be trusted to say it */
        return r->reads_pages ? FACE_CONSOLE : FACE_API;
    bool api = str_starts(r->path, S("/api/")) || str_eq(r->path, S("/api"));
    return api || r->actor.kind == ACTOR_OPERATOR ? FACE_API : FACE_CONSOLE;
}

static void plain_page(request *r, err refusal)
{
    r->content_type = S("text/plain; charset=utf-8");
    buf_add(&r->out, problem_title(r, refusal));
    buf_byte(&r->out, '\n');
    buf_add(&r->out, problem_detail(r, refusal));
    buf_byte(&r->out, '\n');
}

bool problem_is_no_forms(err refusal)
{
    return refusal == ERR_UNAUTHENTICATED || refusal == ERR_SECOND_FACTOR_REQUIRED ||
           refusal == ERR_PASSWORD_CHANGE_REQUIRED || err_about(refusal)->status >= 500;
}

void problem_answer(request *r, err refusal)
{
    answer_reset(r);
    r->status = err_about(refusal)->status;
    if (r->status == 401 && face_of(r) == FACE_API)
        answer_header(r, S("WWW-Authenticate"), S("Bearer realm=\"parvis\""));
    if (r->status == 429 || r->status == 503) {
        int64_t wait = r->problem.retry_after > 0 ? r->problem.retry_after : 1;
        answer_header(r, S("Retry-After"), arena_printf(r->a, "%lld", (long long)wait));
    }
    if (face_of(r) == FACE_CONSOLE && r->app->problem_page) {
        r->app->problem_page(r, refusal);
    } else if (face_of(r) == FACE_CONSOLE) {
        plain_page(r, refusal);
    } else {
        r->content_type = S("application/problem+json");
        reply_problem whole = problem_reply(r, refusal);
        reply_text(&shape_problem, &whole, &r->out);
    }
}
