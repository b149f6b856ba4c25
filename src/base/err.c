/*
 * The table of codes is made from spec/problems.yaml. More fields than there is room for are not told: the first ones
 * are enough to go on with.
 */
#include "base/err.h"

static const err_info table[] = {
#define ERR_ROW(name, text, http) [name] = {S_INIT(text), http},
    ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

const err_info *err_about(err e)
{
    return &table[(unsigned)e < ERR_COUNT ? e : ERR_INTERNAL];
}

err problem_at(problem *p, err as, str pointer, str code, int64_t limit)
{
    if (p->field_count < PROBLEM_FIELDS_MAX)
        p->fields[p->field_count++] = (problem_field){.pointer = pointer, .code = code, .limit = limit};
    return as;
}

err problem_among(problem *p, err as, str pointer, str allowed, bool is_span)
{
    if (p->field_count < PROBLEM_FIELDS_MAX)
        p->fields[p->field_count++] =
            (problem_field){.pointer = pointer, .code = S("not-allowed"), .allowed = allowed, .is_span = is_span};
    return as;
}

void problem_arg(problem *p, const char *name, str value)
{
    if (p->arg_count < PROBLEM_ARGS_MAX) {
        p->args[p->arg_count].name = name;
        p->args[p->arg_count++].value = value;
    }
}
